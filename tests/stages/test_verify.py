"""Claims about `verify`: damage is found and named, repaired bytes are the original ones."""

import hashlib
import json
import shutil

import h5py
import numpy as np
import pytest
from folders import contents

from colorprep import ArtifactError, QuantizerSpec, Reporter
from colorprep.artifacts import load_arrays
from colorprep.shards.reader import ShardReader
from colorprep.stages.labels.stage import LabelsParams
from colorprep.stages.labels.stage import run as run_labels
from colorprep.stages.prior.stage import PriorParams
from colorprep.stages.prior.stage import run as run_prior
from colorprep.stages.source import ImageParams
from colorprep.stages.verify.stage import VerifyParams, run
from colorprep.stages.weights import WeightsParams
from colorprep.stages.weights import run as run_weights
from colorprep.workspace import Workspace


@pytest.fixture(scope="module")
def made(photographs, tmp_path_factory):
    """A workspace with labels of several kinds, a prior and weights."""
    workspace = Workspace(tmp_path_factory.mktemp("made"))
    images = ImageParams(photographs)
    run_prior(PriorParams(images), workspace, Reporter())
    for name, values in (
        ("labels", {}),
        ("soft", {"soft": 3, "keep": "rgb", "lowpass": 2.0, "compression": "gzip"}),
        ("maps", {"format": "npy"}),
    ):
        size = {"shard_size": 16} if name != "maps" else {}
        params = LabelsParams(images, size=32, output=name, **size, **values)
        run_labels(params, workspace, Reporter())
    return workspace


@pytest.fixture
def ready(made, tmp_path):
    """A copy of it, to damage."""
    shutil.copytree(made.root, tmp_path, dirs_exist_ok=True)
    return Workspace(tmp_path)


@pytest.mark.parametrize("name", ["labels", "soft", "maps", "prior.npz", "weights.npz"])
def test_what_colorprep_wrote_is_sound(ready, silent, name):
    """A fresh artifact has no faults, and nothing is changed."""
    before = contents(ready.root)
    result = run(VerifyParams(name), ready, silent)
    assert result.sound and not result.problems
    if "." not in name:
        assert run(VerifyParams(name, deep=True), ready, silent).sound
    assert contents(ready.root) == before


def flip(path, place=0.9):
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 1
    path.write_bytes(data)


def cut(path):
    """Cut a file in half."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGES = {
    "flipped bit": ("shard-00001.h5", flip, "digest"),
    "cut shard": ("shard-00001.h5", cut, "damaged|bytes"),
    "lost shard": ("shard-00000.h5", lambda path: path.unlink(), "missing"),
    "cut sidecar": ("shard-00002.json", cut, "damaged"),
    "lost sidecar": ("shard-00002.json", lambda path: path.unlink(), "no sidecar"),
    "cut manifest": ("manifest.json", cut, "damaged"),
    "lost manifest": ("manifest.json", lambda path: path.unlink(), "are not finished"),
    "cut plan": ("plan.json", cut, "damaged"),
    "lost list of skips": ("skipped.csv", lambda path: path.unlink(), "missing"),
    "a skip too many": (
        "skipped.csv",
        lambda path: path.write_text(path.read_text() + "a.jpg,corrupt,no\n"),
        "does not list",
    ),
    "foreign bytes": ("shard-00001.h5", lambda path: path.write_bytes(b"no"), "damaged"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("labels", ["labels", "soft"])
def test_damage_is_named_and_repaired(ready, silent, damage, labels):
    """Each damage is found in its file, and repair restores the bytes of that file alone."""
    folder = ready.path(labels)
    before = contents(folder)
    name, harm, what = DAMAGES[damage]
    harm(folder / name)
    result = run(VerifyParams(labels), ready, silent)
    assert not result.sound
    (problem,) = result.problems
    assert problem.path.stem == name.split(".")[0]
    assert any(word in problem.what for word in what.split("|"))
    times = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.h5")}
    repaired = run(VerifyParams(labels, repair=True), ready, silent)
    assert repaired.sound and len(repaired.repaired) == 1 and not repaired.problems
    assert contents(folder) == before
    touched = {p.name for p in folder.glob("*.h5") if p.stat().st_mtime_ns != times.get(p.name)}
    assert touched <= {f"{name.split('.')[0]}.h5"}


def test_repair_needs_the_same_images(ready, silent, photographs, tmp_path):
    """With other images nothing is repaired, and nothing is removed."""
    folder = ready.path("labels")
    (folder / "shard-00001.h5").unlink()
    before = contents(folder)
    other = tmp_path / "other"
    shutil.copytree(photographs, other)
    next(other.rglob("*.jpg")).unlink()
    with pytest.raises(ArtifactError, match="cannot be repaired from other"):
        run(VerifyParams("labels", repair=True, images=ImageParams(other)), ready, silent)
    assert contents(folder) == before


def test_a_skip_that_is_not_listed_is_found(photographs, workspace, silent, tmp_path):
    """skipped.csv must name what the sidecars say was skipped, not only as many images."""
    folder = tmp_path / "images"
    shutil.copytree(photographs, folder)
    (folder / "bad.jpg").write_text("no")
    labels = run_labels(LabelsParams(ImageParams(folder), size=32), workspace, silent).folder
    assert run(VerifyParams("labels"), workspace, silent).sound
    text = (labels / "skipped.csv").read_text()
    (labels / "skipped.csv").write_text(text.replace("bad.jpg", "other.jpg"))
    (problem,) = run(VerifyParams("labels"), workspace, silent).problems
    assert problem.path.name == "skipped.csv"


def test_a_plan_whose_shards_do_not_fit_is_damaged(ready, silent):
    """Contradicting numbers in plan.json count as damage, and are repaired."""
    plan = ready.path("labels/plan.json")
    before = plan.read_bytes()
    plan.write_bytes(before.replace(b'"shard_size": 16', b'"shard_size": 7'))
    assert not run(VerifyParams("labels"), ready, silent).sound
    assert run(VerifyParams("labels", repair=True), ready, silent).sound
    assert plan.read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"size": 32', '"size": 33'),
        ('"shard_size": 16', '"shard_size": 17'),
        ('"n_files": 40', '"n_files": 41'),
    ],
)
def test_a_plan_that_the_manifest_contradicts_repairs_nothing(ready, silent, old, new):
    """A changed plan does not replace good shards; without it the manifest is enough."""
    folder = ready.path("labels")
    before = contents(folder)
    plan = folder / "plan.json"
    plan.write_text(plan.read_text().replace(old, new))
    assert not run(VerifyParams("labels"), ready, silent).sound
    with pytest.raises(ArtifactError, match="contradict each other"):
        run(VerifyParams("labels", repair=True), ready, silent)
    plan.unlink()
    assert run(VerifyParams("labels", repair=True), ready, silent).sound
    assert contents(folder) == before


def rewrite(shard, sidecar, name, value):
    """Change a value in a shard and its digest in the sidecar, as a faulty writer would."""
    with h5py.File(shard, "r+") as file:
        file[name][(2,) + (0,) * (file[name].ndim - 1)] = value
    facts = json.loads(sidecar.read_text())
    facts["sha256"] = hashlib.sha256(shard.read_bytes()).hexdigest()
    sidecar.write_text(json.dumps(facts))


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("label", 313, "neither below 313"),
        ("label", 3, "not the bin of its ab cell"),
        ("ab", 127, "no 8-bit color"),
        ("class_id", 9, "class ids"),
    ],
)
def test_impossible_values_are_found(ready, silent, name, value, what):
    """Values that no color can have are found, even if the digest agrees."""
    shard = ready.path("labels/shard-00000.h5")
    rewrite(shard, shard.with_suffix(".json"), name, value)
    result = run(VerifyParams("labels"), ready, silent)
    assert not result.sound and any(what in problem.what for problem in result.problems)


def test_deep_compares_with_the_images(ready, silent, photographs, tmp_path):
    """Possible labels that are not those of the images are found by --deep, and repaired."""
    shard = ready.path("labels/shard-00000.h5")
    rewrite(shard, shard.with_suffix(".json"), "lightness", 1)
    assert run(VerifyParams("labels"), ready, silent).sound
    key = ShardReader(shard).keys[2]
    result = run(VerifyParams("labels", deep=True), ready, silent)
    assert [
        f"{key} now gives other values of lightness" in problem.what for problem in result.problems
    ] == [True]
    assert run(VerifyParams("labels", deep=True, repair=True), ready, silent).sound


@pytest.mark.parametrize("harm", [flip, cut, lambda path: path.unlink()])
def test_label_maps_are_repaired(ready, silent, harm):
    """Lost, cut and impossible maps are found and made again."""
    folder = ready.path("maps")
    before = contents(folder)
    path = sorted(folder.rglob("*.npy"))[7]
    harm(path)
    if harm is flip:
        np.save(path, np.full((32, 32), 500, np.uint16))
    result = run(VerifyParams("maps"), ready, silent)
    assert [problem.path for problem in result.problems] == [path]
    assert run(VerifyParams("maps", repair=True), ready, silent).sound
    assert contents(folder) == before


def test_unfinished_labels_are_one_problem(ready, silent):
    """Whatever is not made yet, the missing manifest is not a second problem."""
    for name in ("shard-00002", "shard-00001"):
        for path in (f"labels/{name}.h5", f"labels/{name}.json", "labels/manifest.json"):
            ready.path(path).unlink(missing_ok=True)
        result = run(VerifyParams("labels"), ready, silent)
        assert len(result.problems) == 1 and not result.sound
    for path in sorted(ready.path("maps").rglob("*.npy"))[:2]:
        path.unlink()
        ready.path("maps/manifest.json").unlink(missing_ok=True)
        (problem,) = run(VerifyParams("maps"), ready, silent).problems
        assert "not made yet" in problem.what


def test_the_command_says_what_it_repaired(ready, colorprep, photographs):
    """Without what would have been to do. Before it reads a shard it asks for the images."""
    ready.path("labels/shard-00001.h5").unlink()
    ready.path("workspace.json").unlink()
    asked = colorprep("verify", "labels", "--repair")
    assert "labels --repair --dir" in asked.stderr and "verifying" not in asked.stderr
    repaired = colorprep("verify", "labels", "--repair", "--dir", photographs).stdout
    assert repaired.splitlines()[0].endswith("shard-00001.h5 is missing")


def save(path, change):
    """Write an .npz again with something changed."""
    arrays, meta = load_arrays(path, "")
    change(arrays, meta)
    np.savez(path, meta=json.dumps(meta), **arrays)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda a, m: a["counts"].__setitem__(5, 7), "counts of its bins are not those|pixels"),
        (lambda a, m: a["ab_counts"].__setitem__((0, 0), 1), "pixels"),
        (lambda a, m: a["probs"].__setitem__(5, 0.5), "sum to"),
        (lambda a, m: a.update(probs=a["probs"][::-1]), "smoothed by soft"),
        (lambda a, m: m.update(n_pixels=1), "it says 1 pixels"),
        (lambda a, m: m.update(fingerprint="0" * 32), "instead of"),
    ],
)
def test_a_changed_prior_is_wrong(ready, silent, change, what):
    """Counts, cells, probabilities and totals must agree."""
    save(ready.path("prior.npz"), change)
    result = run(VerifyParams("prior.npz"), ready, silent)
    assert not result.sound
    assert any(part in problem.what for part in what.split("|") for problem in result.problems)


@pytest.mark.parametrize("policy", ["uniform", "floor", "drop"])
def test_weights_of_every_policy_are_sound(ready, silent, policy):
    """The formula is checked for every policy of empty bins; a changed weight is found."""
    run_weights(WeightsParams(zero_bins=policy, mix=0.3), ready, silent)
    assert run(VerifyParams("weights.npz"), ready, silent).sound
    save(ready.path("weights.npz"), lambda a, m: a["weights"].__setitem__(200, 9.0))
    result = run(VerifyParams("weights.npz"), ready, silent)
    assert any("mean" in problem.what for problem in result.problems)


@pytest.mark.parametrize("spec", [QuantizerSpec("gmm", 4), QuantizerSpec("kmeans", 20)])
def test_priors_of_fitted_quantizers_are_sound(photographs, workspace, silent, spec):
    """Mixtures, k-means and their labels are checked too."""
    images = ImageParams(photographs)
    run_prior(PriorParams(images, spec), workspace, silent)
    run_labels(LabelsParams(images, size=32, soft=2), workspace, silent)
    for name in ("prior.npz", "weights.npz", "labels"):
        assert run(VerifyParams(name), workspace, silent).sound


def test_published_priors_are_judged(shared, workspace, silent):
    """One published prior has faulty arithmetic; Zhang's is sound."""
    reference = shared / "reference"
    assert not run(VerifyParams(reference / "nilboy_prior_probs.npy"), workspace, silent).sound
    zhang = run(VerifyParams(reference / "zhang_prior_probs.npy"), workspace, silent)
    assert zhang.sound and not zhang.problems


def test_what_cannot_be_checked_is_said(ready, silent):
    """A missing path, another file and a folder without labels are clear errors."""
    with pytest.raises(ArtifactError, match="no file or folder"):
        run(VerifyParams("nothing"), ready, silent)
    with pytest.raises(ArtifactError, match="cannot be checked"):
        run(VerifyParams("workspace.json"), ready, silent)
    (ready.root / "empty").mkdir()
    with pytest.raises(ArtifactError, match="holds no labels"):
        run(VerifyParams("empty"), ready, silent)
