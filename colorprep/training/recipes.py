"""Published trainings: their settings, as literal tables, and the labels they need.

Importing it is light. What a publication leaves open keeps its default; ``classifier`` follows no
publication. Learning rates and weight decays are converted where a published loss is a multiple of
the one here:

- a loss c times ours, with SGD: c times the learning rate, 1/c times the weight decay;
- with Adam, which is free of scale: 1/c times the weight decay only.

Keras-FCN's L2 has c = 0.005. colorizer-fcn's divergence is divided by the K bins (c = 1/K), its
cross-entropies are summed over 256 x 256 pixels (c = 65,536).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeAlias

from ..errors import InputError

Options: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Recipe:
    """A published training.

    Attributes
    ----------
    source : str
        Where the settings are from.
    commands : tuple of str
        Make the labels, after those of the images with ``--dir``.
    size : int
        Side of the network's input in pixels.
    options : mapping of str to object
        Of `training.options`, by name.
    needs : mapping of str to object
        Settings that labels must have; ``quantizer`` is the beginning of its name.
    after : str or None
        The recipe whose run this one starts from, with ``--init``.
    """

    source: str
    commands: tuple[str, ...]
    size: int
    options: Options
    needs: Options = field(default_factory=dict)
    after: str | None = None


_PLAIN: Options = {"schedule": "constant", "warm_up": 0.0}
_ADAM: Options = {"optimizer": "adam", **_PLAIN}

_KERAS_FCN: Options = {
    "model": "keras-fcn", "crop": 320, "optimizer": "sgd", "decay_norms": False,
    "schedule": "poly", "by_epoch": True, "warm_up": 0.0, "gray": "keep",
}  # fmt: skip
_KERAS_FCN_HEAD: Options = {"weight_decay": 1e-4, "multipliers": (("colorization", 10.0),)}
_KERAS_FCN_LABELS = (
    "colorprep prior --dir JPEGImages/ --neighbors 5 --smooth lattice",
    "colorprep labels --dir JPEGImages/ --size 480 --stride 4",
)
_SEGMENTS = "--segments SegmentationClass/"

_COLORIZER_FCN: Options = {
    **_ADAM, "loss": "kl", "use_weights": False, "learning_rate": 1e-6, "steps": 100_000,
    "batch_size": 1, "flip": False, "gray": "keep",
}  # fmt: skip
_GMM: Options = {**_COLORIZER_FCN, "weight_decay": 16 * 5e-4}
_GRID: Options = {**_COLORIZER_FCN, "weight_decay": 256 * 5e-4, "batch_size": 4}


def _hue_chroma_labels(prior: str, lowpass: str) -> tuple[str, ...]:
    return (
        f"colorprep prior --dir train/ {prior}",
        f"colorprep labels --dir train/ --size 256 --stride 1{lowpass}",
    )


_GMM_LABELS = _hue_chroma_labels("--quantizer gmm --components 16 --linear-hue", " --lowpass 8")
_GRID_LABELS = _hue_chroma_labels("--quantizer hc-grid --components 256", " --lowpass 4")
_GMM_NEEDS: Options = {"quantizer": "gmm", "stride": 1, "lowpass": 8.0}
_GRID_NEEDS: Options = {"quantizer": "hc-grid", "stride": 1, "lowpass": 4.0}

_CIFAR: Options = {
    **_ADAM, "loss": "l2", "learning_rate": 2e-4, "betas": (0.5, 0.999), "batch_size": 32,
    "epochs": 5, "flip": False, "gray": "keep", "held_out": "test/",
}  # fmt: skip
_CIFAR_LABELS = (
    "colorprep labels --dir cifar10.tar.gz --size 32 --stride 1 --keep rgb --class-from parent",
)
_CIFAR_FEATURES = (f"{_CIFAR_LABELS[0]} --features classifier",)

_PLACES: Options = {
    **_ADAM, "loss": "l2", "learning_rate": 1e-3, "batch_size": 32, "epochs": 100, "gray": "keep",
}  # fmt: skip
_PLACES_GAN: Options = {**_PLACES, "learning_rate": 2e-4, "betas": (0.5, 0.999)}
_PLACES_LABELS = ("colorprep labels --dir train/ --size 256 --stride 1 --keep rgb",)
_PLACES32_LABELS = ("colorprep labels --dir train/ --size 32 --stride 1 --keep rgb",)
_PIXELS: Options = {"stride": 1, "keep": "rgb"}

_SIGGRAPH17: Options = {
    **_ADAM, "model": "siggraph17", "crop": 176, "batch_size": 25, "gray": "drop",
    "max_images": 130_000,
}  # fmt: skip
_SIGGRAPH17_LABELS = (
    "colorprep prior --dir train/ --quantizer ab529",
    "colorprep labels --dir train/ --size 256 --stride 1",
)
_TEN_CLASSES = "lists/ten-classes.txt"
_SIGGRAPH17_NEEDS: Options = {"quantizer": "ab529", "stride": 1}

_KERAS_FCN_SOURCE = "Keras-FCN (image-colorization)"
_FCN_SOURCE = "colorizer-fcn"
_CIFAR_SOURCE = "dl-project-colorization"
_PLACES_SOURCE = "image-colorization (Places)"
_SIGGRAPH17_SOURCE = "Zhang et al., SIGGRAPH 2017 (colorization-pytorch)"

# Linear probes of networks that colorization-pytorch trained, see `fitting.probes`.
PROBES: Options = {
    **_ADAM, "learning_rate": 1e-3, "batch_size": 25, "epochs": 200, "max_images": 13_000,
}  # fmt: skip

RECIPES: dict[str, Recipe] = {
    "zhang2016": Recipe(
        "Zhang et al., ECCV 2016",
        ("colorprep prior --dir train/", "colorprep labels --dir train/ --size 256"),
        176,
        {
            "model": "eccv16", "loss": "soft-ce", "crop": 176, "batch_size": 40, "steps": 500_000,
            "optimizer": "adam", "betas": (0.9, 0.99), "weight_decay": 1e-3, "learning_rate": 3e-5,
            "schedule": "step", "drop_every": 225_000, "warm_up": 0.0,
        },  # fmt: skip
        {"quantizer": "ab313", "stride": 4},
    ),
    "siggraph17-class-small": Recipe(
        f"{_SIGGRAPH17_SOURCE}, 1st phase: bins, ten classes",
        (
            *_SIGGRAPH17_LABELS,
            "colorprep lists random 1300 --per-class --n-classes 10 --dir train/ "
            f"-o {_TEN_CLASSES}",
        ),
        176,
        {
            **_SIGGRAPH17, "loss": "siggraph17-class", "learning_rate": 1e-4, "epochs": 100,
            "list": _TEN_CLASSES,
        },  # fmt: skip
        _SIGGRAPH17_NEEDS,
    ),
    "siggraph17-class": Recipe(
        f"{_SIGGRAPH17_SOURCE}, 2nd phase: bins",
        _SIGGRAPH17_LABELS,
        176,
        {**_SIGGRAPH17, "loss": "siggraph17-class", "learning_rate": 1e-4, "epochs": 15},
        _SIGGRAPH17_NEEDS,
        "siggraph17-class-small",
    ),
    "siggraph17-reg": Recipe(
        f"{_SIGGRAPH17_SOURCE}, 3rd phase: ab, with hints",
        _SIGGRAPH17_LABELS,
        176,
        {
            **_SIGGRAPH17, "loss": "siggraph17-reg", "learning_rate": 1e-5, "epochs": 10,
            "hints": 0.125,
        },  # fmt: skip
        _SIGGRAPH17_NEEDS,
        "siggraph17-class",
    ),
    "siggraph17-reg2": Recipe(
        f"{_SIGGRAPH17_SOURCE}, 4th phase: ab, with hints",
        _SIGGRAPH17_LABELS,
        176,
        {
            **_SIGGRAPH17, "loss": "siggraph17-reg", "learning_rate": 1e-6, "epochs": 5,
            "hints": 0.125,
        },  # fmt: skip
        _SIGGRAPH17_NEEDS,
        "siggraph17-reg",
    ),
    "keras-fcn-segmentation": Recipe(
        f"{_KERAS_FCN_SOURCE}, pretraining on VOC",
        (f"colorprep labels --dir JPEGImages/ --size 480 --stride 1 {_SEGMENTS}",),
        320,
        {
            **_KERAS_FCN, "loss": "segments", "batch_size": 20, "epochs": 40,
            "learning_rate": 0.01 * 20 / 16, "weight_decay": 5e-5, "zoom": (0.5, 2.0),
            "rotate": 10.0, "channel_shift": 20.0,
        },  # fmt: skip
    ),
    "keras-fcn-classification": Recipe(
        f"{_KERAS_FCN_SOURCE}, colorization as segmentation",
        _KERAS_FCN_LABELS,
        320,
        {
            **_KERAS_FCN, **_KERAS_FCN_HEAD, "loss": "hard-ce", "use_weights": False,
            "batch_size": 4, "epochs": 30, "learning_rate": 0.001 * 4 / 16, "zoom": (1.0, 1.5),
        },  # fmt: skip
        {"quantizer": "ab313"},
    ),
    "keras-fcn-rebalanced": Recipe(
        f"{_KERAS_FCN_SOURCE}, rebalanced",
        _KERAS_FCN_LABELS,
        320,
        {
            **_KERAS_FCN, "loss": "matrix", "batch_size": 6, "epochs": 80, "weight_decay": 1e-4,
            "learning_rate": 0.001 * 6 / 16, "multipliers": (("colorization", 3.0),),
            "zoom": (1.0, 1.5), "rotate": 5.0,
        },  # fmt: skip
        {"quantizer": "ab313"},
    ),
    "keras-fcn-regression": Recipe(
        f"{_KERAS_FCN_SOURCE}, regression",
        ("colorprep labels --dir JPEGImages/ --size 480 --stride 1",),
        320,
        {
            **_KERAS_FCN, **_KERAS_FCN_HEAD, "loss": "l2", "batch_size": 8, "epochs": 30,
            "learning_rate": 0.005 * 0.0005 * 8 / 16, "weight_decay": 1e-4 / 0.005,
            "zoom": (1.0, 2.0), "rotate": 10.0,
        },  # fmt: skip
        after="keras-fcn-segmentation",
    ),
    "colorizer-fcn-32s": Recipe(
        f"{_FCN_SOURCE}, configuration 14", _GMM_LABELS, 256, {**_GMM, "model": "fcn32s"},
        _GMM_NEEDS,
    ),
    "colorizer-fcn-16s": Recipe(
        f"{_FCN_SOURCE}, configuration 15", _GMM_LABELS, 256, {**_GMM, "model": "fcn16s"},
        _GMM_NEEDS, "colorizer-fcn-32s",
    ),
    "colorizer-fcn-8s": Recipe(
        f"{_FCN_SOURCE}, configuration 18", _GMM_LABELS, 256, {**_GMM, "model": "fcn8s"},
        _GMM_NEEDS, "colorizer-fcn-16s",
    ),
    "colorizer-fcn-32s-lowpass4": Recipe(
        f"{_FCN_SOURCE}, configuration 19",
        _hue_chroma_labels("--quantizer gmm --components 16 --linear-hue", " --lowpass 4"),
        256,
        {**_GMM, "model": "fcn32s", "steps": 1_000_000},
        {**_GMM_NEEDS, "lowpass": 4.0},
    ),
    "colorizer-fcn-32s-one-hot": Recipe(
        f"{_FCN_SOURCE}, separate bins of hue and chroma",
        _hue_chroma_labels("--quantizer hc-1d --components 32", ""),
        256,
        {
            **_COLORIZER_FCN, "model": "fcn32s", "loss": "hue-chroma",
            "weight_decay": 5e-4 / 65_536,
        },  # fmt: skip
        {"quantizer": "hc-1d", "stride": 1},
    ),
    "colorizer-fcn-32s-uniform": Recipe(
        f"{_FCN_SOURCE}, configuration 28", _GRID_LABELS, 256,
        {**_GRID, "model": "fcn32s", "batch_size": 3}, _GRID_NEEDS,
    ),
    "colorizer-fcn-16s-uniform": Recipe(
        f"{_FCN_SOURCE}, configuration 29", _GRID_LABELS, 256, {**_GRID, "model": "fcn16s"},
        _GRID_NEEDS, "colorizer-fcn-32s-uniform",
    ),
    "colorizer-fcn-8s-uniform": Recipe(
        f"{_FCN_SOURCE}, configuration 30", _GRID_LABELS, 256, {**_GRID, "model": "fcn8s"},
        _GRID_NEEDS, "colorizer-fcn-16s-uniform",
    ),
    "colorizer-fcn-tiny": Recipe(
        f"{_FCN_SOURCE}, configuration 7, on nine images",
        _hue_chroma_labels("--quantizer gmm --components 32 --linear-hue", ""),
        256,
        {
            **_COLORIZER_FCN, "model": "fcn32s", "optimizer": "sgd", "learning_rate": 1e-8 / 32,
            "weight_decay": 32 * 5e-4, "steps": 10_000, "validate_every": 50,
        },  # fmt: skip
        {"quantizer": "gmm", "stride": 1},
    ),
    "cifar-autoencoder": Recipe(
        _CIFAR_SOURCE, _CIFAR_LABELS, 32, {**_CIFAR, "model": "cifar-autoencoder"}, _PIXELS
    ),
    "cifar-unet": Recipe(
        _CIFAR_SOURCE, _CIFAR_LABELS, 32, {**_CIFAR, "model": "cifar-unet"}, _PIXELS
    ),
    "cifar-fusion-label": Recipe(
        _CIFAR_SOURCE, _CIFAR_LABELS, 32, {**_CIFAR, "model": "cifar-fusion-label"}, _PIXELS
    ),
    "cifar-fusion-classifier": Recipe(
        _CIFAR_SOURCE, _CIFAR_FEATURES, 32, {**_CIFAR, "model": "cifar-fusion-classifier"},
        _PIXELS,
    ),
    "cifar-cgan": Recipe(
        _CIFAR_SOURCE,
        _CIFAR_LABELS,
        32,
        {
            **_CIFAR, "model": "cifar-cgan", "critic": "cifar-patch", "loss": "rgb-l1",
            "batch_size": 64, "epochs": 50,
        },  # fmt: skip
        _PIXELS,
    ),
    "places-resnet": Recipe(
        _PLACES_SOURCE, _PLACES_LABELS, 224,
        {**_PLACES, "model": "places-resnet", "crop": 224, "batch_size": 100, "epochs": 300},
        _PIXELS,
    ),
    "places-unet32": Recipe(
        _PLACES_SOURCE, _PLACES32_LABELS, 32, {**_PLACES, "model": "places-unet32"}, _PIXELS
    ),
    "places-unet224": Recipe(
        _PLACES_SOURCE, _PLACES_LABELS, 224, {**_PLACES, "model": "places-unet224", "crop": 224},
        _PIXELS,
    ),
    "places-cgan": Recipe(
        _PLACES_SOURCE,
        _PLACES_LABELS,
        224,
        {
            **_PLACES_GAN, "model": "places-cgan", "critic": "places-rgb", "loss": "rgb-l1",
            "crop": 224, "batch_size": 16, "epochs": 300,
        },  # fmt: skip
        _PIXELS,
    ),
    "places-nazeri32": Recipe(
        _PLACES_SOURCE,
        _PLACES32_LABELS,
        32,
        {
            **_PLACES_GAN, "model": "places-unet32", "critic": "nazeri32", "loss": "l1",
            "batch_size": 100, "epochs": 5,
        },  # fmt: skip
        _PIXELS,
    ),
    "places-nazeri224": Recipe(
        _PLACES_SOURCE,
        _PLACES_LABELS,
        224,
        {
            **_PLACES_GAN, "model": "places-unet224", "critic": "nazeri224", "loss": "l1",
            "crop": 224, "batch_size": 100, "epochs": 5,
        },  # fmt: skip
        _PIXELS,
    ),
    "classifier": Recipe(
        "colorprep's own: EfficientNet-Lite0 of Tan and Le, ICML 2019, to judge by",
        ("colorprep labels --dir train/ --size 256 --keep rgb",),
        224,
        {
            "model": "efficientnet-lite0", "loss": "classes", "crop": 224, "gray": "keep",
            "batch_size": 64, "epochs": 100, "decay_norms": False,
        },  # fmt: skip
        {"keep": "rgb"},
    ),
}  # fmt: skip


def recipe_of(name: str) -> Recipe:
    """Return a recipe by its name.

    Raises
    ------
    InputError
        If it is unknown.
    """
    if name not in RECIPES:
        near = get_close_matches(name, RECIPES, 1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        raise InputError(
            f"unknown recipe {name!r}{meant}; `colorprep train --recipe list` prints all"
        )
    return RECIPES[name]


def misfits(recipe: Recipe, settings: Mapping[str, Any]) -> list[str]:
    """Return in what the settings of labels differ from what a recipe needs, one line each.

    Parameters
    ----------
    settings : mapping of str to object
        See `colorprep.shards.plan.Settings`.
    """
    return [
        f"{name} {settings.get(name)} instead of {needed}"
        for name, needed in recipe.needs.items()
        if not _fits(settings.get(name), needed)
    ]


def _fits(value: Any, needed: Any) -> bool:
    if isinstance(needed, str) and isinstance(value, str):
        return value.startswith(needed)
    return bool(value == needed)
