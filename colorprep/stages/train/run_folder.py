"""The folder of a training run: written atomically, and read to resume."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from PIL import Image

from ...atomic import remove_leftovers, replacing, write_json, write_text
from ...errors import ArtifactError, OutputExists
from ...locks import LOCK, sole_process
from ...marks import MARK
from ...printable import setting
from ...progress import Reporter
from ...runs import (
    BEST,
    CONFIG,
    COUNTS,
    LAST,
    LOG,
    Log,
    best_row,
    read_log,
)
from ...training.checkpoint import MAIN, load_checkpoint, save_checkpoint
from ...training.fitting.record import Record
from ...training.fitting.trainer import Trainer
from ...workspace import RUNS, Workspace
from ..given_weights import RECORD
from .provenance import Provenance
from .resuming import config_to_resume, newest_begun

VALIDATION = "validation.txt"
TRAINED = "trained"

# Facts that may differ on resuming; options are compared one by one, see `params.resumed`.
MAY_CHANGE = ("device", "versions", "options", "total_steps")
# Facts that runs and labels of earlier versions lack.
MAY_BE_UNKNOWN = ("labels_digest",)


class RunFolder:
    """The files of one run.

    Attributes
    ----------
    records : list of Record
        The rows of the log.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records: list[Record] = []

    @property
    def is_begun(self) -> bool:
        """Whether there is a run to resume."""
        return (self.path / LAST).exists()

    @property
    def is_taken(self) -> bool:
        """Whether the folder has files that a new run would be mixed with."""
        # Files of a run that was killed before its first checkpoint, and this process's lock.
        begun_only = {CONFIG, VALIDATION, RECORD, LOCK, MARK}
        if not self.path.is_dir():
            return self.path.exists()
        return bool({entry.name for entry in self.path.iterdir()} - begun_only)

    @property
    def best(self) -> Record:
        """The record of the lowest validation loss; the last one if no images are held out."""
        row = best_row([record.figures["val_loss"] for record in self.records])
        return self.records[-1 if row is None else row]

    @property
    def learned_nothing(self) -> bool:
        """Whether there is a log, and no pixel counted in any of its rows."""
        losses = [record.figures["train_loss"] for record in self.records]
        # Earlier versions wrote 0 where no pixel counted.
        return bool(losses) and all(loss == 0 or math.isnan(loss) for loss in losses)

    def config(self) -> dict[str, Any]:
        """Return the configuration of the run; see `config_to_resume`."""
        return config_to_resume(self.path)

    def update(self, config: dict[str, Any]) -> None:
        """Update the configuration if it has changed."""
        if json.loads(json.dumps(config)) != self.config():
            write_json(self.path / CONFIG, config)

    def begin(self, config: dict[str, Any], held_out: Sequence[str]) -> None:
        """Write the configuration and the held-out keys of a new run."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self.path / CONFIG, config)
        write_text(self.path / VALIDATION, "".join(f"{key}\n" for key in held_out))

    def restore(self, trainer: Trainer, provenance: Provenance) -> int:
        """Restore the state of the run to a trainer.

        Returns
        -------
        int
            The planned number of steps of the run.

        Raises
        ------
        ArtifactError
            If a checkpoint or the log is damaged, or the inputs differ from those of the
            run.
        """
        before = self.config()
        self._check_same(before, provenance)
        last = self.path / LAST
        training = load_checkpoint(last).training
        if training is None:
            raise ArtifactError(
                f"{last} holds a network without the state of its training, so it cannot be "
                "resumed; restore the right file, or begin another run with --init"
            )
        if training["order"] != provenance.order:
            raise ArtifactError(
                f"{self.path} was trained on other images, or in another order: lists or labels "
                "have changed; restore them, or train anew without --resume"
            )
        try:
            trainer.load_state_dict(training)
        except (RuntimeError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise ArtifactError(
                f"{last} does not fit the network of {self.path / CONFIG} ({error}); restore the "
                "right file, or train anew without --resume"
            ) from error
        self._read_records(trainer.step)
        return int(before["total_steps"])

    def _check_same(self, before: dict[str, Any], provenance: Provenance) -> None:
        """Raise ArtifactError if an input differs from that of the run."""
        for name, value in json.loads(json.dumps(provenance.config)).items():
            if name in MAY_BE_UNKNOWN and None in (before.get(name), value):
                continue
            if name == "labels_digest" and before.get(name) != value:
                raise ArtifactError(
                    f"the labels that {self.path} was trained on have been created again since; "
                    "train anew without --resume"
                )
            if name not in MAY_CHANGE and before.get(name) != value:
                fact, old, new = _difference(name, before.get(name), value)
                raise ArtifactError(
                    f"{self.path} was begun with {fact} {old}, which is {new} now (see its "
                    f"{CONFIG}); restore what has changed, or train anew without --resume"
                )

    def _read_records(self, step: int) -> None:
        """Read the rows of the log up to a step, the one of the last checkpoint.

        The steps of later rows will be taken again.
        """
        log = self.path / LOG
        rows = records_of(read_log(log))
        end = rows[-1].step if rows else 0
        if end < step:
            raise ArtifactError(
                f"{log} lacks rows: it ends at step {end}, and {self.path / LAST} is of step "
                f"{step}; restore the whole log, or begin another run with --init {self.path}"
            )
        self.records = [record for record in rows if record.step <= step]
        if not self.records:
            return
        best = self.path / BEST
        if not best.exists():
            raise ArtifactError(
                f"{best} is missing, the network of step {self.best.step}; restore it, or begin "
                f"another run with --init {self.path / LAST}"
            )
        load_checkpoint(best)

    def save(self, trainer: Trainer, provenance: Provenance, record: Record | None = None) -> None:
        """Write the checkpoint after a step, and the log; `record` is None before the first step.

        The file that training resumes from is written last: a run that is killed in between takes
        the same steps again.
        """
        quantizer, config, order = provenance
        progress = {} if record is None else record.row()
        if record is not None:
            self.records.append(record)
            if self.best is record:
                networks = {MAIN: trainer.averaged.state_dict()}
                state = {"networks": networks}
                save_checkpoint(self.path / BEST, state, quantizer, config, progress)
            write_log(self.path / LOG, self.records)
        resumable = {**trainer.state_dict(), "order": order}
        save_checkpoint(self.path / LAST, resumable, quantizer, config, progress)

    def picture(self, step: int) -> Path:
        """Return the path of the samples after a step."""
        return self.path / "samples" / f"step-{step:07d}.png"

    def write_picture(self, step: int, picture: Image.Image) -> None:
        """Write the samples after a step."""
        with replacing(self.picture(step)) as temporary:
            picture.save(temporary, "PNG")


@contextmanager
def claimed(
    output: str | Path | None, resume: bool, model: str, workspace: Workspace, reporter: Reporter
) -> Iterator[tuple[Path, bool]]:
    """Yield the folder to train in, and lock it.

    Parameters
    ----------
    output : str, Path or None
        None for the newest run with `resume`, else for a new folder named by date and model.
    resume : bool
        Whether to resume the existing run; if it is missing, a new one begins.

    Yields
    ------
    path : Path
    resumes : bool
        Whether there is a run to resume.

    Raises
    ------
    OutputExists
        If the folder of a new run is not empty.
    OutputError
        If another process trains there.
    """
    path = workspace.path(output) if output else None
    if resume and path is None:
        path = newest_begun(workspace)
    with ExitStack() as stack:
        if path is None:
            path = _new_folder(model, workspace, reporter, stack)
        elif path.exists() and not path.is_dir():
            raise OutputExists(f"{path} is a file, not a folder; choose another with -o")
        else:
            stack.enter_context(sole_process(path, TRAINED, reporter))
        remove_leftovers(path)
        folder = RunFolder(path)
        resumes = resume and folder.is_begun
        if not resumes and folder.is_taken:
            how = ", or resume the run in it with --resume" if folder.is_begun else ""
            raise OutputExists(
                f"{path} exists and is not an empty folder; choose another with -o{how}"
            )
        if resume and not resumes:
            reporter.note(f"no run to resume in {output or RUNS}: starting a new one")
        yield path, resumes


def _new_folder(model: str, workspace: Workspace, reporter: Reporter, stack: ExitStack) -> Path:
    """Make and lock a folder named by date and model, and by a number from the second on."""
    name = f"{time.strftime('%Y-%m-%d-%H%M%S')}-{model}"
    for number in count(1):
        path = workspace.path(RUNS) / (name if number == 1 else f"{name}-{number}")
        try:
            stack.enter_context(sole_process(path, TRAINED, reporter, new=True))
        except FileExistsError:
            continue
        break
    return path


def _difference(name: str, old: Any, new: Any) -> tuple[str, str, str]:
    """Return the name and both values of a fact, or of the first setting in it that differs.

    Examples
    --------
    >>> _difference("settings", {"size": 64, "fast": None}, {"size": 64, "fast": True})
    ('fast', 'none', 'on')
    >>> _difference("n_processes", 2, 1)
    ('number of processes', '2', '1')
    """
    if isinstance(old, dict) and isinstance(new, dict):
        name = next(name for name in {**old, **new} if old.get(name) != new.get(name))
        old, new = old.get(name), new.get(name)
    return re.sub("^n_", "number of ", name).replace("_", " "), setting(old), setting(new)


def write_log(path: Path, records: Sequence[Record]) -> None:
    """Write records as a table, with empty fields for missing values."""
    rows = [record.row() for record in records]
    columns = dict.fromkeys(name for row in rows for name in row)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    for row in rows:
        values = (row.get(name, math.nan) for name in columns)
        table.writerow("" if math.isnan(value) else value for value in values)
    write_text(path, text.getvalue())


def records_of(log: Log) -> list[Record]:
    """Return the rows of a log."""
    figures = [name for name in log if name not in COUNTS]
    return [
        Record(
            int(log["epoch"][row]),
            int(log["step"][row]),
            int(log["images"][row]),
            {name: float(log[name][row]) for name in figures},
        )
        for row in range(len(log["step"]))
    ]
