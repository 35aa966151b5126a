"""Claims about finding many keys: as by a dict, even if keys have equal hashes."""

import pytest

from colorprep.images import key_index
from colorprep.images.key_index import KeyIndex
from colorprep.images.source import Keys


@pytest.mark.parametrize("hash_of", [hash, len, lambda key: 0])
def test_keys_are_found_as_by_a_dict(monkeypatch, hash_of):
    """In any order, some of them missing; an empty index finds nothing."""
    monkeypatch.setattr(key_index, "hash", hash_of, raising=False)
    keys = [f"n{i % 3}/{i}.jpg" for i in range(120)]
    indices = {key: index for index, key in enumerate(keys)}
    wanted = [*keys[::-7], "n0/1.jpg", "x", *keys[:9]]
    found = KeyIndex(Keys(keys)).find(wanted)
    assert found.tolist() == [indices.get(key, -1) for key in wanted]
    assert KeyIndex([]).find(["x"]).tolist() == [-1] and KeyIndex(keys).find([]).tolist() == []
