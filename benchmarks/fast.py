"""How far `--fast` differs, and what it saves: ``python benchmarks/fast.py [--images FOLDER]``.

Sheets of photographs, 1,600 to 4,000 pixels wide, are read in several ways, and compared with
decoding them whole: as with `--fast`, where N pixels are left on the shorter side; with twice as
many left; and whole, but resized by another filter, whose difference is one that nobody minds.

Large photographs are few, so sheets stand for them. Photographs at their own size have detail in
every pixel, more than most large photographs, so that their differences are an upper bound.
Enlarged twice, they are softer. Seconds are processor time of decoding and resizing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from photographs import given_photographs
from PIL import Image

from colorprep import ab_lattice, decode, rgb_to_lab
from colorprep.images.decoding import Pixels, Scratch, possible_reduction
from colorprep.images.resizing import resize
from colorprep.quantize.labeling import Labeler

WIDTHS = (1600, 2000, 2400, 3200, 4000)
LEAST = 300  # pixels on the shorter side of a photograph, so that sheets hold no narrow strips
QUALITY = 90  # about 2.5 bits per pixel, as cameras write
SCRATCH = Scratch()

Read = Callable[[bytes], Pixels]


class Reading(NamedTuple):
    """A photograph as it was read: its ab bins, its colors, and the processor time in seconds."""

    bins: NDArray[np.uint16]
    lab: NDArray[np.float64]
    seconds: float


def ways_of_reading(size: int) -> dict[str, Read]:
    """Return functions that read the bytes of a photograph at size x size; the first decodes whole.

    The pixels are valid until the next call.
    """

    def reduced(least_side: int) -> Read:
        def read(data: bytes) -> Pixels:
            factor = possible_reduction(data, least_side)
            return resize(decode(data, scratch=SCRATCH, reduction=factor), size)

        return read

    def bicubic(data: bytes) -> Pixels:
        photograph = Image.fromarray(decode(data, scratch=SCRATCH))
        return np.asarray(photograph.resize((size, size), Image.Resampling.BICUBIC))

    return {
        "whole": lambda data: resize(decode(data, scratch=SCRATCH), size),
        "--fast: N pixels left": reduced(size),
        "2 N pixels left": reduced(2 * size),
        "whole, bicubic filter": bicubic,
    }


def photographs_of(folder: Path, enlarged: int) -> list[Image.Image]:
    """Return the photographs of a folder that are not tiny, at their own size or enlarged."""
    photographs = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in (".jpg", ".jpeg"):
            continue
        photograph = Image.open(path).convert("RGB")
        if min(photograph.size) >= LEAST:
            size = photograph.width * enlarged, photograph.height * enlarged
            photographs.append(photograph.resize(size, Image.Resampling.BICUBIC))
    return photographs


def sheet_of(photographs: list[Image.Image], width: int, first: int) -> Image.Image:
    """Return a sheet of 4 to 3 that is full of photographs, in rows, from the first one on."""
    sheet = Image.new("RGB", (width, 3 * width // 4))
    row = min(photograph.height for photograph in photographs)
    following = islice(cycle(photographs), first, None)
    for top in range(0, sheet.height, row):
        left = 0
        while left < width:
            photograph = next(following)
            sheet.paste(photograph, (left, top))
            left += photograph.width
    return sheet


def write_sheets(photographs: list[Image.Image], out: Path, n_sheets: int) -> list[Path]:
    """Write sheets of all widths as JPEG files."""
    out.mkdir()
    paths = [out / f"{number:03d}.jpg" for number in range(n_sheets)]
    for number, path in enumerate(paths):
        width = WIDTHS[number % len(WIDTHS)]
        sheet_of(photographs, width, 17 * number).save(path, quality=QUALITY)
    return paths


def readings_of(data: bytes, ways: dict[str, Read], labeler: Labeler, rounds: int) -> list[Reading]:
    """Read a photograph in all ways, in turn, several times; the time of a way is its least."""
    seconds = np.empty((rounds, len(ways)))
    for number in range(rounds):
        for place, read in enumerate(ways.values()):
            begun = time.process_time()
            read(data)
            seconds[number, place] = time.process_time() - begun
    found = []
    for read, least in zip(ways.values(), seconds.min(axis=0).tolist(), strict=True):
        pixels = read(data)
        found.append(Reading(labeler.label_map(pixels), rgb_to_lab(pixels), least))
    return found


def show(name: str, readings: Sequence[Reading], whole: Sequence[Reading], n_bins: int) -> None:
    """Print a row: how a way of reading differs from decoding whole."""
    pairs = list(zip(readings, whole, strict=True))
    moved = np.mean([(one.bins != other.bins).mean() for one, other in pairs])
    changes = np.array([one.lab - other.lab for one, other in pairs])
    lightness, ab = np.abs(changes[..., 0]).mean(), np.hypot(*changes[..., 1:].T).mean()
    shares = [
        np.bincount(np.ravel([one.bins for one in each]), minlength=n_bins) / changes[..., 0].size
        for each in (readings, whole)
    ]
    variation = np.abs(shares[0] - shares[1]).sum() / 2
    speeds = [other.seconds / one.seconds for one, other in pairs]
    print(
        f"{name:24} {moved:8.1%} {ab:8.2f} {lightness:8.2f} {variation:9.4f} "
        f"{np.median(speeds):7.2f} {min(speeds):6.2f} {max(speeds):6.2f}"
    )


def compare(paths: list[Path], size: int, rounds: int) -> None:
    """Print a table of all ways of reading the sheets."""
    labeler, ways = Labeler(ab_lattice(), 1), ways_of_reading(size)
    sheets = [readings_of(path.read_bytes(), ways, labeler, rounds) for path in paths]
    whole, *others = zip(*sheets, strict=True)
    head = f"{'bins':>8} {'ab':>8} {'L':>8} {'TV':>9} {'speed':>7} {'least':>6} {'most':>6}"
    print(f"{'':24} {head}")
    for name, readings in zip(list(ways)[1:], others, strict=True):
        show(name, readings, whole, len(labeler.quantizer.centers))


def main() -> None:
    """Make sheets, read them, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=Path, help="photographs of 300 to 600 pixels")
    parser.add_argument("--sheets", type=int, default=20, help="of each kind")
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 256])
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        images = given_photographs(given.images, scratch)
        for kind, enlarged in (("at their own size", 1), ("enlarged twice", 2)):
            photographs = photographs_of(images, enlarged)
            if not photographs:
                sys.exit(f"no JPEG files of {LEAST} pixels or more in {images}")
            paths = write_sheets(photographs, scratch / f"sheets-{enlarged}", given.sheets)
            for size in given.sizes:
                print(f"\nPhotographs {kind}, N = {size}")
                compare(paths, size, given.rounds)


if __name__ == "__main__":
    main()
