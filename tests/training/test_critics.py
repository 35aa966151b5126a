"""Claims about critics: published sizes, verdicts, and what they cannot judge."""

import pytest
import torch

from colorprep import InputError
from colorprep.training.models.critics import CRITICS, make_critic
from colorprep.training.models.normalization import fewest_images
from colorprep.training.models.spec import NetworkSpec

CHANNELS = {"cifar-patch": 6, "nazeri32": 3, "nazeri224": 3, "places-rgb": 3}


@pytest.mark.parametrize(
    ("name", "count", "side", "verdicts"),
    [
        ("cifar-patch", 664_769, 32, 2),
        ("nazeri32", 2_760_513, 32, 1),
        ("nazeri224", 15_350_593, 224, 3),
        ("places-rgb", 16_758_848, 224, 1),
    ],
)
def test_published_sizes(name, count, side, verdicts):
    """Numbers of parameters and verdicts; images below the least side are too small."""
    with torch.device("meta"):
        critic = make_critic(name)
        candidate = torch.zeros(2, CHANNELS[name], side, side)
        assert critic(candidate).shape == (2, 1, verdicts, verdicts)
        least = CRITICS[name].least_side
        assert critic.eval()(candidate[:, :, :least, :least]).shape == (2, 1, 1, 1)
        with pytest.raises(RuntimeError, match="size"):
            critic(candidate[:, :, : least - 1, : least - 1])
    assert sum(p.numel() for p in critic.parameters()) == count


def test_statistics_of_the_patch_critic():
    """Keras counts 768 statistics of batch norm: 665,537 in total."""
    with torch.device("meta"):
        buffers = make_critic("cifar-patch").buffers()
        assert sum(buffer.numel() for buffer in buffers if buffer.ndim) == 665_537 - 664_769


@pytest.mark.parametrize("name", CRITICS)
def test_gradients_reach_every_parameter(name):
    """Each parameter of a narrow critic has a gradient that is not zero."""
    critic = make_critic(name, seed=0, width=1 / 16)
    side = CRITICS[name].least_side
    torch.manual_seed(0)
    verdict = critic(torch.randn(4, CHANNELS[name], side, side))
    (verdict * torch.randn_like(verdict)).mean().backward()
    for label, parameter in critic.named_parameters():
        assert parameter.grad.isfinite().all() and parameter.grad.any(), label


def test_a_critic_is_made_from_a_name_and_a_seed():
    """The same seed gives the same parameters; unknown names are refused."""
    first, second = (make_critic("nazeri32", 1, 1 / 16).state_dict() for _ in "ab")
    assert all(torch.equal(first[name], second[name]) for name in first)
    with pytest.raises(InputError, match="unknown critic 'judge'; choose cifar-patch, nazeri32"):
        make_critic("judge")


def test_how_many_images_a_critic_needs():
    """At 224 pixels the RGB critic normalizes maps of one pixel; too small images are named."""
    spec = NetworkSpec({"rgb": 3}, 1 / 16)
    assert fewest_images("places-cgan", spec, 224) == 1
    assert fewest_images("places-cgan", spec, 224, "places-rgb") == 2
    with pytest.raises(InputError, match="193 x 193 pixels or more, not of 64"):
        fewest_images("places-cgan", spec, 64, "places-rgb")
