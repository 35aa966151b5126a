"""How the weights of a published network become those of ours: names, then values.

Published networks see other numbers for the same gray than ours. Since a convolution is linear,
that is a change of its first kernel and bias, exact up to float32, but for the border: there,
the zeros around the image stand for another gray.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...color.lab import Floats
from ...quantize.ab import ab_lattice
from ..models.inputs import BGR_MEANS
from ..models.outputs import AB_UNIT
from .reading import State

# Of RGB from 0 to 1, over ImageNet; torchvision's networks take (RGB - mean) / deviation.
MEANS = np.array([0.485, 0.456, 0.406])
DEVIATIONS = np.array([0.229, 0.224, 0.225])

SAME_CENTERS = 0.5  # CIELAB units; the centers of neighboring bins are 10 apart


def unchanged(state: State) -> State:
    """Return a state as it is."""
    return state


@dataclass(frozen=True)
class Conversion:
    """From a published network's state to that of a network of ours.

    Attributes
    ----------
    prefixes : mapping of str to str
        Of names, theirs to ours; the longest that fits counts. Arrays without one are left out.
    change : callable
        Changes values, under our names; may add arrays.
    note : str
        What differs in use; empty if nothing does.
    """

    prefixes: Mapping[str, str]
    change: Callable[[State], State] = unchanged
    note: str = ""

    def renamed(self, name: str) -> str | None:
        """Return our name of an array, None if we have none."""
        found = max(filter(name.startswith, self.prefixes), key=len, default=None)
        return None if found is None else self.prefixes[found] + name.removeprefix(found)


BY_NAME = Conversion({"": ""})


def eccv16(state: State) -> State:
    """Halve the first kernel: lightness is (L - 50) / 100 there, twice that here."""
    return {**state, "block1.0.weight": state["block1.0.weight"] / 2.0}


def off_centers(state: Mapping[str, Tensor]) -> float:
    """Return how far the released eccv16's last layer is off the bins' colors, in CIELAB units.

    It maps probabilities to ab in units of 110, so its kernel holds the colors that it gives to the
    313 bins.
    """
    kernel: Floats = state["model_out.weight"].double().numpy()[:, :, 0, 0]
    return float(np.abs(AB_UNIT * kernel.T - ab_lattice().centers).max())


def vgg16_of_lightness(state: State) -> State:
    """Let VGG-16 see lightness from -1 to 1 in place of RGB; make its dense layers convolutions."""
    kernel, bias = _first_layer(state, "blocks.0.0.0.weight", 0.5 / DEVIATIONS, _at(0.5))
    state = {
        **state,
        "blocks.0.0.0.weight": kernel.sum(dim=1, keepdim=True),
        "blocks.0.0.0.bias": state["blocks.0.0.0.bias"] + bias,
    }
    for name, side in (("fc6.0.0.weight", 7), ("fc7.0.0.weight", 1)):
        if name in state:
            state[name] = state[name].reshape(len(state[name]), -1, side, side)
    return state


def resnet18_of_luma(state: State) -> State:
    """Let ResNet-18 see luma from 0 to 1 in place of RGB."""
    kernel, bias = _first_layer(state, "conv1.weight", 1.0 / DEVIATIONS, _at(0.0))
    return {
        **state,
        "conv1.weight": kernel.sum(dim=1, keepdim=True),
        # The convolution has no bias; batch norm subtracts the mean after it.
        "bn1.running_mean": state["bn1.running_mean"] - bias,
    }


def resnet50_of_caffe_gray(state: State) -> State:
    """Let ResNet-50 see BGR levels less their means; its convolutions get biases of 0."""
    convolutions = [name for name, tensor in state.items() if tensor.ndim == 4]
    biases = {
        name.replace(".weight", ".bias"): torch.zeros(len(state[name])) for name in convolutions
    }
    scale, black = 1.0 / (255.0 * DEVIATIONS), _at(np.array(BGR_MEANS[::-1]) / 255.0)
    kernel, bias = _first_layer(state, "trunk.conv1.weight", scale, black)
    first = {"trunk.conv1.weight": kernel.flip(1), "trunk.conv1.bias": bias}
    return {**state, **biases, **first}


def _at(rgb: float | Floats) -> Floats:
    """Return RGB from 0 to 1 as torchvision's networks take it."""
    normalized: Floats = (rgb - MEANS) / DEVIATIONS
    return normalized


def _first_layer(state: State, name: str, scale: Floats, shift: Floats) -> tuple[Tensor, Tensor]:
    """Return the kernel and bias that make of x what a kernel makes of scale * x + shift.

    Parameters
    ----------
    name : str
        Of a kernel (O, 3, h, w).
    scale, shift : ndarray of shape (3,)
        Of each channel.
    """
    kernel = state[name].double()
    scales, shifts = torch.from_numpy(scale)[:, None, None], torch.from_numpy(shift)
    bias = kernel.sum(dim=(2, 3)) @ shifts
    return (kernel * scales).float(), bias.float()
