"""Measure the speeds that the README states: ``python benchmarks/run.py [--json FILE]``.

Every pass is a command line in a process of its own (`passes.py` lists them, and the bounds of
their figures). It runs on few and on many photographs: the difference of its times is the cost of
the photographs between, and start-up does not count, for baselines and commands alike. Passes take
turns, round after round; a ratio is taken within each round, by wall and by processor time. Tables
show the median of all rounds with an interval of 95% that assumes no distribution, which for seven
rounds is the least to the most. Rounds go on until the intervals are narrower than a tenth, at most
--most times; those that stay wider are marked. Stopping as soon as they are narrow makes them a
little too narrow.

The figures of all rounds go to one JSON file, from which ``--table FILE`` prints the tables again,
or puts them ``--into`` a page of docs. ``--other CHECKOUT`` runs the commands of another checkout
of colorprep beside this one's. `scale.py` measures large sources.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from passes import PASSES, PHOTOGRAPHS, with_baselines
from photographs import WORK, apart, given_photographs, mean_megapixels
from records import Record, commit_of, machine, read_record, today, versions, write_record
from rounds import Bench, jobs_of, measure, warmed_up
from tables import tables, with_tables


def passes_named(text: str) -> list[str]:
    """Return the names of passes in a list with commas."""
    names = text.split(",")
    unknown = sorted(set(names) - set(PASSES))
    if unknown:
        raise argparse.ArgumentTypeError(
            f"no such pass: {', '.join(unknown)}; there are {', '.join(PASSES)}"
        )
    return names


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=Path, help="folder of JPEG files")
    parser.add_argument("--files", type=int, default=2000, help="link them up to so many")
    parser.add_argument("--rounds", type=int, default=7, help="at least")
    parser.add_argument("--most", type=int, default=15, help="rounds at most")
    parser.add_argument("--workers", type=int, default=2, help="threads")
    parser.add_argument("--only", type=passes_named, help="these passes, and their baselines")
    parser.add_argument("--other", type=Path, metavar="CHECKOUT", help="compare with this one")
    parser.add_argument("--json", type=Path, default=WORK / "run.json", help="write figures here")
    parser.add_argument("--table", type=Path, metavar="FILE", help="only print tables of a file")
    parser.add_argument("--into", type=Path, metavar="PAGE", help="put the tables into a page")
    return parser.parse_args()


def run(given: argparse.Namespace, scratch: Path) -> Record:
    """Measure, and write the record after every round."""
    photographs = given_photographs(given.images, scratch)
    bench = Bench(photographs, scratch, given.files, given.workers, given.other)
    names = with_baselines(given.only) if given.only else list(PASSES)
    jobs = warmed_up(bench, jobs_of(names, given.other is not None))
    record = Record(
        date=today(),
        measured={which: commit_of(checkout) for which, checkout in bench.checkouts.items()},
        machine=machine(),
        versions=versions(),
        images=described(bench, names),
        threads=given.workers,
        load=round(os.getloadavg()[0], 2),
        rounds=[],
    )
    for rounds in measure(bench, jobs, given.rounds, max(given.rounds, given.most)):
        record = replace(record, rounds=rounds)
        write_record(record, given.json)
    return record


def described(bench: Bench, names: list[str]) -> dict[str, str]:
    """Return how many images of each kind passes run on, and how large they are."""
    described = {}
    for name in names:
        images = PASSES[name].images
        if images in (PHOTOGRAPHS, "large"):
            few, many = bench.images(images).sizes
            megapixels = apart(mean_megapixels, bench.folder(images, many))
            described[images] = f"{few} and {many} of {megapixels:.3g} megapixels"
    return described


def main() -> None:
    """Measure and print, or print alone."""
    given = arguments()
    if given.table:
        record = read_record(given.table)
    else:
        WORK.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=WORK) as scratch:
            record = run(given, Path(scratch))
        print(f"figures of all rounds: {given.json}", file=sys.stderr)
    if given.into:
        given.into.write_text(with_tables(given.into.read_text(), tables(record)))
    else:
        print(tables(record))


if __name__ == "__main__":
    main()
