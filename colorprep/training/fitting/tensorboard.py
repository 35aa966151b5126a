"""Events for TensorBoard, an optional dependency."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from ...atomic import writing
from ...errors import InputError
from ...images.decoding import Pixels

if TYPE_CHECKING:
    from .record import Record

FOLDER = "tensorboard"
SAMPLES = "samples"  # the title of the pictures
TITLES = {
    "val_chroma": "color/chroma of predictions",
    "val_chroma_truth": "color/chroma of originals",
    "val_spread": "color/spread of predictions",
    "val_spread_truth": "color/spread of originals",
    "learning_rate": "learning rate",
    "images_per_second": "speed/images per second",
    "data_wait": "speed/share of time waiting for data",
}
"""Titles of columns; `title_of` makes those of other columns."""


def check_installed() -> None:
    """Check that events can be written.

    Raises
    ------
    InputError
        If TensorBoard is not installed.
    """
    try:
        import torch.utils.tensorboard  # noqa: F401
    except ImportError as error:
        raise InputError(
            "TensorBoard is not installed; `pip install 'colorprep[tensorboard]'`, or train "
            "without --tensorboard and use `colorprep plot`"
        ) from error


def title_of(column: str) -> str:
    """Return the title of a column of the log.

    Examples
    --------
    >>> title_of("train_loss"), title_of("val_l1"), title_of("critic")
    ('loss/training', 'l1/validation', 'critic')
    """
    for prefix, part in (("train_", "training"), ("val_", "validation")):
        if column.startswith(prefix) and column not in TITLES:
            return f"{column.removeprefix(prefix)}/{part}"
    return TITLES.get(column, column)


class Events:
    """Writes a run's figures and samples for TensorBoard.

    Parameters
    ----------
    folder : Path
        Of the run; events go to ``tensorboard/`` in it.
    step : int
        The step from which training continues: later events are hidden.
    """

    def __init__(self, folder: Path, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._folder = folder / FOLDER
        self._writer = SummaryWriter(str(self._folder), purge_step=step + 1)

    def write(self, record: Record) -> None:
        """Write the figures of a record."""
        with writing(self._folder):
            for name, value in record.figures.items():
                if not math.isnan(value):
                    self._writer.add_scalar(title_of(name), value, record.step)
            self._writer.flush()

    def show(self, picture: Pixels, step: int) -> None:
        """Write the picture of the samples after a step."""
        with writing(self._folder):
            self._writer.add_image(SAMPLES, picture, step, dataformats="HWC")
            self._writer.flush()
