"""The networks, behind one literal table: lightness in, a quarter of its resolution out.

===============  ==========================================================================
network          is
===============  ==========================================================================
``small``        an encoder-decoder of a million parameters, for trials and a CPU
``unet``         a U-Net of 7.6 million parameters
``eccv16``       the network of Zhang, Isola, Efros, ECCV 2016
``fcn32s`` ...   seed 001's fully convolutional networks on VGG-16, which give full resolution
``tiny``         of a thousand parameters, for tests
===============  ==========================================================================

All take lightness (B, 1, H, W) in [-1, 1], of any height and width, and end in a plain convolution:
their outputs are logits, or ab, with no softmax inside. What the channels mean is in `outputs`.

Weights before a ReLU are drawn by He et al.'s rule; the layer that makes the outputs starts at 0,
so that a network begins with equal logits, or with gray. (``small`` keeps torch's own rule.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import InputError
from .eccv16 import Eccv16
from .fcn import Fcn8s, Fcn16s, Fcn32s
from .small import SmallColorizer, TinyColorizer
from .unet import UNet

MODELS: dict[str, Callable[[int, float], nn.Module]] = {
    "small": SmallColorizer,
    "unet": UNet,
    "eccv16": Eccv16,
    "fcn32s": Fcn32s,
    "fcn16s": Fcn16s,
    "fcn8s": Fcn8s,
    "tiny": TinyColorizer,
}


def make_model(name: str, n_outputs: int, seed: int | None = None, width: float = 1.0) -> nn.Module:
    """Make a network of the table.

    Parameters
    ----------
    name : str
    n_outputs : int
        Channels of its output.
    seed : int or None
        Of the initial parameters; None leaves them to chance.
    width : float
        Multiplies the channels of every layer but the last.

    Returns
    -------
    Module

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name not in MODELS:
        raise InputError(f"unknown model {name!r}; choose {', '.join(MODELS)}")
    with torch.random.fork_rng(devices=[]):
        if seed is not None:
            torch.manual_seed(seed)
        return MODELS[name](n_outputs, width)


def load_matching(model: nn.Module, state: Mapping[str, Tensor]) -> list[str]:
    """Copy the parameters and buffers that go by the same name and shape from another network.

    Parameters
    ----------
    model : Module
        Changed in place.
    state : mapping of str to Tensor
        A `state_dict`, of `fcn32s` for `fcn16s` for example.

    Returns
    -------
    list of str
        What was copied, in the model's order; the rest is as it was.

    Raises
    ------
    InputError
        If nothing matches.
    """
    own = model.state_dict()
    taken = [
        name for name, tensor in own.items() if name in state and state[name].shape == tensor.shape
    ]
    if not taken:
        raise InputError("the checkpoint's network has no layer in common with this one")
    model.load_state_dict({name: state[name] for name in taken}, strict=False)
    return taken


def logits_at(model: nn.Module, lightness: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return a network's outputs at a given resolution.

    Parameters
    ----------
    model : Module
    lightness : Tensor of shape (B, H, W), uint8
        Levels round(2.55 L).
    shape : tuple of int
        Height and width of the labels, (ceil(H / stride), ceil(W / stride)).

    Returns
    -------
    Tensor of shape (B, n, *shape)
        Outputs at the lightness's own resolution are taken at the labels' pixels, every
        stride-th row and column, the first included; others are interpolated bilinearly where they
        are not of `shape`.
    """
    outputs: Tensor = model(lightness[:, None].float() / 127.5 - 1.0)
    height, width = outputs.shape[2:]
    if (height, width) == shape:
        return outputs
    stride = -(-height // shape[0])
    if (height, width) == lightness.shape[1:] and shape == (
        -(-height // stride),
        -(-width // stride),
    ):
        return outputs[:, :, ::stride, ::stride]
    return functional.interpolate(outputs, shape, mode="bilinear", align_corners=False)
