"""Linear probes: how well inner layers of a frozen network predict the classes of images.

The output of each of five layers is averaged over squares and interpolated to a grid, and a linear
layer learns the classes of images from these features. At full width:

=====  ========  =======  ========
layer  squares   grid     features
=====  ========  =======  ========
1      32 px     12 x 12  9,216
2      32 px     9 x 8    9,216
3      64 px     6 x 6    9,216
4, 5   64 px     4 x 4    8,192
=====  ========  =======  ========

Squares are measured in pixels of the image. In `siggraph17`, whose layers have strides of 1, 2, 4,
8 and 8, they are the published 32, 16, 16, 8 and 8 pixels of the layers' maps; in networks of other
strides, they show as much of the image.

What goes wrong in the original, and not here: it takes the cross-entropy of a softmax's softmax; it
validates on randomly changed images; its mean accuracies count a zero that was not measured.

References
----------
The probes of networks trained by colorization-pytorch, after Zhang et al., ECCV 2016, section 3.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import InputError
from ...quantize.quantizer import Quantizer
from ..data.batch import Batch
from ..losses.pixel_losses import LossOptions
from ..losses.terms import LOSSES, Losses, Objective, Term, TermValue
from ..models import MODELS, make_model
from ..models.inputs import blank_batch, inputs_of
from ..models.outputs import Heads
from .methods import Learn, Method, Run


class Pooling(NamedTuple):
    """How features are made of a layer's output: means over squares, in pixels, on a grid."""

    square: int
    grid: tuple[int, int]


POOLINGS = (
    Pooling(32, (12, 12)),
    Pooling(32, (9, 8)),
    Pooling(64, (6, 6)),
    Pooling(64, (4, 4)),
    Pooling(64, (4, 4)),
)


class Trunk(nn.Module):
    """A frozen network, of which the features of the probed layers are computed.

    Parameters
    ----------
    network : Module
        With five layers in `probed`. It is set to evaluation mode, and never changes otherwise.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network.eval()
        self.poolings = dict(zip(probed_layers(network), POOLINGS, strict=True))

    @torch.no_grad()
    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the features of each layer, (B, n)."""
        maps = inner_outputs(self.network, tuple(self.poolings), inputs_of(self.network, batch))
        shape = batch["lightness"].shape[1:]
        return {
            layer: pooled_features(maps[layer], pooling, shape)
            for layer, pooling in self.poolings.items()
        }


class Probe(nn.Linear):
    """A linear layer that learns classes from the features of a layer.

    Takes features (B, n), which the method puts into the batch; returns logits (B, n classes).
    """

    def __init__(self, layer: str, n_features: int, n_classes: int) -> None:
        super().__init__(n_features, n_classes)
        self.takes = (layer,)


class Probes(Method):
    """Trains probes of the layers of one network, each by itself.

    Parameters
    ----------
    trunk : Trunk
    probes : mapping of str to Probe
        By layer.
    objective : Objective
        A term for each layer, of the layer's name.

    Attributes
    ----------
    n_features : dict of str to int
        By layer.

    Notes
    -----
    Besides the losses, ``LAYER_accuracy`` is logged.
    """

    def __init__(self, trunk: Trunk, probes: Mapping[str, Probe], objective: Objective) -> None:
        super().__init__({**probes}, objective)
        self.trunk = trunk
        self.n_features = {layer: probe.in_features for layer, probe in probes.items()}

    @property
    def network(self) -> nn.Module:
        """The trunk, which is not among the networks that learn."""
        return self.trunk

    def step(self, run: Run, batch: Batch, learn: Learn) -> Losses:
        """Let each probe learn the classes of a batch."""
        logged: Losses = {}
        for layer, loss, accuracy in self._judged(run, batch):
            learn(layer, {layer: loss})
            logged |= {layer: loss, accuracy_name(layer): accuracy}
        return logged

    def validate(self, run: Run, batch: Batch) -> tuple[Losses, Heads]:
        """Return the losses and accuracies of a held-out batch; there are no colors to judge."""
        logged: Losses = {}
        for layer, loss, accuracy in self._judged(run, batch):
            logged |= {layer: loss, accuracy_name(layer): accuracy}
        return logged, {}

    def _judged(self, run: Run, batch: Batch) -> Iterator[tuple[str, TermValue, TermValue]]:
        """Yield each layer, the loss of its probe, and its accuracy."""
        seen = {**batch, **self.trunk(batch)}
        for term in self.objective.each():
            heads = run(term.name, seen)
            loss = term(heads, seen)
            right = heads["classes"].argmax(dim=1) == seen["class_id"]  # never -1, no class
            yield term.name, loss, TermValue(right.float().mean(), loss.fraction)


def make_probes(
    network: nn.Module, quantizer: Quantizer, n_classes: int, side: int, seed: int
) -> Probes:
    """Return untrained probes of a network.

    Parameters
    ----------
    network : Module
        See `Trunk`.
    quantizer : Quantizer
        Of the labels.
    side : int
        Height and width of the images, in pixels.
    seed : int
        Of the initial parameters.

    Raises
    ------
    InputError
        If the network names no layers to probe.
    """
    trunk = Trunk(network)
    with next(network.parameters()).device:
        features = trunk(blank_batch(side, {}))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        probes = {layer: Probe(layer, each.shape[1], n_classes) for layer, each in features.items()}
    kind, options = LOSSES["classes"], LossOptions()
    terms = [
        Term(layer, kind, kind.make(quantizer, options), kind.weigh(quantizer, options))
        for layer in probes
    ]
    return Probes(trunk, probes, Objective(terms, quantizer, {"classes": n_classes}))


def accuracy_name(layer: str) -> str:
    """Return the name under which a probe's accuracy is logged; its loss has the layer's name."""
    return f"{layer}_accuracy"


def probed_layers(network: nn.Module) -> tuple[str, ...]:
    """Return the names of the modules to probe, in order.

    Raises
    ------
    InputError
        If the network names none; the message says which networks do.
    """
    layers: tuple[str, ...] = getattr(network, "probed", ())
    if not layers:
        raise InputError(
            f"the network names no inner layers to probe; use a run of {' or '.join(_probed())}"
        )
    return layers


def inner_outputs(
    network: nn.Module, layers: Sequence[str], inputs: Sequence[Tensor]
) -> dict[str, Tensor]:
    """Return the outputs of inner modules, by name; the network runs no further than they need."""
    outputs: dict[str, Tensor] = {}

    def keep(layer: str, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        outputs[layer] = output
        if len(outputs) == len(layers):
            raise _AllFound

    hooks = [
        network.get_submodule(layer).register_forward_hook(partial(keep, layer)) for layer in layers
    ]
    try:
        network(*inputs)
    except _AllFound:
        pass
    finally:
        for hook in hooks:
            hook.remove()
    return outputs


def pooled_features(maps: Tensor, pooling: Pooling, shape: Sequence[int]) -> Tensor:
    """Return the features of a layer.

    Parameters
    ----------
    maps : Tensor of shape (B, C, h, w)
        Its output.
    pooling : Pooling
    shape : sequence of int
        Height and width of the images.

    Returns
    -------
    Tensor of shape (B, C * grid rows * grid columns)
        Squares that the border would cut off are left out. The corners of the grid are the means
        of the corner squares.
    """
    kernel = [
        max(1, min(side, pooling.square // round(pixels / side)))
        for side, pixels in zip(maps.shape[2:], shape, strict=True)
    ]
    means = functional.avg_pool2d(maps, kernel)
    grid = functional.interpolate(means, pooling.grid, mode="bilinear", align_corners=True)
    return grid.flatten(1)


class _AllFound(Exception):
    """All outputs that were asked for are there."""


def _probed() -> list[str]:
    """Return the networks of the table that name layers to probe."""
    sizes = {"segments": 2, "classes": 2, "features": 2}
    with torch.device("meta"):
        return [name for name in MODELS if hasattr(make_model(name, 2, sizes=sizes), "probed")]
