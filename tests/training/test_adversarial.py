"""Claims about adversarial training: its step, on one process and several, and what it reaches."""

import subprocess
import sys
from copy import deepcopy
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from steps import CPU
from torch import nn

from colorprep import ab_lattice
from colorprep.color.lab import rgb_to_lab
from colorprep.training.fitting.adversarial import Adversarial
from colorprep.training.fitting.trainer import Trainer
from colorprep.training.losses.pixel_losses import LossOptions
from colorprep.training.losses.terms import Objective, make_term
from colorprep.training.models.cifar import CifarGenerator
from colorprep.training.models.critics import CRITICS, make_critic
from colorprep.training.models.inputs import luma
from colorprep.training.models.spec import NetworkSpec
from colorprep.training.options import MachineOptions, PaceOptions
from colorprep.training.processes import Process

MAE, IN_8_BITS = 200.0, 100 / 255  # scales of 100 |e| of RGB in [-1, 1], and of (ab + 128) / 255


@pytest.fixture(scope="module")
def batch(photographs):
    """Sixteen photographs reduced to 32 x 32 pixels, with ab of each pixel."""
    paths = sorted(photographs.rglob("*.jpg"))[:16]
    rgb = np.stack([np.asarray(Image.open(path).resize((32, 32))) for path in paths])
    lab = rgb_to_lab(rgb / 255.0)
    arrays = {
        "rgb": rgb,
        "lightness": np.rint(2.55 * lab[..., 0]).astype(np.uint8),
        "ab": np.floor(lab[..., 1:]).astype(np.int8),
        "label": np.zeros(rgb.shape[:3], np.int32),
    }
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def method_of(head, colorizer, critic, kind):
    """Adversarial training with the published absolute error of a head."""
    name, scale = ("rgb-l1", MAE) if head == "rgb" else ("l1", IN_8_BITS)
    term = make_term(name, ab_lattice(), LossOptions(gray="keep"), scale)
    return Adversarial(colorizer, critic, kind, Objective([term], ab_lattice()))


def cifar_gan(width):
    """The CIFAR models' GAN, narrow."""
    torch.manual_seed(0)
    colorizer = CifarGenerator(NetworkSpec({"rgb": 3}, width))
    critic = make_critic("cifar-patch", 0, width)
    return method_of("rgb", colorizer, critic, CRITICS["cifar-patch"])


def smooth(takes, channels, out, normalized=True):
    """A network without kinks, where rounding could choose another side."""
    norm = nn.BatchNorm2d(4) if normalized else nn.Identity()
    layers = [nn.Conv2d(channels, 4, 3, 1, 1), norm, nn.Tanh(), nn.Conv2d(4, out, 3, 1, 1)]
    network = nn.Sequential(*layers)
    network.takes = (takes,)
    return network


def smooth_gan(kind, normalized=True):
    """Smooth networks for a kind of critic."""
    torch.manual_seed(0)
    colors, gray = (3, 3) if kind.head == "rgb" else (2, 1)
    takes = "luma" if kind.head == "rgb" else "lightness"
    seen = colors + gray * kind.conditional
    networks = smooth(takes, 1, colors, normalized), smooth("candidate", seen, 1, normalized)
    return method_of(kind.head, *networks, kind)


def trainer_of(method, **pace):
    """A trainer on the CPU, in training mode."""
    trainer = Trainer(method, PaceOptions(**pace), MachineOptions(), CPU)
    trainer.train()
    return trainer


def descend(network, loss, rate):
    """Change a network's parameters against the gradient of a loss."""
    parameters = list(network.parameters())
    with torch.no_grad():
        for parameter, gradient in zip(
            parameters, torch.autograd.grad(loss, parameters), strict=True
        ):
            parameter -= rate * gradient


def cross_entropy(logits, label):
    """Of a label between 0 and 1, from its definition."""
    return -(label * logits.sigmoid().log() + (1 - label) * (-logits).sigmoid().log()).mean()


def rgb_step(colorizer, critic, batch, rate):
    """A step of the CIFAR models' GAN by hand; return the losses of verdicts."""
    real = batch["rgb"].movedim(-1, 1) / 127.5 - 1
    luma = (batch["rgb"] / 255.0) @ torch.tensor([0.2125, 0.7154, 0.0721])
    gray = torch.stack([2 * luma - 1] * 3, dim=1)
    fake = colorizer(luma[:, None])
    on_real = (critic(torch.cat([real, gray], 1)) - 1).square().mean()
    on_fake = critic(torch.cat([fake.detach(), gray], 1)).square().mean()
    descend(critic, (on_real + on_fake) / 2, rate)
    adversarial = (critic(torch.cat([fake, gray], 1)) - 1).square().mean()
    descend(colorizer, adversarial + 100 * (fake - real).abs().mean(), rate)
    return adversarial.detach(), on_real.detach(), on_fake.detach()


def ab_step(colorizer, critic, batch, rate):
    """A step with Nazeri's critic by hand; return the losses of verdicts."""
    real = (batch["ab"].movedim(-1, 1) + 0.5) / 110
    gray = batch["lightness"][:, None] / 127.5 - 1
    fake = colorizer(gray)
    on_real = cross_entropy(critic(torch.cat([real, gray], 1)), 0.9)
    on_fake = cross_entropy(critic(torch.cat([fake.detach(), gray], 1)), 0.0)
    descend(critic, (on_real + on_fake) / 2, rate)
    adversarial = cross_entropy(critic(torch.cat([fake, gray], 1)), 0.9)
    descend(colorizer, adversarial + 100 * (110 * (fake - real) / 255).abs().mean(), rate)
    return adversarial.detach(), on_real.detach(), on_fake.detach()


@pytest.mark.parametrize(
    ("critic", "step", "term"),
    [("cifar-patch", rgb_step, "rgb-l1"), ("nazeri32", ab_step, "l1")],
)
def test_a_step_is_that_of_the_published_losses(batch, critic, step, term):
    """Each network has the gradients of its own losses alone; the critic's step comes first."""
    method, rate = smooth_gan(CRITICS[critic]), 1e-3
    by_hand = deepcopy(method.networks)
    trainer = trainer_of(method, optimizer="sgd", momentum=0.0)
    losses = trainer.take_step(batch, rate)
    values = step(by_hand["colorizer"], by_hand["critic"], batch, rate)
    assert list(losses) == [term, "adversarial", "critic_real", "critic_fake"]
    for name, value in zip(("adversarial", "critic_real", "critic_fake"), values, strict=True):
        torch.testing.assert_close(losses[name].value, value, rtol=1e-6, atol=1e-6)
    expected = by_hand.state_dict()
    for name, tensor in method.networks.state_dict().items():
        torch.testing.assert_close(tensor, expected[name], rtol=1e-5, atol=1e-6)


def test_a_critic_of_colors_alone(batch):
    """An unconditional critic is shown RGB; its losses are smoothed cross-entropies."""
    method = smooth_gan(CRITICS["places-rgb"])
    critic, colorizer = deepcopy(method.networks["critic"]), method.networks["colorizer"]
    real = batch["rgb"].movedim(-1, 1) / 127.5 - 1
    with torch.no_grad():
        fake = deepcopy(colorizer)(luma(batch))
        expected = [cross_entropy(critic(real), 0.9), cross_entropy(critic(fake), 0.0)]
    losses = trainer_of(method, optimizer="sgd").take_step(batch, 0.01)
    found = [losses[name].value for name in ("critic_real", "critic_fake")]
    torch.testing.assert_close(found, expected)


def test_parts_of_a_batch_add_up_for_the_critic(batch):
    """The critic's step on four parts is that on the whole."""
    critics = []
    for accumulate in (1, 4):
        method = smooth_gan(CRITICS["places-rgb"], normalized=False)
        trainer_of(method, optimizer="sgd", accumulate=accumulate).take_step(batch, 0.01)
        critics.append(method.networks["critic"].state_dict())
    torch.testing.assert_close(*critics)


def learn_half(rank, batch, meeting):
    """Take three steps on half of a batch, in one of two processes; return the networks."""
    torch.distributed.init_process_group(
        "gloo", f"file://{meeting}", timedelta(seconds=100), rank=rank, world_size=2
    )
    try:
        return learned(
            rank, {name: array[8 * rank : 8 * rank + 8] for name, array in batch.items()}
        )
    finally:
        torch.distributed.destroy_process_group()


def learned(rank, half):
    """Take the steps; leave nothing that uses the group, as freeing it later can wait forever."""
    trainer = trainer_of(smooth_gan(CRITICS["cifar-patch"], normalized=False), optimizer="sgd")
    trainer.wrap(Process(CPU, rank, 2).data_parallel)
    for _ in range(3):
        trainer.take_step(half, 0.01)
    return trainer.method.networks.state_dict()


OTHER = """
import sys
import torch
sys.path[:0] = sys.argv[3:]
from test_adversarial import learn_half
learn_half(1, torch.load(sys.argv[1]), sys.argv[2])
"""


def test_two_processes_learn_as_one(batch, tmp_path):
    """With half a batch each, without batch norm, which sees the half; the critic runs thrice."""
    torch.save(batch, tmp_path / "batch.pt")
    here = Path(__file__).parent
    words = [tmp_path / "batch.pt", tmp_path / "meeting", here, *filter(None, sys.path)]
    command = [sys.executable, "-c", OTHER, *words]
    other = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    together = learn_half(0, batch, tmp_path / "meeting")
    _, error = other.communicate(timeout=300)
    assert other.returncode == 0, error
    alone = trainer_of(smooth_gan(CRITICS["cifar-patch"], normalized=False), optimizer="sgd")
    for _ in range(3):
        alone.take_step(batch, 0.01)
    torch.testing.assert_close(together, alone.method.networks.state_dict())


def test_sixteen_photographs_are_overfitted(batch):
    """The error falls below that of gray pictures; the critic's losses stay above 0.02."""
    trainer = trainer_of(cifar_gan(width=1 / 8), optimizer="adam", betas=(0.5, 0.999))
    steps = [trainer.take_step(batch, 2e-3) for _ in range(60)]
    late = {
        name: np.mean([losses[name].value.item() for losses in steps[-20:]]) for name in steps[0]
    }
    of_gray = (batch["rgb"].movedim(-1, 1) / 255 - luma(batch)).abs().mean()
    assert steps[0]["rgb-l1"].value > 0.25 and late["rgb-l1"] < 0.8 * of_gray
    assert all(0.02 < late[name] < 0.5 for name in ("critic_real", "critic_fake"))
