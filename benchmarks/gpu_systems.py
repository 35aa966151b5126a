"""The trainings that `gpu.py` measures, on images that are made here."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from colorprep import ShardDataset
    from colorprep.training.data.augmentation import Preparation
    from colorprep.training.fitting.methods import Method
    from colorprep.training.options import PaceOptions


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


QUICK = Sizes(24, 24, (2, 8), 0.0625, rounds=2, seconds=0.1)


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
