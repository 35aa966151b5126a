"""The order of the images of an epoch, and its batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...color.lab import Floats
from ...errors import InputError
from .curriculum import Curriculum, CurriculumStage
from .order import MOST_SEED, Indices, n_steps, rank_step, shuffled, weighted_choice
from .windows import Windows

EVERYTHING = Curriculum((CurriculumStage(None, 1),))
_TOO_FEW = "at this size the network's batch norm sees a single pixel of each image and needs"


@dataclass(frozen=True, eq=False)
class EpochOrder:
    """Which images an epoch has, in which order, and which of them a process gets in a step.

    Attributes
    ----------
    batch_size : int
        Images in a batch of one process; the last batch of an epoch holds the rest.
    shuffle : bool
        Whether each epoch has a random order; else the order is that of the dataset.
    seed : int
        Of the order, 0 to 2^64 - 1.
    rank, world_size : int
        This process among all that train together. In an epoch every image goes to one process,
        once, and all take the same number of steps. If the last step is uneven, some processes get
        one image more than others in it.
    max_images : int or None
        Maximum number of images per epoch, the first of its order: others in each if shuffled.
    curriculum : Curriculum or None
        Which images each epoch has; None for all.
    image_weights : ndarray of shape (n,) or None
        `max_images` are chosen with probability proportional to these, see
        `ShardDataset.mean_weights`.
    windows : Windows or None
        Which images come together in a random order; None for any.
    fewest : int
        How many images a batch must have, see `models.normalization.fewest_images`. A smaller rest
        at the end of an epoch is merged with the previous batch.

    Raises
    ------
    InputError
        If a value is out of range.
    """

    batch_size: int = 64
    shuffle: bool = True
    seed: int = 0
    rank: int = 0
    world_size: int = 1
    max_images: int | None = None
    curriculum: Curriculum | None = None
    image_weights: Floats | None = None
    fewest: int = 1
    windows: Windows | None = None

    def __post_init__(self) -> None:
        """Check the ranges of the values."""
        if not 0 <= self.seed <= MOST_SEED:
            raise InputError(f"a seed is from 0 to {MOST_SEED}, got {self.seed}")
        if self.batch_size < 1 or (self.max_images is not None and self.max_images < 1):
            raise InputError("batch size and number of images must be 1 or more")
        if not 0 <= self.rank < self.world_size:
            raise InputError(f"the rank is from 0 to below {self.world_size}, got {self.rank}")
        if self.batch_size < self.fewest:
            raise InputError(
                f"{_TOO_FEW} {self.fewest} images in a batch; use a larger --batch-size"
            )

    @property
    def stages(self) -> tuple[CurriculumStage, ...]:
        """The stages of the curriculum; a single one of all images if there is no curriculum."""
        return (self.curriculum or EVERYTHING).stages

    @property
    def images_per_step(self) -> int:
        """Images of a step, of all processes together; an epoch's last step may differ."""
        return self.batch_size * self.world_size

    def stage_for(self, epoch: int) -> int:
        """Return the stage of the curriculum that an epoch is in, both counted from 0."""
        return (self.curriculum or EVERYTHING).stage_for(epoch)

    def n_used(self, n_selected: int) -> int:
        """Return how many images an epoch has if it can choose from `n_selected`."""
        return n_selected if self.max_images is None else min(n_selected, self.max_images)

    def n_steps(self, n_images: int) -> int:
        """Return the number of steps of an epoch, the same for all processes."""
        return n_steps(n_images, self.batch_size, self.world_size, self.fewest)

    def check_enough(self, n_selected: int) -> None:
        """Raise InputError unless every process gets enough images of an epoch."""
        n_least = self.n_used(n_selected)
        if n_least < self.world_size:
            raise InputError(
                f"{self.world_size} processes cannot share {n_least} images; train with fewer "
                "processes, or take more images, for validation as well"
            )
        if n_least < self.fewest * self.world_size:
            raise InputError(
                f"{_TOO_FEW} {self.fewest} images per process, but an epoch has {n_least}; train "
                "on more images, or on larger ones"
            )

    def of_epoch(self, selection: Indices, epoch: int) -> Indices:
        """Return the images of an epoch, those of all processes, in order.

        Parameters
        ----------
        selection : ndarray of shape (n,), intp
            The images that it may take, in order of the dataset.
        epoch : int
            Counted from 0.

        Returns
        -------
        ndarray of shape (m,), intp
        """
        n_images = self.n_used(len(selection))
        order = np.arange(len(selection))
        if self.shuffle:
            order = shuffled(len(selection), self.seed, epoch)
        if self.image_weights is not None and n_images < len(order):
            weights = self.image_weights[selection]
            order = order[np.isin(order, weighted_choice(weights, n_images, self.seed, epoch))]
        images = selection[order]
        if self.shuffle and self.windows is not None:
            images = self.windows.arranged(images, self.seed, epoch)
        return images[:n_images]

    def of_step(self, order: Indices, step: int) -> Indices:
        """Return this process's images of a step of an epoch in that order."""
        return rank_step(order, step, self.batch_size, self.rank, self.world_size, self.fewest)

    def from_step(self, order: Indices, step: int) -> Indices:
        """Return this process's images of a step and of all after it, in order."""
        return order[step * self.images_per_step :][self.rank :: self.world_size]

    def facts(self, keys: Sequence[str], n_selected: Sequence[int]) -> bytes:
        """Return everything that decides the order, for a digest.

        Parameters
        ----------
        keys : sequence of str
            Of the dataset.
        n_selected : sequence of int
            The number of images that each stage of the curriculum may take.
        """
        parameters = (self.batch_size, self.shuffle, self.seed, self.world_size, self.max_images)
        curriculum = self.curriculum or EVERYTHING
        facts = repr((parameters, curriculum, keys)).encode()
        if self.image_weights is not None:
            facts += self.image_weights.tobytes()
        if self.windows is not None:
            facts += self.windows.facts()
        if any(self.n_steps(n) < self._n_unmerged(n) for n in map(self.n_used, n_selected)):
            facts += f"fewest {self.fewest}".encode()
        return facts

    def _n_unmerged(self, n_images: int) -> int:
        return n_steps(n_images, self.batch_size, self.world_size)
