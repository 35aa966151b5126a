"""Claims about training on several processes at once, as torchrun starts them."""

import fcntl
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import partial

import pytest
import several_commands
import torch
from click.testing import CliRunner
from steps import CPU, trainer_of

from colorprep.cli.main import cli
from colorprep.images.lists import write_list
from colorprep.progress import Reporter
from colorprep.runs import read_log
from colorprep.shards.reader import open_labels
from colorprep.stages.labels import stage as labels_stage
from colorprep.stages.source import ImageParams
from colorprep.stages.train.params import TrainParams
from colorprep.stages.train.stage import run
from colorprep.training.checkpoint import load_checkpoint
from colorprep.training.data.dataset import ShardDataset
from colorprep.training.data.random_hints import with_fixed_hints
from colorprep.training.fitting.loop import validate
from colorprep.training.losses.objectives import make_objective
from colorprep.training.processes import Process
from colorprep.workspace import Workspace

TRAIN = "train --no-flip --val val.txt --device cpu".split()
TINY = "--model tiny --epochs 2".split()
TORCHRUN = "-m torch.distributed.run --standalone --nproc-per-node 2".split()
UNEVEN = "--model tiny --epochs 1 --batch-size 4 --max-images 11".split()
HINTS = "--model siggraph17 --loss siggraph17-class --hints 0.125 --width 0.05".split()
COMMANDS = {
    "two": [*TINY, "--batch-size", "4", "-o", "runs/two", "--json"],
    "again": [*TINY, "-o", "runs/two", "--resume"],
    "refused": [*TINY, "-o", "runs/two"],
    "small": "--model small --width 0.1 --batch-size 4 --epochs 1 -o runs/small".split(),
    "hints": [*HINTS, *"--batch-size 4 --epochs 1 -o runs/hints".split()],
    "whole": [*UNEVEN, "-o", "runs/whole"],
    "parts": [*UNEVEN, "--accumulate", "4", "-o", "runs/parts"],
    "ended": "--model tiny --epochs 5000 -o runs/ended".split(),
}


@pytest.fixture(scope="module")
def ready(photographs, tmp_path_factory):
    """A workspace with the runs of all commands; made once, by whichever test process is first."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    workspace = Workspace(base / "two-processes")
    with (base / "two-processes.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not workspace.root.exists():
            workspace.root.mkdir()
            label(photographs, workspace)
            train_all(workspace.root)
    return workspace


@pytest.fixture(scope="module")
def done(ready):
    """What the commands said in each of two processes; the last was ended by SIGTERM."""
    return json.loads((ready.root / "done.json").read_text())


def label(photographs, workspace):
    """Label 40 images, 8 of which will be held out."""
    params = labels_stage.LabelsParams(ImageParams(photographs), size=32, stride=1)
    labels_stage.run(params, workspace, Reporter())
    write_list(workspace.root / "val.txt", open_labels(workspace.root / "labels").keys[::5])


def train_all(root):
    """Run all commands under one torchrun, and end the last one by SIGTERM."""
    commands = [[*TRAIN, *options, "-C", str(root)] for options in COMMANDS.values()]
    (root / "commands.json").write_text(
        json.dumps([*zip(commands, free_ports(len(commands)), strict=True)])
    )
    command = [sys.executable, *TORCHRUN, several_commands.__file__, str(root), "runs/two/last.pt"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 240
    while len(read_log(root / "runs/ended/log.csv")["step"]) < 2:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    said = zip(
        *(json.loads((root / f"said-{rank}.json").read_text()) for rank in range(2)), strict=True
    )
    done = {**dict(zip(COMMANDS, said, strict=False)), "ended": (process.returncode, stderr)}
    (root / "done.json").write_text(json.dumps(done))


def free_ports(n):
    """Ports that nobody listens at."""
    with ExitStack() as stack:
        listening = [stack.enter_context(socket.create_server(("", 0))) for _ in range(n)]
        return [each.getsockname()[1] for each in listening]


def test_two_processes_train_as_one(ready, done):
    """Half a batch each gives the gradients of the whole, so every image is seen once an epoch.

    The loss is a mean over images of one size, and the network without batch norm: then the mean of
    two processes' gradients is the gradient of all their images together.
    """
    leading, other = done["two"]
    assert leading["code"] == other["code"] == 0 and other["stdout"] == ""
    facts = json.loads(leading["stdout"])
    params = TrainParams.of(
        model="tiny", epochs=2, flip=False, held_out="val.txt", device="cpu", batch_size=8,
        output="runs/one",
    )  # fmt: skip
    one = run(params, ready, Reporter())
    two = read_log(ready.root / "runs/two/log.csv")
    assert [record["images"] for record in facts["records"]] == [32, 64]
    assert two["images"].tolist() == [record.images for record in one.records]
    for name in ("train_loss", "val_loss"):
        alone = [record.figures[name] for record in one.records]
        assert two[name].tolist() == pytest.approx(alone, rel=1e-4)
    assert_same_network(ready.root, "one", "two")


def assert_same_network(root, *names):
    """The last checkpoints of two runs hold the same numbers, up to rounding."""
    contents = [torch.load(root / "runs" / name / "last.pt", weights_only=True) for name in names]
    first, second = (content["networks"]["colorizer"] for content in contents)
    for name, tensor in first.items():
        torch.testing.assert_close(second[name], tensor, rtol=1e-3, atol=1e-5)


def test_processes_may_have_different_numbers_of_parts(ready, done):
    """Of 11 images the last step has 2 on one process and 1 on the other; parts change nothing."""
    assert [said["code"] for name in ("whole", "parts") for said in done[name]] == [0] * 4
    assert_same_network(ready.root, "whole", "parts")


def test_two_processes_go_on(ready, done):
    """A run of two processes is resumed by two, and refused to one."""
    assert [each["code"] for each in done["again"]] == [0, 0]
    assert done["again"][0]["digest"] == done["two"][0]["digest"]
    words = [*TRAIN, *COMMANDS["again"], "-C", str(ready.root)]
    alone = CliRunner().invoke(cli, words)
    assert alone.exit_code == 1
    assert "begun with number of processes 2, which is 1 now" in alone.stderr


def test_two_processes_refuse_a_folder_alike(ready, done):
    """Existing files are left, and both processes say so, without a traceback."""
    for each in done["refused"]:
        assert each["code"] == 1 and each["raised"] == "SystemExit(1)"
        assert "exists and is not an empty folder" in each["stderr"]
    finished = hashlib.sha256((ready.root / "runs/two/last.pt").read_bytes()).hexdigest()
    assert done["refused"][0]["digest"] == finished == done["two"][0]["digest"]


def test_two_processes_end_after_the_same_step(ready, done):
    """SIGTERM of torchrun reaches them at different steps; they agree on one, and it is saved."""
    folder = ready.root / "runs/ended"
    code, said = done["ended"]
    step = read_log(folder / "log.csv")["step"][-1]
    assert code and said.count(f"interrupted after step {step} of") == 2
    assert "colorprep/" not in said.replace(str(ready.root), "")
    assert torch.load(folder / "last.pt", weights_only=True)["step"] == step


@pytest.mark.parametrize(
    ("name", "loss", "hints"), [("small", "soft-ce", None), ("hints", "siggraph17-class", 0.125)]
)
def test_what_is_saved_is_what_was_validated(ready, done, name, loss, hints):
    """Batch norm differs between processes; all validate the main process's network.

    An image has the same hints in a validation by one process.
    """
    assert [each["code"] for each in done[name]] == [0, 0]
    (val_loss,) = read_log(ready.root / f"runs/{name}/log.csv")["val_loss"]
    labels = open_labels(ready.root / "labels")
    best = load_checkpoint(ready.root / f"runs/{name}/best.pt")
    images = ShardDataset(labels, labels.keys[::5]).loader(8, shuffle=False)
    objective = make_objective(loss, labels.quantizer)
    trainer = trainer_of(best.model, objective)
    trainer.eval()
    condition = None if hints is None else partial(with_fixed_hints, p=hints)
    again = validate(trainer, images, lambda batch: batch, Process(CPU), condition=condition)
    assert objective.reported(again)["loss"] == pytest.approx(val_loss, rel=1e-6)
