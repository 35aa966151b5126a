"""What measures predictions in validation, beside the losses."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from ..data.batch import Batch


class Gauge(Protocol):
    """Measures the outputs of a head, batch by batch.

    Attributes
    ----------
    head : str
        A name of `outputs.HEADS`.
    names : tuple of str
        Of its figures in the log.
    """

    head: str
    names: tuple[str, ...]

    def add(self, outputs: Tensor, batch: Batch) -> None:
        """Measure a batch, of the head's outputs and the labels."""

    def sums(self) -> list[float]:
        """Return what was measured; the numbers of several processes add up."""

    def figures(self, sums: list[float]) -> dict[str, float]:
        """Return the figures by name, from the sums of all processes; empty if nothing counted."""
