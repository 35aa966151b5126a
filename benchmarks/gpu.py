"""Speed and memory of training on a GPU: ``python benchmarks/gpu.py [--json FILE]``.

Three recipes are trained on images that are made here; nothing is downloaded. Labels are those of
`colorprep labels`, and each step is that of `colorprep train --recipe`: batches from its loader, in
page-locked memory, copied ahead; crops and mirrors on the device; the trainer.

zhang2016
    eccv16 with rebalanced soft cross-entropy over 313 bins, crops of 176 from images of 256 px
siggraph17-reg
    siggraph17 with its two losses and hints, crops of 176 from images of 256 px
cifar-cgan
    the generator and the critic of the CIFAR models, images of 32 px

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
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from gpu_systems import FULL, LABELS, QUICK, Sizes, System, make_system

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # so that nothing has to be installed

if TYPE_CHECKING:
    import torch
    from torch import Tensor

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
# What is compiled comes last, since it can take long; each part has until a share of the time that
# is left once the labels are made.
PARTS = [
    ("zhang2016", EAGER, 0.3),
    ("siggraph17-reg", EAGER, 0.5),
    ("cifar-cgan", EAGER, 0.65),
    ("zhang2016", COMPILED, 0.8),
    ("cifar-cgan", COMPILED, 0.9),
    ("siggraph17-reg", COMPILED, 1.0),
]


class Training:
    """A training that takes steps as long as it is asked to."""

    def __init__(self, system: System, way: Way, device: torch.device) -> None:
        from colorprep.training.fitting.trainer import Trainer
        from colorprep.training.options import MachineOptions

        self.way, self._device = way, device
        self._prepare, pace = system.inputs.preparation, system.params.pace
        self._rate = pace.learning_rate
        self._memory_of_others = allocated(device)
        self._trainer = Trainer(system.method(), pace, MachineOptions(amp=way.amp), device)
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

    if ahead:
        return prefetch_to_device(loaded(system), device)
    return (on_device(batch, device) for batch in loaded(system))


def loaded(system: System) -> Iterator[dict[str, Tensor]]:
    """Yield batches in the memory of the computer, epoch after epoch."""
    for epoch in count():
        yield from system.inputs.training.batches(epoch)


def loader_speed(system: System, seconds: float) -> float:
    """Return the images per second of the loader alone, after some first batches."""
    batches = loaded(system)
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
    if not rounds[0]:
        print(f"\n**{system.name}**: not measured; nothing fitted into its share of --minutes")
        return
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

    device, sizes = choose_device(given.device), QUICK if given.quick else FULL
    facts: dict[str, Any] = {"machine": machine(device), "sizes": asdict(sizes), "parts": []}
    print(facts["machine"], flush=True)
    with tempfile.TemporaryDirectory() as made, reproducibly(deterministic=False):
        systems = {name: make_system(name, Path(made) / name, sizes, device) for name in LABELS}
        note(f"{time.monotonic() - begun:.0f} s until the labels were made")
        for system in systems.values():
            speed = loader_speed(system, sizes.seconds)
            print(f"The loader alone, for {system.name}: {speed:,.0f} images/s", flush=True)
            facts[f"loader of {system.name}"] = speed
        ready, end = time.monotonic(), begun + 60.0 * given.minutes
        for name, ways, share in PARTS:
            deadline = ready + share * (end - ready)
            rounds = measure(systems[name], ways, device, sizes, deadline)
            show(systems[name], rounds)
            facts["parts"].append({"system": name, "rounds": rounds})
            if given.json is not None:
                given.json.write_text(json.dumps(facts, indent=2) + "\n")
    note(f"{time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
