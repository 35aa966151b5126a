"""What a run leaves at each record: samples, log, checkpoints, and events for TensorBoard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...progress import Reporter
from ...report.gallery import gallery
from ...training.checkpoint import MAIN
from ...training.data.dataset import ShardDataset
from ...training.fitting.course import Course
from ...training.fitting.record import Record
from ...training.fitting.tensorboard import Events
from ...training.fitting.trainer import Trainer
from ...training.processes import Process
from ...training.samples import captions_of, make_samples
from .inputs import TrainInputs
from .params import TrainParams
from .provenance import Provenance
from .run_folder import RunFolder

SHOWN_IMAGES = 9
NOTHING_COUNTED = "no pixel that was trained on counted, since all were gray or had no label"


@dataclass(frozen=True)
class Recorder:
    """Writes samples, log, checkpoints and events at each record.

    Attributes
    ----------
    samples : ShardDataset
        The images that its pictures show.
    """

    folder: RunFolder
    provenance: Provenance
    samples: ShardDataset
    events: Events | None

    def write(self, trainer: Trainer, course: Course, record: Record, reporter: Reporter) -> None:
        """Write samples after a validation, then the log, checkpoints, and events."""
        if course.is_validated(record.step):
            self._show(trainer, record.step)
        self.folder.save(trainer, self.provenance, record)
        if self.folder.learned_nothing and course.position(record.step) == (1, 0):
            reporter.warn(f"nothing was learned in the first epoch: {NOTHING_COUNTED}")
        if self.events is not None:
            self.events.write(record)

    def _show(self, trainer: Trainer, step: int) -> None:
        """Write the samples as a picture, and as an event."""
        channels = trainer.method.channels(MAIN)
        quantizer = self.provenance.quantizer
        samples = make_samples(trainer.averaged, channels, quantizer, self.samples, trainer.device)
        captions = captions_of(next(iter(channels)))
        names = [[key] for key in self.samples.keys]
        picture = gallery(samples.rows, captions, notes=samples.notes, names=names)
        self.folder.write_picture(step, picture)
        if self.events is not None:
            self.events.show(np.asarray(picture), step)


def make_recorder(
    params: TrainParams,
    inputs: TrainInputs,
    step: int,
    folder: RunFolder,
    provenance: Provenance,
    process: Process,
) -> Recorder | None:
    """Return the recorder of the main process, None in the others.

    Parameters
    ----------
    step : int
        From which training continues.
    """
    if not process.is_main:
        return None
    samples = ShardDataset(inputs.labels, _spread(inputs.held_out or inputs.training.dataset.keys))
    events = Events(folder.path, step) if params.machine.tensorboard else None
    return Recorder(folder, provenance, samples, events)


def _spread(keys: list[str]) -> list[str]:
    """Return the keys of the images in the samples, spread over all of them."""
    n_shown = min(SHOWN_IMAGES, len(keys))
    return [keys[i * len(keys) // n_shown] for i in range(n_shown)]
