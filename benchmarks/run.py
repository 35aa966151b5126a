"""Measure the speeds that the README states: ``python benchmarks/run.py [--images FOLDER]``.

Each pass runs in its own process, and the passes take turns, round after round, so that a machine
that becomes slower affects all of them. A ratio is taken within each round; the table shows
medians. Baselines: decoding alone; decoding plus Pillow's resize; and what published projects do,
reimplemented here, in one process as they run it. `scale.py` measures large sources.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil

HERE = Path(__file__).resolve().parent
WORK = HERE / "scratch"  # which git ignores
SHARED = HERE.parents[1] / "shared" / "images" / "imagenet"

PASSES = [
    ("decode", "decoding alone"),
    ("decode-one", "the same, one thread"),
    ("decode-resize", "decoding + Pillow's resize to 256"),
    ("prior", "colorprep prior (native size)"),
    ("labels", "colorprep labels (256, h5)"),
    ("labels-one", "the same, one thread"),
    ("labels-cluster", "the same, dask cluster, once started"),
    ("rgbvar", "colorprep rgbvar"),
    ("rgbvar-after-labels", "the same after labels"),
    ("published-prior", "as published: prior"),
    ("published-labels", "as published: labels"),
    ("published-rgbvar", "as published: rgbvar"),
    ("large-decode", "decoding alone, 1,024 px and more"),
    ("large-rgbvar", "colorprep rgbvar, 1,024 px and more"),
    ("large-rgbvar-fast", "the same, --fast"),
]
LARGE = "large-"
LARGE_WIDTHS = (1024, 1600, 2400, 3200)
N_LARGE = 100
ONE_THREAD = "-one"
N_RESUMED = 1000
# Pass, baseline, and the stated ratio of their speeds.
RATIOS = [
    ("prior", "decode", 0.6),
    ("prior", "published-prior", 60),
    ("labels", "decode-resize", 1.0),
    ("labels", "published-labels", 15),
    ("labels-cluster", "labels", 0.85),
    ("rgbvar", "decode-resize", 1.0),
    ("rgbvar", "published-rgbvar", 4),
    ("rgbvar-after-labels", "rgbvar", 50),
    ("large-rgbvar-fast", "large-rgbvar", 2),
    ("large-rgbvar-fast", "large-decode", 2),
]

THREADS_GAIN = 0.95  # speedup of labels by a second thread / speedup of decoding alone
RESUMING_SECONDS = 1.5

Measured = dict[str, dict[str, float]]


def thousands_of(folder: Path, out: Path, n_files: int) -> Path:
    """Return a folder of at least that many files: the images of `folder`, linked repeatedly."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        sys.exit(f"no images in {folder}")
    for copy in range(-(-n_files // len(files))):
        for path in files:
            link(path, out / f"{copy:02d}" / path.relative_to(folder))
    return out


def link(path: Path, target: Path) -> None:
    """Link a file, or copy it to another file system."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, target)
    except OSError:
        target.write_bytes(path.read_bytes())


def built_in_photographs(out: Path) -> Path:
    """Write the built-in photographs, of about ImageNet's size."""
    command = [sys.executable, "-m", "colorprep", "sample", str(out), "--size", "440", "-q"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return out


def large_photographs(folder: Path, out: Path) -> Path:
    """Write sheets of 1,024 to 3,200 pixels in width, each of nine photographs of `folder`."""
    from PIL import Image

    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    out.mkdir()
    for number in range(N_LARGE):
        width = LARGE_WIDTHS[number % len(LARGE_WIDTHS)]
        sheet = Image.new("RGB", (width, 3 * width // 4))
        for tile in range(9):
            path = paths[(9 * number + tile) % len(paths)]
            size = -(-width // 3), width // 4
            part = Image.open(path).convert("RGB").resize(size, Image.Resampling.LANCZOS)
            sheet.paste(part, (tile % 3 * size[0], tile // 3 * size[1]))
        sheet.save(out / f"{number:03d}.jpg", quality=90)
    return out


def measure(name: str, folder: Path, workers: int) -> dict[str, float]:
    """Run one pass in its own process."""
    if name.endswith(ONE_THREAD):
        name, workers = name.removesuffix(ONE_THREAD), 1
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, str(HERE / "passes.py"), name, str(folder), str(workers), out]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr}")
    result: dict[str, float] = json.loads(done.stdout)
    return result


def measure_rounds(folder: Path, large: Path, workers: int, rounds: int) -> list[Measured]:
    """Measure all passes in turn, several times."""
    places = {name: large if name.startswith(LARGE) else folder for name, _ in PASSES}
    measured = []
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        measured.append({name: measure(name, places[name], workers) for name in places})
    return measured


def speed(result: dict[str, float]) -> float:
    """Return images per second."""
    return result["images"] / result["seconds"]


def show(rounds: list[Measured]) -> None:
    """Print the tables."""
    print(f"\n{'pass':36} {'images/s':>9} {'MP/s':>7} {'peak MB':>8}")
    for name, text in PASSES:
        results = [measured[name] for measured in rounds]
        pixels = median(result["pixels"] / result["seconds"] / 1e6 for result in results)
        peak = median(result["peak_mb"] for result in results)
        print(f"{text:36} {median(map(speed, results)):9.1f} {pixels:7.1f} {peak:8.0f}")
    print(f"\n{'ratio':36} {'median':>9} {'least':>7} {'most':>8} {'stated':>8}")
    for name, baseline, stated in RATIOS:
        ratios = [speed_ratio(measured, name, baseline) for measured in rounds]
        show_line(f"{name} / {baseline}", ratios, f"{stated}")
    gains = [
        speed_ratio(measured, "labels", "labels-one")
        / speed_ratio(measured, "decode", "decode-one")
        for measured in rounds
    ]
    show_line("gain by threads: labels / decode", gains, f"{THREADS_GAIN}")


def speed_ratio(measured: Measured, name: str, baseline: str) -> float:
    """Return how many times as fast a pass was as another."""
    return speed(measured[name]) / speed(measured[baseline])


def show_line(text: str, values: list[float], stated: str) -> None:
    """Print the figures of all rounds beside the stated one."""
    print(f"{text:36} {median(values):9.2f} {min(values):7.2f} {max(values):8.2f} {stated:>8}")


def show_posteriors(rounds: int) -> None:
    """Compare posteriors of a mixture of 32 components with scikit-learn's predict_proba."""
    import numpy as np
    from sklearn.mixture import GaussianMixture

    from colorprep.quantize.mixture import HueChromaMixture

    generator = np.random.default_rng(0)
    fit = GaussianMixture(32, random_state=0, max_iter=10).fit(generator.normal(size=(20_000, 2)))
    ours = HueChromaMixture(fit.means_, fit.covariances_, fit.weights_, linear_hue=True)
    points = generator.normal(size=(500_000, 2))
    ours.posterior(points[:1000])
    ratios = []
    for _ in range(rounds):
        times = []
        for function in (fit.predict_proba, ours.posterior):
            begun = time.perf_counter()
            function(points)
            times.append(time.perf_counter() - begun)
        ratios.append(times[0] / times[1])
    show_line("GMM posteriors, K = 32 / scikit-learn", ratios, "20")


def show_help(rounds: int) -> None:
    """Compare the time of ``colorprep --help`` with that of importing click."""
    ratios = []
    for _ in range(3 * rounds):
        times = []
        for command in (["-m", "colorprep", "--help"], ["-c", "import click"]):
            begun = time.perf_counter()
            subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - begun)
        ratios.append(times[0] / times[1])
    show_line("time of --help / of importing click", ratios, "<= 3")


def show_resuming(images: Path, scratch: Path, workers: int, rounds: int) -> None:
    """Time the command, as a whole process, when all labels exist already."""
    folder, space = scratch / "few", scratch / "labeled"
    for path in sorted(path for path in images.rglob("*") if path.is_file())[:N_RESUMED]:
        link(path, folder / path.relative_to(images))
    space.mkdir()
    command = [sys.executable, "-m", "colorprep", "labels", "--dir", str(folder)]
    command += ["-C", str(space), "--workers", str(workers), "-q"]
    times = []
    for _ in range(1 + rounds):
        begun = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - begun)
    show_line(f"seconds to resume {N_RESUMED} images", times[1:], f"<= {RESUMING_SECONDS}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, help="folder of JPEG files")
    parser.add_argument("--files", type=int, default=2000, help="link them up to so many")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    memory = psutil.virtual_memory().total / 2**30
    machine = f"{platform.machine()}, {psutil.cpu_count()} cores, {memory:.0f} GiB"
    print(f"{machine}, {given.workers} threads, {given.files} files")
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as scratch:
        images = given.images or (SHARED if SHARED.is_dir() else None)
        if images is None:
            images = built_in_photographs(Path(scratch) / "photographs")
        folder = thousands_of(images, Path(scratch) / "files", given.files)
        large = large_photographs(images, Path(scratch) / "large")
        show(measure_rounds(folder, large, given.workers, given.rounds))
        few = folder
        if given.files < N_RESUMED:
            few = thousands_of(images, Path(scratch) / "more", N_RESUMED)
        show_resuming(few, Path(scratch), given.workers, given.rounds)
    show_posteriors(given.rounds)
    show_help(given.rounds)


if __name__ == "__main__":
    main()
