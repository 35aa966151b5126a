"""Fuzzing: damaged files of every kind that colorprep reads, until the time is up.

    python tests/fuzz/fuzzing.py --minutes 30 --folder findings/

A finding is a case that raises anything but a `ColorprepError`, changes its input, takes more than
five seconds, or needs more than a gigabyte. Each is written to the folder: the damaged file, and
the traceback. The last line of the output is a JSON object with the number of cases and findings.
"""

from __future__ import annotations

import argparse
import faulthandler
import hashlib
import json
import os
import re
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from mutations import MUTATIONS, Mutation
from subjects import Subject, subjects

from colorprep.errors import ColorprepError

HANG_SECONDS = 5
MEMORY = 1 << 30
CASES_A_ROUND = 5


class TooMuchMemory(Exception):
    """A case that needed more than `MEMORY`."""


class Fuzzer:
    """Tries out damaged files and keeps what is found.

    Parameters
    ----------
    folder : Path
        Where findings go.

    Attributes
    ----------
    n_cases : int
    findings : dict of str to str
        By the last place in the traceback, so that each fault counts once: the subject.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.n_cases = 0
        self.findings: dict[str, str] = {}

    def run_round(self, subject: Subject, number: int) -> None:
        """Try out a few cases of a subject, which its name and a number decide."""
        name = re.sub(r"\W+", "-", subject.name)
        case, hang = self.folder / f"{name}.running", self.folder / f"{name}.hang.txt"

        @seed(int(hashlib.sha256(f"{name} {number}".encode()).hexdigest()[:8], 16))
        @settings(
            max_examples=CASES_A_ROUND,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(MUTATIONS)
        def try_out(mutations: list[Mutation]) -> None:
            self.n_cases += 1
            data = subject.damage(subject.data, mutations)
            case.write_bytes(data)
            faulthandler.dump_traceback_later(HANG_SECONDS, exit=True, file=hanging)
            try:
                with limited_memory():
                    subject.try_out(data)
            finally:
                faulthandler.cancel_dump_traceback_later()

        # A hang ends the process; the case that hung and its traceback stay in the folder.
        with hang.open("w") as hanging:
            try:
                try_out()
            except Exception as error:
                self._keep(subject, name, case.read_bytes(), error)
        for path in (case, hang):
            path.unlink(missing_ok=True)

    def _keep(self, subject: Subject, name: str, data: bytes, error: Exception) -> None:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if "fuzz" not in f.filename]
        last = frames[-1] if frames else None
        place = (
            f"{type(error).__name__} {last.filename if last else ''} {last.name if last else ''}"
        )
        if place not in self.findings:
            self.findings[place] = subject.name
            number = len(self.findings)
            (self.folder / f"{name}-{number}.damaged").write_bytes(data)
            text = "".join(traceback.format_exception(error))
            (self.folder / f"{name}-{number}.txt").write_text(text, encoding="utf-8")


@contextmanager
def limited_memory() -> Iterator[None]:
    """Raise TooMuchMemory if the block needs more than `MEMORY` beyond what was in use."""
    before = _memory("VmRSS")
    if _memory("VmHWM") > before + MEMORY // 2:
        Path("/proc/self/clear_refs").write_text("5")  # forgets earlier peaks
    with suppress(ColorprepError):
        yield
    peak = _memory("VmHWM") - before
    if peak > MEMORY:
        raise TooMuchMemory(f"{peak / 1e6:.0f} MB")


def _memory(what: str) -> int:
    """Return a figure of this process's memory in bytes; 0 where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    found = re.search(rf"{what}:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def _warm_up(all_subjects: list[Subject]) -> None:
    """Compile what is compiled at first use, which takes seconds; sound files must be taken."""
    for subject in all_subjects:
        subject.try_out(subject.data)
        with suppress(ColorprepError):
            subject.try_out(subject.data[: len(subject.data) // 2])


def fuzz(seconds: float, rounds: Iterable[int], folder: Path) -> Fuzzer:
    """Try out all subjects, round after round, until the rounds are done or the time is up."""
    folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    fuzzer = Fuzzer(folder)
    with tempfile.TemporaryDirectory() as scratch:
        all_subjects = subjects(Path(scratch))
        _warm_up(all_subjects)
        end = time.monotonic() + seconds
        for number, subject in ((number, each) for number in rounds for each in all_subjects):
            if time.monotonic() > end:
                break
            fuzzer.run_round(subject, number)
    return fuzzer


def main() -> None:
    """Fuzz as the command line says."""
    parser = argparse.ArgumentParser(description="Damage files and try them out.")
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--first-round", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path("findings"))
    options = parser.parse_args()
    fuzzer = fuzz(options.minutes * 60, count(options.first_round), options.folder)
    print(json.dumps({"cases": fuzzer.n_cases, "findings": fuzzer.findings}))  # noqa: T201
    sys.exit(bool(fuzzer.findings))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
