"""The learning rate over the steps, as a fraction of its peak: pure functions.

Each schedule falls from 1 as the progress p runs from 0, the first step after the warm-up, to 1,
the end of training:

============  ===========================================================================
name          rate
============  ===========================================================================
``constant``  1
``poly``      (1 - p)^0.9, as in Keras-FCN
``linear``    1, then falling linearly to 0 over the last fraction `decay`
``step``      0.1, 0.01 and 0.001 from p = 0.5, 0.75 and 0.9 on, as in Keras-FCN, or a tenth
              after every so many steps, as Zhang et al. 2016
``cosine``    (1 + cos(pi p)) / 2
============  ===========================================================================
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ...errors import InputError

POWER = 0.9
DROPS = (0.5, 0.75, 0.9)  # of Keras-FCN's step schedule


def constant(progress: float) -> float:
    """Return 1."""
    return 1.0


def poly(progress: float, power: float = POWER) -> float:
    """Return (1 - p)^power."""
    return float((1.0 - progress) ** power)


def linear(progress: float, decay: float = 1.0) -> float:
    """Return 1 until the last fraction `decay` of the training, then (1 - p) / decay."""
    return min(1.0, (1.0 - progress) / decay)


def step(progress: float) -> float:
    """Return 0.1 to the power of the drops passed."""
    return math.prod(0.1 for drop in DROPS if progress >= drop)


def cosine(progress: float) -> float:
    """Return (1 + cos(pi p)) / 2."""
    return 0.5 * (1.0 + math.cos(math.pi * progress))


SCHEDULES: dict[str, Callable[..., float]] = {
    "constant": constant,
    "poly": poly,
    "linear": linear,
    "step": step,
    "cosine": cosine,
}


def relative_rate(
    schedule: str, at: int, total: int, warm_up: int = 0, decay: float | None = None
) -> float:
    """Return the learning rate of a step, as a fraction of the peak.

    Parameters
    ----------
    schedule : str
        A name of the table.
    at : int
        The step, counted from 0.
    total : int
        The number of all steps.
    warm_up : int
        Steps over which the rate rises linearly to the peak; the schedule follows.
    decay : float or None
        Of ``linear``: the fraction of the steps after the warm-up over which it falls, above 0 and
        up to 1; None for 1. Falling over N epochs after M epochs is N / (M + N).

    Returns
    -------
    float
        From 0 to 1; above 0 at every step before `total`.

    Raises
    ------
    InputError
        If the schedule is unknown, or does not take `decay`.

    Examples
    --------
    >>> [relative_rate("linear", at, 6, warm_up=2) for at in range(6)]
    [0.5, 1.0, 1.0, 0.75, 0.5, 0.25]
    >>> [round(relative_rate("cosine", at, 4), 3) for at in range(5)]
    [1.0, 0.854, 0.5, 0.146, 0.0]
    """
    if schedule not in SCHEDULES:
        raise InputError(f"unknown schedule {schedule!r}; choose {', '.join(SCHEDULES)}")
    if decay is not None and (schedule != "linear" or not 0.0 < decay <= 1.0):
        raise InputError(f"decay is for linear, above 0 and up to 1; got {decay} for {schedule}")
    if at < warm_up:
        return (at + 1) / warm_up
    progress = min(1.0, (at - warm_up) / max(1, total - warm_up))
    options = {} if decay is None else {"decay": decay}
    return SCHEDULES[schedule](progress, **options)


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train.

    Attributes
    ----------
    steps : int or None
        Ends training after that many steps, whatever the epochs.
    peak : float
        The highest learning rate.
    name : str
        Of the table.
    warm_up : float
        Fraction of all steps over which the rate rises.
    decay_after : int or None
        Of ``linear``: the epochs before the rate falls; None falls from the warm-up on.
    drop_every : int or None
        Of ``step``: the steps after which the rate drops to a tenth, again and again.
    by_epoch : bool
        Whether all steps of an epoch have the rate of its first one.

    Raises
    ------
    InputError
        If a value is out of range, or does not fit the schedule.
    """

    epochs: int
    steps: int | None
    peak: float
    name: str = "cosine"
    warm_up: float = 0.1
    decay_after: int | None = None
    drop_every: int | None = None
    by_epoch: bool = False

    def __post_init__(self) -> None:
        """Reject values that are out of range or do not fit the schedule."""
        if self.name not in SCHEDULES:
            raise InputError(f"unknown schedule {self.name!r}; choose {', '.join(SCHEDULES)}")
        if not self.peak > 0:
            raise InputError(f"the learning rate must be above 0, got {self.peak}")
        if not 0.0 <= self.warm_up < 1.0:
            raise InputError(
                f"the warm-up must be a fraction from 0 to below 1, got {self.warm_up}"
            )
        if self.decay_after is not None and self.name != "linear":
            raise InputError(f"only the schedule linear can fall later, not {self.name}")
        if self.drop_every is not None and self.name != "step":
            raise InputError(f"only the schedule step drops every so many steps, not {self.name}")

    @property
    def depends_on_total(self) -> bool:
        """Whether the learning rate of a step depends on the total number of steps."""
        falls = self.name != "constant" and self.drop_every is None
        return falls or self.warm_up > 0

    def learning_rate(self, at: int, total: int, falls_from: int | None = None) -> float:
        """Return the learning rate of a step.

        Parameters
        ----------
        at, total : int
            The step, counted from 0, and the number of all steps.
        falls_from : int or None
            The step from which ``linear`` falls, if later than the end of the warm-up.
        """
        warm_up = round(self.warm_up * total)
        if self.drop_every is not None and at >= warm_up:
            return float(self.peak * 0.1 ** ((at - warm_up) // self.drop_every))
        decay = None
        if falls_from is not None:
            falling = max(1, total - max(falls_from, warm_up))
            decay = falling / max(1, total - warm_up)
        return self.peak * relative_rate(self.name, at, total, warm_up, decay)
