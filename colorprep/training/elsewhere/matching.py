"""Which arrays of a file a network takes, and those on either side that do not match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from torch import Tensor, nn

from ...printable import first_of
from .conversions import Conversion
from .reading import State

Shapes: TypeAlias = dict[str, tuple[int, ...]]

N_NAMED = 4  # arrays that a line names; the record of a run has all
COUNTER = "num_batches_tracked"  # of batch norm; it has no influence with a fixed momentum


@dataclass(frozen=True)
class Match:
    """Arrays of a file, compared with those of a network.

    Attributes
    ----------
    taken : dict of str to Tensor
        By the network's names.
    unused : dict of str to tuple of int
        Shapes of arrays of the file that the network has no place for, by the file's names.
    misshapen : dict of str to pair of tuple of int
        By the network's names, the shape in the file and that in the network.
    missing : dict of str to tuple of int
        Shapes of arrays that the file lacks, by the network's names.
    """

    taken: State
    unused: Shapes
    misshapen: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]
    missing: Shapes

    @property
    def is_complete(self) -> bool:
        """Whether the network gets everything from the file but counters."""
        return not self.misshapen and all(name.endswith(COUNTER) for name in self.missing)

    def lines(self) -> list[str]:
        """Return what did not match, in words; only the first few arrays of each kind."""
        facts = self.facts()
        kinds = {
            "not used of the file": facts["unused"],
            "of another shape": {
                name: f"{shapes['file']} there, {shapes['network']} here"
                for name, shapes in facts["misshapen"].items()
            },
            "not in the file": facts["missing"],
        }
        return [f"{kind}: {_listed(arrays)}" for kind, arrays in kinds.items() if arrays]

    def facts(self) -> dict[str, Any]:
        """Return all that did not match, in plain values for JSON."""
        return {
            "n_taken": len(self.taken),
            "unused": {name: _shown(shape) for name, shape in self.unused.items()},
            "misshapen": {
                name: {"file": _shown(theirs), "network": _shown(ours)}
                for name, (theirs, ours) in self.misshapen.items()
            },
            "missing": {name: _shown(shape) for name, shape in self.missing.items()},
        }


def match(state: Mapping[str, Tensor], conversion: Conversion, network: nn.Module) -> Match:
    """Convert a state and compare it with a network, which stays as it is."""
    ours = {name: conversion.renamed(name) for name in state}
    renamed = {new: state[name] for name, new in ours.items() if new is not None}
    converted = conversion.change(renamed)
    own = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    given = {name: tuple(tensor.shape) for name, tensor in converted.items()}
    return Match(
        {name: converted[name] for name in own if given.get(name) == own[name]},
        {name: tuple(tensor.shape) for name, tensor in state.items() if ours[name] not in own},
        {name: (given[name], own[name]) for name in own if given.get(name, own[name]) != own[name]},
        {name: shape for name, shape in own.items() if name not in given},
    )


def _shown(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "a number"


def _listed(arrays: Mapping[str, str]) -> str:
    return first_of([f"{name} ({shape})" for name, shape in arrays.items()], N_NAMED)
