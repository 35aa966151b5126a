"""Claims about LPIPS and FID: their formulas, and messages about missing files."""

import importlib.util
import math

import numpy as np
import pytest
import torch
from networks import Means, WrongSize, alexnet_of, alexnet_weights, write_networks

from colorprep import ArtifactError, ColorprepError
from colorprep.training.judging.perceptual import FrechetDistance, load_inception, load_lpips

pytest.importorskip("torchmetrics")
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """The files of both networks."""
    return write_networks(tmp_path_factory.mktemp("networks"))


@pytest.fixture(scope="module")
def images():
    """Six images of 70 x 90."""
    return np.random.default_rng(0).integers(0, 256, (6, 70, 90, 3)).astype(np.uint8)


def test_lpips_equals_torchmetrics(networks, images, monkeypatch):
    """With the same AlexNet, torchmetrics gives the same distance."""
    from torchmetrics.functional.image import lpips as theirs

    backbone = alexnet_of(alexnet_weights()).features
    monkeypatch.setattr(theirs, "_get_tv_model_features", lambda *_: backbone)
    reference = theirs._LPIPS(net="alex")
    ours = load_lpips(networks["alexnet"], CPU)
    first, second = (torch.from_numpy(images[i]).movedim(-1, 0)[None] for i in (0, 1))
    expected = reference(first.float() / 127.5 - 1, second.float() / 127.5 - 1).item()
    assert expected > 1e-3
    assert ours.distance(images[0], images[1]) == pytest.approx(expected, rel=1e-4)


def test_lpips_is_a_distance(networks, images):
    """0 for equal images, else above 0, symmetric, and the same in a batch."""
    lpips = load_lpips(networks["alexnet"], CPU)
    assert lpips.distance(images[0], images[0]) == 0
    there = lpips.distance(images[0], images[1])
    assert there > 0 and lpips.distance(images[1], images[0]) == pytest.approx(there)
    batch = torch.from_numpy(images).movedim(-1, 1)
    assert lpips(batch[:1], batch[1:2]).item() == pytest.approx(there)
    assert lpips(batch, batch.flip(0)).shape == (6,)


def test_lpips_of_tiny_images_is_not_defined(networks):
    """Below 31 pixels, AlexNet's last features are empty."""
    lpips = load_lpips(networks["alexnet"], CPU)
    tiny = np.zeros((30, 60, 3), np.uint8)
    assert math.isnan(lpips.distance(tiny, tiny))
    small = np.zeros((31, 60, 3), np.uint8)
    assert lpips.distance(small, small) == 0


def test_features_are_requested_if_the_network_has_them(networks, images, tmp_path):
    """An argument `return_features` is set if it exists; other networks are called without."""
    given = load_inception(networks["inception"], CPU).features(images[0])
    assert given.shape == (6,) and given.dtype == np.float64
    assert given[:3] == pytest.approx(images[0].mean(axis=(0, 1)), abs=1.5)
    torch.jit.script(Means()).save(tmp_path / "means.pt")
    assert load_inception(tmp_path / "means.pt", CPU).features(images[0]).shape == (3,)


def test_fid_of_gaussians():
    """For many draws from two Gaussians, it is close to the closed form."""
    generator = np.random.default_rng(0)
    scales, shift = np.array([1.0, 2.0, 0.5]), np.array([1.0, 0.0, -2.0])
    first = generator.normal(size=(40_000, 3))
    second = generator.normal(size=(40_000, 3)) * scales + shift
    distance = FrechetDistance()
    for start in range(0, 40_000, 8000):
        distance.add(first[start : start + 8000], second[start : start + 8000])
    expected = (shift**2).sum() + ((1 - scales) ** 2).sum()
    assert distance.value() == pytest.approx(expected, rel=0.02)


def test_fid_of_equal_sets_is_0():
    """In any order, and added in any parts."""
    features = np.random.default_rng(0).normal(size=(500, 8))
    distance = FrechetDistance()
    for part in range(5):
        rows = slice(100 * part, 100 * part + 100)
        distance.add(features[rows], features[::-1][rows])
    assert distance.value() == pytest.approx(0, abs=1e-9)


def test_fid_needs_two_images():
    """Fewer have no covariance."""
    distance = FrechetDistance()
    assert distance.value() is None
    distance.add(np.ones((1, 4)), np.ones((1, 4)))
    assert distance.value() is None


@pytest.mark.parametrize(
    ("load", "file", "network"),
    [
        (load_lpips, "alexnet-owt-7be5be79.pth", "alexnet"),
        (load_inception, "inception-2015-12-05.pt", "inception"),
    ],
)
def test_missing_and_wrong_files(load, file, network, networks, tmp_path):
    """The message names the right file, its origin, and the option."""
    other = networks["inception" if network == "alexnet" else "alexnet"]
    (tmp_path / "text.pt").write_text("text")
    torch.save({"features.0.weight": torch.zeros(3)}, tmp_path / "half.pth")
    for path in (tmp_path / "nowhere.pth", tmp_path / "half.pth", tmp_path / "text.pt", other):
        with pytest.raises(ArtifactError) as caught:
            load(path, CPU)
        for part in (str(path), file, f"--weights {network}=FILE"):
            assert part in str(caught.value)


def test_a_network_that_takes_no_such_images(images, tmp_path):
    """The message says which images and features are expected."""
    torch.jit.script(WrongSize()).save(tmp_path / "other.pt")
    with pytest.raises(ArtifactError, match="uint8 images"):
        load_inception(tmp_path / "other.pt", CPU).features(images[0])


def test_without_torchmetrics(networks, monkeypatch):
    """The message says what to install."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for load, path in zip((load_lpips, load_inception), networks.values(), strict=True):
        with pytest.raises(ColorprepError, match=r"colorprep\[metrics\]"):
            load(path, CPU)
