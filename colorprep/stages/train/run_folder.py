"""The folder of a training run: what is written there, whole each time, and read to go on."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, fields
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from ...atomic import remove_leftovers, replacing, write_json, write_text
from ...errors import ArtifactError, InputError, OutputExists
from ...images.decoding import Pixels
from ...locks import LOCK, sole_process
from ...marks import MARK
from ...progress import Reporter
from ...quantize.quantizer import Quantizer
from ...report.gallery import gallery
from ...runs import BEST, CONFIG, LAST, LOG, MAY_LACK, best_row, find_newest, read_config
from ...runs import read_log as read_columns
from ...training.checkpoint import load_checkpoint, save_checkpoint
from ...training.fitting.loop import Record
from ...training.fitting.trainer import Trainer
from ...training.samples import CAPTIONS
from ...workspace import RUNS, Workspace
from .params import TrainParams, from_plain

RUN_SCHEMA = "colorprep.run/1"
VALIDATION = "validation.txt"
TRAINED = "trained"

# Facts that may change when a run is resumed; its options are compared one by one, see `resumed`.
MAY_CHANGE = ("device", "versions", "options", "total_steps")
# Facts that runs and labels of earlier versions lack.
MAY_BE_UNKNOWN = ("labels_digest",)


class MadeFrom(NamedTuple):
    """What a run's checkpoints say of themselves.

    Attributes
    ----------
    quantizer : Quantizer
    config : dict
    order : str
        The fingerprint of the order of images.
    """

    quantizer: Quantizer
    config: dict[str, Any]
    order: str


class RunFolder:
    """The files of one run.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    path : Path
    records : list of Record
        The rows of the log.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records: list[Record] = []

    @property
    def is_begun(self) -> bool:
        """Whether there is a run to go on with."""
        return (self.path / LAST).exists()

    @property
    def is_taken(self) -> bool:
        """Whether there is something that a new run would be mixed with."""
        # The files of a run that was killed before its first checkpoint, and of who looks now.
        begun_only = {CONFIG, VALIDATION, LOCK, MARK}
        if not self.path.is_dir():
            return self.path.exists()
        return bool({entry.name for entry in self.path.iterdir()} - begun_only)

    @property
    def best(self) -> Record:
        """The record of the lowest validation loss; the last one where none are held out."""
        row = best_row([record.val_loss for record in self.records])
        return self.records[-1 if row is None else row]

    @property
    def learned_nothing(self) -> bool:
        """Whether there is a log, and no pixel counted in any of its rows."""
        return bool(self.records) and all(record.train_loss == 0 for record in self.records)

    def config(self) -> dict[str, Any]:
        """Return the inputs of the run.

        Raises
        ------
        ArtifactError
            If it cannot be read, or is of a version whose runs cannot be resumed.
        """
        config = read_config(self.path)
        for name in MAY_LACK:
            if name not in config:
                raise ArtifactError(
                    f"{self.path / CONFIG} lacks the {name} of the run, so it cannot be "
                    "resumed; restore the file, or train anew without --resume"
                )
        return config

    def options(self) -> TrainParams:
        """Return the parameters of the run.

        Raises
        ------
        ArtifactError
            If the configuration is damaged.
        """
        config = self.config()
        try:
            return from_plain(config["options"])
        except (InputError, LookupError, TypeError, AttributeError, ValueError) as error:
            raise ArtifactError(
                f"{self.path / CONFIG} is damaged: its options cannot be used ({error}); put it "
                "back, or train anew without --resume"
            ) from error

    def update(self, config: dict[str, Any]) -> None:
        """Update the recorded inputs and parameters if they have changed."""
        if json.loads(json.dumps(config)) != self.config():
            write_json(self.path / CONFIG, config)

    def begin(self, config: dict[str, Any], held_out: Sequence[str]) -> None:
        """Write what a new run is made from."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self.path / CONFIG, config)
        write_text(self.path / VALIDATION, "".join(f"{key}\n" for key in held_out))

    def take_up(self, trainer: Trainer, made_from: MadeFrom) -> int:
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
        for name, value in json.loads(json.dumps(made_from.config)).items():
            if name in MAY_BE_UNKNOWN and None in (before.get(name), value):
                continue
            if name == "labels_digest" and before.get(name) != value:
                raise ArtifactError(
                    f"the labels that {self.path} was trained on have been made again since; train "
                    "anew without --resume"
                )
            if name not in MAY_CHANGE and before.get(name) != value:
                fact = re.sub("^n_", "number of ", name).replace("_", " ")
                raise ArtifactError(
                    f"{self.path} was begun with {fact} {before.get(name)!r}, which is {value!r} "
                    f"now (see its {CONFIG}); put back what has changed, or train anew without "
                    "--resume"
                )
        last = self.path / LAST
        training = load_checkpoint(last).training
        if training is None:
            raise ArtifactError(
                f"{last} holds a network without the state of its training, which cannot be "
                "resumed; put the right file back, or begin another run with --init"
            )
        if training["order"] != made_from.order:
            raise ArtifactError(
                f"{self.path} was trained on other images, or in another order: lists or labels "
                "have changed; put them back, or train anew without --resume"
            )
        try:
            trainer.load_state_dict(training)
        except (RuntimeError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise ArtifactError(
                f"{last} does not fit the network of {self.path / CONFIG} ({error}); put the right "
                "file back, or train anew without --resume"
            ) from error
        self._read_records(trainer.step)
        return int(before["total_steps"])

    def _read_records(self, step: int) -> None:
        """Read the rows of the log up to a step, the one of the last checkpoint.

        Rows past it are of steps that will be taken again.
        """
        log = self.path / LOG
        rows = read_log(log)
        end = rows[-1].step if rows else 0
        if end < step:
            raise ArtifactError(
                f"{log} lacks rows: it ends at step {end}, and {self.path / LAST} is of step "
                f"{step}; put the whole log back, or begin another run with --init {self.path}"
            )
        self.records = [record for record in rows if record.step <= step]
        if not self.records:
            return
        best = self.path / BEST
        if not best.exists():
            raise ArtifactError(
                f"{best} is missing, the network of step {self.best.step}; put it back, or begin "
                f"another run with --init {self.path / LAST}"
            )
        load_checkpoint(best)

    def save(self, trainer: Trainer, made_from: MadeFrom, record: Record | None = None) -> None:
        """Write the checkpoint after a step, and the log.

        The last file written is the one that training goes on from: a run that is killed in
        between takes the same steps again.

        Parameters
        ----------
        trainer : Trainer
        made_from : MadeFrom
        record : Record or None
            None before the first step.
        """
        quantizer, config, order = made_from
        progress = {} if record is None else asdict(record)
        if record is not None:
            self.records.append(record)
            if self.best is record:
                save_checkpoint(self.path / BEST, trainer.shown, quantizer, config, progress)
            write_log(self.path / LOG, self.records)
        training = {**trainer.state_dict(), "order": order}
        save_checkpoint(self.path / LAST, trainer.shown, quantizer, config, progress, training)

    def picture(self, step: int) -> Path:
        """Return where the samples after a step are."""
        return self.path / "samples" / f"step-{step:07d}.png"

    def write_picture(self, step: int, rows: Sequence[Sequence[Pixels]]) -> None:
        """Write the samples after a step."""
        with replacing(self.picture(step)) as temporary:
            gallery(rows, CAPTIONS).save(temporary, "PNG")


@contextmanager
def claimed(
    output: str | Path | None, resume: bool, model: str, workspace: Workspace, reporter: Reporter
) -> Iterator[tuple[Path, bool]]:
    """Yield the folder to train in, and lock it.

    Parameters
    ----------
    output : str, Path or None
        None for the newest run with `resume`, and for a new folder named by date and model without.
    resume : bool
        Whether to resume the existing run; if there is none, a new one begins.
    model : str
    workspace : Workspace
    reporter : Reporter

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
            raise OutputExists(
                f"{path} exists and is not an empty folder; choose another with -o, or resume the "
                "run in it with --resume"
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


def newest_begun(workspace: Workspace) -> Path | None:
    """Return the folder of the run that was written to last, None where there is none."""
    newest = find_newest(LAST, workspace)
    return None if newest is None else newest.parent


def write_log(path: Path, records: Sequence[Record]) -> None:
    """Write records as a table, with nothing where there was no validation."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(field.name for field in fields(Record))
    for record in records:
        values = asdict(record).values()
        table.writerow("" if value != value else value for value in values)
    write_text(path, text.getvalue())


def read_log(path: Path) -> list[Record]:
    """Read the records of a log; none where there is no log yet.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of Record

    Raises
    ------
    ArtifactError
        If it is no log of ours.
    """
    columns = read_columns(path)
    values = zip(*(columns[field.name].tolist() for field in fields(Record)), strict=True)
    return [Record(*row) for row in values]
