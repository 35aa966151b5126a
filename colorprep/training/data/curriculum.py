"""The images to train on: a split for validation, and stages of a curriculum."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class CurriculumStage:
    """Epochs on the same images.

    Attributes
    ----------
    keys : tuple of str or None
        None for all images.
    """

    keys: tuple[str, ...] | None
    n_epochs: int


@dataclass(frozen=True)
class Curriculum:
    """Stages, one after another.

    Attributes
    ----------
    stages : tuple of CurriculumStage
        One or more.
    """

    stages: tuple[CurriculumStage, ...]

    @property
    def n_epochs(self) -> int:
        """The number of epochs of all stages."""
        return sum(stage.n_epochs for stage in self.stages)

    def stage_for(self, epoch: int) -> int:
        """Return the stage of an epoch, both counted from 0; the last stage has no end."""
        for number, stage in enumerate(self.stages):
            if epoch < stage.n_epochs:
                return number
            epoch -= stage.n_epochs
        return len(self.stages) - 1


def split_keys(keys: Sequence[str], held_out: float) -> tuple[list[str], list[str]]:
    """Split images into training and validation by a hash of their keys.

    Parameters
    ----------
    held_out : float
        Fraction for validation, 0 to 1.

    Returns
    -------
    training, validation : list of str
        The side of an image does not depend on the other images, with one exception: if a side
        would be empty but should not be, the image closest to the threshold changes sides.

    Examples
    --------
    >>> split_keys(["a.jpg", "b.jpg", "c.jpg", "d.jpg"], 0.25)
    (['b.jpg', 'c.jpg', 'd.jpg'], ['a.jpg'])
    """
    place = {key: _unit_hash(key) for key in keys}
    ordered = sorted(keys, key=lambda key: (place[key], key))
    n_held_out = sum(place[key] < held_out for key in keys)
    if held_out > 0:
        n_held_out = min(max(n_held_out, 1), max(len(keys) - 1, 0))
    chosen = set(ordered[:n_held_out])
    return [key for key in keys if key not in chosen], [key for key in keys if key in chosen]


def _unit_hash(key: str) -> float:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2.0**64
