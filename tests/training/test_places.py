"""Claims about the Places models: published sizes, wiring, initial values, and that they learn."""

import pytest
import torch
from torch.nn import functional

from colorprep.training.models.places import (
    PlacesGenerator,
    PlacesResNet,
    PlacesUNet32,
    PlacesUNet224,
)
from colorprep.training.models.spec import NetworkSpec

META = torch.device("meta")
KINDS = (PlacesResNet, PlacesUNet32, PlacesUNet224, PlacesGenerator)
CHANNELS = {"ab": 2, "rgb": 3}


def network(kind, width=0.125):
    """A network of its head, with an eighth of the channels."""
    torch.manual_seed(0)
    return kind(NetworkSpec({head: CHANNELS[head] for head in kind.predicts}, width))


def photographs(side, n_images=2):
    """Blurred noise in [0, 1], (n_images, 1, side, side)."""
    coarse = torch.rand((n_images, 1, 4, 4), generator=torch.Generator().manual_seed(1))
    return functional.interpolate(coarse, (side, side), mode="bilinear")


# The generator's published 7,822,342 count a batch norm of 3 channels that it never uses.
@pytest.mark.parametrize(
    ("kind", "count"),
    [
        (PlacesResNet, 954_722),
        (PlacesUNet32, 6_297_026),
        (PlacesUNet224, 41_957_826),
        (PlacesGenerator, 7_822_342 - 6),
    ],
)
def test_networks_have_the_published_parameters(kind, count):
    """At full width."""
    with META:
        assert sum(parameter.numel() for parameter in network(kind, 1.0).parameters()) == count


@pytest.mark.parametrize(
    ("kind", "side", "n_channels"),
    [
        (PlacesResNet, 224, 2),
        (PlacesResNet, 37, 2),
        (PlacesUNet32, 32, 2),
        (PlacesUNet32, 48, 2),
        (PlacesUNet224, 224, 2),
        (PlacesUNet224, 96, 2),
        (PlacesGenerator, 224, 3),
        (PlacesGenerator, 32, 3),
    ],
)
def test_outputs_have_the_size_of_the_image(kind, side, n_channels):
    """At the published sides, and at any side of the ResNet and multiples of the others' step."""
    other = side + getattr(kind, "side_step", 5)
    with META:
        outputs = network(kind).eval()(torch.empty(1, 1, side, other))
    assert outputs.shape == (1, n_channels, side, other)


@pytest.mark.parametrize("kind", [PlacesUNet32, PlacesUNet224, PlacesGenerator])
def test_other_sides_do_not_fit(kind):
    """Half a step more, or less than the minimum, fails: the attributes say what is possible."""
    least = getattr(kind, "least_side", kind.side_step)
    with META:
        model = network(kind).eval()
        for side in (least + kind.side_step // 2, least - kind.side_step):
            with pytest.raises(RuntimeError):
                model(torch.empty(1, 1, side, side))


def test_maps_of_the_unet_for_224():
    """The last two convolutions take a pixel off each side, and their counterparts add it."""
    sides = []
    with META:
        model = network(PlacesUNet224).eval()
        for layers in [*model.down, *model.up]:
            layers.register_forward_hook(lambda *of: sides.append(of[-1].shape[-1]))
        model(torch.empty(1, 1, 224, 224))
    assert sides == [112, 56, 28, 14, 7, 6, 5, 6, 7, 14, 28, 56, 112, 224]


def test_unet_is_the_published_one():
    """Against the equations: activation, then batch norm; concatenation; tanh; ab from [0, 1]."""
    model, luma = network(PlacesUNet32), photographs(32)
    down = [(layers[0], layers[2]) for layers in model.down]
    up = [(layers[0], layers[2]) for layers in model.up]

    def contracted(x, level):
        convolution, norm = down[level]
        x = functional.conv2d(x, convolution.weight, convolution.bias, stride=2, padding=1)
        return norm(torch.where(x > 0, x, 0.2 * x))

    def expanded(x, level):
        convolution, norm = up[level]
        x = functional.conv_transpose2d(
            x, convolution.weight, convolution.bias, stride=2, padding=1
        )
        return norm(x.clamp(min=0))

    half = contracted(luma, 0)
    quarter = contracted(half, 1)
    eighth = contracted(quarter, 2)
    x = expanded(contracted(eighth, 3), 0)
    x = expanded(torch.cat([x, eighth], dim=1), 1)
    x = expanded(torch.cat([x, quarter], dim=1), 2)
    x = expanded(torch.cat([x, half], dim=1), 3)
    lab_units = 255 * torch.tanh(model.score(x)) - 128
    torch.testing.assert_close(model(luma), lab_units / 110)


def test_generator_is_the_published_one():
    """Against the equations: luma times 100, batch norm, activation, sums of both ways, tanh."""
    model, luma = network(PlacesGenerator), photographs(64)
    x, maps = 100 * luma, []
    for convolution, norm, _ in model.down:
        x = norm(functional.conv2d(x, convolution.weight, stride=2, padding=1))
        x = torch.where(x > 0, x, 0.1 * x)
        maps.append(x)
    for (convolution, norm, _), skip in zip(model.up, maps[3::-1], strict=True):
        x = functional.conv_transpose2d(
            x, convolution.weight, stride=2, padding=1, output_padding=1
        )
        x = norm(x).clamp(min=0) + skip
    x = functional.conv_transpose2d(x, model.score.weight, stride=2, padding=1, output_padding=1)
    torch.testing.assert_close(model(luma), torch.tanh(x))


def test_generator_begins_by_the_published_rule():
    """Normal weights of variance 2 / (kernel area x output channels), transposed or not."""
    model = network(PlacesGenerator, 1.0)
    for convolution in [model.down[3][0], model.up[0][0], model.up[2][0]]:
        expected = (2 / (9 * convolution.out_channels)) ** 0.5
        assert convolution.weight.std().item() == pytest.approx(expected, rel=0.02)


def test_resnet_has_the_layers_of_torchvision():
    """Names and shapes, so that its weights can be loaded; the first layer has one channel."""
    with META:
        state = network(PlacesResNet, 1.0).state_dict()
    taken = {name: tuple(x.shape) for name, x in state.items() if not name.startswith("decoder")}
    assert len(taken) == 6 + 2 * 12 + (12 + 6) + 12
    assert taken["conv1.weight"] == (64, 1, 7, 7)
    assert taken["layer1.1.conv2.weight"] == (64, 64, 3, 3)
    assert taken["layer2.0.conv1.weight"] == (128, 64, 3, 3)
    assert taken["layer2.0.downsample.0.weight"] == (128, 64, 1, 1)
    assert taken["layer2.0.downsample.1.running_var"] == (128,)
    assert taken["layer2.1.bn2.weight"] == (128,)


def test_colors_of_the_resnet_are_doubled_pixels():
    """The last upsampling comes after the last convolution."""
    outputs = network(PlacesResNet).eval()(photographs(33))
    blocks = outputs[:, :, :32, :32].unflatten(3, (16, 2)).unflatten(2, (16, 2))
    assert blocks.std() > 0
    torch.testing.assert_close(blocks, blocks[:, :, :, :1, :, :1].expand_as(blocks))


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_learns(kind):
    """Every parameter has a gradient; only biases may have one of zeros."""
    model = network(kind)
    model(photographs(getattr(kind, "least_side", 32))).square().mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        assert parameter.grad.any() or name.endswith("bias"), name


@pytest.mark.parametrize(
    ("kind", "n_steps"), [(PlacesResNet, 60), (PlacesUNet32, 30), (PlacesGenerator, 35)]
)
def test_images_are_learned_by_heart(kind, n_steps):
    """The error on 16 images falls ten times, and below that of gray."""
    model, luma = network(kind), photographs(32, 16)
    rates = torch.tensor([1, -1, 0.5])[: CHANNELS[kind.predicts[0]], None, None]
    colors = rates * (luma - 0.5)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    errors = []
    for _ in range(n_steps):
        error = functional.mse_loss(model(luma), colors)
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(error.item())
    assert errors[-1] < errors[0] / 10
    assert errors[-1] < colors.square().mean()
