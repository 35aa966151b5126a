"""From the runs of passes to figures: costs, ratios within a round, and whether they are settled.

These functions compute on rounds alone; they run nothing, and read no file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from intervals import Interval, median_interval
from passes import FIGURES, Clock, Figure
from processes import Usage
from records import OTHER, Round

LEAST_COST = 1e-6  # seconds of an image; a difference below it, or below zero, is noise

Cost = Callable[[Sequence[Usage], Clock], float]


def seconds(run: Usage, clock: Clock) -> float:
    """Return the seconds of a run by a clock."""
    return run.wall if clock == "wall" else run.processor


def cost(runs: Sequence[Usage], clock: Clock) -> float:
    """Return the seconds of an image, without start-up, or of a process that ran as a whole.

    Examples
    --------
    >>> cost([Usage(100, 1.5, 2.0, 80), Usage(1100, 3.5, 5.0, 90)], "wall")
    0.002
    """
    first, last = runs[0], runs[-1]
    if first is last:
        return seconds(first, clock)
    more = seconds(last, clock) - seconds(first, clock)
    return max(LEAST_COST, more / (last.n_images - first.n_images))


def start_up(runs: Sequence[Usage], clock: Clock) -> float:
    """Return the seconds of a pass that do not depend on the number of images."""
    return seconds(runs[0], clock) - runs[0].n_images * cost(runs, clock)


def whole(runs: Sequence[Usage], clock: Clock) -> float:
    """Return the seconds of the run on few images, start-up included."""
    return seconds(runs[0], clock)


def costs_of(rounds: Sequence[Round], job: str, clock: Clock, of: Cost = cost) -> list[float]:
    """Return a pass's cost in each round that ran it."""
    return [of(measured[job], clock) for measured in rounds if job in measured]


def ratios_of(
    rounds: Sequence[Round], job: str, baseline: str, clock: Clock, of: Cost = cost
) -> list[float]:
    """Return the ratio of two passes' costs in each round that ran both."""
    return [
        of(measured[job], clock) / of(measured[baseline], clock)
        for measured in rounds
        if job in measured and baseline in measured
    ]


def values_of(rounds: Sequence[Round], figure: Figure, clock: Clock) -> list[float]:
    """Return a figure's value in each round, if any round has it."""
    if figure.baseline is None:
        return costs_of(rounds, figure.name, clock)
    if figure.measure == "speed":
        return ratios_of(rounds, figure.baseline, figure.name, clock)
    return ratios_of(rounds, figure.name, figure.baseline, clock)


def lost_in_noise(rounds: Sequence[Round], figure: Figure) -> bool:
    """Whether a cost that a figure divides by is too small to measure on so few images."""
    divisor = figure.name if figure.measure == "speed" else figure.baseline
    if divisor is None:
        return False
    return any(median(costs_of(rounds, divisor, clock)) <= LEAST_COST for clock in figure.clocks)


def settled(figure: Figure, interval: Interval) -> bool:
    """Whether more rounds would tell little: narrow, or far from what it must not exceed."""
    if figure.bound is not None and figure.measure != "speed":
        return interval.narrow or interval.high <= figure.bound or interval.low > figure.bound
    return interval.narrow


def unsettled(rounds: Sequence[Round]) -> set[str]:
    """Return the passes that some figure needs more rounds of."""
    found: set[str] = set()
    for figure in FIGURES:
        for clock in figure.clocks:
            values = values_of(rounds, figure, clock)
            if values and not settled(figure, median_interval(values)):
                found |= {figure.name, figure.baseline or figure.name}
    for job in compared(rounds):
        # By processor time, which is the steadier clock.
        if not median_interval(ratios_of(rounds, OTHER + job, job, "processor")).narrow:
            found |= {job, OTHER + job}
    return found


def compared(rounds: Sequence[Round]) -> list[str]:
    """Return the passes that both checkouts ran."""
    return [job for job in rounds[0] if OTHER + job in rounds[0]]
