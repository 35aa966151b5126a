"""The results of `study.py`: intervals over seeds and photographs, tables and a figure.

A measure is a mean over photographs and seeds. In each of 1,000 replicates, a photograph counts as
often as in all intervals of colorprep, and a seed as often as a Poisson variable of mean 1 that is
drawn from its number; a result counts by the product of both. The arms share the replicates, so
that their differences are paired, by seed and by photograph. An interval extends t standard
deviations of the replicates' differences to both sides, t of Student's distribution with as many
degrees of freedom as there are seeds, less one.

References
----------
Owen, Eckles 2012, Bootstrapping data arrays of arbitrary order.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from colorprep.balance.bootstrap import poisson_weights
from colorprep.color.lab import Floats
from colorprep.metrics.methods import BETTER, excludes_zero
from colorprep.metrics.resampling import (
    LEVEL,
    N_REPLICATES,
    Measured,
    measure_difference,
    resampled_sums,
)
from colorprep.report.figures.figure_style import FigureStyle
from colorprep.report.figures.files import write_figure
from colorprep.report.figures.style import ACCENT, FAINT, SOFT, blank_figure, label, plain
from colorprep.stages.evaluate.files import TABLE

BLOCK = 256  # photographs
PANEL_HEIGHT = 1.9  # inches


class Measure(NamedTuple):
    """How a column of ``evaluation.csv`` is averaged, and shown.

    Attributes
    ----------
    weight : str or None
        The column that photographs are weighted by.
    """

    text: str
    weight: str | None = None


MEASURES = {
    "auc": Measure("AuC"),
    "auc_balanced": Measure("AuC balanced", "balance_weight"),
    "ciede2000": Measure("CIEDE2000"),
    "chroma_ab": Measure("mean chroma"),
    "nll": Measure("nll"),
}
ORIGINAL = "chroma_ab_original"
COLUMNS = (*MEASURES, "balance_weight", ORIGINAL)

Comparison = tuple[str, str]
Differences = dict[Comparison, dict[str, Measured]]


@dataclass(frozen=True)
class Results:
    """The photographs' figures of all arms in the complete rounds.

    Attributes
    ----------
    columns : mapping of str to mapping of str to ndarray of shape (S, N), float64
        By arm and column: S seeds, N photographs.
    commits : set of str
        Of the code that made them.
    """

    seeds: Sequence[int]
    keys: Sequence[str]
    columns: Mapping[str, Mapping[str, Floats]]
    commits: set[str]


def result_path(out: Path, arm: str, seed: int) -> Path:
    """Return the file that a complete run has."""
    return out / "results" / f"{arm}-{seed}.json"


def read_results(out: Path, arms: Sequence[str], seeds: Sequence[int]) -> Results:
    """Read the rounds of which all arms are complete."""
    complete = [s for s in seeds if all(result_path(out, arm, s).exists() for arm in arms)]
    if not complete:
        sys.exit(f"no round is complete in {out}: run `python benchmarks/study.py --out {out}`")
    keys: Sequence[str] = ()
    columns: dict[str, dict[str, Floats]] = {}
    commits = set()
    for arm in arms:
        tables = []
        for seed in complete:
            found, table = read_table(out / "evaluation" / f"{arm}-{seed}" / TABLE)
            keys = keys or found
            if found != keys:
                sys.exit(f"{arm}-{seed} was judged on other photographs than the first run")
            tables.append(table)
            commits.add(json.loads(result_path(out, arm, seed).read_text())["commit"])
        columns[arm] = {name: np.stack([each[name] for each in tables]) for name in COLUMNS}
    return Results(complete, keys, columns, commits)


def read_table(path: Path) -> tuple[list[str], dict[str, Floats]]:
    """Return the keys of ``evaluation.csv``, and the columns that a study needs."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [
            (row["key"], *(float(row[name]) for name in COLUMNS)) for row in csv.DictReader(file)
        ]
    keys, *values = zip(*rows, strict=True)
    return list(keys), {name: np.array(each) for name, each in zip(COLUMNS, values, strict=True)}


def two_way_means(
    keys: Sequence[str], seeds: Sequence[int], values: Floats, weights: Floats
) -> Floats:
    """Return weighted means over seeds and photographs, then those in each replicate.

    Parameters
    ----------
    values : ndarray of shape (A, S, N), float64
        Of A arms, S seeds and N photographs.
    weights : ndarray of shape (N,), float64
        Of the photographs.

    Returns
    -------
    ndarray of shape (A, 1 + R), float64
        NaN in replicates that drew no seed.
    """
    n_arms, n_seeds, n = values.shape
    addends = np.vstack([weights, (values * weights).reshape(-1, n)]).T
    blocks = range(0, n, BLOCK)
    sums = resampled_sums((keys[at : at + BLOCK], addends[at : at + BLOCK]) for at in blocks)
    drawn = np.stack([poisson_weights(f"seed {seed}", N_REPLICATES) for seed in seeds], axis=1)
    counts = np.vstack([np.ones(n_seeds), drawn])
    totals = np.einsum("ras,rs->ar", sums[:, 1:].reshape(-1, n_arms, n_seeds), counts)
    with np.errstate(invalid="ignore"):
        means: Floats = totals / (sums[:, 0] * counts.sum(axis=1))
    return means


def differences_of(results: Results, comparisons: Sequence[Comparison]) -> Differences:
    """Return the differences of each arm to its baseline, with intervals, by measure."""
    found: Differences = {comparison: {} for comparison in comparisons}
    arms = list(results.columns)
    for name, measure in MEASURES.items():
        values = np.stack([results.columns[arm][name] for arm in arms])
        weights = np.ones(values.shape[-1])
        if measure.weight is not None:
            weights = results.columns[arms[0]][measure.weight][0]  # by the originals alone
        means = two_way_means(results.keys, results.seeds, values, weights)
        by_arm = dict(zip(arms, means, strict=True))
        for arm, baseline in comparisons:
            difference = by_arm[arm] - by_arm[baseline]
            found[arm, baseline][name] = measure_difference(difference, len(results.seeds))
    return found


def report(
    out: Path,
    arms: Sequence[str],
    seeds: Sequence[int],
    comparisons: Sequence[Comparison],
    figures: Path,
) -> str:
    """Draw the figure in both themes, and return the tables as Markdown."""
    results = read_results(out, arms, seeds)
    differences = differences_of(results, comparisons)
    to_first = {pair: each for pair, each in differences.items() if pair[1] == arms[0]}
    for theme in ("light", "dark"):
        path = figures / f"study-{theme}.png"
        write_figure(draw_differences(to_first), "", path, FigureStyle(theme))
    made = f"{len(results.seeds)} of {len(seeds)} seeds, {len(results.keys):,} photographs"
    return "\n".join(
        [
            f"{made}, commit {', '.join(sorted(results.commits))}.",
            "",
            *table_of_means(results),
            "",
            summary(differences),
            "",
            *table_of_differences(differences),
        ]
    )


def summary(differences: Differences) -> str:
    """Return in words how many intervals exclude 0, and how many would by chance."""
    every = [each for by_name in differences.values() for each in by_name.values()]
    n_intervals = sum(each.low is not None for each in every)
    n_marked = sum(map(excludes_zero, every))
    by_chance = (1 - LEVEL) * n_intervals
    return (
        f"Differences with {LEVEL:.0%} intervals. {n_marked} of {n_intervals} exclude 0 (in bold); "
        f"chance alone would make {by_chance:.1f} do so."
    )


def table_of_means(results: Results) -> list[str]:
    """Return a row for each arm: means, and standard deviations over the seeds."""
    rows = header("arm")
    for arm, columns in results.columns.items():
        cells = []
        for name, measure in MEASURES.items():
            weights = None if measure.weight is None else columns[measure.weight]
            by_seed = np.average(columns[name], axis=1, weights=weights)
            spread = f" ± {by_seed.std(ddof=1):.4f}" if len(by_seed) > 1 else ""
            cells.append(f"{by_seed.mean():.4f}{spread}")
        rows.append(f"| {arm} | {' | '.join(cells)} |")
    original = next(iter(results.columns.values()))[ORIGINAL].mean()
    return [*rows, "", f"Mean chroma of the originals: {original:.4f}."]


def table_of_differences(differences: Differences) -> list[str]:
    """Return a row for each comparison."""
    rows = header("difference")
    for (arm, baseline), by_name in differences.items():
        cells = " | ".join(shown(by_name[name]) for name in MEASURES)
        rows.append(f"| {arm} - {baseline} | {cells} |")
    return rows


def header(first: str) -> list[str]:
    """Return the head of a table of all measures."""
    names = " | ".join(measure.text for measure in MEASURES.values())
    return [f"| {first} | {names} |", "|" + "---|" * (1 + len(MEASURES))]


def shown(difference: Measured) -> str:
    """Return a difference and its interval as text."""
    if difference.low is None or difference.high is None:
        return f"{difference.mean:+.4f}"
    text = f"{difference.mean:+.4f} [{difference.low:+.4f}, {difference.high:+.4f}]"
    return f"**{text}**" if excludes_zero(difference) else text


def draw_differences(differences: Differences) -> Figure:
    """Draw the intervals of differences to one baseline, a panel for each measure."""
    figure = blank_figure(PANEL_HEIGHT * len(MEASURES))
    places = np.arange(len(differences))[::-1]
    baseline = next(iter(differences))[1]
    for axes, name in zip(figure.subplots(len(MEASURES), 1), MEASURES, strict=True):
        plain(axes)
        axes.axvline(0.0, color=SOFT, linewidth=1, linestyle="--")
        for place, by_name in zip(places, differences.values(), strict=True):
            one = by_name[name]
            if one.low is not None:
                axes.plot([one.low, one.high], [place, place], color=ACCENT, linewidth=2)
            axes.plot(one.mean, place, "o", color=ACCENT, markersize=6)
        axes.set_yticks(places, [arm for arm, _ in differences])
        axes.set_ylim(-0.6, len(differences) - 0.4)
        axes.locator_params(axis="x", nbins=4)
        axes.grid(axis="x", color=FAINT, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        better = f" ({BETTER[name]} is better)" if name in BETTER else ""
        label(axes, f"{MEASURES[name].text}, less {baseline}'s{better}", "")
    return figure
