"""Claims about names too long for an output: only that image is skipped."""

import io

import numpy as np
import packing
import pytest
from PIL import Image

from colorprep.shards.maps import in_the_way
from colorprep.stages.labels.stage import LabelsParams, run
from colorprep.stages.prior import stage as prior
from colorprep.stages.source import ImageParams
from colorprep.stages.verify import stage as verify
from colorprep.training.data.label_maps import LabelMapDataset


def image(color):
    """A small image in one color."""
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), color).save(stream, "PNG")
    return stream.getvalue()


def named(n_bytes):
    """A name of this many bytes."""
    return "n" * (n_bytes - 4) + ".png"


@pytest.fixture
def long_names(tmp_path):
    """A tar of images with longer and longer names, and one in a folder with a long name."""
    names = ["a.png", *map(named, (238, 247, 251, 252, 255, 300)), f"{'f' * 256}/b.png"]
    return packing.write_tar(
        tmp_path / "x.tar", *[(name, image((9 * i, 50, 90))) for i, name in enumerate(names)]
    )


def test_label_maps_of_long_names(long_names, workspace, silent):
    """Maps with usable names are written; a second run, verify and training agree on which."""
    for _ in range(2):
        result = run(LabelsParams(ImageParams(long_names), format="npy"), workspace, silent)
        whys = {skip.key: skip.detail.partition(": ")[2] for skip in result.skipped}
        assert whys == {
            named(252): "its name has 256 bytes, but the file system allows 255",
            named(255): "its name has 259 bytes, but the file system allows 255",
            named(300): "its name has 304 bytes, but the file system allows 255",
            f"{'f' * 256}/b.png": f"the name of its folder {'f' * 40}... has 256 bytes, but the "
            "file system allows 255",
        }
        assert {skip.reason for skip in result.skipped} == {"bad-name"}
        maps = sorted(path.name for path in result.folder.rglob("*.npy"))
        assert maps == sorted(f"{name}.npy" for name in ("a.png", *map(named, (238, 247, 251))))
        assert not list(result.folder.rglob("*.tmp"))
    params = verify.VerifyParams(result.folder, images=ImageParams(long_names))
    assert verify.run(params, workspace, silent).problems == []
    assert LabelMapDataset(result.folder, long_names).keys == [
        "a.png",
        *map(named, (238, 247, 251)),
    ]


def test_a_map_with_the_name_of_a_folder(tmp_path, workspace, silent):
    """An image whose map would have the path of a folder of maps is skipped, in any order."""
    keys = ["a.png", "a.png.npy/b.png", "c.png"]
    path = packing.write_tar(tmp_path / "x.tar", *[(key, image((9, 50, 90))) for key in keys])
    for _ in range(2):
        result = run(LabelsParams(ImageParams(path), format="npy"), workspace, silent)
        assert [(skip.key, skip.reason) for skip in result.skipped] == [("a.png", "bad-name")]
        assert result.n_images == 2
    assert np.load(result.folder / "a.png.npy" / "b.png.npy").shape == (8, 8)


def test_folders_that_are_in_the_way():
    """All folders of maps above a map count, and no others."""
    keys = ["a.npy/b.npy/c.jpg", "d.npy", "e/f.npy/g.jpg", "h.npyx/i.jpg"]
    assert in_the_way(keys) == {"a", "a.npy/b", "e/f"}


def test_class_priors_of_long_names(long_names, workspace, recorder):
    """A class whose name is too long for a folder gets no prior; the others do."""
    params = prior.PriorParams(ImageParams(long_names), by_class=True)
    result = prior.run(params, workspace, recorder)
    assert result.classes == {}
    assert result.whole.prior.counts.sum() == 8 * 64
    assert any("no prior was written for the class ff" in warning for warning in recorder.warnings)
