"""Claims about Keras-FCN's networks: published sizes, paddings and names, and that they learn."""

import numpy as np
import pytest
import torch

from colorprep.training.models import load_matching
from colorprep.training.models.keras_fcn import KerasFcn
from colorprep.training.models.keras_layers import same_padded
from colorprep.training.models.resnet50 import MODIFIED, PARENT, DilatedResNet50
from colorprep.training.models.spec import NetworkSpec

META = torch.device("meta")
HEADS = {"segments": 21, "ab": 2, "bins": 7, "bins-and-ignored": 8}


def narrow(head, stride=1, parent=False):
    """A network with an eighth of the channels."""
    torch.manual_seed(0)
    return KerasFcn(NetworkSpec({head: HEADS[head]}, 0.125, stride=stride), parent)


def counts(model):
    """Numbers of parameters, and of these and statistics of batch norm, as Keras counts."""
    trainable = sum(parameter.numel() for parameter in model.parameters())
    buffers = sum(buffer.numel() for name, buffer in model.named_buffers() if "running" in name)
    return trainable, trainable + buffers


@pytest.mark.parametrize("stages", [PARENT, MODIFIED])
def test_trunk_has_the_published_parameters(stages):
    """As in Keras Applications, stage by stage; the first two children are the stem."""
    with META:
        trunk = DilatedResNet50(stages)
    assert counts(trunk) == (23_534_592, 23_587_712)
    stem = sum(counts(child)[1] for child in (trunk.conv1, trunk.bn1))
    stages = [counts(child)[1] for name, child in trunk.named_children() if "layer" in name]
    assert [stem, *stages] == [9_728, 220_032, 1_230_336, 7_129_088, 14_998_528]


@pytest.mark.parametrize(
    ("channels", "parent", "trainable", "total"),
    [
        ({"segments": 21}, True, 23_577_621, 23_630_741),
        ({"segments": 21}, False, 23_577_621, 23_630_741),
        ({"ab": 2}, False, 34_746_882, 34_800_002),
        ({"bins-and-ignored": 314}, False, 30_210_232, 30_263_352),
    ],
)
def test_networks_have_the_published_parameters(channels, parent, trainable, total):
    """For 21 classes of segments, for ab, and for 313 bins and the ignored label."""
    with META:
        assert counts(KerasFcn(NetworkSpec(channels), parent)) == (trainable, total)


@pytest.mark.parametrize(
    ("stages", "sides"),
    [(PARENT, [160, 79, 40, 20, 20]), (MODIFIED, [160, 40, 20, 20, 20])],
)
def test_maps_have_the_published_sides(stages, sides):
    """At 320 pixels: after the first convolution, and after each of the four stages."""
    seen = []
    with META:
        trunk = DilatedResNet50(stages)
        for name, child in trunk.named_children():
            if name == "conv1" or name.startswith("layer"):
                child.register_forward_hook(lambda *of: seen.append(of[-1].shape[-1]))
        assert trunk(torch.empty(1, 3, 320, 320)).shape == (1, 2048, 20, 20)
    assert seen == sides


@pytest.mark.parametrize(
    ("stages", "dilations"), [(PARENT, [1, 1, 1, 2]), (MODIFIED, [1, 1, 2, 4])]
)
def test_blocks_are_those_of_keras(stages, dilations):
    """Strides are on the first 1x1 of a stage, dilations in each 3x3; batch norm is Keras's."""
    with META:
        trunk = DilatedResNet50(stages, 0.125)
    for stage, dilation, blocks in zip(stages, dilations, list(trunk.children())[2:], strict=True):
        for number, block in enumerate(blocks):
            assert block.conv1.step == (stage.stride if number == 0 else 1)
            assert block.conv2.stride == (1, 1)
            assert block.conv2.dilation == block.conv2.padding == (dilation, dilation)
            assert (block.bn2.eps, block.bn2.momentum) == (1e-3, pytest.approx(0.05))


@pytest.mark.parametrize(("side", "before"), [(8, 2), (9, 3), (320, 2)])
def test_padding_is_that_of_tensorflow(side, before):
    """An output is the sum over the window that begins `before` pixels ahead of its own."""
    generator = torch.Generator().manual_seed(0)
    image = torch.randn((1, 1, side, side + 1), generator=generator)
    kernel = torch.randn((1, 1, 7, 7), generator=generator)
    found = torch.nn.functional.conv2d(same_padded(image, 7, 2), kernel, stride=2)
    assert found.shape[2:] == (-(-side // 2), -(-(side + 1) // 2))
    beyond = np.pad(image[0, 0].numpy(), 10)
    column = 5 - before  # the other parity
    for i, j in [(0, 0), (1, 2), (found.shape[2] - 1, found.shape[3] - 1)]:
        row_start, column_start = 2 * i + 10 - before, 2 * j + 10 - column
        window = beyond[row_start : row_start + 7, column_start : column_start + 7]
        expected = (window * kernel[0, 0].numpy()).sum()
        assert found[0, 0, i, j] == pytest.approx(expected, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("head", HEADS)
def test_outputs_have_the_size_of_the_image(head):
    """At odd sizes too, and at the minimum."""
    with META:
        model = narrow(head).eval()
        for height, width in [(320, 320), (37, 50), (KerasFcn.least_side, 8)]:
            outputs = model(torch.empty(1, 3, height, width))
            assert outputs.shape == (1, HEADS[head], height, width)


def test_logits_at_the_stride_of_the_labels():
    """The last layer of bins then runs at the labels' resolution, a third of the image's here."""
    with META:
        model = narrow("bins", stride=3).eval()
        assert model(torch.empty(1, 3, 64, 41)).shape == (1, 7, 22, 14)


@pytest.mark.parametrize(("head", "parent"), [("segments", True), ("bins", False), ("ab", False)])
def test_every_parameter_learns(head, parent):
    """Every parameter has a gradient, and almost all are not zero."""
    model = narrow(head, parent=parent)
    gray = 100 * torch.randn((2, 3, 32, 32), generator=torch.Generator().manual_seed(1))
    model(gray).square().mean().backward()
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    assert all(
        gradient is not None and gradient.isfinite().all() for gradient in gradients.values()
    )
    assert all(gradient.any() for name, gradient in gradients.items() if "weight" in name)


@pytest.mark.parametrize(("head", "n_layers"), [("bins", 2), ("bins-and-ignored", 2), ("ab", 4)])
def test_new_layers_have_the_published_names(head, n_layers):
    """A learning rate's multiplier for ``colorization`` reaches all layers after the trunk."""
    with META:
        names = [name for name, _ in narrow(head).named_parameters() if "colorization" in name]
    layers = [f"decoder.colorization_conv{number + 1}" for number in range(n_layers)]
    assert names == [f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")]


def test_segmentation_hands_over_its_trunk():
    """All of the trunk is taken, its statistics included, and nothing else."""
    segmentation, regression = narrow("segments", parent=True), narrow("ab")
    taken = load_matching(regression, segmentation.state_dict())
    assert taken == [name for name in regression.state_dict() if name.startswith("trunk.")]


def test_images_are_learned_by_heart():
    """In 25 steps the loss of 16 images falls ten times."""
    model = narrow("ab")
    coarse = 60 * torch.randn((16, 1, 4, 4), generator=torch.Generator().manual_seed(2))
    gray = torch.nn.functional.interpolate(coarse, (32, 32)).expand(-1, 3, -1, -1)
    raised = torch.arange(16)[:, None, None].expand(-1, 32, 32) % 2  # of every second image
    ab = torch.stack([raised - 0.5, 0.25 - raised / 2], dim=1)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    losses = []
    for _ in range(25):
        loss = torch.nn.functional.mse_loss(model(gray), ab)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 10
