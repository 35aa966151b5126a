"""Short trainings whose losses and weights must not change; prints a digest of each.

Kernels that choose instructions by the processor are switched off, so that the digests are the same
on every x86 processor. Run it in a new process: the switches must precede the import of torch.
"""

import csv
import hashlib
import os
import sys
from pathlib import Path

os.environ |= {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE", "OMP_NUM_THREADS": "1"}

import numpy as np
import torch
from click.testing import CliRunner
from PIL import Image

from colorprep.cli.main import cli

TRAININGS = {
    "soft-ce": "--model small --width 0.25 --clip 1 --ema 0.9 --lr-of logits=0.5",
    "kl": "--model unet --width 0.0625 --loss kl --gray drop --crop 24",
    "matrix": "--model tiny --loss matrix --no-weights --schedule step",
    "l12": "--model tiny --loss l12 --no-weights --schedule poly --no-flip",
    "adjusted": "--model tiny --no-weights --logit-adjust 1 --weigh-by expectation",
    "curriculum": "--model tiny --max-images 12 --rare-color --amp",
}
FIGURES = ("step", "train_loss", "val_loss", "learning_rate", "val_chroma", "val_spread")


def write_images(folder: Path) -> None:
    """Write 32 images: colored noise on slopes, two of them gray."""
    folder.mkdir()
    random = np.random.default_rng(7)
    rows, columns = np.mgrid[:32, :32] / 32
    for number in range(32):
        slopes = random.uniform(0, 255, (2, 3))
        pixels = rows[..., None] * slopes[0] + columns[..., None] * slopes[1]
        pixels += random.normal(0, 20, (32, 32, 3))
        if number < 2:
            pixels[:] = pixels.mean(axis=2, keepdims=True)
        image = Image.fromarray(np.clip(pixels / 2 + 40, 0, 255).astype(np.uint8))
        image.save(folder / f"{number:02}.png")


def call(*arguments: str) -> None:
    """Run a command, and raise its errors."""
    done = CliRunner().invoke(cli, [*arguments, "-q"], catch_exceptions=False)
    assert done.exit_code == 0, done.output


def digest(run: Path) -> str:
    """Return a digest of a run's figures and of the numbers of its network."""
    rows = list(csv.DictReader((run / "log.csv").read_text().splitlines()))
    content = hashlib.sha256(repr([[row[name] for name in FIGURES] for row in rows]).encode())
    saved = torch.load(run / "last.pt", weights_only=True)
    state = saved["average"] or saved["networks"]["colorizer"]
    for name, tensor in sorted(state.items()):
        content.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return content.hexdigest()[:16]


def main(folder: Path) -> None:
    """Make labels, train on them in several ways and print a digest of each."""
    torch.backends.mkldnn.set_flags(False)
    write_images(folder / "images")
    at = ("-C", str(folder))
    call("prior", "--dir", "images", *at)
    call("labels", "--size", "32", *at)
    common = "--epochs 3 --batch-size 8 --val 0.2 --deterministic --device cpu --seed 3"
    for name, options in TRAININGS.items():
        call("train", *common.split(), *options.split(), "-o", name, *at)
        sys.stdout.write(f"{name} {digest(folder / name)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
