"""Claims about training on several processes at once, as torchrun starts them."""

import json
import signal
import subprocess
import sys
import time

import pytest
import torch
from steps import CPU, objective_of, trainer_of

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
from colorprep.training.fitting.loop import validate
from colorprep.training.processes import Process
from colorprep.workspace import Workspace

COMMAND = "-m colorprep train --no-flip --val val.txt --device cpu".split()
TINY = "--model tiny --epochs 3".split()
TORCHRUN = "-m torch.distributed.run --standalone --nproc-per-node 2".split()


@pytest.fixture(scope="module")
def ready(photographs, tmp_path_factory):
    """Labels of 40 images, 8 of which will be held out."""
    images, workspace = ImageParams(photographs), Workspace(tmp_path_factory.mktemp("two"))
    labels_stage.run(labels_stage.LabelsParams(images, size=32), workspace, Reporter())
    write_list(workspace.root / "val.txt", open_labels(workspace.root / "labels").keys[::5])
    return workspace


@pytest.fixture(scope="module")
def trained(ready):
    """A run of two processes; what its command said."""
    return in_two_processes(ready, *TINY, "--batch-size", "4", "-o", "runs/two", "--json")


def in_two_processes(workspace, *options):
    """Train by torchrun; return stdout."""
    command = [sys.executable, *TORCHRUN, *COMMAND, "-C", str(workspace.root), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_two_processes_train_as_one(ready, trained):
    """Half a batch each gives the gradients of the whole, so every image is seen once an epoch.

    The loss is a mean over images of one size, and the network without batch norm: then the mean of
    two processes' gradients is the gradient of all their images together.
    """
    facts = json.loads(trained)  # one object, from the leading process
    params = TrainParams.of(
        model="tiny", epochs=3, flip=False, held_out="val.txt", device="cpu", batch_size=8,
        output="runs/one",
    )  # fmt: skip
    one = run(params, ready, Reporter())
    two = read_log(ready.root / "runs/two/log.csv")
    assert [record["images"] for record in facts["records"]] == [32, 64, 96]
    assert two["images"].tolist() == [record.images for record in one.records]
    for name in ("train_loss", "val_loss"):
        alone = [record.figures[name] for record in one.records]
        assert two[name].tolist() == pytest.approx(alone, rel=1e-4)
    states = [
        torch.load(ready.root / "runs" / name / "last.pt", weights_only=True)["networks"][
            "colorizer"
        ]
        for name in ("one", "two")
    ]
    for name, tensor in states[0].items():
        torch.testing.assert_close(states[1][name], tensor, rtol=1e-3, atol=1e-5)


def test_two_processes_go_on(ready, trained):
    """A run of two processes is resumed by two, and refused to one."""
    finished = (ready.root / "runs/two/last.pt").read_bytes()
    in_two_processes(ready, *TINY, "-o", "runs/two", "--resume")
    assert (ready.root / "runs/two/last.pt").read_bytes() == finished
    command = [sys.executable, *COMMAND, *TINY, "-C", str(ready.root), "-o", "runs/two", "--resume"]
    alone = subprocess.run(command, capture_output=True, text=True)
    assert alone.returncode == 1
    assert "begun with number of processes 2, which is 1 now" in alone.stderr


def test_two_processes_refuse_a_folder_alike(ready, trained):
    """Existing files are left, and both processes say so, without a traceback."""
    finished = (ready.root / "runs/two/last.pt").read_bytes()
    command = [sys.executable, *TORCHRUN, *COMMAND, *TINY, "-C", str(ready.root), "-o", "runs/two"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode and done.stderr.count("exists and is not an empty folder") == 2
    assert "colorprep/" not in done.stderr.replace(str(ready.root), "")
    assert (ready.root / "runs/two/last.pt").read_bytes() == finished


def test_two_processes_end_after_the_same_step(ready):
    """SIGTERM of torchrun reaches them at different steps; they agree on one, and it is saved."""
    folder = ready.root / "runs/ended"
    options = ["--model", "tiny", "--epochs", "5000", "-C", str(ready.root), "-o", "runs/ended"]
    command = [sys.executable, *TORCHRUN, *COMMAND, *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while len(read_log(folder / "log.csv")["step"]) < 2:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    step = read_log(folder / "log.csv")["step"][-1]
    assert process.returncode and said.count(f"interrupted after step {step} of") == 2
    assert torch.load(folder / "last.pt", weights_only=True)["step"] == step


def test_what_is_saved_is_what_was_validated(ready):
    """Batch norm differs between processes; all validate the main process's network."""
    options = ["--model", "small", "--width", "0.1", "--batch-size", "4", "--epochs", "1"]
    in_two_processes(ready, *options, "-o", "runs/small")
    (val_loss,) = read_log(ready.root / "runs/small/log.csv")["val_loss"]
    labels, best = (
        open_labels(ready.root / "labels"),
        load_checkpoint(ready.root / "runs/small/best.pt"),
    )
    images = ShardDataset(labels, labels.keys[::5]).loader(8, shuffle=False)
    trainer = trainer_of(best.model, objective_of("soft-ce", labels.quantizer))
    trainer.eval()
    again = validate(trainer, images, lambda batch: batch, Process(CPU))
    assert again["soft-ce"] == pytest.approx(val_loss, rel=1e-6)
