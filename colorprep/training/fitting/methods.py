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
        By name.
    objective : Objective
        Of the main network.

    Attributes
    ----------
    main : str
        The network that is validated, averaged, saved as the best, and used.
    """

    main = MAIN

    def __init__(self, networks: dict[str, nn.Module], objective: Objective) -> None:
        super().__init__()
        self.networks = nn.ModuleDict(networks)
        self.objective = objective

    @property
    def network(self) -> nn.Module:
        """The main network."""
        return self.networks[self.main]

    def channels(self, name: str) -> dict[str, int]:
        """Return the heads of a network and their numbers of channels."""
        return self.objective.channels

    def step(self, run: Run, batch: Batch, learn: Learn) -> Losses:
        """Take a step on a batch, and return its losses."""
        raise NotImplementedError

    def validate(self, run: Run, batch: Batch) -> tuple[Losses, Heads]:
        """Return the losses of a held-out batch, and the heads of the main network."""
        heads = run(self.main, batch)
        return self.objective(heads, batch), heads


class Supervised(Method):
    """Trains one network with labels."""

    def __init__(self, network: nn.Module, objective: Objective) -> None:
        super().__init__({self.main: network}, objective)

    def step(self, run: Run, batch: Batch, learn: Learn) -> Losses:
        """Learn from the labels of a batch."""
        losses: Losses = self.objective(run(self.main, batch), batch)
        learn(self.main, losses)
        return losses
