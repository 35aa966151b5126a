"""What passes are compared with: ``python benchmarks/baselines.py NAME FOLDER THREADS OUT``.

``decode`` is the least that a pass over JPEG files must do: read each file, and decode it to RGB by
simplejpeg, on threads that take 32 files at a time, as colorprep's do. ``decode-resize`` also
resizes each photograph to 256 x 256 by Pillow. The others do what published projects do, in one
process, as they run it. `run.py` measures all of them as processes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

CHUNK = 32
SIDE = 256

Pixels = NDArray[np.uint8]


def in_threads(work: Callable[[Path], object], files: list[Path], threads: int) -> None:
    """Work on each file, in threads."""

    def on_chunk(start: int) -> None:
        for path in files[start : start + CHUNK]:
            work(path)

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(on_chunk, range(0, len(files), CHUNK)):
            pass


def decode(path: Path) -> Pixels:
    """Decode a JPEG, and nothing else."""
    pixels: Pixels = simplejpeg.decode_jpeg(path.read_bytes(), "RGB")
    return pixels


def decode_and_resize(path: Path) -> Pixels:
    """Decode by simplejpeg, then resize by Pillow."""
    return resized(Image.fromarray(decode(path)))


def resized(picture: Image.Image) -> Pixels:
    """Stretch a picture to 256 x 256."""
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def by_pillow(path: Path) -> Image.Image:
    """Open and decode an image."""
    return Image.open(path).convert("RGB")


def nearest_bins() -> Callable[[Pixels], NDArray[np.int64]]:
    """Find the nearest of 313 bins by scikit-image and scikit-learn, as published code does."""
    from skimage.color import rgb2lab
    from sklearn.neighbors import NearestNeighbors

    from colorprep import gamut_lattice

    finder = NearestNeighbors(n_neighbors=1, algorithm="ball_tree").fit(gamut_lattice(10))

    def bins(pixels: Pixels) -> NDArray[np.int64]:
        ab = rgb2lab(pixels)[..., 1:].reshape(-1, 2)
        nearest: NDArray[np.int64] = finder.kneighbors(ab, return_distance=False)
        return nearest.reshape(pixels.shape[:2])

    return bins


def published_prior(files: list[Path], threads: int, out: Path) -> None:
    """Count every native pixel by rgb2lab and NearestNeighbors."""
    bins = nearest_bins()
    counts = np.zeros(313)
    for path in files:
        counts += np.bincount(bins(np.asarray(by_pillow(path))).ravel(), minlength=313)
    np.save(out / "prior.npy", counts / counts.sum())


def published_labels(files: list[Path], threads: int, out: Path) -> None:
    """Label all pixels at 256 x 256, saved as float64 .npy, as Keras-FCN does."""
    bins = nearest_bins()
    for number, path in enumerate(files):
        np.save(out / f"{number}.npy", bins(resized(by_pillow(path))).astype(np.float64))


def published_rgbvar(files: list[Path], threads: int, out: Path) -> None:
    """Score by Pillow and numpy, as colorizer-fcn does."""
    for path in files:
        resized(by_pillow(path)).var(axis=2).mean()


BASELINES: dict[str, Callable[[list[Path], int, Path], None]] = {
    "decode": lambda files, threads, out: in_threads(decode, files, threads),
    "decode-resize": lambda files, threads, out: in_threads(decode_and_resize, files, threads),
    "published-prior": published_prior,
    "published-labels": published_labels,
    "published-rgbvar": published_rgbvar,
}


def main() -> None:
    """Run the named baseline on all files of a folder."""
    name, folder, threads, out = sys.argv[1:]
    files = sorted(Path(folder).iterdir())
    BASELINES[name](files, int(threads), Path(out))


if __name__ == "__main__":
    main()
