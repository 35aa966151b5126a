"""Claims about the scripts in `pipelines/`: they run as their docstrings say."""

import runpy
import shutil
import sys
from pathlib import Path

import numpy as np

from colorprep import load_prior, load_weights

ROOT = Path(__file__).resolve().parents[1]


def test_keras_fcn_rebalanced(photographs, tmp_path, monkeypatch):
    """The script leaves its matrix, its label maps and a trained run."""
    script = ROOT / "pipelines" / "keras_fcn_rebalanced.py"
    few, out = tmp_path / "few", tmp_path / "out"
    few.mkdir()
    for path in sorted(photographs.rglob("*.jpg"))[::4]:
        shutil.copy(path, few)
    options = ["--dir", str(few), "--out", str(out), "--epochs", "1"]
    monkeypatch.setattr(sys, "argv", [str(script), *options])
    runpy.run_path(str(script), run_name="__main__")
    matrix = np.load(out / "color_vec_table.npy")
    assert matrix.shape == (313, 314) and (matrix[:, 313] == 0).all()
    weights = load_weights(out / "weights.npz")[0].weights
    # The matrix reads its smoothed prior back without normalizing; the weights' prior sums to 1.
    np.testing.assert_allclose(matrix.sum(axis=1), weights, rtol=0.02)
    assert load_prior(out / "prior.npz").meta["smoothing"] == "lattice"
    assert len(list((out / "maps").rglob("*.npy"))) == 10
    assert (out / "run" / "best.pt").exists()
