"""Digests of files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from colorprep.images.digests import digest_of_bytes, digest_of_file, sha256_of_file


def test_files_and_bytes_have_the_same_digest(tmp_path: Path) -> None:
    """The digest of a file is the first half of the SHA-256 of its bytes."""
    data = bytes(range(256)) * 1000
    path = tmp_path / "file"
    path.write_bytes(data)
    whole = hashlib.sha256(data).hexdigest()
    assert sha256_of_file(path) == whole
    assert digest_of_file(path) == digest_of_bytes(data) == whole[:32]


def test_a_missing_file_has_no_digest(tmp_path: Path) -> None:
    """Callers decide what a missing file means."""
    with pytest.raises(FileNotFoundError):
        digest_of_file(tmp_path / "missing")
