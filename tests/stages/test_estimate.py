"""Claims about --dry-run: nothing is written, and the figures are near those of the run."""

from contextlib import nullcontext

import pytest

from colorprep import InputError, QuantizerSpec
from colorprep.engine import ThreadEngine
from colorprep.stages import estimate as estimate_module
from colorprep.stages.estimate import estimate_labels, estimate_prior
from colorprep.stages.labels.stage import LabelsParams, run
from colorprep.stages.prior.stage import PriorParams
from colorprep.stages.source import ImageParams


@pytest.mark.parametrize(
    "values",
    [{"size": 64}, {"size": 64, "compression": "gzip"}, {"format": "npy"}, {"size": 32, "soft": 2}],
)
def test_disk_is_that_of_the_run(photographs, workspace, silent, values):
    """The output takes the disk space that was estimated; the estimate writes nothing."""
    params = LabelsParams(ImageParams(photographs), **values)
    estimate = estimate_labels(params, workspace, silent)
    assert {path.name for path in workspace.root.iterdir()} <= {"workspace.json"}
    assert estimate.n_images == estimate.n_probed == 40 and estimate.skips == {}
    assert estimate.seconds > 0 and estimate.memory > 50e6 and estimate.free > 0
    result = run(params, workspace, silent)
    assert estimate.disk["as asked"] == pytest.approx(result.n_bytes, rel=0.02)


def test_other_kinds_are_estimated(photographs, workspace, silent):
    """Estimates for soft labels, pixels, maps and dense soft labels are reported too."""
    estimate = estimate_labels(LabelsParams(ImageParams(photographs)), workspace, silent)
    asked, soft, rgb, dense, maps = estimate.disk.values()
    assert asked < soft < rgb < dense
    assert dense == 40 * 4 * 313 * 64 * 64 and maps == 40 * (128 + 2 * 96 * 96)


def test_skips_are_foreseen(photographs, workspace, silent, tmp_path):
    """Bad images are counted by reason, with listed ones that are missing."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number, path in enumerate(photographs.rglob("*.jpg")):
        (folder / f"{number:02}.jpg").write_bytes(path.read_bytes() if number % 4 else b"no")
    names = [path.name for path in folder.iterdir()]
    (tmp_path / "list.txt").write_text("\n".join([*names, "gone.jpg"]))
    images = ImageParams(folder, tmp_path / "list.txt")
    estimate = estimate_labels(LabelsParams(images, size=32), workspace, silent)
    assert estimate.skips == {"not-an-image": 10, "missing": 1}
    for path in folder.iterdir():
        path.write_bytes(b"no")
    with pytest.raises(InputError, match="no image could be read"):
        estimate_labels(LabelsParams(images, size=32), workspace, silent)


@pytest.mark.parametrize("spec", [QuantizerSpec(), QuantizerSpec("gmm", 4), QuantizerSpec("ab:5")])
def test_priors_are_estimated(photographs, workspace, silent, spec):
    """Counting is estimated for quantizers counted by cell and by color."""
    estimate = estimate_prior(PriorParams(ImageParams(photographs), spec), workspace, silent)
    assert estimate.images_per_second > 1 and estimate.n_images == 40
    assert not (workspace.root / "prior.npz").exists()


def test_a_cluster_is_estimated_at_twice_its_size(photographs, workspace, silent, monkeypatch):
    """Twice as many workers need half the time, but no less than writing takes."""
    monkeypatch.setattr(estimate_module, "open_engine", lambda _: nullcontext(ThreadEngine(2)))
    params = LabelsParams(ImageParams(photographs, scheduler="tcp://host:8786"), size=32)
    estimate = estimate_labels(params, workspace, silent)
    assert estimate.n_threads == 2
    assert estimate.seconds / 2 <= estimate.seconds_on_twice <= estimate.seconds
    here = estimate_labels(LabelsParams(ImageParams(photographs), size=32), workspace, silent)
    assert here.seconds_on_twice is None
