"""Claims about `plot`, and about how the folders of runs are read."""

import json
import os

import numpy as np
import pytest
from PIL import Image
from run_folders import HEADER, some_rows, write_run

from colorprep.errors import ArtifactError, InputError
from colorprep.report.figures.curves import draw_runs
from colorprep.report.figures.figure_style import FigureStyle
from colorprep.runs import newest_in_runs, read_log
from colorprep.stages import plot
from colorprep.stages.plot import PlotParams, run


@pytest.mark.parametrize(("n", "validated"), [(1, False), (10, True), (300, True)])
def test_a_run_is_plotted_beside_its_log(workspace, silent, tmp_path, n, validated):
    """The picture is `curves.png` in the run's folder, as narrow as all figures are."""
    folder = write_run(tmp_path / "runs" / "a", some_rows(n, validated))
    result = run(PlotParams(["runs/a"]), workspace, silent)
    assert result.path == folder / "curves.png"
    assert Image.open(result.path).width == 840
    best = (100, 3.25) if validated else (None, None)
    assert result.runs == [(folder, *best, 50 * n, "nats per pixel")]


def test_same_log_same_bytes(workspace, silent, tmp_path):
    """A picture depends only on the log and the configuration."""
    write_run(tmp_path / "runs" / "a", some_rows(120))
    pictures = [
        run(PlotParams(["runs/a"], name), workspace, silent).path.read_bytes()
        for name in ("one.png", "two.PNG")
    ]
    assert pictures[0] == pictures[1]


def test_the_newest_run_is_plotted_if_none_is_given(workspace, recorder, tmp_path):
    """Without a given run, the one that logged last is plotted, and a note says which."""
    for age, name in enumerate(["newest", "older", "oldest"]):
        log = write_run(tmp_path / "runs" / name, some_rows(4)) / "log.csv"
        os.utime(log, ns=(10**18 - age, 10**18 - age))
    assert run(PlotParams(), workspace, recorder).path == tmp_path / "runs/newest/curves.png"
    assert recorder.notes == ["drawing runs/newest"]


def test_a_small_figure_shows_the_losses(workspace, recorder, tmp_path):
    """Where further panels do not fit, the losses are drawn alone, higher if need be."""
    write_run(tmp_path / "runs" / "a", some_rows(4))
    style = FigureStyle(size=(3.5, 1.0), titled=False)
    svg = run(PlotParams(["runs/a"], "a.svg", style), workspace, recorder).path.read_text()
    assert "loss (nats per pixel)" in svg and "learning rate" not in svg
    only = "only the losses are drawn, since more panels need more height"
    higher = "higher than --figure-size, for lack of room: a.svg (3.67 inches)"
    assert recorder.notes == [only, higher]


def test_runs_of_the_same_unit_are_compared(workspace, silent, tmp_path):
    """Several runs make one picture, in the workspace; a run given twice counts once."""
    write_run(tmp_path / "runs" / "plain", some_rows(8))
    write_run(tmp_path / "else" / "plain", some_rows(12, validated=False), rebalanced=True)
    result = run(PlotParams(["runs/plain", "else/plain", "runs/plain"]), workspace, silent)
    assert result.path == tmp_path / "curves.png" and result.path.exists()
    assert [plotted.best_step for plotted in result.runs] == [100, None]
    assert not (tmp_path / "runs/plain/curves.png").exists()


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ({}, "tiny, soft-ce"),
        ({"rebalanced": True}, "Different losses"),
        ({"options": {"logit_adjust": 1.0}}, "Different losses"),
        ({"validation_digest": "0"}, "Validated on different images"),
    ],
)
def test_what_cannot_be_compared_by_height_is_said(
    workspace, silent, tmp_path, monkeypatch, second, said
):
    """A note says that losses with weights, adjusted logits or other images differ in height."""
    write_run(tmp_path / "a", some_rows(4))
    write_run(tmp_path / "b", some_rows(4), **second)
    told = []
    monkeypatch.setattr(
        plot, "draw_runs", lambda *given: told.append(given[2]) or draw_runs(*given)
    )
    run(PlotParams(["a", "b"]), workspace, silent)
    assert told[0].startswith(said)


def test_an_artifact_is_no_run(workspace, silent, tmp_path):
    """A file given as a run is refused."""
    (tmp_path / "prior.npz").touch()
    with pytest.raises(ArtifactError, match=r"no run .*prior\.npz; give the folder of a run"):
        run(PlotParams(["prior.npz"]), workspace, silent)


def test_runs_of_other_units_are_not_compared(workspace, silent, tmp_path):
    """Nats and Lab units cannot share an axis; the message names both runs."""
    write_run(tmp_path / "a", some_rows(4))
    write_run(tmp_path / "b", some_rows(4), loss="l2", unit="Lab units")
    with pytest.raises(InputError, match=r"a has its losses in nats per pixel, .*b in Lab units"):
        run(PlotParams(["a", "b"]), workspace, silent)


def test_a_log_that_is_being_written_can_be_plotted(workspace, silent, tmp_path):
    """An incomplete last line is ignored."""
    folder = write_run(tmp_path / "a", some_rows(4))
    with (folder / "log.csv").open("a") as stream:
        stream.write("2,250,8000,4.")
    assert run(PlotParams(["a"]), workspace, silent).runs[0].last_step == 200


@pytest.mark.parametrize("log", [None, "", "epoch,st", f"{HEADER}\n", f"{HEADER}\n1,50,16"])
def test_an_empty_log_says_that_nothing_is_logged_yet(workspace, silent, tmp_path, log):
    """For a run that has only begun, the message says that nothing is logged yet."""
    path = write_run(tmp_path / "a", []) / "log.csv"
    path.unlink() if log is None else path.write_text(log)
    with pytest.raises(ArtifactError, match=r"log\.csv: no step was logged yet"):
        run(PlotParams(["a"]), workspace, silent)
    assert not (tmp_path / "a/curves.png").exists()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,150,1,4.0,3.0,0.1,9,0.1,", "line 4 is damaged"),
        ("1,150,1,4.0,3.0,0.1,9", "line 4 is damaged"),
        ("1,150,1,four,3.0,0.1,9,0.1", "line 4 is damaged: '1,150,1,four"),
        ("1,150,1,4.0,3.0,,9,0.1", "line 4 is damaged"),
        ("1,150,1,4.0,3.0,nan,9,0.1", "line 4 is damaged"),
        ("1,150,1,4.0,inf,0.1,9,0.1", "line 4 is damaged"),
        ("1,150.5,1,4.0,3.0,0.1,9,0.1", "line 4 is damaged"),
        ("", "line 4 is damaged"),
        ("1,100,1,4.0,3.0,0.1,9,0.1", "line 4: steps do not increase"),
    ],
)
def test_damaged_logs_name_the_line(tmp_path, line, message):
    """A row that is not numbers is an error that names the file and the line."""
    folder = write_run(tmp_path / "a", [*some_rows(2), line, "1,200,1,4.0,3.0,0.1,9,0.1"])
    with pytest.raises(ArtifactError, match=rf"a/log\.csv, {message}"):
        read_log(folder / "log.csv")


def test_foreign_tables_and_bytes_are_no_logs(tmp_path):
    """The message names the missing column of a table, or says that the file is not text."""
    log = write_run(tmp_path / "a", []) / "log.csv"
    log.write_text("key,rgbvar\ncat.jpg,3\n")
    with pytest.raises(ArtifactError, match=r"log\.csv, line 1: column epoch is missing"):
        read_log(log)
    log.write_bytes(b"\xff\xfe\x00\n")
    with pytest.raises(ArtifactError, match=r"log\.csv is damaged"):
        read_log(log)


def test_columns_are_found_by_name(tmp_path):
    """Columns may be in any order; those that a method adds are figures too."""
    order = [7, 0, 2, 1, 5, 4, 3, 6]
    rows = [HEADER.split(","), ["1", "5", "160", "4.5", "nan", "0.1", "9", ""]]
    more = ["train_l1", "0.25"]
    lines = [",".join([*(row[i] for i in order), own]) for row, own in zip(rows, more, strict=True)]
    (tmp_path / "log.csv").write_text("\n".join(lines) + "\n")
    log = read_log(tmp_path / "log.csv")
    assert log["step"].dtype == np.int64 and log["step"].tolist() == [5]
    assert log["train_loss"].tolist() == [4.5] and log["learning_rate"].tolist() == [0.1]
    assert log["train_l1"].tolist() == [0.25]
    assert np.isnan(log["val_loss"]).all() and np.isnan(log["data_wait"]).all()


def test_wishes_that_cannot_be_fulfilled_are_refused(workspace, silent, tmp_path):
    """A missing run, another folder, another format and too many runs are refused with reasons."""
    for given, message in [("nowhere", "there is no run .*nowhere"), ("", "has no config.json")]:
        with pytest.raises(ArtifactError, match=message):
            run(PlotParams([given]), workspace, silent)
    with pytest.raises(InputError, match=r"log\.csv; train one"):
        newest_in_runs("log.csv", workspace)
    with pytest.raises(InputError, match=r"written as \.png"):
        PlotParams(["a"], "a/log.csv")
    with pytest.raises(InputError, match="at most 6 runs"):
        PlotParams(["a"] * 7)
    for text in ("{", "[]", "{}"):
        (tmp_path / "config.json").write_text(text)
        with pytest.raises(ArtifactError, match=r"config\.json"):
            run(PlotParams([""]), workspace, silent)


def test_the_command_line(colorprep, tmp_path):
    """The text shows the best validation, --json the same under stable keys."""
    folder = write_run(tmp_path / "runs" / "a", some_rows(6))
    write_run(tmp_path / "runs" / "b", some_rows(2, validated=False), total_steps=100)
    text = colorprep("plot", "runs/a").stdout
    assert text == (
        f"{folder}/curves.png: best validation loss 3.25 nats per pixel, at step 100 of 300; "
        "the run is not finished: 300 of 1,000 steps\n"
    )
    both = colorprep("plot", "runs/a", "runs/b")
    assert both.stdout.splitlines()[-1] == f"{tmp_path}/runs/b: 100 steps, not validated"
    assert json.loads(colorprep("plot", "runs/a", "--json").stdout) == {
        "plot": f"{folder}/curves.png",
        "runs": [
            {
                "run": str(folder),
                "best_step": 100,
                "best_val_loss": 3.25,
                "last_step": 300,
                "unit": "nats per pixel",
                "total_steps": 1000,
                "finished": False,
            }
        ],
        "replaced": [],
    }
    assert colorprep("plot", "runs/a", "-o", "curves.eps").exit_code == 2
