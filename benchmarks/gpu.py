"""Speed and memory of training on a GPU: ``python benchmarks/gpu.py [--json FILE]``.

Two published systems are trained on images that are made here, nothing is downloaded. Labels are
made as `colorprep labels` makes them, and each step is that of `colorprep train`: batches from its
loader, in page-locked memory, copied ahead; crops and mirrors on the device; the trainer.

zhang2016
    eccv16 with rebalanced soft cross-entropy over 313 bins, crops of 176 from images of 256 px
cifar-cgan
    the CIFAR models' generator and critic, images of 32 px

Each is trained in several ways: in float32, in TF32 (as without options), in bfloat16 (``--amp``),
compiled (``--compile``), and without copying ahead. Each way takes its first steps, in which torch
chooses algorithms and compiles, and is then measured in turn with the others, round after round.
A ratio is taken within each round; the tables show medians. Memory is the peak of what torch has
allocated for one way, without its first steps.

It ends after ``--minutes``, with what has been measured by then. ``--quick`` takes small networks
and few images, to see that all parts run, also with ``--device cpu``; its figures mean nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # so that nothing has to be installed

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from colorprep import ShardDataset
    from colorprep.training.data.augmentation import Preparation
    from colorprep.training.fitting.methods import Method
    from colorprep.training.options import PaceOptions

FIRST_STEPS = 10


@dataclass(frozen=True)
class Way:
    """A way of computing the same training."""

    text: str
    tf32: bool = True
    amp: bool = False
    compiled: bool = False
    ahead: bool = True


TF32, BF16 = Way("TF32"), Way("bf16", amp=True)
EAGER = [TF32, BF16, Way("float32", tf32=False), Way("TF32, not copied ahead", ahead=False)]
COMPILED = [
    TF32,
    Way("TF32, compiled", compiled=True),
    BF16,
    Way("bf16, compiled", amp=True, compiled=True),
]
# What is compiled comes last, since it can take long; each part has until a share of the time.
PARTS = [
    ("zhang2016", EAGER, 0.4),
    ("cifar-cgan", EAGER, 0.6),
    ("zhang2016", COMPILED, 0.8),
    ("cifar-cgan", COMPILED, 1.0),
]


@dataclass(frozen=True)
class Sizes:
    """How much there is to compute.

    Attributes
    ----------
    photographs, tiles : int
        Images of 256 and of 32 px.
    rounds, seconds
        How often each way is measured, and how long each time.
    """

    photographs: int = 2000
    tiles: int = 20_000
    batches: tuple[int, int] = (40, 64)
    width: float = 1.0
    rounds: int = 3
    seconds: float = 4.0


QUICK = Sizes(24, 24, (4, 8), 0.125, rounds=2, seconds=0.1)


@dataclass(frozen=True, eq=False)
class System:
    """A system of which the training is measured.

    Attributes
    ----------
    make : callable
        Makes the method, with new networks.
    """

    name: str
    text: str
    make: Callable[[], Method]
    pace: PaceOptions
    dataset: ShardDataset
    preparation: Preparation


class Training:
    """A training that takes steps as long as it is asked to."""

    def __init__(self, system: System, way: Way, device: torch.device) -> None:
        from colorprep.training.fitting.trainer import Trainer
        from colorprep.training.options import MachineOptions

        self.way, self._device = way, device
        self._prepare, self._rate = system.preparation, system.pace.learning_rate
        self._memory_of_others = allocated(device)
        self._trainer = Trainer(system.make(), system.pace, MachineOptions(amp=way.amp), device)
        if way.compiled:
            self._trainer.method.network.compile()
        self._trainer.train()
        self._batches = endless(system, device, way.ahead)
        begun = time.perf_counter()
        self._use_precision()
        for _ in range(FIRST_STEPS):
            self._step(next(self._batches))
        synchronize(device)
        self.first_seconds = time.perf_counter() - begun

    def measure(self, seconds: float) -> dict[str, float]:
        """Take steps for so long; return their speed and the fraction of the time waiting."""
        from colorprep.training.fitting.record import Meter

        self._use_precision()
        synchronize(self._device)
        meter, n_images = Meter(), 0
        for batch in meter.timed(self._batches):
            self._step(batch)
            n_images += len(batch["label"])
            if meter.seconds >= seconds:
                break
        synchronize(self._device)
        passed = meter.seconds
        return {"images_per_second": n_images / passed, "data_wait": meter.waited / passed}

    def measure_first(self, seconds: float) -> dict[str, float]:
        """Measure the peak of memory as well, as long as no other training is made."""
        import torch

        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
        found = self.measure(seconds)
        if self._device.type == "cuda":
            peak = torch.cuda.max_memory_allocated(self._device) - self._memory_of_others
            found["peak_gib"] = peak / 2**30
        return found

    def _step(self, batch: dict[str, Tensor]) -> None:
        import torch

        generator = torch.Generator().manual_seed(self._trainer.step)
        self._trainer.take_step(self._prepare(batch, generator), self._rate)

    def _use_precision(self) -> None:
        import torch

        torch.set_float32_matmul_precision("high" if self.way.tf32 else "highest")
        torch.backends.cudnn.allow_tf32 = self.way.tf32


def endless(system: System, device: torch.device, ahead: bool) -> Iterator[dict[str, Tensor]]:
    """Yield batches on a device, epoch after epoch."""
    from colorprep.training.devices import on_device, prefetch_to_device

    batches = loaded(system, device)
    if ahead:
        return prefetch_to_device(batches, device)
    return (on_device(batch, device) for batch in batches)


def loaded(system: System, device: torch.device) -> Iterator[dict[str, Tensor]]:
    """Yield whole batches in the memory of the computer, epoch after epoch."""
    size = system.pace.batch_size
    whole = len(system.dataset) - len(system.dataset) % size
    pinned = device.type == "cuda"
    loader = system.dataset.loader(size, max_images=whole, pin_memory=pinned)
    for epoch in count():
        yield from loader.batches(epoch)


def loader_speed(system: System, device: torch.device, seconds: float) -> float:
    """Return the images per second of the loader alone, after some first batches."""
    batches = loaded(system, device)
    for _ in range(FIRST_STEPS):
        next(batches)
    n_images, begun = 0, time.perf_counter()
    while time.perf_counter() < begun + seconds:
        n_images += len(next(batches)["label"])
    return n_images / (time.perf_counter() - begun)


def allocated(device: torch.device) -> int:
    """Return how many bytes tensors have on a GPU, once nothing is left to be freed."""
    import gc

    import torch

    gc.collect()
    return torch.cuda.memory_allocated(device) if device.type == "cuda" else 0


def synchronize(device: torch.device) -> None:
    """Wait for all work of a GPU."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)


def picture(seed: int, side: int) -> Any:
    """Return a random picture of smooth forms in few colors, (side, side, 3) uint8."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(seed)

    def field(cells: int) -> Any:
        coarse = Image.fromarray(random.normal(size=(cells, cells)).astype(np.float32))
        return np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))

    gray = 110 + 35 * field(3) + 25 * field(9) + 12 * field(side // 4)
    colors = random.normal(0, 22, (2, 3)) * random.lognormal(0, 0.6)
    forms = np.stack([field(2), field(6)], axis=-1)
    return np.clip(gray[..., None] + forms @ colors, 0, 255).astype(np.uint8)


def write_pictures(folder: Path, number: int, side: int) -> Path:
    """Write so many random pictures."""
    from PIL import Image

    def write(seed: int) -> None:
        Image.fromarray(picture(seed, side)).save(folder / f"{seed:05}.jpg", quality=90)

    folder.mkdir()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(write, range(number)))
    return folder


def make_labels(workspace: Path, number: int, side: int, **options: Any) -> ShardDataset:
    """Write random pictures, their prior, weights and labels; return the labels."""
    from colorprep import Reporter, ShardDataset, Workspace
    from colorprep.stages import labels, prior
    from colorprep.stages.source import ImageParams

    workspace.mkdir()
    images = ImageParams(write_pictures(workspace / "pictures", number, side))
    prior.run(prior.PriorParams(images), Workspace(workspace), Reporter())
    params = labels.LabelsParams(images, size=side, **options)
    return ShardDataset(labels.run(params, Workspace(workspace), Reporter()).folder)


def zhang2016(scratch: Path, sizes: Sizes) -> System:
    """Return the training of eccv16."""
    from colorprep import load_weights
    from colorprep.training.data.augmentation import Preparation
    from colorprep.training.fitting.methods import Supervised
    from colorprep.training.losses.pixel_losses import LossOptions
    from colorprep.training.losses.terms import Objective, make_term
    from colorprep.training.models import make_model
    from colorprep.training.options import PaceOptions

    dataset = make_labels(scratch / "zhang2016", sizes.photographs, 256, stride=4)
    quantizer = dataset.labels.quantizer
    weights, _ = load_weights(scratch / "zhang2016" / "weights.npz")

    def make() -> Method:
        objective = Objective(
            [make_term("soft-ce", quantizer, LossOptions(weights.weights))], quantizer
        )
        network = make_model("eccv16", objective.channels, seed=0, width=sizes.width)
        return Supervised(network, objective)

    batch = sizes.batches[0]
    pace = PaceOptions(
        batch_size=batch, learning_rate=3e-5, optimizer="adam", betas=(0.9, 0.99), weight_decay=1e-3
    )
    text = f"eccv16, rebalanced soft cross-entropy, crops of 176 from 256 px, batches of {batch}"
    return System("zhang2016", text, make, pace, dataset, Preparation(256, 4, 176, flip=True))


def cifar_cgan(scratch: Path, sizes: Sizes) -> System:
    """Return the training of the CIFAR models' conditional GAN."""
    from colorprep.training.fitting.adversarial import Adversarial
    from colorprep.training.models.critics import CRITICS, make_critic

    from colorprep.training.data.augmentation import Preparation
    from colorprep.training.losses.terms import Objective, make_term
    from colorprep.training.models import make_model
    from colorprep.training.options import PaceOptions

    dataset = make_labels(scratch / "cifar-cgan", sizes.tiles, 32, stride=1, keep="rgb")
    quantizer = dataset.labels.quantizer

    def make() -> Method:
        objective = Objective([make_term("rgb-l1", quantizer)], quantizer)
        network = make_model("cifar-cgan", objective.channels, seed=0, width=sizes.width)
        critic = make_critic("cifar-patch", seed=0, width=sizes.width)
        return Adversarial(network, critic, CRITICS["cifar-patch"], objective)

    batch = sizes.batches[1]
    pace = PaceOptions(batch_size=batch, learning_rate=2e-4, optimizer="adam", betas=(0.5, 0.999))
    text = f"generator and critic, absolute error of RGB, 32 px, batches of {batch}"
    return System("cifar-cgan", text, make, pace, dataset, Preparation(32, 1, flip=True))


SYSTEMS = (zhang2016, cifar_cgan)


def measure(
    system: System, ways: list[Way], device: torch.device, sizes: Sizes, deadline: float
) -> list[dict[str, dict[str, float]]]:
    """Measure ways of a system in turn, several times, until the deadline."""
    import torch

    torch._dynamo.reset()  # the compiled networks of another system count to a limit
    rounds: list[dict[str, dict[str, float]]] = [{}]
    trainings = []
    for way in ways:
        if time.monotonic() > deadline:
            break
        try:
            training = Training(system, way, device)
            found = training.measure_first(sizes.seconds)
        except RuntimeError as error:  # out of memory, or it does not compile: the others can run
            note(f"{system.name}, {way.text}: failed: {error}")
            continue
        trainings.append(training)
        rounds[0][way.text] = {"first_seconds": training.first_seconds, **found}
        note(f"{system.name}, {way.text}: {found['images_per_second']:,.0f} images/s")
    while trainings and len(rounds) < sizes.rounds and time.monotonic() < deadline:
        rounds.append({each.way.text: each.measure(sizes.seconds) for each in trainings})
    return rounds


def show(system: System, rounds: list[dict[str, dict[str, float]]]) -> None:
    """Print a table, as docs/performance.md has it."""
    print(f"\n**{system.name}**: {system.text}; rounds: {len(rounds)}\n")
    print("| | images/s | least, most | to TF32 | waiting for data | peak GiB | first steps, s |")
    print("|---|---|---|---|---|---|---|")
    for text, first in rounds[0].items():
        speeds = [each[text]["images_per_second"] for each in rounds]
        baseline = [each.get(TF32.text, each[text])["images_per_second"] for each in rounds]
        ratio = median(speed / base for speed, base in zip(speeds, baseline, strict=True))
        wait = median(each[text]["data_wait"] for each in rounds)
        peak = f"{first['peak_gib']:.2f}" if "peak_gib" in first else ""
        print(
            f"| {text} | {median(speeds):,.0f} | {min(speeds):,.0f}, {max(speeds):,.0f} "
            f"| {ratio:.2f} | {wait:.1%} | {peak} | {first['first_seconds']:.1f} |",
            flush=True,
        )


def machine(device: torch.device) -> str:
    """Return the device, its driver, and torch's version, in a line."""
    import torch

    name = platform.processor() or platform.machine()
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        asked = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        if shutil.which(asked[0]):
            done = subprocess.run(asked, capture_output=True, text=True)
            name += f", driver {done.stdout.split()[0] if done.stdout.split() else 'unknown'}"
    cuda = f" with CUDA {torch.version.cuda}" if torch.version.cuda else ""
    return f"{name}, {os.cpu_count()} processors, torch {torch.__version__}{cuda}"


def note(text: str) -> None:
    """Print progress."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--quick", action="store_true", help="see that all parts run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures there")
    given = parser.parse_args()
    begun = time.monotonic()

    from colorprep.training.devices import choose_device, reproducibly

    device, sizes = choose_device(given.device), QUICK if given.quick else Sizes()
    facts: dict[str, Any] = {"machine": machine(device), "sizes": asdict(sizes), "parts": []}
    print(facts["machine"], flush=True)
    with tempfile.TemporaryDirectory() as made, reproducibly(deterministic=False):
        systems = {each.name: each for each in (make(Path(made), sizes) for make in SYSTEMS)}
        note(f"{time.monotonic() - begun:.0f} s until the labels were made")
        for system in systems.values():
            speed = loader_speed(system, device, sizes.seconds)
            print(f"The loader alone, for {system.name}: {speed:,.0f} images/s", flush=True)
            facts[f"loader of {system.name}"] = speed
        for name, ways, share in PARTS:
            deadline = begun + 60.0 * given.minutes * share
            rounds = measure(systems[name], ways, device, sizes, deadline)
            show(systems[name], rounds)
            facts["parts"].append({"system": name, "rounds": rounds})
            if given.json is not None:
                given.json.write_text(json.dumps(facts, indent=2) + "\n")
    note(f"{time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
