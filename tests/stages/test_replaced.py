"""Claims about reports of replaced outputs."""

from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from colorprep import load_prior
from colorprep.cli import console
from colorprep.engine import Chunk
from colorprep.images.folder import folder_source
from colorprep.images.reader import ImageReader
from colorprep.stages import export, lists, weights
from colorprep.stages.audit import stage as audit
from colorprep.stages.colorize.coloring import ColorizeChunk
from colorprep.stages.colorize.picture_record import PictureRecord
from colorprep.stages.evaluate import stage as evaluate
from colorprep.stages.prior import stage as prior
from colorprep.stages.replaced import telling_replaced
from colorprep.stages.rgbvar import stage as rgbvar
from colorprep.stages.source import ImageParams


@pytest.fixture
def two(photographs, workspace):
    """Parameters of two sets of images: all of them, and those of a list."""
    keys = sorted(path.relative_to(photographs).as_posix() for path in photographs.rglob("*.jpg"))
    workspace.path("few.txt").write_text("".join(f"{key}\n" for key in keys[:6]))
    return ImageParams(photographs), ImageParams(photographs, "few.txt")


def reported_by(recorder):
    """Return the files reported as replaced, and forget them."""
    reported = [text for text in recorder.warnings if ": replaced " in text or ": removed " in text]
    recorder.warnings.clear()
    return {Path(text.partition(": ")[0]).name: text for text in reported}


def test_only_changed_content_is_reported(workspace, recorder, tmp_path):
    """Changed and removed files are reported, also after a failure; new and equal ones are not."""
    kept, changed, gone, new = (tmp_path / name for name in ("kept", "changed", "gone", "new"))
    for path in (kept, changed, gone):
        path.write_text("before")
    with pytest.raises(OSError), telling_replaced(recorder, kept, changed, gone, new):
        kept.write_text("before")
        changed.write_text("after")
        new.write_text("new")
        gone.unlink()
        raise OSError
    assert recorder.warnings == [
        f"{changed}: replaced a file with other content",
        f"{gone}: removed a file with other content",
    ]


def test_priors_and_weights(two, workspace, recorder):
    """Another prior is reported with its images and digest, weights with their settings."""
    everything, few = two
    prior.run(prior.PriorParams(few, size=32, by_class=True), workspace, recorder)
    digest = load_prior(workspace.path("prior.npz")).digest
    prior.run(prior.PriorParams(few, size=32, by_class=True), workspace, recorder)
    assert not reported_by(recorder)
    prior.run(prior.PriorParams(everything, size=32), workspace, recorder)
    reported = reported_by(recorder)
    assert set(reported) == {"prior.npz", "weights.npz"}
    assert f"another prior, of 6 images over ab313 (digest {digest[:8]})" in reported["prior.npz"]
    assert (
        f"lambda 0.5 and alpha 1.0 for the prior with digest {digest[:8]}"
        in reported["weights.npz"]
    )
    weights.run(weights.WeightsParams(), workspace, recorder)
    assert not reported_by(recorder)
    weights.run(weights.WeightsParams(mix=0.1, matrix="m.npy"), workspace, recorder)
    weights.run(weights.WeightsParams(mix=0.2, matrix="m.npy"), workspace, recorder)
    assert set(reported_by(recorder)) == {"weights.npz", "m.npy"}


def test_class_priors_and_named_ones(two, workspace, recorder):
    """Replaced files in priors/CLASS and priors/NAME are reported too."""
    everything, few = two
    for size in (32, 16):
        prior.run(prior.PriorParams(few, size=size, by_class=True), workspace, recorder)
    n_classes = len(list(workspace.path("priors").glob("*/prior.npz")))
    texts = [text for text in recorder.warnings if "replaced another prior" in text]
    assert len(texts) == n_classes + 1
    for images in (few, everything):
        prior.run(prior.PriorParams(images, size=32, name="cat"), workspace, recorder)
    assert "of 6 images" in reported_by(recorder)["prior.npz"]


def test_lists_and_rankings(two, workspace, recorder):
    """Lists are reported with their length, tables and pictures by name."""
    everything, few = two
    for seed in (0, 0):
        lists.draw(lists.DrawParams(everything, 5, seed=seed), workspace, recorder)
    assert not reported_by(recorder)
    lists.draw(lists.DrawParams(everything, 5, seed=1), workspace, recorder)
    assert "another list, of 5 images" in reported_by(recorder)["random-5.txt"]
    for images in (few, everything):
        rgbvar.run(rgbvar.RgbvarParams(images, ranks=(1, 4), montages=(1,)), workspace, recorder)
        lists.split(lists.SplitParams(images, val=0.3, test=0.0), workspace, recorder)
    ranked = {f"rgbvar{end}" for end in (".txt", ".csv", "-1-4.txt", "-montage-1.jpg", ".png")}
    reported = reported_by(recorder)
    assert set(reported) == ranked | {"train.txt", "val.txt"}
    assert "of 6 images" in reported["rgbvar.txt"]
    lists.combine(lists.CombineParams("merge", ("few.txt",)), workspace, recorder)
    params = lists.CombineParams("intersect", ("few.txt", "few.txt"), output="lists/merged.txt")
    lists.combine(params, workspace, recorder)
    assert not reported_by(recorder)


def test_audits_and_evaluations(two, photographs, workspace, recorder):
    """Tables, lists and pictures of an audit, and all files of an evaluation, are reported."""
    everything, few = two
    for images in (few, everything):
        audit.run(audit.AuditParams(images), workspace, recorder)
    assert set(reported_by(recorder)) >= {"audit.csv", "classes.csv", "summary.json", "keep.txt"}
    judged = ImageParams(list="few.txt"), ImageParams(list="few.txt"), ImageParams()
    reported = []
    for images in judged:
        params = evaluate.EvaluateParams(images, photographs, photographs, size=24)
        evaluate.run(params, workspace, recorder)
        reported.append(set(reported_by(recorder)))
    assert reported == [set(), set(), {"evaluation.json", "evaluation.csv", "worst-and-best.jpg"}]


def test_exports(two, workspace, recorder):
    """Exports of another prior are reported."""
    everything, few = two
    for images in (few, everything):
        prior.run(prior.PriorParams(images, size=32), workspace, recorder)
        reported_by(recorder)
        export.run(export.ExportParams("prior.npz"), workspace, recorder)
    assert set(reported_by(recorder)) == {"prior_probs.npy"}


def test_pictures(workspace, recorder, tmp_path, photographs, monkeypatch):
    """A picture by another network is reported; the same one again is not."""
    picture = np.zeros((8, 8, 3), np.uint8)
    source = folder_source(photographs)
    coloring = Mock(made_by=lambda target: "a network", paths=lambda target: [target])
    coloring.pictures.return_value = [picture]
    colored = ColorizeChunk(
        ImageReader(source),
        coloring,
        [tmp_path / "colorized" / f"{number}.png" for number in range(len(source.keys))],
        PictureRecord(tmp_path / "colorized"),
        recorder,
    )
    colored(Chunk(range(2)))
    colored(Chunk(range(2)))
    assert not reported_by(recorder)
    picture[:] = 9
    colored(Chunk(range(2)))
    assert len(reported_by(recorder)) == 2


def test_the_console_names_the_first_and_counts_the_rest(capsys, tmp_path):
    """Thousands of replaced pictures take a few lines; --json has them all."""
    reported = console.Console(quiet=True, log_file=None)
    for number in range(25):
        reported.replaced(tmp_path / f"{number}.png", "replaced a file with other content")
    reported.close()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == console.SHOWN_REPLACED + 1
    assert "15 more files were replaced" in lines[-1] and len(reported.all_replaced) == 25
