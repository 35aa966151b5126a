"""Claims about interrupted runs: they resume exactly."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys

import pytest
import torch
from click.testing import CliRunner
from resuming import PARAMS, Interrupting, Looking, assert_same, assert_same_run, untimed_rows

from colorprep import InputError, OutputError
from colorprep.cli.main import cli
from colorprep.progress import Reporter
from colorprep.stages import info as info_stage
from colorprep.stages.labels import stage as labels_stage
from colorprep.stages.source import ImageParams
from colorprep.stages.train.params import TrainParams
from colorprep.stages.train.stage import run
from colorprep.training.checkpoint import load_checkpoint


def test_a_killed_run_goes_on_exactly(trained):
    """SIGKILL in the middle of an epoch, then --resume: the same bits as without."""
    folder = trained.root / "runs" / "killed"
    code = "import sys, resuming; resuming.train_until_killed(*sys.argv[1:])"
    process = [sys.executable, "-c", code, trained.root, "runs/killed"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run(process, env=environment).returncode == -signal.SIGKILL
    steps = [int(row["step"]) for row in untimed_rows(folder)]
    whole = untimed_rows(trained.root / "runs" / "whole")
    assert 3 < len(steps) < len(whole)
    place = ["-C", str(trained.root), "-o", "runs/killed"]
    done = CliRunner().invoke(cli, ["train", "--resume", *place])
    assert done.exit_code == 0 and "runs/killed continues after step" in done.stderr
    assert_same_run(folder, trained.root / "runs" / "whole")
    assert untimed_rows(folder) == whole


@pytest.mark.parametrize("n_batches", [1, 4])
def test_an_interrupt_saves_first(trained, n_batches):
    """Ctrl-C between checkpoints loses no step, and the run resumes exactly."""
    folder = trained.root / "runs" / f"interrupted-{n_batches}"
    params = PARAMS.replace(output=folder)
    with pytest.raises(KeyboardInterrupt, match=rf"step {n_batches} of .* --resume -o runs"):
        run(params, trained, Interrupting(n_batches))
    assert torch.load(folder / "last.pt", weights_only=True)["step"] == n_batches
    run(TrainParams.of(resume=True, output=folder), trained, Reporter())
    assert_same_run(folder, trained.root / "runs" / "whole")


def test_dropout_goes_on_exactly(trained):
    """Random numbers within a network depend only on the step."""
    params = PARAMS.replace(model="fcn32s", width=1 / 32, crop=None, ema=None, epochs=None, steps=4,
        checkpoint_every=50,
    )  # fmt: skip
    run(params.replace(output="runs/dropout-whole"), trained, Reporter())
    with pytest.raises(KeyboardInterrupt):
        run(params.replace(output="runs/dropout"), trained, Interrupting(2))
    torch.rand(7)
    run(TrainParams.of(resume=True, output="runs/dropout"), trained, Reporter())
    folders = [trained.root / "runs" / name for name in ("dropout", "dropout-whole")]
    assert_same_run(*folders)


def test_rows_past_the_checkpoint_are_taken_again(trained):
    """Rows after the last checkpoint are removed from the log, not repeated."""
    folder = trained.root / "runs" / "ahead"
    with pytest.raises(KeyboardInterrupt):
        run(PARAMS.replace(output=folder), trained, Interrupting(5))
    lines = (trained.root / "runs/whole/log.csv").read_text().splitlines(keepends=True)
    (folder / "log.csv").write_text("".join(lines))
    result = run(TrainParams.of(resume=True, output=folder), trained, Reporter())
    steps = [record.step for record in result.records]
    assert steps == sorted(set(steps)) and steps[-1] == int(untimed_rows(folder)[-1]["step"])


def test_a_finished_run_is_left_alone(trained):
    """Resuming a finished run changes no byte."""
    folder = trained.root / "runs" / "whole"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    reporter = Interrupting(0)
    run(TrainParams.of(resume=True, output=folder), trained, reporter)
    assert any("is finished" in note for note in reporter.notes)
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_with_nothing_to_resume_training_begins(photographs, workspace, recorder):
    """--resume without a run starts a new one, and says so."""
    images = ImageParams(photographs)
    labels_stage.run(labels_stage.LabelsParams(images, size=32), workspace, recorder)
    params = PARAMS.replace(epochs=1, resume=True)
    for output, there in ((None, "runs"), ("runs/x", "runs/x")):
        result = run(params.replace(output=output), workspace, recorder)
        assert f"no run to resume in {there}: starting a new one" in recorder.notes
        assert len(result.records) > 1
        if output is None:  # a newest run would be gone on with
            result.folder.rename(workspace.root / "elsewhere")


@pytest.mark.parametrize("resume", [False, True])
def test_what_a_killed_process_left_is_no_obstacle(trained, resume):
    """A run that was killed while writing its first checkpoint starts over."""
    folder = trained.root / "runs" / f"left-{resume}"
    folder.mkdir(parents=True)
    dead = subprocess.Popen(["true"])
    dead.wait()
    for name in ("config.json", "validation.txt", f".last.pt.{dead.pid}.tmp"):
        (folder / name).write_text("{}")
    run(PARAMS.replace(epochs=1, output=folder, resume=resume), trained, Reporter())
    assert (folder / "best.pt").exists() and not list(folder.glob(".*.tmp"))


def test_a_run_that_is_being_trained_is_not_taken(trained):
    """--resume and the same -o are refused, naming the process; reading commands work."""
    folder, seen = trained.root / "runs" / "busy", []
    message = (
        rf"runs/busy is being trained by process {os.getpid()}; wait until it ends, or stop it"
    )

    def look():
        for params in (
            TrainParams.of(resume=True, output=folder),
            TrainParams.of(resume=True),  # the newest one
            PARAMS.replace(output=folder),
        ):
            with pytest.raises(OutputError, match=message):
                run(params, trained, Reporter())
        seen.append(info_stage.run(folder, trained, Reporter())["steps_done"])

    run(PARAMS.replace(epochs=1, output=folder), trained, Looking(look))
    assert len(seen) == 1 and not list(folder.glob(".*.tmp"))
    run(TrainParams.of(resume=True, output=folder), trained, Reporter())


def test_runs_of_one_second_have_folders_of_their_own(trained, monkeypatch):
    """A second run in the same second is numbered; neither disturbs the other."""
    monkeypatch.setattr(
        "colorprep.stages.train.run_folder.time.strftime", lambda form: "2020-01-01"
    )
    params = PARAMS.replace(epochs=1)
    others = []
    first = run(params, trained, Looking(lambda: others.append(run(params, trained, Reporter()))))
    folders = [each.folder for each in (first, *others)]
    assert [path.name for path in folders] == ["2020-01-01-tiny", "2020-01-01-tiny-2"]
    assert_same_run(*folders)
    for path in folders:
        shutil.rmtree(path)


STEADY = PARAMS.replace(schedule="constant", warm_up=0.0, epochs=3)


def test_a_finished_run_may_be_extended(trained):
    """At a rate that does not depend on the length, it equals the longer run, bit for bit."""
    run(STEADY.replace(output="runs/longer"), trained, Reporter())
    run(STEADY.replace(epochs=1, output="runs/extended"), trained, Reporter())
    reporter = Looking(lambda: None)
    run(TrainParams.of(resume=True, output="runs/extended", epochs=3), trained, reporter)
    longer, extended = (trained.root / "runs" / name for name in ("longer", "extended"))
    assert_same_run(extended, longer)
    assert untimed_rows(extended) == untimed_rows(longer)
    assert (extended / "config.json").read_bytes() == (longer / "config.json").read_bytes()
    said = [note for note in reporter.notes if "it will end after step" in note]
    assert len(said) == 1 and "learning rate" not in said[0]


def test_an_extended_schedule_is_that_of_the_new_length(trained):
    """From there on, each step has the learning rate of a run of the new length."""
    run(PARAMS.replace(epochs=1, output="runs/short"), trained, Reporter())
    reporter = Looking(lambda: None)
    result = run(TrainParams.of(resume=True, output="runs/short", epochs=5), trained, reporter)
    whole = untimed_rows(trained.root / "runs" / "whole")
    rates = {int(row["step"]): float(row["learning_rate"]) for row in whole}
    n_before = len(untimed_rows(trained.root / "runs" / "short")) // 5
    for record in result.records[n_before:]:
        assert record.figures["learning_rate"] == rates[record.step]
    assert any("from here on, the learning rate follows the schedule" in n for n in reporter.notes)


def test_what_does_not_touch_the_numbers_may_change(trained):
    """Checkpoints and validations may change, as config.json records; the network is the same."""
    folder = trained.root / "runs" / "other-rows"
    with pytest.raises(KeyboardInterrupt):
        run(PARAMS.replace(output=folder), trained, Interrupting(2))
    again = TrainParams.of(resume=True, output=folder, checkpoint_every=7, validate_every=10)
    run(again, trained, Reporter())
    options = json.loads((folder / "config.json").read_text())["options"]
    assert (options["checkpoint_every"], options["validate_every"]) == (7, 10)
    one, two = (
        torch.load(path / "last.pt", weights_only=True)
        for path in (folder, trained.root / "runs" / "whole")
    )
    assert_same(one["networks"]["colorizer"], two["networks"]["colorizer"])
    with pytest.raises(
        InputError, match=r"has taken \d+ steps already, but 3 in all are requested"
    ):
        run(TrainParams.of(resume=True, output=folder, steps=3), trained, Reporter())


def test_a_disk_that_fills_leaves_a_run_to_resume(trained):
    """The message says how to resume; the resumed run ends as with a large enough disk."""
    folder = trained.root / "runs" / "full"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill():
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, limits[1]))

    try:
        message = r"no room .* add --resume -o .*runs/full to continue"
        with pytest.raises(OutputError, match=message):
            run(PARAMS.replace(output=folder), trained, Looking(fill))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(folder.glob(".*.tmp"))
    load_checkpoint(folder / "last.pt")
    run(TrainParams.of(resume=True, output=folder), trained, Reporter())
    assert_same_run(folder, trained.root / "runs" / "whole")
