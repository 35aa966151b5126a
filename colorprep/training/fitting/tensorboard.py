"""Events for TensorBoard, an extra."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from ...atomic import writing
from ...errors import InputError

if TYPE_CHECKING:
    from .loop import Record

FOLDER = "tensorboard"
TITLES = {
    "train_loss": "loss/training",
    "val_loss": "loss/validation",
    "val_chroma": "color/chroma of predictions",
    "val_chroma_truth": "color/chroma of originals",
    "val_spread": "color/spread of predictions",
    "val_spread_truth": "color/spread of originals",
    "learning_rate": "learning rate",
    "images_per_second": "speed/images per second",
    "data_wait": "speed/share of time waiting for data",
}


def check_installed() -> None:
    """Refuse to begin what could not be written.

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
            "without --tensorboard and look at `colorprep plot`"
        ) from error


class Events:
    """Writes what TensorBoard shows of a run.

    Parameters
    ----------
    folder : Path
        Of the run; events go to ``tensorboard/`` in it.
    step : int
        The one gone on from: events past it are hidden.
    """

    def __init__(self, folder: Path, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter  # an extra

        self._folder = folder / FOLDER
        self._writer = SummaryWriter(str(self._folder), purge_step=step + 1)

    def write(self, record: Record) -> None:
        """Write the figures of a record."""
        with writing(self._folder):
            for name, title in TITLES.items():
                value = getattr(record, name)
                if not math.isnan(value):
                    self._writer.add_scalar(title, value, record.step)
            self._writer.flush()
