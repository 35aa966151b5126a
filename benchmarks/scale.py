"""How costs grow with the number of images: ``python benchmarks/scale.py``.

Makes tars of tiny pictures in 1,000 class folders, and runs commands on them, each in its own
process, on the tars in ascending and then descending order, round after round. For each run it
measures wall and processor time, peak memory, and the number of open file descriptors, sampled
throughout. The cost per image is the additional time over the smallest tar, divided by the
additional images, so that start-up does not count. Of several runs, the fastest counts for time, as
other work on the machine can only add to it, and the largest for memory and descriptors.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from pathlib import Path
from typing import NamedTuple

import numpy as np
import simplejpeg
from photographs import WORK
from processes import Usage, run_process

N_CLASSES = 1000
N_PICTURES = 300  # different ones; tars repeat them under different keys
SIDE = 24
SAMPLING_SECONDS = 0.02  # between two counts of the open file descriptors

BY_CLASS = "prior --by-class"
COMMANDS = {
    "labels": ["labels", "--size", "32", "--stride", "4"],
    "prior": ["prior"],
    BY_CLASS: ["prior", "--by-class"],
}
# Counting by color takes more memory, and long for many classes: one run, one image per class.
BY_COLOR_COMMAND = ["prior", "--by-class", "--quantizer", "hc-grid"]

MOST_MEMORY_RATIO = 1.10
MOST_COST_RATIO = 1.15
MOST_MORE_DESCRIPTORS = 2  # samples fall at different moments of writing a shard
MOST_BY_CLASS_MB = 1000


class Run(NamedTuple):
    """What one run of a command used, and the most file descriptors that were open at once."""

    usage: Usage
    descriptors: int


Measured = dict[str, dict[int, list[Run]]]  # by command and number of images
Clock = Callable[[Run], float]


def wall(run: Run) -> float:
    """Return the elapsed seconds."""
    return run.usage.wall


def processor(run: Run) -> float:
    """Return the seconds of processor time."""
    return run.usage.processor


def peak(runs: list[Run]) -> float:
    """Return the peak memory of runs, in MB."""
    return max(run.usage.peak_mb for run in runs)


def most_open(runs: list[Run]) -> int:
    """Return the largest number of open file descriptors."""
    return max(run.descriptors for run in runs)


def pictures() -> list[bytes]:
    """Make tiny JPEGs: a gradient between two colors, with some noise."""
    generator = np.random.default_rng(0)
    fade = np.linspace(0, 1, SIDE)[:, None, None]
    made = []
    for _ in range(N_PICTURES):
        first, second = generator.integers(0, 256, (2, 3))
        grain = generator.normal(0, 12, (SIDE, SIDE, 3))
        pixels = np.clip(first * fade + second * (1 - fade) + grain, 0, 255).astype(np.uint8)
        made.append(simplejpeg.encode_jpeg(pixels, quality=85))
    return made


def make_tar(path: Path, n_images: int) -> Path:
    """Write a tar of that many images, spread evenly over the class folders."""
    made = pictures()
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for number in range(n_images):
            data = made[number % len(made)]
            member = tarfile.TarInfo(f"class{number % N_CLASSES:04d}/{number:07d}.jpg")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
            # A list of all members would enlarge this process, and so its forked children.
            tar.members.clear()  # type: ignore[attr-defined]
    return path


@contextmanager
def watched_descriptors(process: int, seen: list[int]) -> Iterator[None]:
    """Count the open file descriptors of a process, time after time."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(SAMPLING_SECONDS):
            try:
                seen.append(len(os.listdir(f"/proc/{process}/fd")))  # noqa: PTH208
            except OSError:
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def measure(command: list[str], tar: Path, n_images: int, workers: int) -> Run:
    """Run a command on a tar in its own process."""
    seen = [0]
    with tempfile.TemporaryDirectory(dir=tar.parent) as out:
        line = [sys.executable, "-m", "colorprep", *command, "-C", out]
        line += ["--dir", str(tar.resolve()), "--workers", str(workers)]
        used = run_process(line, n_images, watch=lambda process: watched_descriptors(process, seen))
    return Run(used, max(seen))


def measure_all(tars: dict[int, Path], rounds: int, workers: int) -> Measured:
    """Run every command on every tar; once by class, where times are not compared."""
    up = sorted(tars)
    measure(COMMANDS["labels"], tars[up[0]], up[0], workers)  # fills the disk cache
    measured: Measured = {name: {n_images: [] for n_images in up} for name in COMMANDS}
    for number in range(rounds):
        for name, command in COMMANDS.items():
            if name == BY_CLASS and number > 0:
                continue
            for n_images in up if name == BY_CLASS else [*up, *up[-2::-1]]:
                run = measure(command, tars[n_images], n_images, workers)
                measured[name][n_images].append(run)
                print(
                    f"round {number + 1} of {rounds}, {name}, {n_images} images: "
                    f"{run.usage.wall:.1f} s, {run.usage.peak_mb:.0f} MB",
                    file=sys.stderr,
                )
    return measured


def cost(runs: dict[int, list[Run]], n_images: int, clock: Clock) -> float:
    """Return the microseconds per image, without start-up, by the fastest runs."""
    few = min(runs)
    more = min(map(clock, runs[n_images])) - min(map(clock, runs[few]))
    return 1e6 * more / (n_images - few)


def show_runs(measured: Measured) -> None:
    """Print the figures of the runs."""
    print(
        f"\n{'command':18} {'images':>8} {'runs':>5} {'seconds':>8} {'us/image':>9} "
        f"{'CPU us':>7} {'peak MB':>8} {'open files':>11}"
    )
    for name, sizes in measured.items():
        for n_images, runs in sizes.items():
            costs = ["-", "-"]
            if n_images > min(sizes):
                costs = [f"{cost(sizes, n_images, clock):.0f}" for clock in (wall, processor)]
            print(
                f"{name:18} {n_images:8} {len(runs):5} {min(map(wall, runs)):8.2f} "
                f"{costs[0]:>9} {costs[1]:>7} {peak(runs):8.0f} {most_open(runs):11}"
            )


def show_stated(measured: Measured, by_color: Run) -> None:
    """Print the measured figures beside the stated bounds."""
    print(f"\n{'stated':54} {'measured':>9} {'bound':>9}")
    for name, sizes in measured.items():
        *_, middle, large = sorted(sizes)
        lines = [("peak memory", peak(sizes[large]) / peak(sizes[middle]), MOST_MEMORY_RATIO)]
        if name != BY_CLASS:  # spends most of its time on writing priors
            for text, clock in (("cost of an image", wall), ("its processor time", processor)):
                ratio = cost(sizes, large, clock) / cost(sizes, middle, clock)
                # A cost below zero is noise: the tars are too small.
                lines.append((text, ratio if ratio > 0 else inf, MOST_COST_RATIO))
        for text, ratio, bound in lines:
            show_line(f"{name}: {text}, {large} / {middle} images", f"{ratio:.2f}", ratio, bound)
        more = most_open(sizes[large]) - most_open(sizes[middle])
        text = f"{name}: open files, {large} - {middle} images"
        show_line(text, f"{more}", more, MOST_MORE_DESCRIPTORS)
    largest = peak([run for runs in measured[BY_CLASS].values() for run in runs])
    text = f"{BY_CLASS}, {N_CLASSES} classes: peak MB"
    show_line(text, f"{largest:.0f}", largest, MOST_BY_CLASS_MB)
    text = f"the same, counted by color ({wall(by_color):.0f} s): peak MB"
    largest = peak([by_color])
    show_line(text, f"{largest:.0f}", largest, MOST_BY_CLASS_MB)


def show_line(text: str, shown: str, value: float, bound: float) -> None:
    """Print a figure beside its bound."""
    verdict = "" if value <= bound else "  ABOVE"
    print(f"{text:54} {shown:>9} {f'<= {bound:g}':>9}{verdict}")


def main() -> None:
    """Make the tars, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100_000, help="in the largest tar")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    sizes = [given.images // 100, given.images // 10, given.images]
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as scratch:
        print(f"making tars of {sizes} images", file=sys.stderr)
        tars = {size: make_tar(Path(scratch) / f"{size}.tar", size) for size in sizes}
        measured = measure_all(tars, given.rounds, given.workers)
        one_each = make_tar(Path(scratch) / "one-each.tar", N_CLASSES)
        by_color = measure(BY_COLOR_COMMAND, one_each, N_CLASSES, given.workers)
    show_runs(measured)
    show_stated(measured, by_color)


if __name__ == "__main__":
    main()
