"""Claims about training with two terms: each has columns in the log, which all readers take."""

import math
import sys
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
from run_folders import write_run
from steps import CPU, trainer_of

from colorprep import Workspace
from colorprep.progress import Reporter
from colorprep.runs import read_log
from colorprep.stages import info, plot
from colorprep.stages.train.run_folder import write_log
from colorprep.training.data.dataset import ShardDataset
from colorprep.training.fitting.course import Course
from colorprep.training.fitting.loop import fit
from colorprep.training.fitting.schedules import Schedule
from colorprep.training.fitting.tensorboard import Events
from colorprep.training.losses.terms import Objective, make_term
from colorprep.training.models import make_model
from colorprep.training.processes import Process

TERMS = ("soft-ce", "l1")
PARTS = ("training", "validation")


def all_images(batch):
    """All images of a batch."""
    return batch


@pytest.fixture(scope="module")
def records(labels):
    """The records of two epochs of a network with logits over bins and two channels of ab."""
    quantizer = labels.quantizer
    terms = [make_term("soft-ce", quantizer), make_term("l1", quantizer, scale=0.1)]
    trainer = trainer_of(make_model("tiny", 315, seed=0), Objective(terms, quantizer))
    training = ShardDataset(labels, labels.keys[8:]).loader(16)
    held_out = ShardDataset(labels, labels.keys[:8]).loader(8, shuffle=False)
    course = Course(
        training,
        held_out,
        Schedule(2, None, 0.01),
        all_images,
        lambda batch, generator: batch,
        record_every=1,
    )
    return list(fit(trainer, course, Process(CPU), lambda n, text: None))


@pytest.fixture(scope="module")
def run(records, tmp_path_factory):
    """The folder of a run with their log."""
    folder = write_run(tmp_path_factory.mktemp("workspace") / "runs" / "a", [], total_steps=4)
    write_log(folder / "log.csv", records)
    return folder


def test_the_loss_is_the_scaled_sum_of_the_terms(records):
    """In training and in validation, which only the last step of an epoch has."""
    assert [record.step for record in records] == [1, 2, 3, 4]
    for record in records:
        for part in ("train", "val"):
            loss, *terms = (record.figures[f"{part}_{name}"] for name in ("loss", *TERMS))
            if part == "train" or record.step in (2, 4):
                assert loss == pytest.approx(terms[0] + 0.1 * terms[1])
            else:
                assert all(map(math.isnan, (loss, *terms)))
    falling = [record.figures["val_loss"] for record in records if record.step in (2, 4)]
    assert all(after < before for before, after in pairwise(falling))


def test_the_log_comes_back(records, run):
    """All columns, with empty fields for missing values."""
    log = read_log(run / "log.csv")
    assert list(log) == list(records[0].row())
    assert list(log)[-4:] == ["train_soft-ce", "train_l1", "val_soft-ce", "val_l1"]
    for name, column in log.items():
        np.testing.assert_array_equal(column, [record.row()[name] for record in records])


def test_info_and_plot_take_the_log(records, run):
    """`info` shows the terms of the best and of the last row; `plot` draws the losses."""
    workspace, figures = Workspace(run.parent.parent), records[-1].figures
    facts = info.run(run, workspace, Reporter())
    assert facts["steps_done"] == "4 of 4"
    for row in (facts["best"], facts["last"]):
        assert {name: row[name] for name in figures if name in row} == {
            name: value for name, value in figures.items() if not math.isnan(value)
        }
    (drawn,) = plot.run(plot.PlotParams(["runs/a"]), workspace, Reporter()).runs
    assert drawn.best_val_loss == figures["val_loss"]
    assert (run / "curves.png").exists()


class Writer:
    """Collects scalars, in place of TensorBoard's writer."""

    def __init__(self, folder, purge_step):
        self.scalars = {}

    def add_scalar(self, title, value, step):
        """Keep a value."""
        self.scalars[title, step] = value

    def flush(self):
        """Write nothing."""


def test_events_have_a_chart_per_term(records, tmp_path, monkeypatch):
    """Training and validation of a term share a chart; missing values are left out."""
    module = ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    events = Events(tmp_path, 0)
    for record in records:
        events.write(record)
    scalars = events._writer.scalars
    for name in ("loss", *TERMS):
        steps = {part: [s for t, s in scalars if t == f"{name}/{part}"] for part in PARTS}
        assert steps == {"training": [1, 2, 3, 4], "validation": [2, 4]}
        assert scalars[f"{name}/validation", 4] == records[-1].figures[f"val_{name}"]
