"""Methods of training: which networks there are, and what a step does with a batch.

A method defines its step; the trainer passes it two functions:

- ``run(name, batch)`` runs a network and returns its heads, at the labels' resolution;
- ``learn(name, losses)`` computes the gradients of a network's parameters and lets its optimizer
  update them.

The trainer handles mixed precision, clipping, averages, several processes and accumulation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from torch import nn

from ..checkpoint import MAIN
from ..data.batch import Batch
from ..losses.terms import Losses, Objective
from ..models.outputs import Heads

Run: TypeAlias = Callable[[str, Batch], Heads]
Learn: TypeAlias = Callable[[str, Losses], None]


class Method(nn.Module):
    """Networks and the step that trains them; a subclass defines the step.

    Parameters
    ----------
    networks : dict of str to Module
        By name, the main one among them.
    objective : Objective
        Of the main network.

    Notes
    -----
    The main network, `checkpoint.MAIN`, is validated, averaged, saved as the best one and used. It
    alone can have frozen layers and multipliers of learning rates.
    """

    def __init__(self, networks: dict[str, nn.Module], objective: Objective) -> None:
        super().__init__()
        self.networks = nn.ModuleDict(networks)
        self.objective = objective

    @property
    def network(self) -> nn.Module:
        """The main network."""
        return self.networks[MAIN]

    def channels(self, name: str) -> dict[str, int]:
        """Return the heads of a network and their numbers of channels; by default the main one's.

        A method of several networks overrides this. `run` brings all heads to the resolution of
        the labels.
        """
        return self.objective.channels

    def step(self, run: Run, batch: Batch, learn: Learn) -> Losses:
        """Take a step on a batch, and return its losses, all of which are logged.

        It calls `run` for every network whose gradients are needed, and `learn` once for each.
        """
        raise NotImplementedError

    def validate(self, run: Run, batch: Batch) -> tuple[Losses, Heads]:
        """Return the losses of a held-out batch, and the heads of the main network."""
        heads = run(MAIN, batch)
        return self.objective(heads, batch), heads


class Supervised(Method):
    """Trains one network with labels."""

    def __init__(self, network: nn.Module, objective: Objective) -> None:
        super().__init__({MAIN: network}, objective)

    def step(self, run: Run, batch: Batch, learn: Learn) -> Losses:
        """Learn from the labels of a batch."""
        losses: Losses = self.objective(run(MAIN, batch), batch)
        learn(MAIN, losses)
        return losses
