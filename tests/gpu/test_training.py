"""Claims about training and coloring on a GPU, as the commands do it."""

import csv

import pytest

from colorprep.progress import Reporter

OPTIONS = {
    "model": "eccv16", "width": 0.125, "batch_size": 8, "held_out": 0.1, "steps": 6,
    "schedule": "constant", "checkpoint_every": 2, "deterministic": True,
}  # fmt: skip


def train(workspace, device, **options):
    """Train a small network for a few steps; return its run."""
    from colorprep.stages.train.params import TrainParams
    from colorprep.stages.train.stage import run

    params = TrainParams.of(**{**OPTIONS, "device": str(device), **options})
    return run(params, workspace, Reporter())


def losses(result):
    """The losses of all rows of a log."""
    rows = list(csv.DictReader(result.log.read_text().splitlines()))
    names = ("train_loss", "val_loss")
    return [float(row[name]) for row in rows for name in names if row[name]]


@pytest.mark.parametrize(
    ("options", "tolerance"),
    [
        ({}, 1e-4),
        ({"amp": True}, 0.01),
        ({"deterministic": False}, 0.01),
        ({"deterministic": False, "compile": True}, 0.01),
        ({"sync_batch_norm": True}, 1e-4),
    ],
)
def test_losses_are_near_those_of_the_cpu(ready, device, options, tolerance):
    """In float32, bfloat16 and TF32, compiled, and with synchronized batch norm."""
    expected = losses(train(ready, "cpu", output="runs/cpu"))
    found = losses(train(ready, device, output="runs/gpu", **options))
    assert len(found) > 4 and found == pytest.approx(expected, rel=tolerance)


def test_resuming_is_exact(ready, device):
    """With --deterministic, a resumed run has the figures and the bits of one that was not."""
    import torch

    whole = train(ready, device, output="runs/whole", ema=0.9)
    train(ready, device, output="runs/half", ema=0.9, steps=4)
    resumed = train(ready, device, output="runs/half", ema=0.9, resume=True)
    states = [
        torch.load(result.folder / "last.pt", map_location="cpu", weights_only=True)
        for result in (whole, resumed)
    ]
    for state in states:
        state["optimizer"] = state["optimizers"]["colorizer"]["state"]
    for name in ("networks", "optimizer", "average"):
        torch.testing.assert_close(states[0][name], states[1][name], rtol=0, atol=0)
    assert losses(whole)[-2:] == losses(resumed)[-2:]


def test_checkpoints_are_used_on_the_cpu(ready, device):
    """A network that was trained on a GPU is loaded to the CPU, and computes there."""
    import torch

    from colorprep.training.checkpoint import load_checkpoint

    checkpoint = load_checkpoint(train(ready, device, steps=2).best)
    tensors = checkpoint.model.state_dict().values()
    assert {tensor.device.type for tensor in tensors} == {"cpu"}
    assert checkpoint.model(torch.zeros(1, 1, 32, 32)).isfinite().all()


def test_pictures_are_near_those_of_the_cpu(workspace, photographs, device):
    """Colorize gives the same pictures, to a level on average."""
    import numpy as np
    from colorful_network import save_network
    from PIL import Image

    from colorprep.stages.colorize.stage import ColorizeParams, run

    save_network(workspace.path("runs/a/best.pt"))
    inputs = sorted(photographs.rglob("*.jpg"))[:4]
    pictures = []
    for name in ("cpu", str(device)):
        params = ColorizeParams(inputs, device=name, output=f"colorized-{name[:3]}")
        written = run(params, workspace, Reporter()).written
        pictures.append(np.stack([np.asarray(Image.open(path), float) for path in written]))
    assert np.abs(pictures[0] - pictures[1]).mean() < 1.0
    assert np.ptp(pictures[0], axis=-1).mean() > 10


@pytest.mark.parametrize("backend", ["nccl", "gloo"])
def test_a_process_group_of_one(backend, device, exactly, tmp_path):
    """Synchronized batch norm and averaged gradients change nothing for a single process."""
    import torch
    from batches import made_up_batch, quantizer_of
    from steps import objective_of
    from torch import distributed
    from torch.nn.parallel import DistributedDataParallel

    from colorprep.training.devices import on_device
    from colorprep.training.fitting.methods import Supervised
    from colorprep.training.fitting.trainer import Trainer
    from colorprep.training.models import make_model
    from colorprep.training.options import MachineOptions, PaceOptions

    batch = on_device(made_up_batch(side=16, stride=4), device)

    def steps(synchronized):
        objective = objective_of("soft-ce", quantizer_of("ab313"))
        network = make_model("eccv16", objective.channels, seed=0, width=0.125)
        machine = MachineOptions(sync_batch_norm=synchronized)
        trainer = Trainer(Supervised(network, objective), PaceOptions(), machine, device)
        if synchronized:
            trainer.wrap(DistributedDataParallel)
        return [trainer.take_step(batch, 1e-3)["soft-ce"].value for _ in range(3)]

    expected = steps(synchronized=False)
    meeting = {"init_method": f"file://{tmp_path / 'meeting'}", "rank": 0, "world_size": 1}
    distributed.init_process_group(backend, **meeting)
    try:
        torch.testing.assert_close(steps(synchronized=True), expected, rtol=1e-4, atol=0)
    finally:
        distributed.destroy_process_group()
