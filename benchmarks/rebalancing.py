"""Effect of rebalancing weights: ``python benchmarks/rebalancing.py [--images FOLDER]``.

Small photographs (those of CIFAR-10, if available) are split into training, validation and test.
The small network is trained on them without weights, and with the rebalancing weights of the
training images' prior, from the same seeds. The test images then give mean chroma, raw accuracy
(AuC) and AuC balanced over bins. For each figure the table shows the mean over the seeds with a 95%
interval of Student's t; the interval of the difference is of the pairs by seed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from math import sqrt
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from photographs import HERE, WORK, built_in_photographs
from scipy.stats import t as student

CIFAR = HERE.parents[1] / "shared" / "images" / "cifar"
FIGURES = {
    "chroma_ab": "mean chroma",
    "auc": "AuC",
    "auc_balanced": "AuC balanced",
}
WAYS = {"plain": ["--no-weights"], "rebalanced": []}
TEST = "lists/test.txt"

Evaluation = dict[str, Any]


def colorprep(workspace: Path, *arguments: str) -> dict[str, Any]:
    """Run a command of colorprep in a workspace; return its JSON output."""
    command = [sys.executable, "-m", "colorprep", *arguments, "-C", str(workspace), "-q", "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} failed:\n{done.stderr}")
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def prepare(workspace: Path, images: Path, size: int) -> None:
    """Split the images, compute the prior of the training images, and label all."""
    colorprep(workspace, "lists", "split", "--dir", str(images), "--val", "0.1", "--test", "0.2")
    colorprep(workspace, "prior", "--list", "lists/train.txt")
    colorprep(workspace, "labels", "--dir", str(images), "--size", str(size), "--stride", "2")


def train_and_judge(workspace: Path, way: str, seed: int, epochs: int) -> Evaluation:
    """Train one network, and evaluate it on the test images."""
    run = f"runs/{way}-{seed}"
    train = ["train", "--list", "lists/train.txt", "--val", "lists/val.txt", "-o", run]
    colorprep(workspace, *train, *WAYS[way], "--epochs", str(epochs), "--seed", str(seed))
    return colorprep(
        workspace, "evaluate", "--checkpoint", run, "--list", TEST, "-o", f"evaluation/{way}-{seed}"
    )


def interval(values: list[float]) -> str:
    """Return the mean of a few values, and its 95% interval by Student's t."""
    half = student.ppf(0.975, len(values) - 1) * stdev(values) / sqrt(len(values))
    return f"{mean(values):8.4f} +- {half:6.4f}"


def show(judged: dict[str, list[Evaluation]]) -> None:
    """Print the figures of both ways, and their differences."""
    print(f"{'':22} {'plain':>18} {'rebalanced':>20} {'difference':>20}")
    for name, text in FIGURES.items():
        values = {way: [each[name]["mean"] for each in judged[way]] for way in WAYS}
        pairs = zip(values["plain"], values["rebalanced"], strict=True)
        differences = [rebalanced - plain for plain, rebalanced in pairs]
        columns = [*map(interval, values.values()), interval(differences)]
        print(f"{text:20} " + "   ".join(columns))
    originals = judged["plain"][0]["chroma_ab_original"]["mean"]
    print(f"mean chroma of the originals: {originals:.4f}")


def main() -> None:
    """Train, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, help="folder of photographs")
    parser.add_argument("--size", type=int, default=32, help="train at this size")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=30)
    given = parser.parse_args()
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as made:
        workspace = Path(made)
        images = given.images or (CIFAR if CIFAR.is_dir() else None)
        images = images or built_in_photographs(workspace / "photographs")
        prepare(workspace, images.resolve(), given.size)
        judged: dict[str, list[Evaluation]] = {way: [] for way in WAYS}
        for seed in range(given.seeds):
            for way in WAYS:
                print(f"seed {seed}, {way}", file=sys.stderr)
                judged[way].append(train_and_judge(workspace, way, seed, given.epochs))
        show(judged)


if __name__ == "__main__":
    main()
