"""What a network can be fed, behind one literal table.

=============  =====================================================
input          is
=============  =====================================================
``lightness``  lightness, (B, 1, H, W) float32, from -1 to 1 for L from 0 to 100
=============  =====================================================

A network names its inputs in its attribute `takes`; without one it takes lightness alone. A name
that is not in the table is that of a tensor of the batch, which a method may have put there.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from ..data.batch import Batch

LIGHTNESS = ("lightness",)


def scaled_lightness(batch: Batch) -> Tensor:
    """Return lightness in [-1, 1], (B, 1, H, W) float32, from levels round(2.55 L)."""
    return batch["lightness"][:, None].float() / 127.5 - 1.0


INPUTS: dict[str, Callable[[Batch], Tensor]] = {"lightness": scaled_lightness}


def inputs_of(network: nn.Module, batch: Batch) -> list[Tensor]:
    """Return what a network takes, from a batch."""
    names: tuple[str, ...] = getattr(network, "takes", LIGHTNESS)
    return [INPUTS[name](batch) if name in INPUTS else batch[name] for name in names]
