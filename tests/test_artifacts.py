"""Claims about prior.npz and weights.npz."""

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from colorprep import (
    ArtifactError,
    Prior,
    QuantizerSpec,
    load_prior,
    load_weights,
    make_quantizer,
    rebalancing_weights,
    save_prior,
    save_weights,
)
from colorprep.artifacts import load_vector

SPECS = [
    QuantizerSpec(),
    QuantizerSpec("kmeans", 12),
    QuantizerSpec("gmm", 3),
    QuantizerSpec("hc-1d"),
]


def make_prior(spec):
    """A prior of random counts."""
    cells = np.zeros((256, 256), np.int64)
    cells[100:160, 100:160] = np.random.default_rng(0).integers(0, 99, (60, 60))
    quantizer = make_quantizer(spec, cells)
    counts = np.random.default_rng(1).integers(0, 99, len(quantizer.centers))
    lightness = None if quantizer.space == "ab" else cells.sum(axis=0)
    return Prior(quantizer, counts, counts / counts.sum(), cells, lightness, {"n_images": 3})


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_priors_survive(tmp_path, spec):
    """A prior is read as it was written, and written again it has the same bytes."""
    prior = make_prior(spec)
    save_prior(tmp_path / "prior.npz", prior)
    again = load_prior(tmp_path / "prior.npz")
    assert again.digest == prior.digest and again.meta == prior.meta
    np.testing.assert_array_equal(again.cells, prior.cells)
    save_prior(tmp_path / "again.npz", again)
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "prior.npz").read_bytes()


def test_documented_entries(tmp_path):
    """The file has the documented entries, readable without pickle."""
    save_prior(tmp_path / "prior.npz", make_prior(QuantizerSpec("gmm", 3)))
    with np.load(tmp_path / "prior.npz", allow_pickle=False) as file:
        shapes = {name: (file[name].shape, file[name].dtype.str) for name in file.files}
        meta = json.loads(str(file["meta"]))
    assert shapes.pop("meta")[0] == ()
    assert shapes == {
        "centers": ((3, 2), "<f8"),
        "counts": ((3,), "<i8"),
        "probs": ((3,), "<f8"),
        "hc_counts": ((256, 256), "<i8"),
        "lightness_counts": ((256,), "<i8"),
        "means": ((3, 2), "<f8"),
        "covariances": ((3, 2, 2), "<f8"),
        "mixing": ((3,), "<f8"),
    }
    assert meta["schema"] == "colorprep.prior/1" and meta["quantizer"] == "gmm"


def changed(path, change):
    """Write an artifact again with its arrays or its meta entry changed."""
    with np.load(path) as file:
        arrays = {name: file[name].copy() for name in file.files}
    meta = json.loads(str(arrays.pop("meta")))
    change(arrays, meta)
    np.savez(path, **arrays, meta=json.dumps(meta))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda a, _: a["probs"].__setitem__(3, np.nan), "probabilities are negative, inf"),
        (lambda a, _: a["probs"].__setitem__(3, np.inf), "probabilities are negative, inf"),
        (lambda a, _: a["probs"].__setitem__(3, -0.1), "probabilities are negative, inf"),
        (lambda a, _: a.update(probs=2 * a["probs"]), "probabilities sum to 2"),
        (lambda a, _: a.update(probs=a["probs"][1:]), "each of its 313 bins"),
        (lambda a, _: a.update(probs=a["counts"]), "each of its 313 bins"),
        (lambda a, _: a["counts"].__setitem__(3, -1), "counts of bins .* nonnegative"),
        (lambda a, _: a.update(counts=a["counts"] + 0.5), "counts of bins .* integers"),
        (lambda a, _: a.update(counts=a["counts"][1:]), "counts of bins have shape 312, not 313"),
        (lambda a, _: a["ab_counts"].__setitem__((3, 3), -1), "counts of cells"),
        (lambda a, _: a.update(ab_counts=a["ab_counts"][1:]), "255 x 256, not 256 x 256"),
        (lambda a, _: a["bootstrap_counts"].__setitem__((3, 3), -1), "counts of replicates"),
        (lambda a, _: a.update(bootstrap_counts=a["counts"]), "not R x 313"),
        (lambda a, _: a.update(lightness_counts=a["counts"]), "shape 313, not 256"),
    ],
)
def test_priors_are_checked_when_they_are_read(tmp_path, change, what):
    """Values that no prior can have are an error that names the file and the fault."""
    path = tmp_path / "prior.npz"
    save_prior(path, replace(make_prior(QuantizerSpec()), bootstrap=np.ones((20, 313), np.int64)))
    load_prior(path)
    changed(path, change)
    with pytest.raises(ArtifactError, match=rf"prior\.npz is damaged: .*{what}"):
        load_prior(path)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda a, _: a["weights"].__setitem__(1, np.nan), "infinite or NaN"),
        (lambda a, _: a["weights"].__setitem__(1, np.inf), "infinite or NaN"),
        (lambda a, _: a["weights"].__setitem__(1, -1.0), "the weight of bin 1 is -1"),
        (lambda a, _: a["weights"].__setitem__(1, 0.0), "the weight of bin 1 is 0"),
        (lambda a, m: (a["weights"].__setitem__(1, 0.0), m.update(zero_bins="drop")), "bin 1"),
        (lambda a, _: a.update(weights=a["weights"][1:]), "each of its 2 bins"),
        (lambda a, _: a.update(weights=a["weights"][:, None]), "should be a vector"),
        (lambda a, _: a.update(weights=np.array(["a", "b", "c"])), "should be a vector"),
        (lambda a, _: a["probs"].__setitem__(1, 0.0), "sum to"),
        (lambda a, m: m.update(quantizer="ab313"), "for the 313 bins"),
    ],
)
def test_weights_are_checked_when_they_are_read(tmp_path, change, what):
    """Values that no weights can have are an error that names the file and the fault."""
    path = tmp_path / "weights.npz"
    save_weights(path, rebalancing_weights(np.array([0.2, 0.3, 0.5])), {"lambda": 0.5})
    changed(path, change)
    with pytest.raises(ArtifactError, match=rf"weights\.npz is damaged: .*{what}"):
        load_weights(path)


def test_dropped_bins_weigh_nothing(tmp_path):
    """A weight of 0 is valid if the bin has no probability and is dropped by choice."""
    path = tmp_path / "weights.npz"
    dropped = rebalancing_weights(np.array([0.0, 0.2, 0.8]), zero_bins="drop")
    save_weights(path, dropped, {"zero_bins": "drop"})
    assert load_weights(path)[0].weights[0] == 0


def test_replicates_are_compressed(tmp_path):
    """Only files with replicates are compressed; uncompressed ones of earlier versions are read."""
    path, plain = tmp_path / "prior.npz", make_prior(QuantizerSpec())
    save_prior(path, plain)
    with zipfile.ZipFile(path) as file:
        assert {entry.compress_type for entry in file.infolist()} == {zipfile.ZIP_STORED}
    replicates = np.random.default_rng(2).poisson(1, (200, 9)) @ np.eye(9, 313, dtype=int) * 4096
    prior = replace(plain, bootstrap=replicates)
    save_prior(path, prior)
    first = path.read_bytes()
    assert len(first) < replicates.nbytes / 10
    save_prior(path, load_prior(path))
    assert path.read_bytes() == first
    changed(
        path, lambda arrays, meta: None
    )  # writes it without compression, as earlier versions did
    assert path.stat().st_size > replicates.nbytes
    again = load_prior(path)
    np.testing.assert_array_equal(again.bootstrap, replicates)
    assert again.digest == prior.digest


def test_weights_survive(tmp_path):
    """Weights are read as they were written, with their meta entry."""
    weights = rebalancing_weights(np.array([0.2, 0.8]))
    save_weights(tmp_path / "weights.npz", weights, {"lambda": 0.5})
    again, meta = load_weights(tmp_path / "weights.npz")
    np.testing.assert_array_equal(again.weights, weights.weights)
    assert meta == {"schema": "colorprep.weights/1", "lambda": 0.5}


def test_unreadable_files_are_refused(tmp_path):
    """Missing, damaged, foreign and newer files are errors that name the file."""
    path = tmp_path / "prior.npz"
    with pytest.raises(ArtifactError, match=r"prior\.npz; make it with"):
        load_prior(path)
    save_prior(path, make_prior(QuantizerSpec()))
    whole = path.read_bytes()
    for damaged in (b"", b"PK", whole[: len(whole) // 2], b"x" * 100):
        path.write_bytes(damaged)
        with pytest.raises(ArtifactError, match=r"prior\.npz is damaged"):
            load_prior(path)
    path.write_bytes(whole)
    with pytest.raises(ArtifactError, match="holds a prior; give weights"):
        load_weights(path)
    np.savez(path, meta=json.dumps({"schema": "colorprep.prior/9"}))
    with pytest.raises(ArtifactError, match="newer"):
        load_prior(path)
    np.savez(path, meta=json.dumps({"schema": "colorprep.prior/1"}))
    with pytest.raises(ArtifactError, match="lacks"):
        load_prior(path)


def test_bare_vectors(tmp_path):
    """A vector is read; a matrix, a pickle and a missing file are refused."""
    np.save(tmp_path / "v.npy", np.arange(3))
    np.testing.assert_array_equal(load_vector(tmp_path / "v.npy"), [0.0, 1.0, 2.0])
    np.save(tmp_path / "m.npy", np.eye(3))
    np.save(tmp_path / "p.npy", np.array([None]), allow_pickle=True)
    for name in ("m.npy", "p.npy", "nowhere.npy"):
        with pytest.raises(ArtifactError, match=name):
            load_vector(tmp_path / name)


def test_paths_may_be_text(tmp_path):
    """Priors and weights are written and read by a path as text as well."""
    counts = np.arange(313)
    cells = np.zeros((256, 256), np.int64)
    quantizer = make_quantizer(QuantizerSpec())
    prior = Prior(quantizer, counts, counts / counts.sum(), cells, None, {})
    save_prior(f"{tmp_path}/prior.npz", prior)
    assert load_prior(f"{tmp_path}/prior.npz").probs.tolist() == prior.probs.tolist()
    with pytest.raises(ArtifactError, match=r"there is no nowhere\.npz|nowhere"):
        load_weights("nowhere.npz")
