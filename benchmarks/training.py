"""Speed of training on a CPU: ``python benchmarks/training.py [--json FILE] [--other CHECKOUT]``.

Steps on batches at random, without a loader: networks and sides of images as in `CASES`. Four ways:

now
    as `colorprep train` does it
direct
    convolutions by torch alone, without Winograd's algorithm
fresh
    memory that a step has freed goes back to the system
direct, fresh
    neither; or with ``--other``, the trainer of another checkout

Each way is a process of its own, which takes steps when it is asked to. They take turns, round
after round, in an order that turns around; a ratio is taken within each round, by wall and by
processor time. The table shows medians and their intervals, as those of `run.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from intervals import median_interval
from records import commit_of, machine, today, versions

if TYPE_CHECKING:
    from torch import Tensor

    from colorprep.training.fitting.trainer import Trainer

HERE = Path(__file__).resolve()
BATCH = 32
RATE = 1e-3
WAYS = ("now", "direct", "fresh", "direct, fresh")
NOW, BEFORE = WAYS[0], WAYS[-1]
TIMES = ("wall", "processor")


class Case(NamedTuple):
    """A network, the side of its images in pixels, and the stride of its labels."""

    model: str
    side: int
    stride: int = 4


CASES = [
    Case("unet", 64),
    Case("small", 64),
    Case("eccv16", 64),
    Case("small", 32, 1),
    Case("unet", 128),
    Case("small", 128),
    Case("eccv16", 128),
]

Round = dict[str, dict[str, float]]


def make_trainer(case: Case, direct: bool) -> Trainer:
    """Return a trainer of a network with rebalanced soft cross-entropy over 313 bins."""
    import numpy as np
    import torch

    from colorprep import ab_lattice
    from colorprep.training.fitting.methods import Supervised
    from colorprep.training.fitting.trainer import Trainer
    from colorprep.training.losses.objectives import make_objective
    from colorprep.training.losses.pixel_losses import LossOptions
    from colorprep.training.models import make_model
    from colorprep.training.options import MachineOptions, PaceOptions

    quantizer = ab_lattice()
    weights = np.linspace(0.5, 2.0, len(quantizer.centers))
    objective = make_objective("soft-ce", quantizer, LossOptions(weights=weights))
    method = Supervised(make_model(case.model, objective.channels, seed=0), objective)
    # The trainer of a deterministic run computes convolutions directly.
    machine = MachineOptions(deterministic=direct)
    trainer = Trainer(method, PaceOptions(), machine, torch.device("cpu"))
    trainer.train()
    return trainer


def random_batch(case: Case) -> dict[str, Tensor]:
    """Return a batch of random levels of lightness and colors."""
    import torch

    side = -(-case.side // case.stride)
    lightness = torch.randint(0, 256, (BATCH, case.side, case.side), dtype=torch.uint8)
    ab = torch.randint(-60, 60, (BATCH, side, side, 2), dtype=torch.int8)
    label = torch.randint(0, 313, (BATCH, side, side), dtype=torch.int32)
    return {"lightness": lightness, "ab": ab, "label": label}


def serve(way: str, case: Case, threads: int) -> None:
    """Take as many steps as each line of the standard input says, and print their times."""
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    trainer, batch = make_trainer(case, "direct" in way), random_batch(case)
    with ExitStack() as stack:
        if "fresh" not in way:
            from colorprep.training.allocation import freed_memory_kept

            stack.enter_context(freed_memory_kept())
        for line in sys.stdin:
            begun = time.perf_counter(), time.process_time()
            for _ in range(int(line)):
                trainer.take_step(batch, RATE)
            passed = time.perf_counter() - begun[0], time.process_time() - begun[1]
            print(json.dumps(dict(zip(TIMES, passed, strict=True))), flush=True)


class Server:
    """A process that takes steps of a way."""

    def __init__(self, way: str, case: Case, threads: int, checkout: Path) -> None:
        options = ["--way", way, "--case", json.dumps(case), "--threads", str(threads)]
        environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": str(threads)}
        command = [sys.executable, str(HERE), *options]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def __enter__(self) -> Server:
        """Take two steps that do not count."""
        self.steps(2)
        return self

    def __exit__(self, *error: object) -> None:
        """End the process."""
        self._process.communicate()

    def steps(self, n: int) -> dict[str, float]:
        """Return the seconds of some steps, by wall and by processor time."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{n}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            sys.exit("a process that takes steps has failed")
        seconds: dict[str, float] = json.loads(answer)
        return seconds


def measure(case: Case, given: argparse.Namespace) -> tuple[int, list[Round]]:
    """Return how many steps a round has, and the times of all rounds."""
    own = HERE.parents[1]
    checkouts = {**dict.fromkeys(WAYS, own), BEFORE: given.other or own}
    with ExitStack() as stack:
        servers = {
            way: stack.enter_context(Server(way, case, given.threads, checkout))
            for way, checkout in checkouts.items()
        }
        n = max(1, round(given.seconds / servers[BEFORE].steps(1)["wall"]))
        rounds = []
        for number in range(given.rounds):
            order = WAYS if number % 2 == 0 else WAYS[::-1]
            rounds.append({way: servers[way].steps(n) for way in order})
        return n, rounds


def show(case: Case, n_steps: int, rounds: list[Round]) -> None:
    """Print the rows of a case."""
    for way in WAYS:
        speeds = [n_steps * BATCH / each[way]["wall"] for each in rounds]
        cells = [
            f"{case.model}, {case.side} px, stride {case.stride}",
            way,
            f"{median(speeds):.1f}",
        ]
        for kind in TIMES:
            ratios = [each[BEFORE][kind] / each[way][kind] for each in rounds]
            cells.append(median_interval(ratios).text)
        print(f"| {' | '.join(cells)} |", flush=True)


def facts_of(given: argparse.Namespace) -> dict[str, Any]:
    """Return what is measured, when and on which machine."""
    measured = {"this": HERE.parents[1], "other": given.other}
    return {
        "date": today(),
        "measured": {name: commit_of(path) for name, path in measured.items() if path},
        "machine": machine(),
        "versions": versions(),
        "threads": given.threads,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=4.0, help="of a way in a round, about")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", metavar="MODEL", help="this network")
    parser.add_argument("--other", type=Path, metavar="CHECKOUT", help="compare with this one")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures there")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--case", type=json.loads, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        serve(given.way, Case(*given.case), given.threads)
        return
    facts = {**facts_of(given), "cases": []}
    print(", ".join(f"{name}: {fact}" for name, fact in facts.items() if fact))
    print(f"\n| | way | images/s | speed / {BEFORE}, wall | processor |\n|---|---|---|---|---|")
    for case in CASES:
        if given.only in (None, case.model):
            n_steps, rounds = measure(case, given)
            show(case, n_steps, rounds)
            facts["cases"].append({**case._asdict(), "n_steps": n_steps, "rounds": rounds})
            if given.json is not None:
                given.json.write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
