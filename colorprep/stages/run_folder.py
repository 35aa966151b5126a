"""The folder of a training run: what is written there, whole each time, and read to go on."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NamedTuple

from ..atomic import replacing, write_json, write_text
from ..errors import ArtifactError
from ..images.decoding import Pixels
from ..quantize.quantizer import Quantizer
from ..report.gallery import gallery
from ..training.checkpoint import load_checkpoint, save_checkpoint
from ..training.loop import Record
from ..training.samples import CAPTIONS
from ..training.trainer import Trainer
from ..workspace import Workspace
from .runs import BEST, CONFIG, LAST, LOG, RUNS_NAME, best_row, find_newest
from .runs import read_log as read_columns

RUN_SCHEMA = "colorprep.run/1"
VALIDATION = "validation.txt"

# Facts of a run that may be others when it is gone on with.
MAY_CHANGE = ("device", "versions")


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
        begun_only = {CONFIG, VALIDATION}  # a run that was killed before its first checkpoint
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
        """Return what the run was made from.

        Raises
        ------
        ArtifactError
            If it cannot be read.
        """
        path = self.path / CONFIG
        try:
            config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return config | {"options": config["options"]}
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise ArtifactError(
                f"{path} is missing, damaged, or of an older version of colorprep, so the run "
                "cannot be gone on with; train anew without --resume"
            ) from error

    def begin(self, config: dict[str, Any], held_out: Sequence[str]) -> None:
        """Write what a new run is made from."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self.path / CONFIG, config)
        write_text(self.path / VALIDATION, "".join(f"{key}\n" for key in held_out))

    def take_up(self, trainer: Trainer, made_from: MadeFrom) -> None:
        """Set a trainer to where the run was.

        Raises
        ------
        ArtifactError
            If the last checkpoint or the log is damaged, or the inputs are others than the run was
            begun with.
        """
        before = self.config()
        for name, value in json.loads(json.dumps(made_from.config)).items():
            if name not in MAY_CHANGE and before.get(name) != value:
                fact = re.sub("^n_", "number of ", name).replace("_", " ")
                raise ArtifactError(
                    f"{self.path} was begun with {fact} {before.get(name)!r}, which is {value!r} "
                    "now; put back what has changed, or train anew without --resume"
                )
        training = load_checkpoint(self.path / LAST).training
        if training is None or training["order"] != made_from.order:
            raise ArtifactError(
                f"{self.path} was trained on other images, or in another order: lists or labels "
                "have changed; put them back, or train anew without --resume"
            )
        trainer.load_state_dict(training)
        # Rows past the checkpoint are of steps that will be taken again.
        rows = read_log(self.path / LOG)
        self.records = [record for record in rows if record.step <= trainer.step]

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


def new_path(output: str | Path | None, model: str, workspace: Workspace) -> Path:
    """Return the folder of a new run: the one asked for, or one named by date and model."""
    name = f"{time.strftime('%Y-%m-%d-%H%M%S')}-{model}"
    return workspace.path(output or Path(RUNS_NAME) / name)


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
