"""Do color rebalancing and curricula by colorfulness help?  ``python benchmarks/study.py``.

`docs/study.md` is the protocol, written before the first run; the constants here are its numbers.
Every run is a training and its evaluation by colorprep's commands, on one thread. Runs go in
rounds, one seed of all arms after another, so that a study that is stopped early is balanced. A
second call continues where the first one stopped. ``--report`` prints the tables of the complete
rounds and draws the figure; ``--pilot`` trains `plain` once, by a seed of its own, and judges it on
photographs that no run sees.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tarfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import study_report
from photographs import HERE, WORK
from rebalancing import colorprep
from records import commit_of

from colorprep.atomic import write_json

ARCHIVE = HERE.parents[1] / "shared" / "images" / "cifar10.tar.gz"
FIGURES = HERE.parent / "docs" / "images"

SEEDS = range(5)
PILOT_SEED = 100
PER_CLASS, VALIDATION_PER_CLASS, HALF = 2000, 200, 10_000  # photographs
SIZE, STRIDE = 32, 4  # pixels
EPOCHS = 6
LAMBDAS = (0.5, 0.9)
TAU = 0.5
NETWORK = ("--model", "small", "--width", "0.75", "--batch-size", "50", "--lr", "0.002")

TRAINING, TEST, VALIDATION = "lists/training.txt", "test", "lists/val.txt"
COLORFUL, COLORLESS = f"lists/rgbvar-1-{HALF}.txt", f"lists/rgbvar-{HALF + 1}-{2 * HALF}.txt"
RANDOM = "lists/random-{seed}.txt"
WHOLE = ("--epochs", str(EPOCHS))


def first(half: str) -> tuple[str, ...]:
    """Return the options for half of the steps on a half of the photographs, then on all."""
    return ("--no-weights", "--curriculum", f"{half}:{EPOCHS},all:{EPOCHS // 2}")


ARMS: Mapping[str, tuple[str, ...]] = {
    "plain": (*WHOLE, "--no-weights"),
    **{f"lambda-{mix:g}": (*WHOLE, "--weights", f"weights-{mix:g}.npz") for mix in LAMBDAS},
    f"logit-{TAU:g}": (*WHOLE, "--logit-adjust", f"{TAU:g}"),
    "colorful-first": first(COLORFUL),
    "colorless-first": first(COLORLESS),
    "random-first": first(RANDOM),
}
"""Options of `colorprep train` by arm; everything else is the same for all."""
COMPARISONS = (
    *((arm, "plain") for arm in ARMS if arm != "plain"),
    ("colorful-first", "random-first"),
    ("colorless-first", "random-first"),
)


def protocol() -> dict[str, Any]:
    """Return what all runs of a study must share."""
    return {
        "seeds": list(SEEDS),
        "photographs": [PER_CLASS, VALIDATION_PER_CLASS, HALF],
        "labels": [SIZE, STRIDE],
        "network": list(NETWORK),
        "arms": {arm: list(options) for arm, options in ARMS.items()},
    }


def begin(out: Path, images: Path) -> None:
    """Prepare what all runs share, or check that it was prepared by the same protocol."""
    record = out / "protocol.json"
    if record.exists():
        if json.loads(record.read_text()) != protocol():
            sys.exit(f"{out} holds a study by another protocol: choose another folder with --out")
        return
    out.mkdir(parents=True, exist_ok=True)
    if images.is_file():
        with tarfile.open(images) as archive:
            archive.extractall(out / "images", filter="data")
        images = out / "images"
    elif not (out / "images").exists():
        (out / "images").symlink_to(images.resolve())
    prepare(out)
    write_json(record, protocol())


def prepare(out: Path) -> None:
    """Draw the photographs; make their prior, weights, labels, ranking and halves."""
    train, drawn = ["--dir", str(out / "images" / "train")], ["--list", TRAINING]
    threads = ["--workers", "1"]
    held_out = ["--val", str(VALIDATION_PER_CLASS), "--test", "0"]
    colorprep(out, "lists", "split", *train, *held_out)
    rest = ["--list", "lists/train.txt", "-o", TRAINING]
    colorprep(out, "lists", "random", str(PER_CLASS), "--per-class", *rest)
    colorprep(out, "prior", *drawn, *threads)
    for mix in LAMBDAS:
        colorprep(out, "weights", "--lambda", f"{mix:g}", "-o", f"weights-{mix:g}.npz")
    labels = ["--size", str(SIZE), "--stride", str(STRIDE)]
    colorprep(out, "labels", *drawn, *threads, *labels)
    for ranks in (f"1-{HALF}", f"{HALF + 1}-{2 * HALF}"):
        colorprep(out, "rgbvar", *drawn, *threads, "--range", ranks)
    for seed in SEEDS:
        by_seed = ["--seed", str(seed), "-o", RANDOM.format(seed=seed)]
        colorprep(out, "lists", "random", str(HALF), *drawn, *by_seed)


def rounds() -> Iterator[tuple[str, int]]:
    """Yield arms and seeds in the order of the runs: all arms of a seed before the next seed."""
    for seed in SEEDS:
        for arm in ARMS:
            yield arm, seed


def missing(out: Path) -> list[tuple[str, int]]:
    """Return the runs that have no result yet, in order."""
    return [run for run in rounds() if not study_report.result_path(out, *run).exists()]


def train_and_judge(out: Path, arm: str, seed: int, judged_on: list[str]) -> dict[str, Any]:
    """Train a network to its last step, or resume its training, and evaluate it."""
    name = f"{arm}-{seed}"
    options = [option.format(seed=seed) for option in ARMS[arm]]
    steps = ["--seed", str(seed), "--val", "0", "--checkpoint-every", "400"]
    colorprep(out, "train", "--resume", "-o", f"runs/{name}", *NETWORK, *options, *steps)
    last = ["--checkpoint", f"runs/{name}/last.pt", "-o", f"evaluation/{name}"]
    return colorprep(out, "evaluate", *last, *judged_on, "--workers", "1")


def finish(out: Path, run: tuple[str, int]) -> None:
    """Make a run, and record its result."""
    arm, seed = run
    print(f"seed {seed}, {arm}", flush=True)
    measured = train_and_judge(out, arm, seed, ["--dir", str(out / "images" / TEST)])
    write_json(
        study_report.result_path(out, arm, seed),
        {"arm": arm, "seed": seed, "commit": commit_of(HERE.parent), **measured},
    )


def pilot(out: Path) -> None:
    """Train `plain` by the pilot's seed, and print its figures on the validation photographs."""
    validation = ["--dir", str(out / "images" / "train"), "--list", VALIDATION]
    measured = train_and_judge(out, "plain", PILOT_SEED, validation)
    for name in (*study_report.MEASURES, "chroma_ab_original"):
        print(f"{name} {measured[name]['mean']:.4f}")


def main() -> None:
    """Make the runs that are missing, or report those that are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, default=ARCHIVE, help="CIFAR-10: train/ and test/")
    parser.add_argument("--out", type=Path, default=WORK / "study", help="folder of the study")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time, a core each")
    parser.add_argument("--report", action="store_true", help="of the complete rounds")
    parser.add_argument("--pilot", action="store_true")
    given = parser.parse_args()
    out = given.out.resolve()
    if given.report:
        print(study_report.report(out, list(ARMS), SEEDS, COMPARISONS, FIGURES))
        return
    os.environ["OMP_NUM_THREADS"] = "1"  # of every command
    begin(out, given.images)
    if given.pilot:
        pilot(out)
        return
    with ThreadPoolExecutor(given.jobs) as jobs:
        for _ in jobs.map(lambda run: finish(out, run), missing(out)):
            pass


if __name__ == "__main__":
    main()
