"""Claims about which checkpoint is used, and what is reported about it."""

import json
import os

import pytest
from run_folders import some_rows, write_run

from colorprep import ab_lattice
from colorprep.stages.checkpoints import choose_checkpoint, origin_of, report_origin, run_progress
from colorprep.training.checkpoint import load_checkpoint, save_checkpoint
from colorprep.training.models import make_model


def write_checkpoint(folder, step, name="best.pt", age=0):
    """Write a checkpoint of a given age into a run's folder; return its path."""
    config = json.loads((folder / "config.json").read_text())
    config["settings"] = {"size": 32, "stride": 4}
    model = make_model("tiny", 313, 0)
    networks = {"colorizer": model.state_dict()}
    save_checkpoint(folder / name, {"networks": networks}, ab_lattice(), config, {"step": step})
    os.utime(folder / name, ns=(10**18 - age, 10**18 - age))
    return folder / name


def make_run(workspace, name, n_rows, total, age, step=100):
    """A run with this many rows of 50 steps, and its best checkpoint."""
    folder = write_run(workspace.path(f"runs/{name}"), some_rows(n_rows), total_steps=total)
    return write_checkpoint(folder, step, age=age)


def origin(path):
    """Where a checkpoint comes from."""
    checkpoint = load_checkpoint(path)
    return origin_of(path, checkpoint.config, checkpoint.progress)


def test_finished_runs_come_first(workspace, recorder):
    """The newest finished run is used, or the newest of all if none is finished."""
    half = make_run(workspace, "half", 4, 1000, age=0)
    older = make_run(workspace, "older", 4, 1000, age=5)
    assert choose_checkpoint(None, workspace, recorder) == half and recorder.notes == []
    done = make_run(workspace, "done", 4, 200, age=2)
    make_run(workspace, "long-done", 4, 200, age=3)
    assert choose_checkpoint(None, workspace, recorder) == done
    said = "runs/half is newer, but not known to be finished; to use it, give its path"
    assert recorder.notes == [said]
    assert choose_checkpoint("runs/older", workspace, recorder) == older
    make_run(workspace, "newest", 4, 200, age=-1)
    assert choose_checkpoint(None, workspace, recorder).parent.name == "newest"
    assert len(recorder.notes) == 1


def test_runs_that_color_come_first(workspace, recorder):
    """A newer run that predicts no colors is passed over, and named, where colors are needed."""
    made = make_run(workspace, "older", 4, 200, age=2)
    classes = make_run(workspace, "classes", 4, 200, age=1)
    config = json.loads((classes.parent / "config.json").read_text())
    (classes.parent / "config.json").write_text(json.dumps(config | {"outputs": "classes"}))
    assert choose_checkpoint(None, workspace, recorder) == classes and recorder.notes == []
    assert choose_checkpoint(None, workspace, recorder, colors=True) == made
    assert recorder.notes == ["runs/classes is newer, but does not predict colors"]


@pytest.mark.parametrize(
    ("n_rows", "total", "finished"), [(4, 200, True), (4, 1000, False), (0, 1000, False)]
)
def test_what_is_reported(workspace, recorder, n_rows, total, finished):
    """The run, the step and the total are reported, with a warning if it is not finished."""
    path = make_run(workspace, "a", n_rows, total, 0, 100)
    found = origin(path)
    assert (found.run, found.step, found.total_steps) == (path.parent, 100, total)
    assert found.finished is finished
    report_origin("coloring by", found, workspace, recorder)
    assert recorder.notes == [f"coloring by runs/a/best.pt, step 100 of {total}"]
    warning = f"not finished: it has taken {50 * n_rows} of 1000 steps"
    assert [warning in text for text in recorder.warnings] == ([] if finished else [True])


def test_a_copy_elsewhere_says_what_it_knows(workspace):
    """Without its run's log, a checkpoint of the last step is finished; others are unknown."""
    path = make_run(workspace, "a", 4, 200, 0)
    write_checkpoint(path.parent, 200, "last.pt")
    for name, finished in (("best.pt", None), ("last.pt", True)):
        copy = workspace.path(name)
        copy.write_bytes((path.parent / name).read_bytes())
        assert (origin(copy).run, origin(copy).finished) == (None, finished)
    other = write_run(workspace.path("runs/b"), some_rows(4), total_steps=1000)
    (other / "best.pt").write_bytes(path.read_bytes())
    assert (origin(other / "best.pt").run, origin(other / "best.pt").finished) == (None, None)


def test_progress_of_what_is_no_run(workspace):
    """The progress of a folder without a log, or with a damaged one, is unknown."""
    assert run_progress(workspace.path("nowhere")) is None
    folder = write_run(workspace.path("a"), [])
    assert run_progress(folder) == (0, 1000)
    (folder / "log.csv").write_text("what\n")
    assert run_progress(folder) is None
    (folder / "log.csv").unlink()
    assert run_progress(folder) is None


def test_commands_report_it_in_json(colorprep, workspace, photographs):
    """`colorize`, `export` and `evaluate` name the run, its steps, and whether it is finished."""
    path = make_run(workspace, "a", 4, 1000, 0)
    photograph = next(photographs.rglob("*.jpg"))
    expected = {"step": 100, "total_steps": 1000, "finished": False, "run": str(path.parent)}
    for words in (
        ["colorize", photograph],
        ["export", "runs/a", "-o", "out"],
        ["evaluate", "--checkpoint", "runs/a", "--dir", photograph.parent, "--size", "32"],
    ):
        result = colorprep(*words, "--json")
        facts = json.loads(result.stdout)
        assert {name: facts[name] for name in expected} == expected
        assert facts["checkpoint"] == str(path)
        assert "warning: runs/a/best.pt is from a run that is not finished" in result.stderr
    written = json.loads(workspace.path("evaluation/evaluation.json").read_text())
    assert written["checkpoint"]["step"] == 100 and written["checkpoint"]["finished"] is False
    assert written["balance"] == {"prior_digest": None, "prior_source": None, "of": "originals"}
