"""Time and memory of the loss: ``python benchmarks/loss.py``.

Forward and backward of soft cross-entropy, on logits of 32 images with 64 x 64 labels over the 313
bins, on two threads. Three forms:

dense
    targets written out over all bins, and torch's own cross-entropy
gather
    no dense targets, `logsumexp` and `gather`, the gradient by autograd
ours
    `soft_cross_entropy`, with its own backward pass

Each is measured in its own process, in turn, round after round: the median seconds of a few passes,
and the peak memory beyond that of the logits and targets. A ratio is taken within each round; the
table shows medians.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

FORMS = ["dense", "gather", "ours"]
LAYOUTS = ["contiguous_format", "channels_last"]
IMAGES, SIDE, BINS = 32, 64, 313
THREADS = 2
PASSES = 5
MOST_MEMORY = 0.45  # stated, of the dense form's
LEAST_SPEED = 1.7

Form = Callable[["Tensor", "Tensor", "Tensor"], "Tensor"]
Measured = dict[str, dict[str, float]]


def forms() -> dict[str, Form]:
    """Return the forms by their names: from logits, bins and probabilities to the mean loss."""
    import torch
    from torch.nn import functional

    from colorprep.training.losses.cross_entropy import soft_cross_entropy

    def dense(logits: Tensor, bins: Tensor, probs: Tensor) -> Tensor:
        target = torch.zeros_like(logits, requires_grad=False)
        target.scatter_add_(1, bins.movedim(-1, 1), probs.movedim(-1, 1))
        return functional.cross_entropy(logits, target)

    def gather(logits: Tensor, bins: Tensor, probs: Tensor) -> Tensor:
        chosen = torch.gather(logits, 1, bins.movedim(-1, 1))
        return (torch.logsumexp(logits, dim=1) - (probs.movedim(-1, 1) * chosen).sum(dim=1)).mean()

    def ours(logits: Tensor, bins: Tensor, probs: Tensor) -> Tensor:
        return soft_cross_entropy(logits, bins, probs).mean()

    return {"dense": dense, "gather": gather, "ours": ours}


def measure_here(form: Form, layout: str) -> dict[str, float]:
    """Measure a form in this process, which must be fresh."""
    import psutil
    import torch

    from colorprep import ab_lattice
    from colorprep.training.losses.targets import SoftTargetTable

    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    cells = torch.randint(-60, 60, (IMAGES, SIDE, SIDE, 2), dtype=torch.int8)
    bins, probs = SoftTargetTable(ab_lattice())({"ab": cells})
    logits = torch.empty(IMAGES, BINS, SIDE, SIDE, memory_format=getattr(torch, layout))
    logits.normal_().requires_grad_()
    few = torch.randn(2, BINS, 8, 8, requires_grad=True)
    form(few, bins[:2, :8, :8], probs[:2, :8, :8]).backward()
    before = psutil.Process().memory_info().rss
    seconds = []
    for _ in range(PASSES):
        logits.grad = None
        begun = time.perf_counter()
        form(logits, bins, probs).backward()
        seconds.append(time.perf_counter() - begun)
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": median(seconds), "extra_mb": (peak - before) / 1e6}


def measure(form: str, layout: str) -> dict[str, float]:
    """Measure a form in its own process."""
    command = [sys.executable, str(Path(__file__).resolve()), "--form", form, "--layout", layout]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{form} failed:\n{done.stderr}")
    result: dict[str, float] = json.loads(done.stdout)
    return result


def show(layout: str, rounds: list[Measured]) -> None:
    """Print what the forms took, and their ratios to the dense one."""
    print(f"\n{layout:24} {'seconds':>9} {'extra MB':>9}")
    for form in FORMS:
        seconds, extra = (
            median(measured[form][name] for measured in rounds) for name in ("seconds", "extra_mb")
        )
        print(f"{form:24} {seconds:9.3f} {extra:9.0f}")
    print(f"{'ratio':24} {'median':>9} {'least':>9} {'most':>9} {'stated':>9}")
    for form in FORMS[1:]:
        pairs = [(measured["dense"], measured[form]) for measured in rounds]
        speed = [dense["seconds"] / other["seconds"] for dense, other in pairs]
        memory = [other["extra_mb"] / dense["extra_mb"] for dense, other in pairs]
        stated = (f">= {LEAST_SPEED}", f"<= {MOST_MEMORY}") if form == "ours" else ("", "")
        show_line(f"speed: {form} / dense", speed, stated[0])
        show_line(f"memory: {form} / dense", memory, stated[1])


def show_line(text: str, values: list[float], stated: str) -> None:
    """Print the figures of all rounds beside the stated one."""
    print(f"{text:24} {median(values):9.2f} {min(values):9.2f} {max(values):9.2f} {stated:>9}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--form", choices=FORMS, help="measure only this one, in this process")
    parser.add_argument("--layout", choices=LAYOUTS, default=LAYOUTS[0])
    given = parser.parse_args()
    if given.form:
        print(json.dumps(measure_here(forms()[given.form], given.layout)))
        return
    for layout in LAYOUTS:
        rounds = [{form: measure(form, layout) for form in FORMS} for _ in range(given.rounds)]
        show(layout, rounds)


if __name__ == "__main__":
    main()
