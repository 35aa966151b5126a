"""Claims about the CIFAR models: published sizes and paddings, and what fusion does."""

import math

import pytest
import torch
from torch.nn import functional

from colorprep import InputError
from colorprep.training.models.cifar import (
    CifarAutoencoder,
    CifarClassifierFusion,
    CifarGenerator,
    CifarLabelFusion,
    CifarUNet,
)
from colorprep.training.models.conversions import ab_of_fraction
from colorprep.training.models.inputs import check_side
from colorprep.training.models.keras_layers import SameConv2d
from colorprep.training.models.spec import NetworkSpec

NETWORKS = (CifarAutoencoder, CifarUNet, CifarClassifierFusion, CifarLabelFusion, CifarGenerator)


def network_of(kind, width=1.0):
    """A network as published: ten classes, a thousand features."""
    channels = {"rgb": 3} if kind is CifarGenerator else {"ab": 2}
    torch.manual_seed(0)
    return kind(NetworkSpec(channels, width, {"classes": 10, "features": 1000}))


def inputs_for(network, n=2, side=32):
    """Inputs of a network: gray noise, and what else it takes."""
    gray = torch.rand(n, 1, side, side)
    others = {"class": torch.arange(n) % 10, "features": torch.rand(n, 1000)}
    return [others.get(name, gray) for name in getattr(network, "takes", ("lightness",))]


@pytest.mark.parametrize(
    ("kind", "total", "trainable"),
    [
        (CifarAutoencoder, 4_213_750, 4_213_750),
        (CifarUNet, 16_663_170, 16_658_434),
        (CifarClassifierFusion, 6_541_202, 6_541_202),
        (CifarLabelFusion, 6_287_762, 6_287_762),
        (CifarGenerator, 16_667_267, 16_662_531),
    ],
)
def test_published_parameters(kind, total, trainable):
    """Keras counts the statistics of batch norm in its total."""
    with torch.device("meta"):
        network = network_of(kind)
    count = sum(p.numel() for p in network.parameters())
    statistics = sum(buffer.numel() for buffer in network.buffers() if buffer.ndim)
    assert (count + statistics, count) == (total, trainable)


@pytest.mark.parametrize("kind", NETWORKS)
def test_outputs_are_at_full_resolution(kind):
    """At the published size, and where the network is convolutional, at others."""
    network = network_of(kind, width=1 / 16)
    for side in (32,) if kind is CifarAutoencoder else (32, 64):
        outputs = network(*inputs_for(network, side=side))
        assert outputs.shape == (2, 3 if kind is CifarGenerator else 2, side, side)


@pytest.mark.parametrize(
    ("kind", "side", "message"),
    [(CifarAutoencoder, 64, "32 x 32"), (CifarUNet, 48, "of 32"), (CifarLabelFusion, 20, "of 8")],
)
def test_other_sizes_are_refused(kind, side, message):
    """Dense layers have a fixed size, and skips need sides that can be halved."""
    with pytest.raises(InputError, match=message):
        check_side(network_of(kind, width=1 / 64), side)


@pytest.mark.parametrize("kind", NETWORKS)
def test_gradients_reach_every_parameter(kind):
    """Each parameter of a narrow network has a gradient that is not zero."""
    network = network_of(kind, width=1 / 4)
    network(*inputs_for(network, n=10)).square().mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad.isfinite().all() and parameter.grad.any(), name


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (4, 1), (4, 2), (1, 1)])
def test_padding_is_that_of_tensorflow(kernel, stride):
    """As many outputs as sides / stride rounded up; the odd pixel of padding comes after."""
    layer, x = SameConv2d(2, 3, kernel, stride), torch.randn(1, 2, 8, 6)
    pads = []
    for side in (6, 8):  # the order of torch's `pad`: columns first
        padding = max((math.ceil(side / stride) - 1) * stride + kernel - side, 0)
        pads += [padding // 2, padding - padding // 2]
    expected = functional.conv2d(functional.pad(x, pads), layer.weight, layer.bias, stride)
    torch.testing.assert_close(layer(x), expected)


def test_fusion_with_the_class():
    """Colors depend on the class; without a class, the vector is zero; blocks are of 2 x 2."""
    network = network_of(CifarLabelFusion, width=1 / 8)
    gray = torch.rand(1, 1, 32, 32).expand(3, -1, -1, -1)
    with torch.no_grad():
        first, second, none = network(gray, torch.tensor([3, 4, -1]))
        zero = network.fused(gray[:1], torch.zeros(1, 10))[0]
    assert (first - second).abs().max() > 1e-3
    torch.testing.assert_close(none, zero)
    assert torch.equal(first[:, ::2, ::2], first[:, 1::2, 1::2])


def test_fusion_with_a_classifier():
    """Colors depend on the features."""
    network = network_of(CifarClassifierFusion, width=1 / 8)
    gray = torch.rand(1, 1, 32, 32).expand(2, -1, -1, -1)
    with torch.no_grad():
        first, second = network(gray, torch.eye(1000)[:2] * 10)
    assert (first - second).abs().max() > 1e-3


def test_published_targets_are_converted():
    """(ab + 128) / 255 becomes ab / 110."""
    ab = torch.tensor([-128.0, 0.0, 55.0])
    torch.testing.assert_close(ab_of_fraction((ab + 128) / 255), ab / 110, atol=1e-6, rtol=0)
