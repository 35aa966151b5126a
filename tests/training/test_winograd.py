"""Claims about Winograd's algorithm: convolutions and gradients as torch's, where it pays."""

import pytest
import torch
from torch import nn

from colorprep.training.fitting.methods import Supervised
from colorprep.training.fitting.trainer import Trainer
from colorprep.training.models.winograd import WinogradConv2d, pays, use_winograd
from colorprep.training.options import MachineOptions, PaceOptions

CPU = torch.device("cpu")
CLOSE = 3e-5  # of the largest value; TF32 errs by 1e-3


def results(layer, x, of_y):
    """The outputs, and the gradients of the images and of the parameters."""
    x = x.clone().requires_grad_()
    y = layer(x)
    return y.detach(), *torch.autograd.grad(y, [x, *layer.parameters()], of_y)


@pytest.mark.parametrize(
    ("shape", "dilation", "bias"),
    [((2, 8, 8, 12), 1, True), ((3, 5, 9, 3), 1, False), ((1, 6, 7, 11), 2, True)],
)
def test_outputs_and_gradients_are_those_of_torch(shape, dilation, bias):
    """For sides that are no multiples of a tile, several chunks, and dilated kernels."""
    torch.manual_seed(0)
    n, channels, height, width = shape
    exact = nn.Conv2d(channels, 7, 3, padding=dilation, dilation=dilation, bias=bias)
    x, of_y = torch.randn(shape), torch.randn(n, 7, height, width)
    found = results(WinogradConv2d.of(exact), x, of_y)
    expected = results(exact.double(), x.double(), of_y.double())
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.shape == theirs.shape
        assert (mine - theirs).abs().max() < CLOSE * theirs.abs().max()


def test_images_in_chunks_are_as_at_once(monkeypatch):
    """Chunks of images give the same outputs and gradients, up to rounding."""
    torch.manual_seed(0)
    layer = WinogradConv2d.of(nn.Conv2d(5, 6, 3, padding=1))
    x, of_y = torch.randn(5, 5, 8, 8), torch.randn(5, 6, 8, 8)
    at_once = results(layer, x, of_y)
    monkeypatch.setattr("colorprep.training.models.winograd.CHUNK", 2 * 6 * 8 * 8)
    for mine, theirs in zip(results(layer, x, of_y), at_once, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)


def test_only_what_pays_is_replaced():
    """Wide plain convolutions are, with the same parameters, names and mode."""
    wide = {"padding": 1, "bias": False}
    network = nn.Sequential(
        nn.Conv2d(128, 128, 3, **wide),
        nn.Conv2d(128, 96, 3, **wide),
        nn.Conv2d(128, 128, 3, stride=2, **wide),
        nn.Conv2d(128, 128, 3, groups=2, **wide),
        nn.Conv2d(128, 128, 3, padding=2, dilation=2),
    ).eval()
    before = network.state_dict(keep_vars=True)
    use_winograd(network)
    replaced = [type(layer) is WinogradConv2d for layer in network]
    assert replaced == [True, False, False, False, True]
    after = network.state_dict(keep_vars=True)
    assert list(after) == list(before)
    assert all(after[name] is before[name] for name in before)
    assert not network[0].training


@pytest.mark.parametrize("machine", [{}, {"deterministic": True}, {"compile": True}])
def test_deterministic_trainings_compute_as_before(machine):
    """The trainer leaves convolutions alone for --deterministic, and for --compile."""
    network = nn.Sequential(nn.Conv2d(128, 128, 3, padding=1))
    Trainer(Supervised(network, None), PaceOptions(), MachineOptions(**machine), CPU)
    assert pays(network[0]) == bool(machine)


def test_bfloat16_is_left_to_torch():
    """Mixed precision does not use it, since sums of its products would lose digits."""
    torch.manual_seed(0)
    layer, x = nn.Conv2d(4, 4, 3, padding=1), torch.randn(1, 4, 8, 8)
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        assert torch.equal(WinogradConv2d.of(layer)(x), layer(x))
