"""Claims about the columns of a log: any that a method adds is a figure to all that read logs."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from run_folders import HEADER, some_rows, write_run

from colorprep.report.figures.curves import draw_run
from colorprep.runs import read_log
from colorprep.stages import info, plot
from colorprep.stages.train.run_folder import records_of, write_log
from colorprep.training.fitting.record import Record
from colorprep.training.fitting.tensorboard import Events

OWN = ("train_l1", "val_l1", "critic")


@pytest.fixture
def folder(tmp_path):
    """A run whose log has columns of its own; the second row lacks one of them."""
    folder = write_run(tmp_path / "runs" / "a", some_rows(3))
    header, *rows = (folder / "log.csv").read_text().splitlines()
    values = ["0.5,0.75,1.0", "0.25,,0.5", "0.125,0.25,0.25"]
    lines = [f"{header},{','.join(OWN)}", *map(",".join, zip(rows, values, strict=True))]
    (folder / "log.csv").write_text("".join(f"{line}\n" for line in lines))
    return folder


def test_a_column_is_read_and_written(folder, tmp_path):
    """Records hold it, and the table is the same when it is written again."""
    log = read_log(folder / "log.csv")
    assert log["train_l1"].tolist() == [0.5, 0.25, 0.125] and np.isnan(log["val_l1"][1])
    records = records_of(log)
    assert list(records[0].figures) == [*HEADER.split(",")[3:], *OWN]
    write_log(tmp_path / "again.csv", records)
    again = read_log(tmp_path / "again.csv")
    assert list(again) == list(log)
    for name, values in log.items():
        np.testing.assert_array_equal(again[name], values)


def test_columns_may_begin_later(tmp_path):
    """Rows of an earlier version, or method, have empty fields in columns that came later."""
    figures = dict.fromkeys(HEADER.split(",")[3:], 1.0)
    records = [Record(1, 1, 8, figures), Record(1, 2, 16, figures | {"train_l1": 0.5})]
    write_log(tmp_path / "log.csv", records)
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert lines[0] == f"{HEADER},train_l1" and lines[1].endswith(",1.0,") and "0.5" in lines[2]
    assert np.isnan(read_log(tmp_path / "log.csv")["train_l1"][0])


def test_a_column_is_described_and_drawn(folder, workspace, silent):
    """`info` names it; `plot` gives it a panel, which training and validation share."""
    facts = info.run("runs/a", workspace, silent)
    assert {name: facts["last"][name] for name in OWN} == {
        "train_l1": 0.125, "val_l1": 0.25, "critic": 0.25,
    }  # fmt: skip
    axes = draw_run(read_log(folder / "log.csv"), "nats per pixel", "").axes
    panels = {each.get_title(loc="left"): len(each.lines) for each in axes}
    assert panels["l1"] == 2 and panels["critic"] == 1
    assert plot.run(plot.PlotParams(["runs/a"]), workspace, silent).path.exists()


class Writer:
    """Stands in for TensorBoard's, an extra."""

    def __init__(self, folder, purge_step):
        self.scalars = {}

    def add_scalar(self, title, value, step):
        """Keep a scalar."""
        self.scalars[title] = (value, step)

    def flush(self):
        """Do nothing."""


def test_a_column_is_an_event(folder, tmp_path, monkeypatch):
    """TensorBoard gets every figure that has a value, under a title made from its name."""
    stub = SimpleNamespace(SummaryWriter=Writer)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", stub)
    events = Events(tmp_path, 0)
    events.write(records_of(read_log(folder / "log.csv"))[1])
    titles = events._writer.scalars
    assert titles["loss/training"][1] == 100 and titles["l1/training"] == (0.25, 100)
    assert "l1/validation" not in titles and titles["critic"] == (0.5, 100)
    assert "speed/images per second" in titles
