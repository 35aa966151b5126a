"""Rounds of passes, each run in a process of its own.

In each round all passes take their turn, and those of another checkout right after the same of this
one, so that a machine that becomes slower affects all. Every other round goes the other way, so
that what follows what does not matter either. A pass is no longer run when all figures that it
takes part in are settled.
"""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from figures import unsettled
from passes import IMAGES, PASSES, PHOTOGRAPHS, PREPARED, ImageSet
from photographs import HERE, apart, fair_order, files_of, large_photographs, linked
from processes import ProcessError, Usage, run_process
from records import OTHER, Round, name_of

PROGRAMS = {
    "colorprep": [sys.executable, "-m", "colorprep"],
    "baselines": [sys.executable, str(HERE / "baselines.py")],
    "python": [sys.executable],
}
N_SHEETS = 24  # different large photographs
NO_OPTION = "No such option"  # what a command says that does not know one


class Bench:
    """Photographs, checkouts, and what has been prepared for them.

    Parameters
    ----------
    photographs : Path
        Folder of JPEG files.
    scratch : Path
        Folder to write to.
    n_files : int
        Number of photographs in the long runs of passes.
    threads : int
    other : Path, optional
        Another checkout, whose commands run, too.
    """

    def __init__(
        self, photographs: Path, scratch: Path, n_files: int, threads: int, other: Path | None
    ) -> None:
        self.scratch, self.n_files, self.threads = scratch, n_files, threads
        self.checkouts = {"this": HERE.parent} | ({"other": other.resolve()} if other else {})
        self._photographs = fair_order(files_of(photographs))
        self._large: list[Path] = []

    def images(self, name: str) -> ImageSet:
        """Return a set of images, of as many photographs as are asked for."""
        chosen = IMAGES[name]
        if name != PHOTOGRAPHS:
            return chosen
        few, many = chosen.sizes
        return chosen._replace(sizes=(self.n_files * few // many, self.n_files))

    def folder(self, kind: str, n_images: int) -> Path:
        """Return a folder of so many images, which is made once."""
        folder = self.scratch / f"{kind}-{n_images}"
        if not folder.is_dir():
            folder.mkdir()
            linked(self._originals(kind), folder, n_images)
        return folder

    def _originals(self, kind: str) -> Sequence[Path]:
        if kind == "photographs":
            return self._photographs
        if not self._large:
            print("making large photographs", file=sys.stderr)
            sheets = apart(large_photographs, self._photographs, self.scratch / "sheets", N_SHEETS)
            self._large = fair_order(sheets)
        return self._large

    def run(self, job: str, n_runs: int = 2) -> list[Usage]:
        """Run a pass on few and then on many images, or a small job once."""
        chosen = self.images(PASSES[name_of(job)].images)
        return [self._run(job, chosen.kind, n_images) for n_images in chosen.sizes[:n_runs]]

    def _run(self, job: str, kind: str, n_images: int) -> Usage:
        name, which = name_of(job), "other" if job.startswith(OTHER) else "this"
        checkout, command = self.checkouts[which], PASSES[name].command
        folder = self.folder(kind, n_images)
        with tempfile.TemporaryDirectory(dir=self.scratch) as out:
            places = {"images": str(folder), "threads": str(self.threads), "out": out}
            for needed, commands in PREPARED.items():
                if f"{{{needed}}}" in command:
                    prepared = self.scratch / f"{which}-{needed}-{folder.name}"
                    places[needed] = str(prepared)
                    self._prepare(prepared, commands, places, checkout)
            return self._execute(command, places, checkout, n_images)

    def _prepare(
        self, folder: Path, commands: list[str], places: dict[str, str], checkout: Path
    ) -> None:
        """Make what a pass starts from, unless it is there."""
        if not folder.is_dir():
            folder.mkdir()
            for command in commands:
                self._execute(command, places, checkout, 0)

    def _execute(
        self, command: str, places: dict[str, str], checkout: Path, n_images: int
    ) -> Usage:
        program, *words = shlex.split(command)
        line = PROGRAMS[program] + [word.format(**places) for word in words]
        # From elsewhere, so that no other colorprep is nearer than the checkout's.
        environment = {"PYTHONPATH": str(checkout)}
        return run_process(line, n_images, folder=self.scratch, environment=environment)


def jobs_of(names: Sequence[str], compared: bool) -> list[str]:
    """Return the passes to run, the other checkout's after this one's."""
    jobs = []
    for name in names:
        jobs.append(name)
        if compared and PASSES[name].command.startswith("colorprep"):
            jobs.append(OTHER + name)
    return jobs


def warmed_up(bench: Bench, jobs: Sequence[str]) -> list[str]:
    """Run every pass on few images, which brings files into memory and compiles code.

    Returns
    -------
    list of str
        The passes without those whose command does not know an option, which are reported.
    """
    known = []
    for job in jobs:
        print(f"warming up: {job}", file=sys.stderr)
        try:
            bench.run(job, 1)
        except ProcessError as error:
            if NO_OPTION not in str(error):
                raise
            print(f"{job} is left out: {error}", file=sys.stderr)
        else:
            known.append(job)
    return known


def measure(bench: Bench, jobs: Sequence[str], least: int, most: int) -> Iterator[list[Round]]:
    """Run rounds until all figures are settled; yield all rounds so far after each."""
    rounds: list[Round] = []
    left = list(jobs)
    while left and len(rounds) < most:
        print(f"round {len(rounds) + 1}: {len(left)} passes", file=sys.stderr)
        order = left if len(rounds) % 2 == 0 else left[::-1]
        measured = {job: bench.run(job) for job in order}
        rounds.append({job: measured[job] for job in left})
        yield rounds
        if len(rounds) >= least:
            open_ones = unsettled(rounds)
            left = [job for job in left if job in open_ones]
