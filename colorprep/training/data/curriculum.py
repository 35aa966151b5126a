"""Which images are trained on: held out for validation, and stages of a curriculum."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class CurriculumStage:
    """Some epochs on some images.

    Attributes
    ----------
    keys : tuple of str or None
        None takes all images.
    n_epochs : int
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
        """How many epochs all stages take."""
        return sum(stage.n_epochs for stage in self.stages)

    def stage_for(self, epoch: int) -> int:
        """Return the number of the stage that an epoch is in, both counted from 0.

        Parameters
        ----------
        epoch : int

        Returns
        -------
        int
            The last stage goes on for ever.
        """
        for number, stage in enumerate(self.stages):
            if epoch < stage.n_epochs:
                return number
            epoch -= stage.n_epochs
        return len(self.stages) - 1


def split_keys(keys: Sequence[str], held_out: float) -> tuple[list[str], list[str]]:
    """Split images into training and validation by a hash of their keys.

    Parameters
    ----------
    keys : sequence of str
    held_out : float
        Share for validation, 0 to 1.

    Returns
    -------
    training, validation : list of str
        An image stays on its side whatever else is in the folder. Where the hash leaves a side
        empty that should not be, the image nearest to the border changes sides.
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
