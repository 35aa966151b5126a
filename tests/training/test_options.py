"""Claims about the options of training: one list for the library, the command line and runs."""

import json
import subprocess
import sys
from typing import get_args

import pytest

from colorprep import InputError, training
from colorprep.stages.train.params import (
    ALWAYS_STORED,
    TrainParams,
    from_plain,
    resumed,
    to_plain,
)
from colorprep.training import choices
from colorprep.training.fitting.schedules import SCHEDULES
from colorprep.training.losses.objectives import COMPOSITES
from colorprep.training.losses.terms import LOSSES
from colorprep.training.models import MODELS
from colorprep.training.options import MachineOptions, PaceOptions, all_options


def test_choices_are_those_of_the_tables():
    """Types list the names a second time, so that --help need not import torch."""
    assert get_args(choices.ModelName) == tuple(MODELS)
    assert get_args(choices.LossName) == (*LOSSES, *COMPOSITES)
    assert get_args(choices.ScheduleName) == tuple(SCHEDULES)


def test_options_are_light_and_datasets_are_there():
    """Options need neither torch nor numpy; the datasets are imported at first use."""
    code = (
        "import sys; import colorprep.training.options; "
        "assert not {'torch', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert isinstance(training.LabelMapDataset, type) and isinstance(training.ShardDataset, type)


def test_options_are_found_by_name():
    """Flat names reach their groups; unknown ones are refused."""
    params = TrainParams.of(model="unet", epochs=3, amp=True, output="runs/a", resume=True)
    assert params.network.model == "unet" and params.machine.amp and params.output == "runs/a"
    assert params.replace(epochs=4, resume=False).pace == PaceOptions(epochs=4)
    assert params.changed_options() == {"model": "unet", "epochs": 3, "amp": True}
    assert list(params.options()) == [*ALWAYS_STORED, *(set_of_later())]
    with pytest.raises(TypeError, match="no option 'modell'"):
        TrainParams.of(modell="unet")


def set_of_later():
    """Names of the options that are not always stored, group by group."""
    return [name for name in all_options() if name not in ALWAYS_STORED]


def test_options_of_a_run_are_flat():
    """A run stores what it always stored, in the same order, and later options if changed."""
    assert list(to_plain(TrainParams())) == list(ALWAYS_STORED)
    assert "device" not in ALWAYS_STORED
    params = TrainParams.of(
        optimizer="sgd", momentum=0.5, freeze=("down",), curriculum=(("a.txt", 1), (None, 2))
    )
    stored = json.loads(json.dumps(to_plain(params)))
    assert [name for name in stored if name not in ALWAYS_STORED] == [
        "freeze",
        "optimizer",
        "momentum",
    ]
    assert from_plain(stored) == params
    assert from_plain({**stored, "unknown": 1}) == params
    for name, value in {"model": "vgg", "epochs": "3", "betas": [0.9], "amp": 1}.items():
        with pytest.raises(InputError, match=f"{name} cannot be"):
            from_plain({**stored, name: value})


def test_what_is_given_on_resuming():
    """Lengths may change, the device is chosen anew, and all else must stay."""
    stored = TrainParams.of(steps=5, batch_size=4)
    given = {"epochs": 3, "device": "cpu", "batch_size": 4}
    again = resumed(stored, given)
    assert (again.pace, again.machine) == (
        PaceOptions(epochs=3, batch_size=4),
        MachineOptions(device="cpu"),
    )
    with pytest.raises(InputError, match="--batch-size was 4, is now 32"):
        resumed(stored, {"batch_size": 32})


def test_a_run_keeps_no_password():
    """That of a URL is given anew on resuming; other URLs are refused as any other option."""
    params = TrainParams.of(shards="s3://me:secret@bucket/labels")
    stored = to_plain(params)
    assert stored["shards"] == "s3://bucket/labels"
    again = resumed(from_plain(stored), {"shards": "s3://me:newer@bucket/labels"})
    assert again.data.shards == "s3://me:newer@bucket/labels"
    with pytest.raises(InputError, match=r"--shards was s3://bucket/labels, is now s3://bucket/x"):
        resumed(params, {"shards": "s3://me:secret@bucket/x"})


@pytest.mark.parametrize(
    "values",
    [
        {"nesterov": True},
        {"momentum": 0.5},
        {"optimizer": "sgd", "betas": (0.5, 0.9)},
        {"optimizer": "sgd", "momentum": 0.0, "nesterov": True},
        {"betas": (0.9, 1.0)},
        {"weight_decay": -1.0},
        {"accumulate": 0},
        {"width": 0.0},
        {"logit_adjust": -1.0},
        {"schedule": "none"},
    ],
)
def test_values_out_of_range_are_refused(values):
    """Groups check their values, so that Python and the command line refuse the same."""
    with pytest.raises(InputError):
        TrainParams.of(**values)
