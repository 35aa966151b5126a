"""Batches of a dataset, epoch by epoch: shuffled, shared by ranks, made ahead, resumed anywhere."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import Any

import numpy as np
import torch

from ...color.lab import Floats
from ...errors import InputError
from ..processes import rank_and_size
from .curriculum import Curriculum, CurriculumStage
from .dataset import Allocate, Batch, ShardDataset
from .memory import RecycledMemory
from .order import MOST_SEED, Indices, n_steps, rank_step, shuffled, weighted_choice

PREFETCH = 2  # batches
THREADS = 2  # memory sets the limit, not processors
EVERYTHING = Curriculum((CurriculumStage(None, 1),))
_TOO_FEW = "at this size the network's batch norm sees a single pixel of each image and needs"


class ShardLoader:
    """Yields the images of a dataset in batches.

    Parameters
    ----------
    dataset : ShardDataset
    batch_size : int
        Images in a batch of one rank; the last batch of an epoch holds what is left.
    shuffle : bool
        Whether each epoch has a random order; else the order is that of the dataset.
    seed : int
        Of the order, 0 to 2^64 - 1.
    rank, world_size : int or None
        This process among all that train together. By default those of torch.distributed, if
        initialized; else there is one process. In an epoch every image goes to one process, once,
        and all take the same number of steps. If the last step is uneven, some ranks get one image
        more than others in it.
    max_images : int or None
        Maximum number of images per epoch, the first of its order: others in each if shuffled.
    curriculum : Curriculum or None
        Which images each epoch has; None for all.
    image_weights : ndarray of shape (n,) or None
        `max_images` are chosen with probability proportional to these, see
        `ShardDataset.mean_weights`.
    fewest : int
        How many images a batch must have, see `models.fewest_images`. A smaller remainder at the
        end of an epoch is merged with the previous batch.
    prefetch : int
        How many batches threads make ahead; 0 makes each on demand. The batches are the same.
    pin_memory : bool
        Whether batches lie in page-locked memory, from which a GPU copies while it computes.

    Attributes
    ----------
    epoch : int
        The epoch that iterating yields next, counted from 0.
    step : int
        The batch of that epoch that comes next.
    dataset : ShardDataset
    batch_size, seed, fewest : int

    Raises
    ------
    InputError
        If a parameter is out of range, a curriculum's image is not in the dataset, or ranks would
        get fewer images than `fewest`.

    Notes
    -----
    The content of a batch depends only on the dataset, the parameters, the epoch and the step. So
    resuming in the middle of an epoch reads nothing, and a state is two numbers.

    Iterating yields the rest of an epoch; iterating again yields the next epoch. After a break,
    iterating continues where it stopped.
    """

    def __init__(
        self,
        dataset: ShardDataset,
        batch_size: int = 64,
        shuffle: bool = True,
        seed: int = 0,
        *,
        rank: int | None = None,
        world_size: int | None = None,
        max_images: int | None = None,
        curriculum: Curriculum | None = None,
        image_weights: Floats | None = None,
        fewest: int = 1,
        prefetch: int = PREFETCH,
        pin_memory: bool = False,
    ) -> None:
        rank, world_size = rank_and_size(rank, world_size)
        _check(seed, batch_size, rank, world_size, max_images, prefetch)
        if batch_size < fewest:
            raise InputError(f"{_TOO_FEW} {fewest} images in a batch; use a larger --batch-size")
        if pin_memory and not torch.cuda.is_available():
            raise InputError("page-locked memory is for a GPU, and there is none here")
        self.dataset = dataset
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = self.step = 0
        self._shuffle = shuffle
        self._rank, self._world_size = rank, world_size
        self._max_images = max_images
        self._curriculum = curriculum or EVERYTHING
        self._image_weights = image_weights
        self.fewest = fewest
        self._prefetch = prefetch
        if image_weights is not None and len(image_weights) != len(dataset):
            raise InputError(f"{len(image_weights)} weights do not fit {len(dataset)} images")
        self._selections = self._select()
        # In use at once: those made ahead, the one in the making, the caller's and its last one.
        memory = RecycledMemory(n_kept=prefetch + 3)
        pinned: Allocate = partial(torch.empty, pin_memory=True)
        self._allocate: Allocate = pinned if pin_memory else memory.empty

    def __len__(self) -> int:
        """Return the number of batches of the current epoch on this rank."""
        return self.n_batches(self.epoch)

    def __iter__(self) -> Iterator[Batch]:
        """Give the rest of the current epoch, and begin the next one after it."""
        with closing(self.batches(self.epoch, self.step)) as batches:
            for batch in batches:
                self.step += 1
                yield batch
        self.epoch, self.step = self.epoch + 1, 0

    @property
    def images_per_step(self) -> int:
        """How many images a step has, those of all ranks together, but for an epoch's last."""
        return self.batch_size * self._world_size

    @property
    def selections(self) -> list[Indices]:
        """The images that each stage of the curriculum takes its epochs from, in dataset order."""
        return list(self._selections)

    def n_images(self, epoch: int) -> int:
        """Return how many images an epoch has, those of all ranks together."""
        return self._n_used(self._selection(epoch))

    def n_batches(self, epoch: int) -> int:
        """Return how many batches an epoch has, the same number on every rank."""
        return self._n_batches(self.n_images(epoch), self.fewest)

    def batches(self, epoch: int, start: int = 0) -> Generator[Batch, None, None]:
        """Give the batches of an epoch, whatever was given before.

        Parameters
        ----------
        epoch : int
            Counted from 0.
        start : int
            How many batches to leave out; they are not read.

        Yields
        ------
        dict of str to Tensor
            As `ShardDataset.batch` returns them.
        """
        order = self._order(epoch)
        steps = range(start, self.n_batches(epoch))
        make = partial(self._make, order)
        yield from made_ahead(make, steps, self._prefetch) if self._prefetch else map(make, steps)

    def state_dict(self) -> dict[str, Any]:
        """Return plain values from which `load_state_dict` goes on.

        Returns
        -------
        dict
            ``epoch`` and ``step`` of the next batch, and ``fingerprint``, a digest of all that
            decides the order.
        """
        return {"epoch": self.epoch, "step": self.step, "fingerprint": self._fingerprint()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where another loader was.

        Parameters
        ----------
        state : dict
            Of a loader of the same images, with the same parameters.

        Raises
        ------
        InputError
            If the other loader's order was another.
        """
        if state["fingerprint"] != self._fingerprint():
            raise InputError(
                "the order of the images was another one: go on with the same labels, lists, "
                "--seed, --batch-size, --max-images and number of processes"
            )
        self.epoch, self.step = int(state["epoch"]), int(state["step"])

    def _n_batches(self, n_images: int, fewest: int) -> int:
        return n_steps(n_images, self.batch_size, self._world_size, fewest)

    def _n_used(self, selection: Indices) -> int:
        """Return how many images of a selection an epoch has."""
        n_selected = len(selection)
        return n_selected if self._max_images is None else min(n_selected, self._max_images)

    def _joins_batches(self) -> bool:
        """Return whether in any epoch the last batch is merged with the previous one."""
        used = map(self._n_used, self._selections)
        return any(self._n_batches(n, self.fewest) < self._n_batches(n, 1) for n in used)

    def _select(self) -> list[Indices]:
        """Return the images of each stage of the curriculum, in order of the dataset."""
        every = self.dataset.keys
        chosen = [every if stage.keys is None else stage.keys for stage in self._curriculum.stages]
        selections = [np.sort(self.dataset.indices_of(keys)) for keys in chosen]
        n_least = min(map(len, selections))
        if self._max_images is not None:
            n_least = min(n_least, self._max_images)
        if n_least < self._world_size:
            raise InputError(
                f"{self._world_size} processes cannot share {n_least} images; train with fewer "
                "processes, or take more images, for validation as well"
            )
        if n_least < self.fewest * self._world_size:
            raise InputError(
                f"{_TOO_FEW} {self.fewest} images per process, but an epoch has {n_least}; train "
                "on more images, or on larger ones"
            )
        return selections

    def _selection(self, epoch: int) -> Indices:
        return self._selections[self._curriculum.stage_for(epoch)]

    def _order(self, epoch: int) -> Indices:
        """Return the images of an epoch, those of all ranks, in order."""
        selection, n_images = self._selection(epoch), self.n_images(epoch)
        order = np.arange(len(selection))
        if self._shuffle:
            order = shuffled(len(selection), self.seed, epoch)
        if self._image_weights is not None and n_images < len(order):
            weights = self._image_weights[selection]
            order = order[np.isin(order, weighted_choice(weights, n_images, self.seed, epoch))]
        return selection[order[:n_images]]

    def _make(self, order: Indices, step: int) -> Batch:
        """Return this rank's batch of a step."""
        chosen = rank_step(order, step, self.batch_size, self._rank, self._world_size, self.fewest)
        return self.dataset.batch(chosen, self._allocate)

    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        parameters = (self.batch_size, self._shuffle, self.seed, self._world_size, self._max_images)
        digest.update(repr((parameters, self._curriculum, self.dataset.keys)).encode())
        if self._image_weights is not None:
            digest.update(self._image_weights.tobytes())
        if self._joins_batches():
            digest.update(f"fewest {self.fewest}".encode())
        return digest.hexdigest()[:32]


def made_ahead(
    make: Callable[[int], Batch], steps: Iterable[int], n_ahead: int
) -> Generator[Batch, None, None]:
    """Let threads make what comes next.

    Parameters
    ----------
    make : callable
        Makes the batch of a step. Its exceptions are raised here, in their turn.
    steps : iterable of int
    n_ahead : int
        How many batches wait or are in the making while one is used, 1 or more.

    Yields
    ------
    Batch
        In order of the steps. The threads end with the last one, or when this is closed.
    """
    pending: deque[Future[Batch]] = deque()
    threads = ThreadPoolExecutor(min(n_ahead, THREADS), "colorprep-loader")
    try:
        for step in steps:
            pending.append(threads.submit(make, step))
            if len(pending) > n_ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        threads.shutdown(cancel_futures=True)


def _check(
    seed: int, batch_size: int, rank: int, world_size: int, max_images: int | None, prefetch: int
) -> None:
    if not 0 <= seed <= MOST_SEED:
        raise InputError(f"a seed is from 0 to {MOST_SEED}, got {seed}")
    if batch_size < 1 or (max_images is not None and max_images < 1):
        raise InputError("batch size and number of images must be 1 or more")
    if not 0 <= rank < world_size:
        raise InputError(f"the rank is from 0 to below {world_size}, got {rank}")
    if prefetch < 0:
        raise InputError(f"the number of batches made ahead is 0 or more, got {prefetch}")
