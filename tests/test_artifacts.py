"""Claims about prior.npz and weights.npz."""

import json

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
    """A prior comes back as it was written, byte for byte the second time."""
    prior = make_prior(spec)
    save_prior(tmp_path / "prior.npz", prior)
    again = load_prior(tmp_path / "prior.npz")
    assert again.digest == prior.digest and again.meta == prior.meta
    np.testing.assert_array_equal(again.cells, prior.cells)
    save_prior(tmp_path / "again.npz", again)
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "prior.npz").read_bytes()


def test_documented_entries(tmp_path):
    """The file holds what the format says, readable without pickle."""
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


def test_weights_survive(tmp_path):
    """Weights come back with their meta entry."""
    weights = rebalancing_weights(np.array([0.2, 0.8]))
    save_weights(tmp_path / "weights.npz", weights, {"lambda": 0.5})
    again, meta = load_weights(tmp_path / "weights.npz")
    np.testing.assert_array_equal(again.weights, weights.weights)
    assert meta == {"schema": "colorprep.weights/1", "lambda": 0.5}


def test_what_cannot_be_read_is_refused(tmp_path):
    """Missing, foreign, cut, exchanged and newer files are clear errors that name the file."""
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
    with pytest.raises(ArtifactError, match="holds prior, not weights"):
        load_weights(path)
    np.savez(path, meta=json.dumps({"schema": "colorprep.prior/9"}))
    with pytest.raises(ArtifactError, match="newer"):
        load_prior(path)
    np.savez(path, meta=json.dumps({"schema": "colorprep.prior/1"}))
    with pytest.raises(ArtifactError, match="lacks"):
        load_prior(path)


def test_bare_vectors(tmp_path):
    """A vector is read; a matrix, a pickle and nothing are refused."""
    np.save(tmp_path / "v.npy", np.arange(3))
    np.testing.assert_array_equal(load_vector(tmp_path / "v.npy"), [0.0, 1.0, 2.0])
    np.save(tmp_path / "m.npy", np.eye(3))
    np.save(tmp_path / "p.npy", np.array([None]), allow_pickle=True)
    for name in ("m.npy", "p.npy", "nowhere.npy"):
        with pytest.raises(ArtifactError, match=name):
            load_vector(tmp_path / name)
