"""Claims about `info`: it describes every artifact."""

import json

import fsspec
import numpy as np
import pytest

from colorprep import Workspace


@pytest.fixture(scope="module")
def ready(photographs, tmp_path_factory):
    """A workspace with one of every artifact."""
    from colorprep import QuantizerSpec, Reporter
    from colorprep.stages import export, weights
    from colorprep.stages.labels import stage as labels
    from colorprep.stages.prior import stage as prior
    from colorprep.stages.rgbvar import stage as rgbvar
    from colorprep.stages.source import ImageParams
    from colorprep.stages.train import stage as train
    from colorprep.stages.train.params import TrainParams

    space = Workspace(tmp_path_factory.mktemp("workspace"))
    images, silent = ImageParams(photographs), Reporter()
    prior.run(prior.PriorParams(images), space, silent)
    gmm = prior.PriorParams(images, QuantizerSpec("gmm", 4), output="gmm.npz")
    prior.run(gmm, space, silent)
    weights.run(weights.WeightsParams(matrix="matrix.npy"), space, silent)
    labels.run(labels.LabelsParams(images, size=32), space, silent)
    labels.run(labels.LabelsParams(images, format="npy", output="maps"), space, silent)
    rgbvar.run(rgbvar.RgbvarParams(images, (1, 9)), space, silent)
    train.run(TrainParams.of(epochs=1, output="runs/a"), space, silent)
    export.run(export.ExportParams("labels", format="webdataset"), space, silent)
    space.path("report.html").write_text("<title>Color report of a &amp; b</title>")
    np.save(space.path("bare.npy"), np.ones(313) / 313)
    np.save(space.path("points.npy"), np.zeros((313, 2)))
    return space


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("prior.npz", "a color prior over the 313 bins of ab313"),
        ("gmm.npz", "a color prior over the 4 bins of gmm"),
        ("weights.npz", "rebalancing weights of the 313 bins of ab313"),
        ("gmm-weights.npz", "rebalancing weights of the 4 bins of gmm"),
        ("labels", "labels of 40 images by ab313, shards"),
        ("labels/manifest.json", "labels of 40 images by ab313, shards"),
        ("labels/plan.json", "a plan of labels of 40 files by ab313"),
        ("labels/shard-00000.h5", "a label shard of 40 images"),
        ("labels/shard-00000.json", "the sidecar of a shard of 40 images"),
        ("labels/skipped.csv", "a table of 0 rows"),
        ("labels-webdataset", "labels of 40 images by ab313, exported for webdataset"),
        ("labels-webdataset/export.json", "labels of 40 images by ab313, exported for webdataset"),
        ("report.html", "a report, a page for browsers"),
        ("maps", "labels of 40 images by ab313, one .npy an image"),
        ("maps/cat/cat-000.jpg.npy", "a label map"),
        ("lists/rgbvar.txt", "a list of 40 images"),
        ("lists/rgbvar-1-9.txt", "a list of 9 images"),
        ("lists/rgbvar.csv", "a table of 40 rows"),
        ("runs/a", "a training run of small"),
        ("runs/a/config.json", "a training run of small"),
        ("runs/a/best.pt", "a checkpoint of small for ab313"),
        ("runs/a/log.csv", "a table of 1 row"),
        ("bare.npy", "a bare vector over the 313 bins of ab313"),
        ("matrix.npy", "a matrix of soft targets times weights"),
        ("points.npy", "centers of bins"),
        ("workspace.json", "the memory of a workspace"),
        (".", "a workspace"),
    ],
)
def test_every_artifact_says_what_it_is(colorprep, ready, path, what):
    """The first line, and `what` in JSON, name the artifact; the rest says how it was made."""
    text = colorprep("info", ready.path(path))
    assert text.exit_code == 0, text.stderr
    assert text.stdout.splitlines()[0] == what
    facts = json.loads(colorprep("info", ready.path(path), "--json").stdout)
    assert facts["what"] == what and len(facts) > 1


def test_a_prior_tells_from_what_and_how(colorprep, ready):
    """A prior's provenance is complete."""
    facts = json.loads(colorprep("info", ready.path("prior.npz"), "--json").stdout)
    assert facts["n_images"] == 40 and facts["n_pixels"] == 40 * 96 * 96
    assert facts["source"]["n_files"] == 40 and len(facts["source"]["digest"]) == 32
    assert facts["smoothing"] == "soft" and facts["size"] == "native"
    assert facts["parameters"] == {"step": 10, "neighbors": 10, "sigma": 5.0}
    assert facts["decoding"] == {"icc": "convert", "orientation": "apply"}
    assert set(facts["versions"]) == {"colorprep", "numpy", "pillow", "simplejpeg"}


@pytest.mark.parametrize(
    ("name", "content"), [("x.md", b"#"), ("x.npz", b"PK"), ("x.json", b"[]"), ("x.npy", b"")]
)
def test_foreign_files_are_errors(colorprep, tmp_path, name, content):
    """A file that is not an artifact is an error that names it."""
    (tmp_path / name).write_bytes(content)
    result = colorprep("info", name)
    assert result.exit_code == 1 and name in result.stderr


def test_labels_and_their_export_name_classes(colorprep, ready):
    """The first classes are named; an export tells its files and arrays."""
    facts = json.loads(colorprep("info", ready.path("labels"), "--json").stdout)
    named = {"classes": 10, "names_of_classes": "astronaut, cat, coffee and 7 more"}
    assert facts | named == facts
    facts = json.loads(colorprep("info", ready.path("labels-webdataset"), "--json").stdout)
    assert facts | named == facts and facts["files"] == "labels-000000.tar"
    assert facts["arrays"]["ab"] == "int8 (8, 8, 2)"


def test_stores_are_described(colorprep, ready):
    """Labels and exports at a URL; where there is nothing, and what is not ours, is said."""
    store = fsspec.filesystem("memory")
    for name in ("labels", "labels-webdataset"):
        store.put(f"{ready.path(name)}/", f"memory://described/{name}", recursive=True)
        found = colorprep("info", f"memory://described/{name}").stdout
        assert found.startswith("labels of 40 images by ab313")
    store.pipe_file("memory://described/other/notes", b"mine")
    for name, what in {"nope": "there is nothing at", "other": "is neither a folder of"}.items():
        assert what in colorprep("info", f"memory://described/{name}").stderr


def test_the_workspace_tells_its_source(colorprep, tmp_path):
    """Without a path the workspace is described, also one that only knows its source."""
    assert colorprep("info").exit_code == 1
    Workspace(tmp_path).remember_source("train.tar")
    facts = json.loads(colorprep("info", "--json").stdout)
    assert (facts["what"], facts["source"]) == ("a workspace", "train.tar")


def test_unfinished_labels(ready, colorprep):
    """Unfinished labels are described as such, with what to do."""
    folder = ready.path("labels")
    for name in ("manifest.json", "shard-00000.json"):
        (folder / name).unlink()
    facts = json.loads(colorprep("info", folder, "--json").stdout)
    assert facts["what"].startswith("unfinished labels") and facts["shards_done"].startswith("0 of")


def test_a_page_of_scores_says_what_it_is(colorprep, ready):
    """Pages of cached scores are described as deletable."""
    for path in ready.path("scores").glob("*.npz"):
        result = colorprep("info", path)
        assert result.exit_code == 0 and "40 images; the file may be deleted" in result.stdout
