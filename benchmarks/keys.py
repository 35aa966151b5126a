"""What ten million images cost before one of them is read: ``python benchmarks/keys.py``.

The source has keys and no images: names like ImageNet's, in 1,000 class folders, and one tiny JPEG
that stands for all. Each piece of work runs in a process of its own, on a source of a tenth of the
images and then on all of them; the memory of an image is the difference of the peaks, divided by
the additional images, so that neither the program nor what it loads count.
"""

from __future__ import annotations

import argparse
import json
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from photographs import WORK

from colorprep.curriculum.scoring import ImageScores
from colorprep.engine import Chunk, ThreadEngine
from colorprep.images.digests import image_digest
from colorprep.images.skip import Skip
from colorprep.images.source import Keys
from colorprep.progress import Reporter
from colorprep.scorebook import open_book
from colorprep.seen import open_seen
from colorprep.shards.files import LabelFiles
from colorprep.shards.plan import PLAN
from colorprep.shards.resuming import find_plan, unfinished_shards
from colorprep.shards.sidecar import Sidecar, write_sidecar
from colorprep.shards.writer import shard_path
from colorprep.stages.labels import LabelsParams
from colorprep.stages.labels.planning import begin, plan_of, quantizer_of
from colorprep.stages.passes import Passes
from colorprep.stages.rgbvar.stage import ranking_of
from colorprep.stages.verify.stage import VerifyParams
from colorprep.stages.verify.stage import run as verify_run
from colorprep.workspace import LABELS, Workspace

N_CLASSES = 1000
SHARD_BYTES = 1 << 20  # of the shards that are already there; they are holes in a file
BOUND = 200  # bytes of memory for each image
JPEG = simplejpeg.encode_jpeg(np.full((8, 8, 3), 128, np.uint8))


@dataclass(frozen=True)
class KeySource:
    """Images that have nothing but a key; see `colorprep.images.source.Source`."""

    keys: Keys
    sizes: NDArray[np.int64]
    stamps: NDArray[np.int64]
    name: str = "keys"
    shown: str = "keys"
    skipped: Sequence[Skip] = ()
    passed_over: Mapping[str, int] = field(default_factory=dict)

    def read(self, index: int) -> bytes:
        """Return the bytes that stand for all images."""
        return JPEG


def key_source(n_images: int, n_new: int = 0) -> KeySource:
    """Make a source of images in as many class folders, and of new ones in further folders."""
    per_class = -(-n_images // N_CLASSES)

    def keys() -> Iterator[str]:
        for number in range(n_images + n_new):
            name = f"n{10_000_000 + number // per_class}"
            yield f"{name}/{name}_{number % per_class:07}.JPEG"

    sizes = np.full(n_images + n_new, len(JPEG), np.int64)
    return KeySource(Keys(keys()), sizes, np.arange(1, len(sizes) + 1))


def params_of(extend: bool = False) -> LabelsParams:
    """Return the parameters of labeling in random order."""
    return LabelsParams(shuffle=0, extend=extend)


def plan(source: KeySource, folder: Path, extend: bool = False) -> int:
    """Plan labels, or compare an existing plan; return the number of images that are left."""
    params = params_of(extend)
    requested = plan_of(params, quantizer_of(None))
    labels = LabelFiles(folder / LABELS)
    with open_seen(folder, source) as seen:
        made = begin(labels, requested, source, params, seen, Reporter())
    return sum(map(len, unfinished_shards(labels, made, source).values()))


def finish(source: KeySource, folder: Path) -> None:
    """Leave what a finished run of labels and scores leaves, but for the labels."""
    params, labels = params_of(), folder / LABELS
    labels.mkdir()
    digest = image_digest(JPEG)
    with open_seen(folder, source) as seen:
        requested = plan_of(params, quantizer_of(None))
        made = begin(LabelFiles(labels), requested, source, params, seen, Reporter())
        for number, indices in unfinished_shards(LabelFiles(labels), made, source).items():
            keys = [source.keys[index] for index in indices]
            with shard_path(labels, number).open("wb") as stream:
                stream.truncate(SHARD_BYTES)
            rows = {key: row for row, key in enumerate(keys)}
            digests: dict[str, str | None] = dict.fromkeys(keys, digest)
            sidecar = Sidecar(rows, [], SHARD_BYTES, "0" * 64, digests)
            write_sidecar(shard_path(labels, number), sidecar)
            seen.add(dict.fromkeys(indices, digest))
    generator = np.random.default_rng(0)
    with open_book(folder, source, "") as book:
        for start in range(0, len(source.keys), 10_000):
            indices = range(start, min(start + 10_000, len(source.keys)))
            rows_ = np.zeros(len(indices), ImageScores)
            rows_["rgbvar"] = generator.random(len(indices))
            book.add(dict(zip(indices, rows_, strict=True)))


@dataclass(frozen=True)
class Work:
    """A piece of work on a source and on the folder that `finish` has left.

    Attributes
    ----------
    run : callable
    new_share : float
        New images, as a part of those that are labeled.
    """

    run: Callable[[KeySource, Path], object]
    new_share: float = 0.0


def hold(source: KeySource, folder: Path) -> None:
    """Do nothing."""


def plan_anew(source: KeySource, folder: Path) -> None:
    """Plan labels of all images."""
    with tempfile.TemporaryDirectory(dir=folder) as other:
        (Path(other) / LABELS).mkdir()
        assert plan(source, Path(other)) == len(source.keys)


def resume(source: KeySource, folder: Path) -> None:
    """Find out that nothing is left to do, and sum up the shards."""
    assert plan(source, folder) == 0
    made = find_plan(folder / LABELS)
    assert made is not None
    facts = LabelFiles(folder / LABELS).facts(range(made.n_shards))
    assert sum(each.n_images for each in facts.values()) == len(source.keys)


def reread(source: KeySource, folder: Path) -> None:
    """Resume without notes on unchanged files, so that the bytes of all images are compared."""
    with tempfile.TemporaryDirectory(dir=folder) as other:
        (Path(other) / LABELS).symlink_to(folder / LABELS)
        assert plan(source, Path(other)) == 0


def extend(source: KeySource, folder: Path) -> None:
    """Plan the images that are new; leave the plan as it was."""
    path = folder / LABELS / PLAN
    before = path.read_bytes()
    assert plan(source, folder, extend=True) > 0
    path.write_bytes(before)


def verify(source: KeySource, folder: Path) -> None:
    """Check everything but the arrays of the shards, which are not there."""
    params = VerifyParams(folder / LABELS)
    verify_run(params, Workspace(folder), Reporter())


def rank(source: KeySource, folder: Path) -> None:
    """Rank images whose scores are known."""
    with open_book(folder, source, "") as book:
        assert not book.missing("rgbvar")
        ranking_of(source, book, "rgbvar", stratify=False)


def hand_out(source: KeySource, folder: Path) -> None:
    """Hand out all images to threads, and collect what they made of them."""
    passes = Passes(ThreadEngine(2), Reporter())
    with passes.each(_count, range(len(source.keys)), "counting") as results:
        assert sum(results) == len(source.keys)


def _count(chunk: Chunk) -> int:
    return len(chunk.indices)


def worker(source: KeySource, folder: Path) -> None:
    """Send the source to a worker: pickle it, and unpickle it."""
    pickled = pickle.dumps(source)
    del source
    assert len(pickle.loads(pickled).keys)


WORKS = {
    "hold the source": Work(hold),
    "send it to a worker": Work(worker),
    "plan labels": Work(plan_anew),
    "resume": Work(resume),
    "verify, but for arrays": Work(verify),
    "extend by a tenth": Work(extend, 0.1),
    "resume, all files in doubt": Work(reread),
    "hand out chunks": Work(hand_out),
    "rank by known scores": Work(rank),
}


def measure(name: str, n_images: int, folder: Path) -> dict[str, float]:
    """Run a piece of work in a process of its own; return its seconds and peak memory."""
    line = [sys.executable, __file__, "--one", name, "--images", str(n_images)]
    done = subprocess.run(
        [*line, "--folder", folder], check=True, stdout=subprocess.PIPE, text=True
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def run_one(name: str, n_images: int, folder: Path) -> None:
    """Do one piece of work, and print its figures."""
    if name == "finish":
        finish(key_source(n_images), folder)
        return
    work = WORKS[name]
    source = key_source(n_images, int(work.new_share * n_images))
    begun = time.process_time()
    work.run(source, folder)
    seconds = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"images": len(source.keys), "seconds": seconds, "peak": peak}))


def main() -> None:
    """Make the folders, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000_000)
    parser.add_argument("--quick", action="store_true", help="100,000 and 1,000,000 images")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        run_one(given.one, given.images, given.folder.resolve())
        return
    n_images = 1_000_000 if given.quick else given.images
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as scratch:
        folders = {n: Path(scratch) / str(n) for n in (n_images // 10, n_images)}
        for n, folder in folders.items():
            folder.mkdir()
            subprocess.run(
                [
                    sys.executable,
                    __file__,
                    "--one",
                    "finish",
                    "--images",
                    str(n),
                    "--folder",
                    folder,
                ],
                check=True,
            )
        print(f"{'work':28} {'seconds':>8} {'peak MB':>8} {'bytes per image':>16}")
        for name in WORKS:
            few, many = (measure(name, n, folder) for n, folder in folders.items())
            per_image = (many["peak"] - few["peak"]) / (many["images"] - few["images"])
            verdict = "" if per_image <= BOUND else f"  ABOVE {BOUND}"
            print(
                f"{name:28} {many['seconds']:8.1f} {many['peak'] / 1e6:8.0f} "
                f"{per_image:16.0f}{verdict}",
                flush=True,
            )


if __name__ == "__main__":
    main()
