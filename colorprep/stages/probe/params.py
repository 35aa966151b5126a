"""Parameters of `colorprep probe`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...report.figures.style import SERIES
from ...training.options import DataOptions, MachineOptions, PaceOptions
from ...training.recipes import PROBES
from ..train.params import TrainParams

# The options of training that are also those of probes.
OPTIONS = (
    "shards", "cache", "held_out", "max_images",
    "epochs", "batch_size", "learning_rate", "seed", "device",
)  # fmt: skip


@dataclass(frozen=True)
class ProbeParams:
    """Parameters of `colorprep probe`; `of` makes them.

    Attributes
    ----------
    runs : tuple of str or Path
        Runs, of which the best network is probed, or checkpoints; empty for the newest finished
        run.
    data, pace, machine
        How the probes are trained.
    output : str, Path or None
        A folder; None for ``probes/``.
    """

    runs: tuple[str | Path, ...]
    data: DataOptions
    pace: PaceOptions
    machine: MachineOptions
    output: str | Path | None = None

    @classmethod
    def of(
        cls, runs: Sequence[str | Path] = (), output: str | Path | None = None, **options: Any
    ) -> ProbeParams:
        """Return parameters from options by name, those of `OPTIONS`; others are as published.

        Raises
        ------
        InputError
            If a value is out of range, or there are more runs than the figure has colors.
        TypeError
            If there is no such option.

        Examples
        --------
        >>> ProbeParams.of(["runs/a"], epochs=20).pace.learning_rate
        0.001
        """
        if len(runs) > len(SERIES):
            raise InputError(f"at most {len(SERIES)} runs can be distinguished; got {len(runs)}")
        for name in options:
            if name not in OPTIONS:
                raise TypeError(f"probes have no option {name!r}")
        if options.get("held_out") == 0:
            raise InputError("probes are judged on held-out images; hold out some with --val")
        training = TrainParams.of(**{**PROBES, **options})
        return cls(tuple(runs), training.data, training.pace, training.machine, output)

    def published(self) -> dict[str, Any]:
        """Return the options of the published training, with their values here."""
        groups = {**vars(self.data), **vars(self.pace)}
        return {name: groups[name] for name in PROBES}
