"""Claims about labels of images in a store: those of the folder, in spite of faults and changes."""

import fsspec
import pytest
from changing import picture, put_bitmaps
from folders import contents
from fsspec.implementations.memory import MemoryFileSystem

from colorprep import InputError, Reporter
from colorprep.stages.labels.stage import LabelsParams, run
from colorprep.stages.source import ImageParams
from colorprep.workspace import Workspace

N_IMAGES = 12
FAULTS = (TimeoutError("no answer"), ConnectionResetError(), "cut", OSError(16, "slow down"))


@pytest.fixture
def bitmaps(tmp_path, monkeypatch):
    """Bitmaps in a folder; stores are asked again at once."""
    monkeypatch.setattr("colorprep.retrying.PAUSES", (0,) * 3)
    put_bitmaps(tmp_path / "train", N_IMAGES)
    return tmp_path / "train"


@pytest.fixture
def stored(bitmaps):
    """The URL of a copy of them."""
    store = fsspec.filesystem("memory")
    store.put(str(bitmaps), "/faults/train", recursive=True)
    yield "memory://faults/train"
    store.rm("/faults", recursive=True)


@pytest.fixture
def asked(monkeypatch):
    """Requests for the bytes of images; what it holds by their numbers goes wrong with them."""
    answer, requests = MemoryFileSystem.cat_file, []
    faults = {}

    def cat_file(store, path, **options):
        requests.append(path)
        fault = faults.get(len(requests) - 1)
        if callable(fault):
            fault(path)
        elif isinstance(fault, Exception):
            raise fault
        data = answer(store, path, **options)
        return data[: len(data) // 2] if fault == "cut" else data

    monkeypatch.setattr(MemoryFileSystem, "cat_file", cat_file)
    return faults


def label(place, folder):
    """Label the images of a place; small labels in three shards."""
    images = ImageParams(place, workers=1)
    return run(LabelsParams(images, size=16, shard_size=4), Workspace(folder), Reporter())


def test_labels_in_spite_of_faults(bitmaps, stored, asked, tmp_path):
    """With one request in five failing, and after a store was silent, the bytes are the same."""
    expected = contents(label(bitmaps, tmp_path / "expected").folder)
    asked.update({number: FAULTS[number // 5 % 4] for number in range(4, 100, 5)})
    asked.update({number: ConnectionError("down") for number in range(11, 15)})
    with pytest.raises(InputError, match=r"did not answer for .* in memory://.* command again"):
        label(stored, tmp_path / "stored")
    again = label(stored, tmp_path / "stored")
    assert 0 < again.n_done_before < 3 and contents(again.folder) == expected


@pytest.mark.parametrize("side", [16, 24])
def test_an_object_that_is_replaced_in_between(bitmaps, stored, asked, tmp_path, side):
    """The image that is read is labeled, of the same size or another; nothing is mixed up."""
    new = picture(99).resize((side, side))

    def replace(path):
        """Put another picture in the place of the one that is being asked for."""
        key = path.rpartition("/train/")[2]
        new.save(bitmaps / key)
        fsspec.filesystem("memory").put_file(str(bitmaps / key), path)

    asked[5] = replace
    first = contents(label(stored, tmp_path / "stored").folder)
    again = contents(label(stored, tmp_path / "stored").folder)
    expected = contents(label(bitmaps, tmp_path / "expected").folder)
    assert again == expected
    shards = [name for name in expected if name.endswith(".h5")]
    assert len(shards) == 3 and all(first[name] == expected[name] for name in shards)
