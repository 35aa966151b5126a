"""The same photographs from each kind of source: ``python benchmarks/sources.py``.

Photographs are labeled from a folder, a tar, five tars, a zip, and from the same in a store on this
machine, `store.py`, over HTTP and as S3. Each run is a process of its own, which is warmed up
first; all kinds take turns, round after round, and a round's figures are divided by those of its
folder. Processor time is that of the client; the store works beside it on the same cores, which a
distant one does not.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from photographs import HERE, WORK

from colorprep.images.sample import sample_crops
from colorprep.progress import Reporter
from colorprep.stages import labels as labels_stage
from colorprep.stages.labels import LabelsParams
from colorprep.stages.source import ImageParams, open_source
from colorprep.workspace import Workspace

N_TARS = 5
WARM_UP = 32
S3 = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "x"}


class Kind(NamedTuple):
    """A kind of source: where it is, and on how many threads it is read."""

    name: str
    place: str
    workers: int


class Run(NamedTuple):
    """Seconds that pass, and those of the processors."""

    wall: float
    processor: float


def make_sources(folder: Path, n_images: int, side: int) -> None:
    """Write the photographs as each kind of source."""
    (folder / "tars").mkdir()
    keys = []
    for crop in sample_crops(n_images, side):
        path = folder / "folder" / crop.key
        path.parent.mkdir(parents=True, exist_ok=True)
        crop.image.save(path, "JPEG", quality=90)
        keys.append(crop.key)
    with zipfile.ZipFile(folder / "one.zip", "w") as packed:
        for key in keys:
            packed.write(folder / "folder" / key, key)
    parts = {folder / "one.tar": keys}
    parts |= {folder / "tars" / f"{i}.tar": keys[i::N_TARS] for i in range(N_TARS)}
    for path, members in parts.items():
        with tarfile.open(path, "w") as tar:
            for key in members:
                tar.add(folder / "folder" / key, key)


@contextmanager
def store(folder: Path, milliseconds: float) -> Iterator[str]:
    """Serve a folder from a process of its own; yield the URL."""
    line = [sys.executable, HERE / "store.py", folder, str(milliseconds)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def label(kind: Kind, url: str) -> Run:
    """Label the photographs of a source, in a process of its own."""
    line = [sys.executable, __file__, "--one", kind.place, "--workers", str(kind.workers)]
    environment = {**os.environ, **S3, "AWS_ENDPOINT_URL": url}
    done = subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return Run(*json.loads(done.stdout))


def label_here(place: str, workers: int) -> Run:
    """Label the photographs of a source, after a few to warm up: imports do not count."""
    with tempfile.TemporaryDirectory(dir=WORK) as out:
        workspace = Workspace(Path(out))
        images = ImageParams(place, workers=workers)
        keys = open_source(images, workspace, Reporter()).keys
        (Path(out) / "few.txt").write_text("\n".join(keys[:WARM_UP]))
        few = replace(images, list="few.txt")
        labels_stage.run(LabelsParams(few, output="few"), workspace, Reporter())
        begun = Run(time.perf_counter(), time.process_time())
        labels_stage.run(LabelsParams(images), workspace, Reporter())
        return Run(time.perf_counter() - begun.wall, time.process_time() - begun.processor)


def kinds_of(folder: Path, url: str, workers: int, many: int) -> list[Kind]:
    """Return the kinds; the folder is first."""
    tars = f"tars/{{0..{N_TARS - 1}}}.tar"
    return [
        Kind("folder", str(folder / "folder"), workers),
        Kind("one tar", str(folder / "one.tar"), workers),
        Kind("five tars", str(folder / "tars"), workers),
        Kind("zip", str(folder / "one.zip"), workers),
        Kind("HTTP: five tars", f"{url}/{tars}", many),
        Kind("HTTP: zip", f"{url}/one.zip", many),
        Kind("S3: images", "s3://bucket/folder", many),
        Kind("S3: five tars", f"s3://bucket/{tars}", many),
        Kind("S3: five tars, a thread a core", f"s3://bucket/{tars}", workers),
    ]


def main() -> None:
    """Make the sources, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=3000)
    parser.add_argument("--side", type=int, default=256, help="of the photographs, in pixels")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--wait", type=float, default=0, help="milliseconds before each answer")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--many", type=int, default=16, help="threads that read from the store")
    parser.add_argument("--quick", action="store_true", help="300 photographs, two rounds")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(label_here(given.one, given.workers)))
        return
    n_images, rounds = (300, 2) if given.quick else (given.images, given.rounds)
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as scratch:
        folder = Path(scratch)
        make_sources(folder, n_images, given.side)
        with store(folder, given.wait) as url:
            kinds = kinds_of(folder, url, given.workers, given.many)
            label(kinds[0], url)  # fills the disk cache
            runs = [[label(kind, url) for kind in kinds] for _ in range(rounds)]
    print(f"{'source':32} {'threads':>7} {'images/s':>9} {'/ folder':>9} {'CPU ms/image':>13}")
    for number, kind in enumerate(kinds):
        of_kind = [measured[number] for measured in runs]
        speed = statistics.median(n_images / run.wall for run in of_kind)
        ratio = statistics.median(measured[0].wall / measured[number].wall for measured in runs)
        cost = statistics.median(1000 * run.processor / n_images for run in of_kind)
        print(f"{kind.name:32} {kind.workers:7} {speed:9.0f} {ratio:9.2f} {cost:13.2f}")


if __name__ == "__main__":
    main()
