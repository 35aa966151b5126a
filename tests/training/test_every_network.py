"""Claims about all networks: each can be made from the table, and learns photographs by heart.

They are narrow, since a test has seconds. A bound is a tenth of the first loss, or stated.
"""

import numpy as np
import pytest
import torch
from batches import SIZES
from steps import CPU
from torch import nn

from colorprep import ab_lattice
from colorprep.images.sample import sample_crops
from colorprep.quantize.labeling import Labeler
from colorprep.training.fitting.methods import Supervised
from colorprep.training.fitting.schedules import relative_rate
from colorprep.training.fitting.trainer import Trainer
from colorprep.training.losses.pixel_losses import LossOptions
from colorprep.training.losses.terms import Objective, make_term
from colorprep.training.models import MODELS, make_model
from colorprep.training.models.inputs import blank_batch, inputs_of
from colorprep.training.models.layers import PointwiseConv2d
from colorprep.training.models.outputs import channels_of, split_heads
from colorprep.training.options import MachineOptions, PaceOptions

# Loss, width, side, steps, peak learning rate, and the value that the loss must reach: for ab,
# a fraction of the error of gray.
LEARNED = {
    "keras-fcn": ("segments", 1 / 8, 32, 30, 3e-3, 0.1),
    "keras-fcn-parent": ("segments", 1 / 8, 32, 30, 3e-3, 0.1),
    "cifar-autoencoder": ("l2", 1 / 4, 32, 90, 2e-3, 0.1),
    "cifar-unet": ("l2", 1 / 8, 32, 100, 1e-2, 0.4),
    "cifar-fusion-label": ("l2", 1 / 4, 32, 100, 1e-2, 0.8),
    "cifar-fusion-classifier": ("l2", 1 / 4, 32, 100, 1e-2, 0.8),
    "places-unet224": ("l2", 1 / 16, 96, 60, 2e-2, 0.4),
    "efficientnet-lite0": ("classes", 1 / 8, 32, 25, 3e-3, 0.1),
}


def photographs_of(side):
    """A batch of 16 built-in photographs with all that networks take, and made-up other targets."""
    labeler = Labeler(ab_lattice(), keep_rgb=True)
    buffers = labeler.buffers(16, side)
    for row, crop in enumerate(sample_crops(16, side)):
        labeler.label_into(np.asarray(crop.image), buffers, row)
    batch = {name: torch.from_numpy(array) for name, array in buffers.items() if name != "label"}
    batch["label"] = torch.from_numpy(buffers["label"].astype(np.int32))
    batch["class_id"] = torch.arange(16) % SIZES["classes"]
    torch.manual_seed(0)
    batch["features"] = torch.rand((16, SIZES["features"]))
    batch["segments"] = (torch.arange(16, dtype=torch.uint8) % 5)[:, None, None].repeat(
        1, side, side
    )
    batch["segments"][:, :4] = 255
    return batch


def trainer_of(model, loss, width):
    """A trainer of a network of the table."""
    term = make_term(loss, ab_lattice(), LossOptions(gray="keep"))
    objective = Objective([term], ab_lattice(), SIZES)
    network = make_model(model, objective.channels, 0, width, SIZES)
    pace = PaceOptions(optimizer="adam", betas=(0.5, 0.999))
    return Trainer(Supervised(network, objective), pace, MachineOptions(), CPU)


@pytest.mark.parametrize("model", LEARNED)
def test_sixteen_photographs_are_overfitted(model):
    """In training mode, the loss falls ten times, and to a value that memory alone explains."""
    loss, width, side, n_steps, peak, bound = LEARNED[model]
    torch.manual_seed(0)
    trainer, batch = trainer_of(model, loss, width), photographs_of(side)
    trainer.train()
    losses = []
    for step in range(n_steps):
        rate = peak * relative_rate("linear", step, n_steps, decay=0.5)
        losses.append(trainer.take_step(batch, rate)[loss].value.item())
    of_gray = (batch["ab"].float() + 0.5).square().mean() if loss == "l2" else 1.0
    assert losses[-1] < min(0.1 * losses[0], bound * of_gray)


@pytest.mark.parametrize("model", MODELS)
def test_every_network_can_be_made_from_the_table(model):
    """At its published size, from labels that have everything, with a head that it can have."""
    with torch.device("meta"):
        head = getattr(make_model(model, 2, sizes=SIZES), "predicts", ("bins",))[0]
        channels = channels_of([head], ab_lattice(), SIZES)
        network = make_model(model, channels, sizes=SIZES).eval()
        side = getattr(network, "fixed_side", 224)
        outputs = network(*inputs_of(network, blank_batch(side, SIZES)))
    assert split_heads(outputs, channels)[head].shape[1] == channels[head]


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_pointwise_convolutions(stride):
    """Values and gradients are those of torch's convolution of 1x1 without oneDNN."""
    torch.manual_seed(0)
    ours = PointwiseConv2d(4, 8, stride)
    theirs = nn.Conv2d(4, 8, 1, stride)
    theirs.load_state_dict(ours.state_dict())
    images = torch.rand((2, 4, 9, 8))
    with torch.backends.mkldnn.flags(enabled=False):
        expected = theirs(images)
        expected.square().sum().backward()
    found = ours(images)
    found.square().sum().backward()
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad)
