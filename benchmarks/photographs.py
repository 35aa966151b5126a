"""Folders of photographs to measure on, as many and as large as are needed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

HERE = Path(__file__).resolve().parent
WORK = HERE / "scratch"  # which git ignores
SHARED = HERE.parents[1] / "shared" / "images" / "imagenet"

LARGE_WIDTHS = (1600, 2400, 3200, 4000)
TILES = 4  # in each direction, so that photographs have about their own size
LARGE_QUALITY = 95  # about 3 bits per pixel, as cameras write
GOLDEN = (5**0.5 - 1) / 2


def files_of(folder: Path) -> list[Path]:
    """Return all files of a folder and its subfolders, in order."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        sys.exit(f"no images in {folder}")
    return files


def link(path: Path, target: Path) -> None:
    """Link a file, or copy it to another file system."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, target)
    except OSError:
        target.write_bytes(path.read_bytes())


def thousands_of(folder: Path, out: Path, n_files: int) -> Path:
    """Return a folder of at least that many files: the images of `folder`, linked repeatedly."""
    files = files_of(folder)
    for copy in range(-(-n_files // len(files))):
        for path in files:
            link(path, out / f"{copy:02d}" / path.relative_to(folder))
    return out


def fair_order(paths: Sequence[Path]) -> list[Path]:
    """Order files so that the first few, however many, are of all sizes."""
    by_size = sorted(paths, key=lambda path: (path.stat().st_size, path))
    places = sorted(range(len(by_size)), key=lambda place: place * GOLDEN % 1)
    return [by_size[place] for place in places]


def linked(paths: Sequence[Path], out: Path, n_files: int) -> Path:
    """Return a folder of the first files, which repeat when all are there."""
    for number, path in enumerate(islice(cycle(paths), n_files)):
        link(path, out / f"{number:06d}{path.suffix}")
    return out


def given_photographs(given: Path | None, scratch: Path) -> Path:
    """Return a folder of photographs: the given one, the shared one, or the built-in ones."""
    if given or SHARED.is_dir():
        return given or SHARED
    return built_in_photographs(scratch / "built-in")


def built_in_photographs(out: Path) -> Path:
    """Write the built-in photographs, of about ImageNet's size."""
    command = [sys.executable, "-m", "colorprep", "sample", str(out), "--size", "440", "-q"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return out


def large_photographs(paths: Sequence[Path], out: Path, n_files: int) -> list[Path]:
    """Write sheets of 16 photographs each, 1,600 to 4,000 pixels in width."""
    from PIL import Image

    out.mkdir()
    photographs = cycle(paths)
    written = []
    for number in range(n_files):
        width = LARGE_WIDTHS[number % len(LARGE_WIDTHS)]
        size = width // TILES, 3 * width // 4 // TILES
        sheet = Image.new("RGB", (TILES * size[0], TILES * size[1]))
        for tile in range(TILES**2):
            with Image.open(next(photographs)) as photograph:
                part = photograph.convert("RGB").resize(size, Image.Resampling.LANCZOS)
            sheet.paste(part, (tile % TILES * size[0], tile // TILES * size[1]))
        written.append(out / f"{number:03d}.jpg")
        sheet.save(written[-1], quality=LARGE_QUALITY)
    return written


def apart(function: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """Call a function in another process.

    A process that is started counts the memory of the one that starts it as its own, so that one
    stays small.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        return other.submit(function, *given, **named).result()


def mean_megapixels(folder: Path) -> float:
    """Return the mean size of the images of a folder."""
    from PIL import Image

    pixels = []
    for path in files_of(folder):
        with Image.open(path) as photograph:
            pixels.append(photograph.width * photograph.height)
    return sum(pixels) / len(pixels) / 1e6
