"""Some fuzzing: no damaged file causes a traceback, a hang, or the loss of an input.

It tries out each subject a few times, or for as many seconds as COLORPREP_FUZZ_SECONDS says.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = os.environ.get("COLORPREP_FUZZ_SECONDS")


@pytest.mark.slow
def test_damaged_files_are_refused_with_a_message(tmp_path):
    """Hundreds of damaged files end in results, or in errors that say what is wrong.

    Every subject is tried whole and cut in half, then damaged at random.
    """
    script = Path(__file__).with_name("fuzzing.py")
    limit = ["--minutes", str(float(SECONDS) / 60)] if SECONDS else ["--rounds", "1"]
    run = subprocess.run(
        [sys.executable, script, "--folder", tmp_path, *limit], capture_output=True, text=True
    )
    left = {path.name: path.read_text() for path in sorted(tmp_path.glob("*.txt"))}
    assert left == {}, run.stderr[-2000:]
    assert run.returncode == 0, run.stderr[-2000:]
    result = json.loads(run.stdout.splitlines()[-1])
    assert result["findings"] == {}
    assert result["cases"] > 250
