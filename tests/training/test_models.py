"""Claims about the networks: published sizes, shapes, initial values, and transfer of layers."""

import math

import pytest
import torch
from steps import GENERAL, outputs_at
from torch import nn

from colorprep import InputError
from colorprep.training.models import load_matching, make_model
from colorprep.training.models.fcn import upsampled
from colorprep.training.models.normalization import fewest_images
from colorprep.training.models.spec import NetworkSpec

FULL_RESOLUTION = ("fcn32s", "fcn16s", "fcn8s")


def narrow(name, n_outputs=5, seed=0):
    """A network of the table, narrow if it is large."""
    return make_model(name, n_outputs, seed, 1.0 if name in ("small", "tiny") else 1 / 16)


def n_parameters(name, n_outputs):
    """The number of parameters of a full-width network, without allocating them."""
    with torch.device("meta"):
        return sum(p.numel() for p in make_model(name, n_outputs).parameters())


def test_eccv16_has_the_released_parameters():
    """The released network has 32,236,011, with 626 in the layer from 313 probabilities to ab."""
    assert n_parameters("eccv16", 313) == 32_236_011 - 626


@pytest.mark.parametrize(
    ("name", "trainable", "total", "kernels"),
    [
        ("fcn32s", 134.35, 135.40, [64]),
        ("fcn16s", 134.36, 134.62, [4, 32]),
        ("fcn8s", 134.36, 134.44, [4, 4, 16]),
    ],
)
def test_fcn_have_the_published_parameters(name, trainable, total, kernels):
    """As in colorizer-fcn for K = 16, in millions; its totals count dense K x K kernels."""
    count = n_parameters(name, 16)
    assert round(count / 1e6, 2) == trainable
    assert round((count + sum((16 * side) ** 2 for side in kernels)) / 1e6, 2) == total


@pytest.mark.parametrize("name", GENERAL)
@pytest.mark.parametrize("side", [64, 100, 256])
def test_output_sizes(name, side):
    """Outputs have the input's size for the FCNs, and a quarter of it, rounded up, for others."""
    model = narrow(name, 3).eval()
    with torch.no_grad():
        outputs = model(torch.zeros(1, 1, side, side - 7))
    divisor = 1 if name in FULL_RESOLUTION else 4
    assert outputs.shape == (1, 3, math.ceil(side / divisor), math.ceil((side - 7) / divisor))


@pytest.mark.parametrize("name", [name for name in GENERAL if name != "small"])
def test_networks_begin_with_equal_outputs(name):
    """The output layer starts at 0, and so does every logit."""
    lightness = torch.randint(0, 256, (2, 64, 64), dtype=torch.uint8)
    assert (outputs_at(narrow(name), lightness, (16, 16)) == 0).all()


@pytest.mark.parametrize("name", GENERAL)
def test_every_parameter_learns(name):
    """With nonzero output weights, each parameter has a finite gradient."""
    torch.manual_seed(0)
    model = narrow(name)
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module.out_channels == 5:
            nn.init.normal_(module.weight, 0, 0.1)
    outputs = outputs_at(model, torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8), (16, 16))
    outputs.square().mean().backward()
    for label, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), label
    assert sum(bool(p.grad.any()) for p in model.parameters()) > 0.9 * len(list(model.parameters()))


def test_signals_keep_their_size():
    """He's rule: through all of eccv16, without its norms, features neither vanish nor explode."""
    model = make_model("eccv16", 8, seed=0, width=0.25)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()  # with its first statistics it changes nothing
    x = torch.randn(2, 1, 64, 64)
    for block in list(model.children())[:-1]:
        x = block(x)
    assert 0.05 < x.square().mean().sqrt() < 20


@pytest.mark.parametrize("factor", [2, 8, 16, 32])
def test_upsampling_is_the_published_transposed_convolution(factor):
    """Equal to a dense one with the triangle on the diagonal of its kernel, and zeros elsewhere."""
    scores = torch.randn(2, 3, 4, 5)
    side = 2 * factor
    center = factor - 0.5
    line = [1 - abs(i - center) / factor for i in range(side)]
    dense = nn.ConvTranspose2d(3, 3, side, stride=factor, bias=False)
    with torch.no_grad():
        dense.weight.zero_()
        for channel in range(3):
            dense.weight[channel, channel] = torch.outer(torch.tensor(line), torch.tensor(line))
        torch.testing.assert_close(upsampled(scores, factor), dense(scores), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(("before", "after"), [("fcn32s", "fcn16s"), ("fcn16s", "fcn8s")])
def test_layers_are_transferred(before, after):
    """All but the new scores are copied, and the new network starts with the old one's outputs."""
    first = narrow(before, seed=1)
    for module in first.modules():
        if isinstance(module, nn.Conv2d) and module.out_channels == 5:
            nn.init.normal_(module.weight, 0, 0.1, generator=torch.Generator().manual_seed(0))
    second = narrow(after, seed=2)
    taken = load_matching(second, first.state_dict())
    assert taken == list(first.state_dict())
    assert all(torch.equal(second.state_dict()[name], first.state_dict()[name]) for name in taken)
    fresh = set(second.state_dict()) - set(taken)
    pool = "score_pool4" if after == "fcn16s" else "score_pool3"
    assert fresh == {f"{pool}.weight", f"{pool}.bias"}
    lightness = torch.randint(0, 256, (1, 64, 64), dtype=torch.uint8)
    with torch.no_grad():
        old, new = (outputs_at(model.eval(), lightness, (64, 64)) for model in (first, second))
    assert (old - new).abs().mean() < 0.1 * old.std()


def test_layers_of_other_shapes_are_not_transferred():
    """Layers of another shape are skipped, and a network without common layers is refused."""
    taken = load_matching(narrow("unet", 5), narrow("unet", 7).state_dict())
    assert taken and not any("score" in name for name in taken)
    with pytest.raises(InputError, match="no layer in common"):
        load_matching(narrow("small"), narrow("tiny").state_dict())


def test_outputs_at_the_labels_pixels():
    """Outputs of full resolution are taken at every stride-th pixel, as labels are."""

    class Itself(nn.Module):
        def forward(self, lightness):
            return lightness

    lightness = torch.randint(0, 256, (2, 24, 32), dtype=torch.uint8)
    taken = outputs_at(Itself(), lightness, (6, 8))
    torch.testing.assert_close(taken[:, 0], lightness[:, ::4, ::4].float() / 127.5 - 1)


@pytest.mark.parametrize("name", GENERAL)
def test_channels_last_changes_nothing(name):
    """The memory format does not change the outputs."""
    model = narrow(name).eval()
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module.out_channels == 5:
            nn.init.normal_(module.weight, 0, 0.1)
    lightness = torch.randint(0, 256, (1, 64, 64), dtype=torch.uint8)
    with torch.no_grad():
        plain = outputs_at(model, lightness, (16, 16))
        other = outputs_at(model.to(memory_format=torch.channels_last), lightness, (16, 16))
    torch.testing.assert_close(other, plain, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(
    ("name", "width"), [("small", 0.1), ("unet", 0.1), ("eccv16", 0.05), ("tiny", 1)]
)
def test_how_many_images_batch_norm_needs(name, width):
    """Two at sizes at which torch refuses to train on one, else one."""
    found = set()
    for side in (4, 8, 9, 16, 17, 32):
        model = make_model(name, 3, 0, width).train()
        lightness = torch.zeros((1, 1, side, side))
        try:
            model(lightness)
            fewest = 1
        except ValueError as error:
            assert "more than 1 value per channel" in str(error)
            fewest = 2
            model(lightness.repeat(2, 1, 1, 1))
        assert fewest_images(name, NetworkSpec({"bins": 3}, width), side) == fewest
        found.add(fewest)
    assert found == ({1} if name == "tiny" else {1, 2})


def test_siggraph17_has_the_published_parameters_and_shapes():
    """Of colorization-pytorch, at the size of its training."""
    with torch.device("meta"):
        network = make_model("siggraph17", {"ab": 2, "coarse-bins": 529})
        heads = network(torch.zeros(1, 1, 176, 176), torch.zeros(1, 3, 176, 176))
    assert sum(parameter.numel() for parameter in network.parameters()) == 34_187_027
    shapes = {name: tuple(head.shape[1:]) for name, head in heads.items()}
    assert shapes == {"ab": (2, 176, 176), "coarse-bins": (529, 44, 44)}


BRANCHES = {
    "coarse-bins": ("score_bins",),
    "ab": ("up9", "short9", "block9", "up10", "short10", "block10", "score_ab"),
}


@pytest.mark.parametrize(("trunk_head", "other"), [("ab", "coarse-bins"), ("coarse-bins", "ab")])
def test_siggraph17_learns_its_trunk_from_one_head(trunk_head, other):
    """The loss of the other head reaches the layers of its branch only."""
    network = make_model("siggraph17", {"ab": 2, "coarse-bins": 5}, seed=0, width=0.05)
    network.trunk_head = trunk_head
    heads = network(torch.zeros(1, 1, 16, 16), torch.zeros(1, 3, 16, 16))

    def reached_by(head):
        network.zero_grad()
        heads[head].sum().backward(retain_graph=True)
        return {name for name, each in network.named_parameters() if each.grad is not None}

    branch = {name for name, _ in network.named_parameters() if name.startswith(BRANCHES[other])}
    assert reached_by(other) == branch
    assert reached_by(trunk_head) == {name for name, _ in network.named_parameters()} - branch
