"""Claims about `train`'s optimizers, accumulation, frozen layers and batch norm."""

import pytest
import torch
from click.testing import CliRunner

from colorprep.cli.main import cli

COMMON = (
    "train --model tiny --no-weights --batch-size 5 --val 0.2 --device cpu --schedule constant "
    "--warm-up 0 -q"
).split()
SGD = "--optimizer sgd --momentum 0.9 --lr 0.1 --accumulate 2 --freeze body.0".split()


@pytest.fixture(scope="module")
def workspace(photographs, tmp_path_factory):
    """A folder with labels of the photographs."""
    folder = tmp_path_factory.mktemp("workspace")
    call(folder, "labels", "--dir", str(photographs), "--size", "32", "-q")
    return folder


def call(folder, *words, exit_code=0):
    """Run a command; return its output."""
    done = CliRunner().invoke(cli, [*words, "-C", str(folder)])
    assert done.exit_code == exit_code, done.output
    return done.output


def last_of(run):
    """The last checkpoint of a run."""
    return torch.load(run / "last.pt", weights_only=True)


def test_sgd_with_frozen_layers_resumes_exactly(workspace):
    """Weights and momentum of resumed steps are those of an uninterrupted run.

    The run is stopped by --steps, and then by --minutes.
    """
    call(workspace, *COMMON, *SGD, "--steps", "4", "-o", "whole")
    call(workspace, *COMMON, *SGD, "--steps", "2", "-o", "resumed")
    begun = last_of(workspace / "resumed")["networks"]["colorizer"]
    further = ["train", "--resume", "--steps", "4", "-o", "resumed", "-q"]
    stopped = call(workspace, *further, "--minutes", "1e-6", exit_code=130)
    assert "stopped by --minutes 1e-06 after step 3 of 4" in stopped
    assert "with --resume -o resumed to continue" in stopped
    call(workspace, *further)
    whole, resumed = (last_of(workspace / name) for name in ("whole", "resumed"))
    assert resumed["step"] == 4
    weights = whole["networks"]["colorizer"]
    for name, tensor in resumed["networks"]["colorizer"].items():
        assert torch.equal(tensor, weights[name]), name
        assert torch.equal(tensor, begun[name]) == name.startswith("body.0"), name
    states = [each["optimizers"]["colorizer"]["state"] for each in (whole, resumed)]
    assert len(states[0]) == len(weights) - 2
    for number, state in states[0].items():
        assert torch.equal(state["momentum_buffer"], states[1][number]["momentum_buffer"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sync-bn"], "--sync-bn needs GPUs"),
        (["--freeze", "encoder"], "no parameter has 'encoder' in its name"),
        (["--freeze", "body", "--freeze", "score"], "all parameters are frozen"),
    ],
)
def test_what_cannot_be_trained_leaves_no_run(workspace, options, message):
    """Options that do not fit the device or the network are refused before a folder is made."""
    output = call(workspace, *COMMON, *options, "-o", "refused", exit_code=1)
    assert message in " ".join(output.split())
    assert not (workspace / "refused").exists()


def test_options_of_other_optimizers_are_wrong_usage(workspace):
    """Momentum is for sgd, betas are for the others."""
    output = call(workspace, *COMMON, "--momentum", "0.5", exit_code=2)
    assert "--momentum and --nesterov are for --optimizer sgd only" in " ".join(output.split())
