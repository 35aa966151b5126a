"""Claims about memory that does not suffice: a message that says what needs less of it."""

import numpy as np
import pytest
import torch

from colorprep.cli.memory import not_enough_memory

TERABYTES = 10**15
# The class and the beginning of the text that torch has for a GPU.
ON_A_GPU = torch.OutOfMemoryError(
    "CUDA out of memory. Tried to allocate 24.20 GiB. GPU 0 has a total capacity of 79.18 GiB of "
    "which 9.04 GiB is free."
)


def raised_by(allocate):
    """Return the error that an allocation raises."""
    with pytest.raises((MemoryError, RuntimeError)) as caught:
        allocate()
    return caught.value


def test_errors_of_numpy_and_torch_are_known():
    """Those of the computer's memory and of a GPU's, each with what could not be allocated."""
    of_numpy = not_enough_memory(raised_by(lambda: np.empty(TERABYTES)), "prior")
    of_torch = not_enough_memory(raised_by(lambda: torch.empty(TERABYTES)), "train")
    of_a_gpu = not_enough_memory(ON_A_GPU, "colorize")
    assert of_numpy.startswith("not enough memory: Unable to allocate 7.11 PiB for an array")
    assert of_torch.startswith("not enough memory: can't allocate memory: you tried to allocate 4")
    assert of_a_gpu.startswith(
        "not enough memory: CUDA out of memory. Tried to allocate 24.20 GiB; close"
    )


def test_other_errors_are_not():
    """Faults of the program keep their tracebacks."""
    assert not_enough_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"), "x") is None


def test_a_command_says_what_needs_less(colorprep, ready, monkeypatch):
    """A training that needs too much ends with one message."""
    monkeypatch.setattr("torch.nn.Conv2d._conv_forward", lambda *_: torch.empty(TERABYTES))
    done = colorprep("train", "--model", "tiny", "--steps", "1")
    assert done.exit_code == 1 and "Traceback" not in done.stderr
    assert "not enough memory: can't allocate" in done.stderr and "--accumulate" in done.stderr
