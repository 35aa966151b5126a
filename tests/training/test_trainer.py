"""Claims about the moving average of a network, and about values that are not finite."""

import math

import pytest
import torch
from steps import objective_of, trainer_of
from torch import nn

from colorprep import ab_lattice
from colorprep.training.fitting.trainer import average_in


def network(value):
    """A convolution and a batch norm whose numbers are all the same."""
    made = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))
    with torch.no_grad():
        for tensor in made.state_dict().values():
            tensor.fill_(value)
    return made


def test_the_average_is_exponential():
    """Parameters and statistics of batch norm move by 1 - decay; counts are copied."""
    average, model = network(0), network(4)
    for step in (10_000, 10_001):
        average_in(average, model, 0.75, step)
    for name, tensor in average.state_dict().items():
        expected = 4 if name.endswith("num_batches_tracked") else 4 * (1 - 0.75**2)
        assert tensor.unique().tolist() == [pytest.approx(expected)]


def test_the_average_soon_forgets_the_beginning():
    """After 80 steps with the usual decay, almost nothing is left of the untrained network."""
    average, model = network(0), network(1)
    for step in range(80):
        average_in(average, model, 0.999, step)
    kept = math.prod((1 + step) / (10 + step) for step in range(80))
    assert kept < 1e-7
    assert average[0].weight[0].item() == pytest.approx(1 - kept)


@pytest.mark.parametrize("ema", [None, 0.9])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_any_number_that_is_not_finite_is_found(ema, bad):
    """In the network and its average, in parameters and statistics of batch norm."""
    trainer = trainer_of(network(1), objective_of("l1", ab_lattice()), ema=ema)
    assert trainer.is_finite()
    for broken in {trainer.method.network, trainer.averaged}:
        for tensor in (broken[0].weight, broken[1].running_var):
            before = tensor.detach().clone()
            with torch.no_grad():
                tensor[0] = bad
            assert not trainer.is_finite()
            with torch.no_grad():
                tensor.copy_(before)
