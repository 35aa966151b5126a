"""Claims about labels of several archives: those of the folder, in spite of faults and changes."""

import json

import packing
import pytest
from changing import picture, put_bitmaps
from folders import contents
from range_server import serving

from colorprep import InputError, Reporter
from colorprep.images.archive import ArchiveSource
from colorprep.stages.labels.stage import LabelsParams, run
from colorprep.stages.source import ImageParams
from colorprep.workspace import Workspace


@pytest.fixture(scope="module")
def tars(photographs, tmp_path_factory):
    """The photographs in five tars."""
    return packing.pack_in_parts(photographs, tmp_path_factory.mktemp("tars") / "tars")


@pytest.fixture(scope="module")
def expected(photographs, tmp_path_factory):
    """Labels of the folder."""
    workspace = Workspace(tmp_path_factory.mktemp("expected"))
    return contents(label(photographs, workspace, Reporter()).folder)


@pytest.fixture
def server(tars):
    """A web server of the tars."""
    with serving() as files:
        files.files = {f"/{path.name}": path.read_bytes() for path in tars}
        yield files


def label(place, workspace, reporter):
    """Label the images of a place; small labels in three shards."""
    images = ImageParams(place, workers=1)
    return run(LabelsParams(images, size=32, shard_size=16), workspace, reporter)


def test_labels_in_spite_of_faults(server, expected, workspace, silent, monkeypatch):
    """With one request in ten failing, and after a failure that stays, the bytes are the same."""
    monkeypatch.setattr("colorprep.retrying.PAUSES", (0,) * 3)
    faults = [503, "cut", "hang up", "short"]
    place = f"{server.url}/train-{{008..012}}.tar"
    server.faults = lambda n: faults[n // 10 % 4] if n % 10 == 9 else (500 if n > 28 else None)
    with pytest.raises(InputError, match="did not answer"):
        label(place, workspace, silent)
    server.faults = lambda n: faults[n // 10 % 4] if n % 10 == 9 else None
    result = label(None, workspace, silent)
    assert result.n_done_before == 1 and contents(result.folder) == expected


def test_a_changed_archive_costs_itself(workspace, silent, monkeypatch):
    """After one of five tars has changed, images of the others are not read to find the change."""
    read = []
    real = ArchiveSource.read

    def reading(source, index):
        read.append(source.keys[index])
        return real(source, index)

    monkeypatch.setattr(ArchiveSource, "read", reading)
    paths = put_bitmaps(workspace.root / "bitmaps", 10)
    packing.pack_in_parts(workspace.root / "bitmaps", workspace.root / "tars")
    images = ImageParams("tars", workers=1)
    run(LabelsParams(images, size=16, shard_size=2), workspace, silent)
    assert len(read) == 10 and len(list((workspace.root / "index").glob("*.npz"))) == 5
    picture(99).save(paths[2])
    packing.pack_in_parts(workspace.root / "bitmaps", workspace.root / "new")
    (workspace.root / "new" / "train-010.tar").replace(workspace.root / "tars" / "train-010.tar")
    read.clear()
    result = run(LabelsParams(images, size=16, shard_size=2), workspace, silent)
    keys = [path.relative_to(workspace.root / "bitmaps").as_posix() for path in paths]
    assert sorted(read) == sorted([keys[2], keys[7], keys[2], keys[3]])
    folder = LabelsParams(ImageParams("bitmaps"), size=16, shard_size=2, output="again")
    assert contents(result.folder) == contents(run(folder, workspace, silent).folder)


def test_several_dirs_are_remembered(colorprep, tars, tmp_path):
    """--dir may be given several times; the next command reads the same archives."""
    given = [word for path in tars[:2] for word in ("--dir", path)]
    first = colorprep("lists", "tiny", *given)
    assert first.exit_code == 0, first.stderr
    assert json.loads((tmp_path / "workspace.json").read_text()) == {
        "source": [str(path) for path in tars[:2]]
    }
    again = colorprep("lists", "random", 16, "-o", "all.txt")
    assert "16 of 16 images" in again.stdout
    folders = colorprep("lists", "random", 16, "--archive-folders", "-o", "all.txt")
    assert folders.exit_code == 0
    tops = {line.partition("/")[0] for line in (tmp_path / "all.txt").read_text().splitlines()}
    assert tops == {"train-008", "train-009"}
