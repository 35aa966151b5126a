"""The published trainings that `gpu.py` measures, on images that are made here."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from colorprep.stages.train.inputs import TrainInputs
    from colorprep.stages.train.params import TrainParams
    from colorprep.training.fitting.methods import Method


@dataclass(frozen=True)
class Sizes:
    """How much there is to compute.

    Attributes
    ----------
    images, batches
        For each recipe; the images are whole batches, since others would be compiled anew.
    rounds, seconds
        How often each way is measured, and how long each time.
    """

    images: dict[str, int]
    batches: dict[str, int]
    width: float = 1.0
    rounds: int = 3
    seconds: float = 4.0


QUANTIZERS = {"siggraph17-reg": "ab529"}  # of the others, ab313
LABELS = {  # options of labels
    "zhang2016": {"size": 256, "stride": 4},
    "siggraph17-reg": {"size": 256, "stride": 1},
    "cifar-cgan": {"size": 32, "stride": 1, "keep": "rgb"},
}
FULL = Sizes(
    {"zhang2016": 2000, "siggraph17-reg": 500, "cifar-cgan": 20_032},
    {"zhang2016": 40, "siggraph17-reg": 25, "cifar-cgan": 64},
)
QUICK = Sizes(
    {"zhang2016": 24, "siggraph17-reg": 12, "cifar-cgan": 24},
    {"zhang2016": 2, "siggraph17-reg": 2, "cifar-cgan": 8},
    width=0.0625, rounds=2, seconds=0.1,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class System:
    """A recipe with labels to train on."""

    name: str
    params: TrainParams
    inputs: TrainInputs

    @property
    def text(self) -> str:
        """What is trained, in a line."""
        network, side = self.params.network, self.inputs.preparation.side
        against = f" against {network.critic}" if network.critic else ""
        what = f"{network.model}{against}, {self.params.objective.loss}"
        return f"{what}, {side} px, batches of {self.params.pace.batch_size}"

    def method(self) -> Method:
        """Return the method with new networks."""
        from colorprep.stages.train.method import make_method

        return make_method(self.params, self.inputs)


def make_system(name: str, folder: Path, sizes: Sizes, device: torch.device) -> System:
    """Make images and labels for a recipe, and open them as `colorprep train` does."""
    from colorprep import QuantizerSpec, Reporter, Workspace
    from colorprep.stages import labels, prior
    from colorprep.stages.source import ImageParams
    from colorprep.stages.train.inputs import read_inputs
    from colorprep.stages.train.params import TrainParams
    from colorprep.training.processes import Process

    folder.mkdir()
    workspace, reporter, options = Workspace(folder), Reporter(), LABELS[name]
    pictures = write_pictures(folder / "pictures", sizes.images[name], options["size"])
    images = ImageParams(pictures)
    spec = QuantizerSpec(QUANTIZERS.get(name, "ab313"))
    prior.run(prior.PriorParams(images, spec), workspace, reporter)
    labels.run(labels.LabelsParams(images, **options), workspace, reporter)
    own = {"batch_size": sizes.batches[name], "width": sizes.width, "held_out": 0.0}
    params = TrainParams.from_recipe(name, **own)
    inputs = read_inputs(params, workspace, Process(device), reporter)
    return System(name, params, inputs)


def write_pictures(folder: Path, number: int, side: int) -> Path:
    """Write so many random pictures."""
    from PIL import Image

    def write(seed: int) -> None:
        Image.fromarray(picture(seed, side)).save(folder / f"{seed:05}.jpg", quality=90)

    folder.mkdir()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(write, range(number)))
    return folder


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
