"""One measured pass in a process of its own: ``python passes.py NAME FOLDER WORKERS OUT``.

Prints one line of JSON: images, pixels, seconds and peak memory. A pass warms up on a few images
first, so that imports and compilation do not count; a dask cluster is started before that, and its
workers are warmed up too. `run.py` calls this for each row of its table.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image

WARM_UP = 16
CLUSTER = "labels-cluster"
AFTER_LABELS = "rgbvar-after-labels"
CLUSTER_WARM_UP = 512  # several chunks for every worker
SLOW_IMAGES = {"published-prior": 12, "published-labels": 40, "published-rgbvar": 250}

Work = Callable[[list[Path]], None]


def threaded(work: Callable[[Path], object], workers: int) -> Work:
    """Return a function that works on each file, in threads."""

    def run(files: list[Path]) -> None:
        with ThreadPoolExecutor(workers) as threads:
            for _ in threads.map(work, files):
                pass

    return run


def decode(path: Path) -> np.ndarray:
    """Decode a JPEG, and nothing else."""
    return simplejpeg.decode_jpeg(path.read_bytes(), "RGB")


def decode_and_resize(path: Path) -> np.ndarray:
    """Decode, then resize to 256 x 256 by Pillow."""
    small = Image.fromarray(decode(path)).resize((256, 256), Image.Resampling.BILINEAR)
    return np.asarray(small)


def published_bins() -> Callable[[np.ndarray], np.ndarray]:
    """Find the nearest of 313 bins by scikit-image and scikit-learn, as published code does."""
    from skimage.color import rgb2lab
    from sklearn.neighbors import NearestNeighbors

    from colorprep import gamut_lattice

    finder = NearestNeighbors(n_neighbors=1, algorithm="ball_tree").fit(gamut_lattice(10))

    def bins(pixels: np.ndarray) -> np.ndarray:
        ab = rgb2lab(pixels)[..., 1:].reshape(-1, 2)
        return finder.kneighbors(ab, return_distance=False).reshape(pixels.shape[:2])

    return bins


def published_prior(out: Path) -> Work:
    """Count every native pixel by rgb2lab and NearestNeighbors, in one process."""
    bins = published_bins()

    def run(files: list[Path]) -> None:
        counts = np.zeros(313)
        for path in files:
            pixels = np.asarray(Image.open(path).convert("RGB"))
            counts += np.bincount(bins(pixels).ravel(), minlength=313)

    return run


def published_labels(out: Path) -> Work:
    """Label all pixels at 256 x 256, saved as float64 .npy, as Keras-FCN does."""
    bins = published_bins()

    def run(files: list[Path]) -> None:
        for number, path in enumerate(files):
            small = Image.open(path).convert("RGB").resize((256, 256), Image.Resampling.BILINEAR)
            np.save(out / f"{number}.npy", bins(np.asarray(small)).astype(np.float64))

    return run


def published_rgbvar(out: Path) -> Work:
    """Score by Pillow and numpy, as colorizer-fcn does."""

    def run(files: list[Path]) -> None:
        for path in files:
            small = Image.open(path).convert("RGB").resize((256, 256), Image.Resampling.BILINEAR)
            np.asarray(small).var(axis=2).mean()

    return run


def by_stage(name: str, folder: Path, workers: int, out: Path) -> Work:
    """Return a function that runs one of colorprep's stages over a list of files."""
    from colorprep import Reporter, Workspace
    from colorprep.stages import labels, prior, rgbvar
    from colorprep.stages.source import ImageParams

    def run(files: list[Path]) -> None:
        chosen, space = None, Workspace(out / "measured")
        if len(files) <= n_warm_up(name):
            chosen, space = out / "warm-up.txt", Workspace(out / "warm-up")
            chosen.write_text("".join(f"{path.relative_to(folder)}\n" for path in files))
        space.root.mkdir(exist_ok=True)
        images = ImageParams(folder, chosen, workers)
        if name == CLUSTER:
            images = ImageParams(folder, chosen, cluster=workers)
        if name == "prior":
            prior.run(prior.PriorParams(images), space, Reporter())
        elif name in ("labels", CLUSTER):
            labels.run(labels.LabelsParams(images, overwrite=True), space, Reporter())
        else:
            fast = name == "large-rgbvar-fast"
            rgbvar.run(rgbvar.RgbvarParams(images, fast=fast), space, Reporter())

    return run


def work_of(name: str, folder: Path, workers: int, out: Path) -> Work:
    """Return the function of a pass by its name."""
    if name in ("decode", "large-decode"):
        return threaded(decode, workers)
    if name == "decode-resize":
        return threaded(decode_and_resize, workers)
    published = {
        "published-prior": published_prior,
        "published-labels": published_labels,
        "published-rgbvar": published_rgbvar,
    }
    if name in published:
        return published[name](out)
    return by_stage(name, folder, workers, out)


def n_warm_up(name: str) -> int:
    """Return how many images a pass warms up on."""
    if name == CLUSTER:
        return CLUSTER_WARM_UP
    return 2 if name in SLOW_IMAGES else WARM_UP


@contextmanager
def cluster_for(name: str, workers: int) -> Iterator[None]:
    """Start a cluster if the pass needs one, and let all runs of the stage share it."""
    if name != CLUSTER:
        yield
        return
    from colorprep.engine.cluster import local_cluster
    from colorprep.stages.labels import stage

    with local_cluster(workers) as engine:
        stage.open_engine = lambda images: nullcontext(engine)
        yield


def peak_memory() -> float:
    """Return the peak memory in MB of this process, or of a worker of its cluster if larger."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(process).ru_maxrss for process in who) / 1024


def n_pixels(path: Path) -> int:
    """Return the number of pixels of a JPEG from its header."""
    height, width, *_ = simplejpeg.decode_jpeg_header(path.read_bytes())
    return height * width


def main() -> None:
    """Warm up, measure, print."""
    name, folder, workers, out = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    files = files[:: max(1, len(files) // SLOW_IMAGES.get(name, len(files)))]
    pixels = sum(n_pixels(path) for path in files)
    work = work_of(name, folder, workers, out)
    with cluster_for(name, workers):
        work(files[: n_warm_up(name)])
        if name == AFTER_LABELS:
            by_stage("labels", folder, workers, out)(files)
        begun = time.perf_counter()
        work(files)
        seconds = time.perf_counter() - begun
    result = {"images": len(files), "pixels": pixels, "seconds": seconds, "peak_mb": peak_memory()}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
