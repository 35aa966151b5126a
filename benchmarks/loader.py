"""Speed of the loader, as the README states it: ``python benchmarks/loader.py [--images FOLDER]``.

The same samples, made by colorprep from linked photographs (256 x 256 lightness, 64 x 64 labels),
are read in batches of 64 in random order: by colorprep's loader; by webdataset (``pip install
webdataset``) from a tar; and by a plain h5py dataset, one sample at a time, in torch's DataLoader.
Each way is measured in its own process, in turn, round after round, over some epochs after a first
one that does not count. Batches are not used, except that colorprep's are also measured while each
is copied once more, as to a device: prefetched by threads, and made on demand. Ratios are taken
within each round.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psutil
from intervals import median_interval
from photographs import WORK, given_photographs, thousands_of

BATCH = 64
SHUFFLED = 1000  # samples that webdataset mixes at a time
ARRAYS = ("lightness", "ab", "label")
WIDENED = ("label",)  # 16 bits in a shard, 32 in a batch

Batches = Iterable[dict[str, Any]]


def write_tar(labels: Path, tar: Path) -> None:
    """Write the samples of shards as webdataset does, one .npy per array."""
    from webdataset import TarWriter

    from colorprep import open_labels

    with TarWriter(str(tar)) as writer:
        for shard in open_labels(labels).shards:
            for row, key in enumerate(shard.keys):
                sample = {f"{name}.npy": shard.arrays[name][row] for name in ARRAYS}
                class_id = int(shard.arrays["class_id"][row])
                writer.write({"__key__": key.replace(".", "_"), "class_id.cls": class_id, **sample})


def by_colorprep(scratch: Path, prefetch: int) -> Callable[[], Batches]:
    """Return a function that yields an epoch by colorprep's loader."""
    from colorprep import ShardDataset

    loader = ShardDataset(scratch / "labels").loader(BATCH, prefetch=prefetch)
    return lambda: loader


def copied(batches: Callable[[], Batches]) -> Callable[[], Batches]:
    """Copy each batch to reused memory, as to a device."""
    import torch

    place: dict[tuple[str, torch.Size], torch.Tensor] = {}

    def copy(name: str, tensor: torch.Tensor) -> torch.Tensor:
        key = name, tensor.shape
        if key not in place:
            place[key] = torch.empty_like(tensor)
        return place[key].copy_(tensor)

    def epoch() -> Batches:
        for batch in batches():
            yield {name: copy(name, tensor) for name, tensor in batch.items()}

    return epoch


def by_h5py(scratch: Path) -> Callable[[], Batches]:
    """Return a function that yields an epoch by a plain dataset over the same shards."""
    import h5py
    import torch

    class Plain(torch.utils.data.Dataset):
        def __init__(self) -> None:
            names = (*ARRAYS, "class_id")
            files = [h5py.File(path) for path in sorted((scratch / "labels").glob("*.h5"))]
            self.shards = [{name: file[name] for name in names} for file in files]
            self.places = [
                (shard, row) for shard in self.shards for row in range(len(shard["label"]))
            ]

        def __len__(self) -> int:
            return len(self.places)

        def __getitem__(self, index: int) -> dict[str, Any]:
            shard, row = self.places[index]
            item = {name: torch.from_numpy(shard[name][row]) for name in ARRAYS}
            item.update({name: item[name].to(torch.int32) for name in WIDENED})
            item["class_id"] = torch.tensor(shard["class_id"][row])
            return item

    loader = torch.utils.data.DataLoader(Plain(), BATCH, shuffle=True)
    return lambda: loader


def by_webdataset(scratch: Path) -> Callable[[], Batches]:
    """Return a function that yields an epoch by webdataset."""
    import torch
    import webdataset

    def item(sample: dict[str, Any]) -> dict[str, Any]:
        made = {name: torch.from_numpy(sample[f"{name}.npy"]) for name in ARRAYS}
        made.update({name: made[name].to(torch.int32) for name in WIDENED})
        made["class_id"] = torch.tensor(sample["class_id.cls"])
        return made

    collate = torch.utils.data.default_collate
    dataset = webdataset.WebDataset(str(scratch / "samples.tar"), shardshuffle=False)
    batches = dataset.shuffle(SHUFFLED).decode().map(item).batched(BATCH, collation_fn=collate)
    return lambda: batches


WAYS: dict[str, tuple[str, Callable[[Path], Callable[[], Batches]], int]] = {
    "loader": ("colorprep's loader", lambda scratch: by_colorprep(scratch, 2), 10),
    "at-once": ("the same, no prefetching", lambda scratch: by_colorprep(scratch, 0), 10),
    "copied": ("the same, copied", lambda scratch: copied(by_colorprep(scratch, 2)), 10),
    "copied-at-once": (
        "copied, no prefetching",
        lambda scratch: copied(by_colorprep(scratch, 0)),
        10,
    ),
    "h5py": ("plain h5py dataset", by_h5py, 3),
    "webdataset": ("webdataset", by_webdataset, 2),
}
# Way, baseline, and the stated ratio of their speeds.
RATIOS = [
    ("loader", "webdataset", 8),
    ("loader", "h5py", 2),
    ("copied", "copied-at-once", 1),
    ("loader", "at-once", None),
]
STATED_SPEED = 40_000


def measure(way: str, scratch: Path) -> None:
    """Print the samples per second of one way."""
    import torch

    # Stacking on several threads makes the baselines slower, especially beside other work.
    torch.set_num_threads(1)
    _, make, n_epochs = WAYS[way]
    epoch = make(scratch)
    for _ in epoch():
        pass
    n_samples, begun = 0, time.perf_counter()
    for _ in range(n_epochs):
        for batch in epoch():
            n_samples += len(batch["label"])
    print(json.dumps(n_samples / (time.perf_counter() - begun)))


def measure_rounds(scratch: Path, n_rounds: int) -> list[dict[str, float]]:
    """Measure all ways in turn, several times, each in its own process."""
    rounds = []
    for number in range(n_rounds):
        print(f"round {number + 1} of {n_rounds}", file=sys.stderr)
        speeds = {}
        for way in WAYS:
            command = [sys.executable, __file__, "--measure", way, str(scratch)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{way} failed:\n{done.stderr}")
            speeds[way] = json.loads(done.stdout)
        rounds.append(speeds)
    return rounds


def prepare(images: Path, scratch: Path, n_files: int) -> None:
    """Make the samples, in both forms."""
    folder = thousands_of(images, scratch / "files", n_files)
    command = [sys.executable, "-m", "colorprep", "labels", "--dir", str(folder)]
    subprocess.run([*command, "-C", str(scratch), "-q"], check=True, capture_output=True)
    write_tar(scratch / "labels", scratch / "samples.tar")


def show_line(text: str, values: list[float], stated: str) -> None:
    """Print the median and the interval of all rounds beside the stated figure."""
    median, low, high, _ = median_interval(values)
    print(f"{text:36} {median:9.2f} {low:7.2f} {high:8.2f} {stated:>8}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, help="folder of JPEG files")
    parser.add_argument("--files", type=int, default=4000, help="link them up to so many")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.measure[0], Path(given.measure[1]))
        return
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as made:
        scratch = Path(made)
        prepare(given_photographs(given.images, scratch), scratch, given.files)
        load = psutil.getloadavg()[0]
        rounds = measure_rounds(scratch, given.rounds)
    print(f"{psutil.cpu_count()} cores, load {load:.1f} before, {psutil.getloadavg()[0]:.1f} after")
    print(f"\n{'samples/s':36} {'median':>9} {'low':>7} {'high':>8} {'stated':>8}")
    for way, (text, _, _) in WAYS.items():
        stated = f">= {STATED_SPEED}" if way == "loader" else ""
        show_line(text, [speeds[way] for speeds in rounds], stated)
    print(f"\n{'ratio':36} {'median':>9} {'low':>7} {'high':>8} {'stated':>8}")
    for way, baseline, stated_ratio in RATIOS:
        ratios = [speeds[way] / speeds[baseline] for speeds in rounds]
        stated = f">= {stated_ratio}" if stated_ratio else ""
        show_line(f"{way} / {baseline}", ratios, stated)


if __name__ == "__main__":
    main()
