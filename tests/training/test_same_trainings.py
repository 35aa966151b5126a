"""Claims about reproducibility: trainings give the losses and weights of earlier versions."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "fixtures" / "trainings.py"
DIGESTS = {  # of version 0.1.0, before methods and terms
    "soft-ce": "2540cbc4790cca80",
    "kl": "b0eddab19b5cd143",
    "matrix": "ccd8bc2821d62740",
    "l12": "bfae7666fd013e19",
    "adjusted": "aee95b9cb132b93d",
    "curriculum": "0d66a5f78ae4ec13",
}


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="digests are of x86")
def test_trainings_are_the_same_to_the_bit(tmp_path):
    """Figures of the log and all weights after three epochs, for six kinds of training."""
    command = [sys.executable, str(SCRIPT), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert dict(line.split() for line in done.stdout.splitlines()) == DIGESTS
