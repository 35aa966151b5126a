"""The networks, behind one literal table.

===============  ==========================================================================
network          is
===============  ==========================================================================
``small``        an encoder-decoder of a million parameters, for trials and a CPU
``unet``         a U-Net of 7.6 million parameters
``eccv16``       the network of Zhang, Isola, Efros, ECCV 2016
``fcn32s`` ...   colorizer-fcn's fully convolutional networks on VGG-16, at full resolution
``tiny``         a network of a thousand parameters, for tests
===============  ==========================================================================

All take lightness of any height and width (see `inputs`) and end in a convolution without a
softmax, whose channels `outputs` describes. A network with separate heads returns a mapping.

Weights are initialized by He et al.'s rule; the output layer starts at 0, so that a network begins
with equal logits, or with gray. (``small`` uses torch's defaults.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import torch
from torch import Tensor, nn

from ...errors import InputError
from ..data.batch import Batch
from .eccv16 import Eccv16
from .fcn import Fcn8s, Fcn16s, Fcn32s
from .inputs import inputs_of
from .outputs import Heads, at_labels, split_heads
from .small import SmallColorizer, TinyColorizer
from .unet import UNet

Network: TypeAlias = nn.Module
Channels: TypeAlias = Mapping[str, int]  # of each head, in order


def _of_one_output(
    network: Callable[[int, float], nn.Module],
) -> Callable[[Channels, float], nn.Module]:
    """Return a network for heads that share one output, the channels of one after another."""
    return lambda channels, width: network(sum(channels.values()), width)


# A network with separate heads takes the mapping itself, and returns its outputs by head.
MODELS: dict[str, Callable[[Channels, float], nn.Module]] = {
    "small": _of_one_output(SmallColorizer),
    "unet": _of_one_output(UNet),
    "eccv16": _of_one_output(Eccv16),
    "fcn32s": _of_one_output(Fcn32s),
    "fcn16s": _of_one_output(Fcn16s),
    "fcn8s": _of_one_output(Fcn8s),
    "tiny": _of_one_output(TinyColorizer),
}


def make_model(
    name: str, channels: int | Channels, seed: int | None = None, width: float = 1.0
) -> nn.Module:
    """Make a network of the table.

    Parameters
    ----------
    name : str
        Of the table.
    channels : int or mapping of str to int
        Channels of its output, or of each of its heads.
    seed : int or None
        Of the initial parameters; None draws them at random.
    width : float
        Multiplies the channels of every layer but the last.

    Raises
    ------
    InputError
        If the name is unknown.
    """
    if name not in MODELS:
        raise InputError(f"unknown model {name!r}; choose {', '.join(MODELS)}")
    with torch.random.fork_rng(devices=[]):
        if seed is not None:
            torch.manual_seed(seed)
        heads = {"": channels} if isinstance(channels, int) else channels
        return MODELS[name](heads, width)


def load_matching(model: nn.Module, state: Mapping[str, Tensor]) -> list[str]:
    """Copy parameters and buffers of the same name and shape from another network.

    Parameters
    ----------
    model : Module
        Changed in place.
    state : mapping of str to Tensor
        A `state_dict`, of `fcn32s` for `fcn16s` for example.

    Returns
    -------
    list of str
        The names of those copied, in the model's order; the others keep their values.

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


def run_network(
    network: nn.Module, batch: Batch, channels: Channels, shape: tuple[int, int]
) -> Heads:
    """Return a network's heads for a batch, at the labels' resolution.

    Parameters
    ----------
    network : Module
    batch : dict of str to Tensor
        With ``lightness`` (B, H, W) uint8, levels round(2.55 L), and what else the network takes.
    channels : mapping of str to int
        Its heads and their numbers of channels.
    shape : tuple of int
        Height and width of the labels, see `outputs.at_labels`.

    Returns
    -------
    dict of str to Tensor of shape (B, n, *shape)
    """
    heads = split_heads(network(*inputs_of(network, batch)), channels)
    return {name: at_labels(head, batch["lightness"], shape) for name, head in heads.items()}
