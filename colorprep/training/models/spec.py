"""What a network is made from, whichever it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ...errors import InputError

Channels: TypeAlias = Mapping[str, int]  # of each head, in order

# How labels get what some of them lack, by the name of the size.
REMEDIES = {
    "segments": "`colorprep labels --segments DIR`",
    "classes": "`colorprep labels`, of images in a folder per class (see --class-from)",
    "features": "`colorprep labels --features classifier`",
}


@dataclass(frozen=True)
class NetworkSpec:
    """What a network is made from.

    Attributes
    ----------
    channels : mapping of str to int
        Channels of each head, in order.
    width : float
        Multiplies the channels of every layer but the last.
    sizes : mapping of str to int
        Of the labels: the numbers of ``segments`` and ``classes``, the length of ``features``.
    stride : int
        Of the labels; only Keras-FCN's heads depend on it.
    """

    channels: Channels
    width: float = 1.0
    sizes: Mapping[str, int] = field(default_factory=dict)
    stride: int = 1

    @property
    def n_outputs(self) -> int:
        """Channels of all heads."""
        return sum(self.channels.values())

    def size(self, name: str) -> int:
        """Return a size of the labels; see `size_of`."""
        return size_of(name, self.sizes)


def size_of(name: str, sizes: Mapping[str, int]) -> int:
    """Return a size of the labels by its name.

    Raises
    ------
    InputError
        If the labels have none; the message says how they get it.
    """
    if not sizes.get(name):
        raise InputError(f"the labels have no {name}; make them with {REMEDIES[name]}")
    return sizes[name]
