"""The file of a run: every figure of every round, and what was measured on which machine."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from processes import Usage

from colorprep.engine import available_workers

LIBRARIES = ("numpy", "numba", "simplejpeg", "pillow", "h5py", "torch")

Round = dict[str, list[Usage]]
"""By pass, its runs on few and on many images, or the one run of a whole process."""


@dataclass(frozen=True)
class Record:
    """A run of the benchmark.

    Attributes
    ----------
    measured : dict of str to str
        The checkouts: ``this`` and perhaps ``other``, by commit.
    images : dict of str to str
        What the images of each kind are.
    load : float
        Load average before the first round: how busy other programs kept the machine.
    rounds : list of Round
        Passes of the other checkout have ``other:`` before their names.
    """

    date: str
    measured: dict[str, str]
    machine: dict[str, str]
    versions: dict[str, str]
    images: dict[str, str]
    threads: int
    load: float
    rounds: list[Round]


OTHER = "other:"


def name_of(job: str) -> str:
    """Return the name of a pass, whichever checkout's."""
    return job.removeprefix(OTHER)


def today() -> str:
    """Return the date and the time, in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def commit_of(checkout: Path) -> str:
    """Return the short name of a checkout's commit, and whether files differ from it."""

    def git(*words: str) -> str:
        line = ["git", "-C", str(checkout), *words]
        return subprocess.run(line, capture_output=True, text=True).stdout.strip()

    commit = git("rev-parse", "--short=10", "HEAD") or "unknown"
    changed = git("status", "--porcelain", "--untracked-files=no", "--", "colorprep")
    return f"{commit} with changes" if changed else commit


def machine() -> dict[str, str]:
    """Return the processor, its cores that this process may use, the memory, and the system."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": processor_name(),
        "cores": str(available_workers()),
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
    }


def processor_name() -> str:
    """Return what the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that do the work."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def write_record(record: Record, path: Path) -> None:
    """Write a record: a line for each pass of a round."""
    given = asdict(record)
    rounds = [
        ",\n".join(
            f"  {json.dumps(name)}: {json.dumps([rounded(run) for run in runs])}"
            for name, runs in measured.items()
        )
        for measured in given.pop("rounds")
    ]
    head = json.dumps(given, indent=1).removesuffix("\n}")
    body = ",\n".join(f" {{\n{lines}\n }}" for lines in rounds)
    path.write_text(f'{head},\n "rounds": [\n{body}\n ]\n}}\n')


def rounded(run: Usage) -> list[float]:
    """Return the figures of a run to the millisecond and the megabyte."""
    return [run.n_images, round(run.wall, 3), round(run.processor, 3), round(run.peak_mb)]


def read_record(path: Path) -> Record:
    """Read what `write_record` wrote."""
    given = json.loads(path.read_text())
    rounds = [
        {name: [Usage(*run) for run in runs] for name, runs in measured.items()}
        for measured in given.pop("rounds")
    ]
    return Record(**given, rounds=rounds)
