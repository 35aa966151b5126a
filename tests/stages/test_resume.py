"""Claims about interrupted runs: they resume exactly, or say why they cannot."""

import csv
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from changing import put_bitmaps, replace_quietly
from click.testing import CliRunner
from PIL import Image

from colorprep import ArtifactError, InputError, OutputError
from colorprep.cli.main import cli
from colorprep.progress import Reporter
from colorprep.shards.reader import open_labels
from colorprep.stages import info as info_stage
from colorprep.stages.labels import stage as labels_stage
from colorprep.stages.prior import stage as prior_stage
from colorprep.stages.source import ImageParams
from colorprep.stages.train.params import TrainParams
from colorprep.stages.train.stage import run
from colorprep.training.checkpoint import load_checkpoint

PARAMS = TrainParams.of(
    epochs=5, batch_size=4, model="tiny", crop=24, ema=0.9, held_out=0.05, checkpoint_every=3,
    deterministic=True, device="cpu",
)  # fmt: skip
COMMAND = (
    "train --epochs 5 --batch-size 4 --model tiny --crop 24 --ema 0.9 --val 0.05 "
    "--checkpoint-every 3 --deterministic --device cpu"
).split()
TIMES = ("images_per_second", "data_wait")


@pytest.fixture(scope="module")
def ready(photographs, tmp_path_factory):
    """A workspace that is ready to train in, with a run that was not interrupted."""
    from colorprep.workspace import Workspace

    workspace, images = Workspace(tmp_path_factory.mktemp("resume")), ImageParams(photographs)
    prior_stage.run(prior_stage.PriorParams(images), workspace, Reporter())
    labels_stage.run(labels_stage.LabelsParams(images, size=32), workspace, Reporter())
    run(PARAMS.replace(output="runs/whole"), workspace, Reporter())
    return workspace


class Interrupting(Reporter):
    """Interrupts its own process after some batches."""

    def __init__(self, n_batches):
        self.n_left = n_batches
        self.notes = []

    def note(self, message):
        """Keep a note."""
        self.notes.append(message)

    def track(self, total, unit, title):
        """Count batches."""
        reporter = self

        class Counting:
            def __enter__(self):
                return self

            def __exit__(self, *failure):
                return None

            def __call__(self, n, detail=""):
                reporter.n_left -= 1
                if reporter.n_left == 0:
                    os.kill(os.getpid(), signal.SIGINT)

        return Counting()


def assert_same_run(folder, other):
    """Assert that two runs ended in the same networks, pictures and logs, bit for bit."""
    for name in ("last.pt", "best.pt"):
        one, two = (torch.load(path / name, weights_only=True) for path in (folder, other))
        assert one["progress"]["step"] == two["progress"]["step"]
        assert_same(one["networks"]["colorizer"], two["networks"]["colorizer"])
        if name == "last.pt":
            assert_same(one["average"] or {}, two["average"] or {})
            states = (each["optimizers"]["colorizer"]["state"] for each in (one, two))
            for mine, others in zip(*(state.values() for state in states), strict=True):
                assert_same(mine, others)
    pictures = [sorted((path / "samples").iterdir()) for path in (folder, other)]
    for mine, others in zip(*pictures, strict=True):
        assert mine.name == others.name
        np.testing.assert_array_equal(Image.open(mine), Image.open(others))


def assert_same(state, other):
    """Assert that two dictionaries hold the same tensors."""
    assert state.keys() == other.keys()
    assert all(torch.equal(state[name], other[name]) for name in state)


def untimed_rows(folder):
    """The rows of a log without what a clock measured."""
    with (folder / "log.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [{name: row[name] for name in row if name not in TIMES} for row in rows]


def test_a_killed_run_goes_on_exactly(ready):
    """SIGKILL in the middle of an epoch, then --resume: the same bits as without."""
    folder = ready.root / "runs" / "killed"
    python = [sys.executable, "-m", "colorprep"]
    place = ["-C", str(ready.root), "-o", "runs/killed"]
    process = subprocess.Popen([*python, *COMMAND, *place, "-q"], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (folder / "log.csv").exists() or len(untimed_rows(folder)) < 4:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.002)
    process.kill()
    process.wait()
    steps = [int(row["step"]) for row in untimed_rows(folder)]
    whole = untimed_rows(ready.root / "runs" / "whole")
    assert len(steps) < len(whole)
    done = CliRunner().invoke(cli, ["train", "--resume", *place])
    assert done.exit_code == 0 and "runs/killed continues after step" in done.stderr
    assert_same_run(folder, ready.root / "runs" / "whole")
    assert untimed_rows(folder) == whole


@pytest.mark.parametrize("n_batches", [1, 4])
def test_an_interrupt_saves_first(ready, n_batches):
    """Ctrl-C between checkpoints loses no step, and the run resumes exactly."""
    folder = ready.root / "runs" / f"interrupted-{n_batches}"
    params = PARAMS.replace(output=folder)
    with pytest.raises(KeyboardInterrupt, match=rf"step {n_batches} of .* --resume -o runs"):
        run(params, ready, Interrupting(n_batches))
    assert torch.load(folder / "last.pt", weights_only=True)["step"] == n_batches
    run(TrainParams.of(resume=True, output=folder), ready, Reporter())
    assert_same_run(folder, ready.root / "runs" / "whole")


def test_dropout_goes_on_exactly(ready):
    """Random numbers within a network depend only on the step."""
    params = PARAMS.replace(model="fcn32s", width=1 / 32, crop=None, ema=None, epochs=None, steps=4,
        checkpoint_every=50,
    )  # fmt: skip
    run(params.replace(output="runs/dropout-whole"), ready, Reporter())
    with pytest.raises(KeyboardInterrupt):
        run(params.replace(output="runs/dropout"), ready, Interrupting(2))
    torch.rand(7)
    run(TrainParams.of(resume=True, output="runs/dropout"), ready, Reporter())
    folders = [ready.root / "runs" / name for name in ("dropout", "dropout-whole")]
    assert_same_run(*folders)


def test_rows_past_the_checkpoint_are_taken_again(ready):
    """Rows after the last checkpoint are removed from the log, not repeated."""
    folder = ready.root / "runs" / "ahead"
    with pytest.raises(KeyboardInterrupt):
        run(PARAMS.replace(output=folder), ready, Interrupting(5))
    lines = (ready.root / "runs/whole/log.csv").read_text().splitlines(keepends=True)
    (folder / "log.csv").write_text("".join(lines))
    result = run(TrainParams.of(resume=True, output=folder), ready, Reporter())
    steps = [record.step for record in result.records]
    assert steps == sorted(set(steps)) and steps[-1] == int(untimed_rows(folder)[-1]["step"])


def test_a_finished_run_is_left_alone(ready):
    """Resuming a finished run changes no byte."""
    folder = ready.root / "runs" / "whole"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    reporter = Interrupting(0)
    run(TrainParams.of(resume=True, output=folder), ready, reporter)
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


def test_other_settings_are_refused(ready):
    """Options given with --resume must be those of the run."""
    folder = ready.root / "runs" / "whole"
    with pytest.raises(InputError, match=r"--batch-size was 4, is now 8"):
        run(TrainParams.of(resume=True, output=folder, batch_size=8), ready, Reporter())
    with pytest.raises(InputError, match=r"--ema was 0\.9, is now none"):
        run(TrainParams.of(resume=True, output=folder), ready, Reporter(), given={"ema": None})
    run(TrainParams.of(resume=True, output=folder, batch_size=4), ready, Reporter())


def test_a_default_given_explicitly_counts(ready):
    """On the command line an option counts as given even at its default."""
    words = ["train", "--resume", "-C", str(ready.root), "-o", "runs/whole", "--batch-size", "32"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 1 and "--batch-size was 4, is now 32" in done.stderr


def test_other_inputs_are_refused(photographs, workspace, silent):
    """Changed weights, images or lists are refused on resuming, and the run is left alone."""
    images = ImageParams(photographs)
    prior_stage.run(prior_stage.PriorParams(images), workspace, silent)
    labels_stage.run(labels_stage.LabelsParams(images, size=32), workspace, silent)
    listed = workspace.root / "listed.txt"
    keys = [path.relative_to(photographs).as_posix() for path in sorted(photographs.rglob("*.jpg"))]
    listed.write_text("".join(f"{key}\n" for key in keys[:20]))
    params = PARAMS.replace(list=listed, output="runs/a")
    with pytest.raises(KeyboardInterrupt):
        run(params, workspace, Interrupting(2))
    last = (workspace.root / "runs/a/last.pt").read_bytes()
    again = TrainParams.of(resume=True, output="runs/a")
    listed.write_text("".join(f"{key}\n" for key in keys[4:24]))
    with pytest.raises(ArtifactError, match="runs/a was (trained on other images|begun with)"):
        run(again, workspace, silent)
    listed.write_text("".join(f"{key}\n" for key in keys[:20]))
    weights = workspace.root / "weights.npz"
    held = weights.read_bytes()
    prior_stage.run(prior_stage.PriorParams(ImageParams(photographs, listed)), workspace, silent)
    with pytest.raises(ArtifactError, match="runs/a was begun with rebalancing digest"):
        run(again, workspace, silent)
    weights.write_bytes(held)
    assert (workspace.root / "runs/a/last.pt").read_bytes() == last
    assert np.isfinite(run(again, workspace, silent).best_record.figures["val_loss"])


def test_other_held_out_images_are_refused(ready):
    """A changed list of held-out images is refused on resuming, even at the same length."""
    held_out = ready.root / "held-out.txt"
    keys = open_labels(ready.root / "labels").keys
    chosen = ready.root / "chosen.txt"
    chosen.write_text("".join(f"{key}\n" for key in keys[:20]))
    held_out.write_text("".join(f"{key}\n" for key in keys[20:26]))
    params = PARAMS.replace(list=chosen, held_out=held_out, output="runs/held-out")
    with pytest.raises(KeyboardInterrupt):
        run(params, ready, Interrupting(2))
    held_out.write_text("".join(f"{key}\n" for key in keys[30:36]))
    with pytest.raises(ArtifactError, match="begun with validation digest"):
        run(TrainParams.of(resume=True, output="runs/held-out"), ready, Reporter())


def test_labels_made_again_are_noticed(workspace, silent, tmp_path):
    """Labels of a replaced image are refused on resuming; those of an earlier version are not."""
    paths = put_bitmaps(tmp_path / "train", n=20, side=32)
    labels = labels_stage.LabelsParams(ImageParams(tmp_path / "train"), size=32)
    labels_stage.run(labels, workspace, silent)
    with pytest.raises(KeyboardInterrupt):
        run(PARAMS.replace(output="runs/a"), workspace, Interrupting(2))
    held = paths[3].read_bytes()
    replace_quietly(paths[3], side=32)
    labels_stage.run(labels, workspace, silent)
    again = TrainParams.of(resume=True, output="runs/a")
    with pytest.raises(ArtifactError, match="labels that .* have been created again since"):
        run(again, workspace, silent)
    paths[3].write_bytes(held)
    labels_stage.run(labels, workspace, silent)
    config = workspace.root / "runs/a/config.json"
    facts = json.loads(config.read_text())
    del facts["labels_digest"]
    config.write_text(json.dumps(facts))
    assert np.isfinite(run(again, workspace, silent).best_record.figures["val_loss"])


@pytest.mark.parametrize("resume", [False, True])
def test_what_a_killed_process_left_is_no_obstacle(ready, resume):
    """A run that was killed while writing its first checkpoint starts over."""
    folder = ready.root / "runs" / f"left-{resume}"
    folder.mkdir(parents=True)
    dead = subprocess.Popen(["true"])
    dead.wait()
    for name in ("config.json", "validation.txt", f".last.pt.{dead.pid}.tmp"):
        (folder / name).write_text("{}")
    run(PARAMS.replace(epochs=1, output=folder, resume=resume), ready, Reporter())
    assert (folder / "best.pt").exists() and not list(folder.glob(".*.tmp"))


class Looking(Reporter):
    """Calls a function once, after training on the first batch."""

    def __init__(self, look):
        self.look = look
        self.notes = []

    def note(self, message):
        """Keep a note."""
        self.notes.append(message)

    @contextmanager
    def track(self, total, unit, title):
        """Look at the first report of progress."""

        def advance(n, detail=""):
            look, self.look = self.look, lambda: None
            look()

        yield advance


def test_a_run_that_is_being_trained_is_not_taken(ready):
    """--resume and the same -o are refused, naming the process; reading commands work."""
    folder, seen = ready.root / "runs" / "busy", []
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
                run(params, ready, Reporter())
        seen.append(info_stage.run(folder, ready, Reporter())["steps_done"])

    run(PARAMS.replace(epochs=1, output=folder), ready, Looking(look))
    assert len(seen) == 1 and not list(folder.glob(".*.tmp"))
    run(TrainParams.of(resume=True, output=folder), ready, Reporter())


def test_runs_of_one_second_have_folders_of_their_own(ready, monkeypatch):
    """A second run in the same second is numbered; neither disturbs the other."""
    monkeypatch.setattr(
        "colorprep.stages.train.run_folder.time.strftime", lambda form: "2020-01-01"
    )
    params = PARAMS.replace(epochs=1)
    others = []
    first = run(params, ready, Looking(lambda: others.append(run(params, ready, Reporter()))))
    folders = [each.folder for each in (first, *others)]
    assert [path.name for path in folders] == ["2020-01-01-tiny", "2020-01-01-tiny-2"]
    assert_same_run(*folders)
    for path in folders:
        shutil.rmtree(path)


STEADY = PARAMS.replace(schedule="constant", warm_up=0.0, epochs=3)


def test_a_finished_run_may_be_extended(ready):
    """At a rate that does not depend on the length, it equals the longer run, bit for bit."""
    run(STEADY.replace(output="runs/longer"), ready, Reporter())
    run(STEADY.replace(epochs=1, output="runs/extended"), ready, Reporter())
    reporter = Looking(lambda: None)
    run(TrainParams.of(resume=True, output="runs/extended", epochs=3), ready, reporter)
    longer, extended = (ready.root / "runs" / name for name in ("longer", "extended"))
    assert_same_run(extended, longer)
    assert untimed_rows(extended) == untimed_rows(longer)
    assert (extended / "config.json").read_bytes() == (longer / "config.json").read_bytes()
    said = [note for note in reporter.notes if "it will end after step" in note]
    assert len(said) == 1 and "learning rate" not in said[0]


def test_an_extended_schedule_is_that_of_the_new_length(ready):
    """From there on, each step has the learning rate of a run of the new length."""
    run(PARAMS.replace(epochs=1, output="runs/short"), ready, Reporter())
    reporter = Looking(lambda: None)
    result = run(TrainParams.of(resume=True, output="runs/short", epochs=5), ready, reporter)
    whole = untimed_rows(ready.root / "runs" / "whole")
    rates = {int(row["step"]): float(row["learning_rate"]) for row in whole}
    n_before = len(untimed_rows(ready.root / "runs" / "short")) // 5
    for record in result.records[n_before:]:
        assert record.figures["learning_rate"] == rates[record.step]
    assert any("from here on, the learning rate follows the schedule" in n for n in reporter.notes)


def test_what_does_not_touch_the_numbers_may_change(ready):
    """Checkpoints and validations may change, as config.json records; the network is the same."""
    folder = ready.root / "runs" / "other-rows"
    with pytest.raises(KeyboardInterrupt):
        run(PARAMS.replace(output=folder), ready, Interrupting(2))
    again = TrainParams.of(resume=True, output=folder, checkpoint_every=7, validate_every=10)
    run(again, ready, Reporter())
    options = json.loads((folder / "config.json").read_text())["options"]
    assert (options["checkpoint_every"], options["validate_every"]) == (7, 10)
    one, two = (
        torch.load(path / "last.pt", weights_only=True)
        for path in (folder, ready.root / "runs" / "whole")
    )
    assert_same(one["networks"]["colorizer"], two["networks"]["colorizer"])
    with pytest.raises(
        InputError, match=r"has taken \d+ steps already, but 3 in all are requested"
    ):
        run(TrainParams.of(resume=True, output=folder, steps=3), ready, Reporter())


def test_all_that_is_refused_is_listed(ready):
    """The message lists old and new values by the names of the options."""
    asked = TrainParams.of(
        resume=True, output="runs/whole", batch_size=8, learning_rate=0.1, flip=False, model="unet"
    )
    message = (
        r"--model was tiny, is now unet; --batch-size was 4, is now 8; "
        r"--lr was 0\.002, is now 0\.1; --flip was on, is now off"
    )
    with pytest.raises(InputError, match=message):
        run(asked, ready, Reporter())


def test_a_disk_that_fills_leaves_a_run_to_resume(ready):
    """The message says how to resume; the resumed run ends as with a large enough disk."""
    folder = ready.root / "runs" / "full"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill():
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, limits[1]))

    try:
        message = r"no room .* add --resume -o .*runs/full to continue"
        with pytest.raises(OutputError, match=message):
            run(PARAMS.replace(output=folder), ready, Looking(fill))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(folder.glob(".*.tmp"))
    load_checkpoint(folder / "last.pt")
    run(TrainParams.of(resume=True, output=folder), ready, Reporter())
    assert_same_run(folder, ready.root / "runs" / "whole")
