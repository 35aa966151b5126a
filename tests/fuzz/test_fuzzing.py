"""Some fuzzing: no damaged file causes a traceback, a hang, or the loss of an input.

Each subject is tried out a few times, or as often as COLORPREP_FUZZ_SECONDS allow. A hang ends the
process, as it would not end by itself.
"""

from __future__ import annotations

import os
import sys

import pytest
from fuzzing import fuzz

SECONDS = os.environ.get("COLORPREP_FUZZ_SECONDS")


@pytest.mark.slow
def test_damaged_files_are_refused_with_a_message(tmp_path):
    """Hundreds of damaged files end in results, or in errors that say what is wrong.

    Every subject is tried whole and cut in half, then damaged at random.
    """
    seconds, n_rounds = (float(SECONDS), sys.maxsize) if SECONDS else (600, 1)
    fuzzer = fuzz(seconds, range(n_rounds), tmp_path)
    left = {path.name: path.read_text() for path in sorted(tmp_path.glob("*.txt"))}
    assert left == {} and fuzzer.findings == {}
    assert fuzzer.n_cases > 250
