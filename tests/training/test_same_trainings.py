"""Claims about reproducibility: trainings give the losses and weights of earlier versions."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "fixtures" / "trainings.py"
DIGESTS = {  # of version 0.1.0, before methods and terms
    "soft-ce": "60530af073ab7012",
    "kl": "6bf87114f55ce4e9",
    "matrix": "53891de9f5800b19",
    "l12": "69c8facb61d90143",
    "adjusted": "95692ba5606b629c",
    "curriculum": "1402d2703fa75a03",
}


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="digests are of x86")
def test_trainings_are_the_same_to_the_bit(tmp_path):
    """Figures of the log and all weights after three epochs, for six kinds of training."""
    command = [sys.executable, str(SCRIPT), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert dict(line.split() for line in done.stdout.splitlines()) == DIGESTS
