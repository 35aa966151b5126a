"""The built-in photographs: crops of those that come with scikit-image and scikit-learn.

They make every command runnable without a download. Ten photographs have few colors and fewer
scenes: they show how the tool works, not how well a network learns.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from typing import NamedTuple

import numpy as np
from PIL import Image

from ..errors import InputError

QUALITY = 92
PHOTOGRAPHS = {
    "astronaut": ("skimage.data", "astronaut.png"),
    "cat": ("skimage.data", "chelsea.png"),
    "coffee": ("skimage.data", "coffee.png"),
    "flower": ("sklearn.datasets.images", "flower.jpg"),
    "galaxies": ("skimage.data", "hubble_deep_field.jpg"),
    "motorcycle": ("skimage.data", "motorcycle_left.png"),
    "retina": ("skimage.data", "retina.jpg"),
    "rocket": ("skimage.data", "rocket.jpg"),
    "temple": ("sklearn.datasets.images", "china.jpg"),
    "tissue": ("skimage.data", "ihc.png"),
}


class Crop(NamedTuple):
    """A square crop of a built-in photograph.

    Attributes
    ----------
    key : str
        ``<photograph>/<photograph>-<number>.jpg``.
    image : PIL.Image.Image
        RGB.
    """

    key: str
    image: Image.Image


def sample_crops(count: int = 240, size: int = 256, seed: int = 0) -> Iterator[Crop]:
    """Cut crops from the built-in photographs.

    Parameters
    ----------
    count : int
        How many, spread evenly over the photographs.
    size : int
        Side of the crops, in pixels. Before it is resized to this, the side of a crop is between
        half and all of its photograph's shorter side.

    Raises
    ------
    InputError
        If `count` or `size` is below 1.

    Examples
    --------
    >>> next(sample_crops(count=10, size=32)).key
    'astronaut/astronaut-000.jpg'
    """
    if count < 1 or size < 1:
        raise InputError(f"count and size must be 1 or more, got {count} and {size}")
    generator = np.random.default_rng(seed)
    for at, (name, (package, file)) in enumerate(PHOTOGRAPHS.items()):
        with resources.files(package).joinpath(file).open("rb") as stream:
            photograph = Image.open(stream).convert("RGB")
        width, height = photograph.size
        for number in range(len(range(at, count, len(PHOTOGRAPHS)))):
            side = round(min(width, height) * generator.uniform(0.5, 1.0))
            left = int(generator.integers(0, width - side + 1))
            top = int(generator.integers(0, height - side + 1))
            box = (left, top, left + side, top + side)
            crop = photograph.resize((size, size), Image.Resampling.LANCZOS, box=box)
            yield Crop(f"{name}/{name}-{number:03d}.jpg", crop)
