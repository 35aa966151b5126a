"""The networks, behind one literal table.

===============  ==========================================================================
network          is
===============  ==========================================================================
``small``        an encoder-decoder of a million parameters, for trials and a CPU
``unet``         a U-Net of 7.6 million parameters
``eccv16``       the network of Zhang, Isola, Efros, ECCV 2016
``siggraph17``   the network of Zhang et al., SIGGRAPH 2017, which takes hints; ``-released``:
                 for the released weights
``fcn32s`` ...   colorizer-fcn's fully convolutional networks on VGG-16, at full resolution
``keras-fcn``    the dilated ResNet-50 of colorization on Keras-FCN; ``-parent``: Keras-FCN's own
``cifar-...``    the CIFAR models of dl-project-colorization
``places-...``   the Places models of image-colorization
``efficient...`` EfficientNet-Lite0, a classifier of images in color
``tiny``         a network of a thousand parameters, for tests
===============  ==========================================================================

A network's `takes` names its inputs (see `inputs`; lightness by default), and `predicts` the heads
that it can have (see `outputs`; any by default). It ends without a softmax. Networks for images of
certain sizes have `side_step`, of which sides are multiples, `least_side`, or `fixed_side`.
`probed` names five inner modules, in order, see `fitting.probes`.

Weights are initialized by He et al.'s rule; the output layer starts at 0, so that a network begins
with equal logits, or with gray. (``small`` uses torch's defaults; Keras-FCN's, the CIFAR and the
Places models start as published.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor, nn

from ...errors import InputError
from ..data.batch import Batch
from .cifar import (
    CifarAutoencoder,
    CifarClassifierFusion,
    CifarGenerator,
    CifarLabelFusion,
    CifarUNet,
)
from .eccv16 import Eccv16
from .efficientnet_lite import ImageClassifier
from .fcn import Fcn8s, Fcn16s, Fcn32s
from .inputs import INPUTS, inputs_of, takes
from .keras_fcn import KerasFcn
from .outputs import HEADS, Heads, placed, split_heads
from .places import PlacesGenerator, PlacesResNet, PlacesUNet32, PlacesUNet224
from .siggraph17 import Siggraph17
from .small import SmallColorizer, TinyColorizer
from .spec import Channels, NetworkSpec
from .unet import UNet

Network: TypeAlias = nn.Module


def _of_one_output(
    network: Callable[[int, float], nn.Module],
) -> Callable[[NetworkSpec], nn.Module]:
    """Return a network for heads that share one output, the channels of one after another."""
    return lambda spec: network(spec.n_outputs, spec.width)


# A network with separate heads takes the specification itself, and returns its outputs by head.
MODELS: dict[str, Callable[[NetworkSpec], nn.Module]] = {
    "small": _of_one_output(SmallColorizer),
    "unet": _of_one_output(UNet),
    "eccv16": _of_one_output(Eccv16),
    "siggraph17": Siggraph17,
    "siggraph17-released": partial(Siggraph17, centered=False),
    "fcn32s": _of_one_output(Fcn32s),
    "fcn16s": _of_one_output(Fcn16s),
    "fcn8s": _of_one_output(Fcn8s),
    "keras-fcn": KerasFcn,
    "keras-fcn-parent": partial(KerasFcn, parent=True),
    "cifar-autoencoder": CifarAutoencoder,
    "cifar-unet": CifarUNet,
    "cifar-fusion-label": CifarLabelFusion,
    "cifar-fusion-classifier": CifarClassifierFusion,
    "cifar-cgan": CifarGenerator,
    "places-resnet": PlacesResNet,
    "places-unet32": PlacesUNet32,
    "places-unet224": PlacesUNet224,
    "places-cgan": PlacesGenerator,
    "efficientnet-lite0": ImageClassifier,
    "tiny": _of_one_output(TinyColorizer),
}


def make_model(
    name: str,
    channels: int | Channels,
    seed: int | None = None,
    width: float = 1.0,
    sizes: Mapping[str, int] | None = None,
    stride: int = 1,
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
    width, sizes, stride
        See `spec.NetworkSpec`.

    Raises
    ------
    InputError
        If the name is unknown, or the network cannot have these heads.
    """
    if name not in MODELS:
        raise InputError(f"unknown model {name!r}; choose {', '.join(MODELS)}")
    heads = {"": channels} if isinstance(channels, int) else channels
    with torch.random.fork_rng(devices=[]):
        if seed is not None:
            torch.manual_seed(seed)
        network = MODELS[name](NetworkSpec(heads, width, sizes or {}, stride))
    possible: tuple[str, ...] | None = getattr(network, "predicts", None)
    if possible is not None and not isinstance(channels, int) and {*channels} - {*possible}:
        raise InputError(
            f"the model {name} predicts {' or '.join(possible)}, but the loss is of "
            f"{', '.join(channels)}; choose another --loss or --model"
        )
    return network


def sizes_used(network: nn.Module, spec: NetworkSpec) -> dict[str, int]:
    """Return the sizes of the labels on which a network depends."""
    heads = [name for name in spec.channels if name in HEADS and HEADS[name].n_channels is None]
    inputs = [INPUTS[name].size for name in takes(network) if name in INPUTS]
    return {name: size for name, size in spec.sizes.items() if name in {*heads, *inputs}}


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
    """Return a network's heads for a batch.

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
    dict of str to Tensor
        Where the table of heads places them: (B, n, *shape) at the labels' resolution.
    """
    heads = split_heads(network(*inputs_of(network, batch)), channels)
    return {name: placed(name, head, batch["lightness"], shape) for name, head in heads.items()}
