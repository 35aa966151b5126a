"""Batches of a dataset, epoch by epoch: made in advance by threads, resumed at any step."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch

from ...errors import InputError
from .batch import Allocate, Batch
from .epoch_order import EpochOrder
from .memory import RecycledMemory, page_locked
from .order import Indices

PREFETCH = 2  # batches
THREADS = 2  # memory sets the limit, not processors


class Images(Protocol):
    """What a loader needs of a dataset, such as `ShardDataset`."""

    keys: list[str]

    def __len__(self) -> int:
        """Return the number of images."""

    def indices_of(self, keys: Sequence[str]) -> Indices:
        """Return where some of the images are in the dataset."""

    def batch(self, indices: Indices, allocate: Allocate | None = None) -> Batch:
        """Return some of the images."""

    def ahead(self, indices: Indices) -> AbstractContextManager[Callable[[int], object]]:
        """Prepare images in advance, in this order, as long as the block runs.

        The function is to be told how many of them have been read.
        """


class ShardLoader:
    """Yields the images of a dataset in batches.

    Parameters
    ----------
    dataset : ShardDataset
    order : EpochOrder
        Which images an epoch has, in which order, in batches of which size.
    prefetch : int
        How many batches threads prepare in advance; 0 prepares each on demand. The batches are
        the same.
    pin_memory : bool
        Whether batches are in page-locked memory, from which a GPU copies while it computes.

    Attributes
    ----------
    epoch : int
        The epoch that iterating yields next, counted from 0.
    step : int
        The batch of that epoch that comes next.

    Raises
    ------
    InputError
        If a parameter is out of range, a curriculum's image is not in the dataset, or processes
        would get fewer images than the network needs.

    Notes
    -----
    The content of a batch depends only on the dataset, the order, the epoch and the step. So
    resuming in the middle of an epoch reads nothing, and a state is two numbers.

    Iterating yields the rest of an epoch; iterating again yields the next epoch. After a break,
    iterating continues where it stopped.
    """

    def __init__(
        self, dataset: Images, order: EpochOrder, prefetch: int = PREFETCH, pin_memory: bool = False
    ) -> None:
        if prefetch < 0:
            raise InputError(f"the number of prefetched batches must be 0 or more, got {prefetch}")
        if pin_memory and not torch.cuda.is_available():
            raise InputError("page-locked memory needs a GPU, and this machine has no usable one")
        self.dataset, self.order = dataset, order
        self.epoch = self.step = 0
        self._prefetch = prefetch
        self.selections = self._select()
        # In use at once: the prefetched, the one being made, the caller's and its previous one.
        memory = RecycledMemory(n_kept=prefetch + 3)
        self._allocate: Allocate = page_locked if pin_memory else memory.empty

    def __len__(self) -> int:
        """Return the number of batches of the current epoch on this rank."""
        return self.n_batches(self.epoch)

    def __iter__(self) -> Iterator[Batch]:
        """Yield the rest of the current epoch; the next iteration yields the next epoch."""
        with closing(self.batches(self.epoch, self.step)) as batches:
            for batch in batches:
                self.step += 1
                yield batch
        self.epoch, self.step = self.epoch + 1, 0

    @property
    def images_per_step(self) -> int:
        """Images per step of all ranks together, except in the last step of an epoch."""
        return self.order.images_per_step

    def n_images(self, epoch: int) -> int:
        """Return how many images an epoch has, those of all ranks together."""
        return self.order.n_used(len(self._selection(epoch)))

    def n_batches(self, epoch: int) -> int:
        """Return how many batches an epoch has, the same number on every rank."""
        return self.order.n_steps(self.n_images(epoch))

    def batches(self, epoch: int, start: int = 0) -> Generator[Batch, None, None]:
        """Yield the batches of an epoch, independently of iteration.

        Parameters
        ----------
        epoch : int
            Counted from 0.
        start : int
            How many batches to skip; they are not read.

        Yields
        ------
        dict of str to Tensor
            As `ShardDataset.batch` returns them.
        """
        order = self.order.of_epoch(self._selection(epoch), epoch)
        steps = range(start, self.n_batches(epoch))
        make = partial(self._make, order)
        made = (
            prefetched(make, steps, self._prefetch)
            if self._prefetch
            else (make(step) for step in steps)
        )
        with self.dataset.ahead(self.order.from_step(order, start)) as reached, closing(made):
            for n_made, batch in enumerate(made, 1):
                reached(n_made * self.order.batch_size)
                yield batch

    def state_dict(self) -> dict[str, Any]:
        """Return plain values from which `load_state_dict` resumes.

        Returns
        -------
        dict
            ``epoch`` and ``step`` of the next batch, and ``fingerprint``, a digest of all that
            decides the order.
        """
        return {"epoch": self.epoch, "step": self.step, "fingerprint": self._fingerprint()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume where another loader was.

        Parameters
        ----------
        state : dict
            Of a loader of the same images, with the same parameters.

        Raises
        ------
        InputError
            If the other loader had another order.
        """
        if state["fingerprint"] != self._fingerprint():
            raise InputError(
                "the images were in another order: resume with the same labels, lists, --seed, "
                "--batch-size, --max-images, --cache and number of processes"
            )
        self.epoch, self.step = int(state["epoch"]), int(state["step"])

    def _select(self) -> list[Indices]:
        """Return the images of each stage of the curriculum, in order of the dataset."""
        every, weights = self.dataset.keys, self.order.image_weights
        if weights is not None and len(weights) != len(every):
            raise InputError(f"{len(weights)} weights do not fit {len(every)} images")
        chosen = [every if stage.keys is None else stage.keys for stage in self.order.stages]
        selections = [np.sort(self.dataset.indices_of(keys)) for keys in chosen]
        self.order.check_enough(min(map(len, selections)))
        return selections

    def _selection(self, epoch: int) -> Indices:
        return self.selections[self.order.stage_for(epoch)]

    def _make(self, order: Indices, step: int) -> Batch:
        """Return this process's batch of a step."""
        return self.dataset.batch(self.order.of_step(order, step), self._allocate)

    def _fingerprint(self) -> str:
        n_images = [len(selection) for selection in self.selections]
        digest = hashlib.sha256(self.order.facts(self.dataset.keys, n_images))
        return digest.hexdigest()[:32]


def prefetched(
    make: Callable[[int], Batch], steps: Iterable[int], n_ahead: int
) -> Generator[Batch, None, None]:
    """Make batches in threads, in advance.

    Parameters
    ----------
    make : callable
        Makes the batch of a step. Its exceptions are raised here, when that step is reached.
    steps : iterable of int
    n_ahead : int
        How many batches are ready or being made while one is used, 1 or more.

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
