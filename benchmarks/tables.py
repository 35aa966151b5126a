"""The tables of a run, in Markdown, from its record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from figures import (
    Cost,
    compared,
    cost,
    costs_of,
    lost_in_noise,
    ratios_of,
    start_up,
    values_of,
    whole,
)
from intervals import Interval, median_interval
from passes import CLOCKS, FIGURES, PASSES, Clock, Figure, is_small_job
from records import OTHER, Record, Round, name_of

BEGIN, END = "<!-- tables of benchmarks/run.py -->", "<!-- end of the tables -->"


def tables(record: Record) -> str:
    """Return all tables, and the lines that say what was measured."""
    rounds = record.rounds
    parts = [
        heading(record),
        table(
            [
                "a pass",
                "images/s",
                "ms per image",
                "processor time",
                "start-up, s",
                "processor time",
                "peak MB",
            ],
            [pass_row(rounds, job) for job in rounds[0] if not is_small_job(name_of(job))],
        ),
        table(
            ["a small job", "seconds", "processor time", "peak MB"],
            [job_row(rounds, job) for job in rounds[0] if is_small_job(name_of(job))],
        ),
        table(
            ["figure", "by wall time", "by processor time", "rounds", "bound", "verdict"],
            [figure_row(rounds, figure) for figure in FIGURES if has(rounds, figure)],
        ),
        table(
            [
                f"speed / that of {record.measured.get('other', '')}",
                "an image, wall",
                "processor",
                "the short run, wall",
                "processor",
            ],
            [versus_row(rounds, job) for job in compared(rounds)],
        ),
    ]
    return "\n\n".join(part for part in parts if part)


def with_tables(page: str, text: str) -> str:
    """Return a page with tables in place of those between its marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"the page needs {BEGIN} and {END}, each on a line of its own")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def heading(record: Record) -> str:
    """Return what was measured, when, and on which machine."""
    machine, versions = record.machine, record.versions
    libraries = ", ".join(f"{name} {number}" for name, number in versions.items())
    images = "; ".join(f"{kind}: {text}" for kind, text in record.images.items())
    return (
        f"Commit {record.measured['this']}, {record.date}, on {machine['processor']} "
        f"({machine['cores']} cores, {machine['memory']}, {machine['system']}; load "
        f"{record.load:.1f} before), with {record.threads} threads; {libraries}; {images}."
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table, or nothing without rows."""
    if not rows:
        return ""
    return "\n".join(map(line, [head, ["---"] * len(head), *rows]))


def line(cells: Iterable[str]) -> str:
    """Return a row of a table."""
    return "| " + " | ".join(cells) + " |"


def has(rounds: Sequence[Round], figure: Figure) -> bool:
    """Whether some round measured all that a figure needs."""
    return bool(values_of(rounds, figure, "wall"))


def text_of(job: str) -> str:
    """Return what tables call a pass."""
    text = PASSES[name_of(job)].text
    return text if job == name_of(job) else f"{text} (other)"


def pass_row(rounds: Sequence[Round], job: str) -> list[str]:
    """Return the medians of a pass over images."""
    wall, processor = (median(costs_of(rounds, job, clock)) for clock in CLOCKS)
    starts = (median(costs_of(rounds, job, clock, start_up)) for clock in CLOCKS)
    return [
        text_of(job),
        f"{1 / wall:.0f}",
        f"{1000 * wall:.3g}",
        f"{1000 * processor:.3g}",
        *(f"{start:.2f}" for start in starts),
        peak_of(rounds, job),
    ]


def job_row(rounds: Sequence[Round], job: str) -> list[str]:
    """Return the medians of a process as a whole."""
    shown = [f"{median(costs_of(rounds, job, clock)):.2f}" for clock in CLOCKS]
    return [text_of(job), *shown, peak_of(rounds, job)]


def peak_of(rounds: Sequence[Round], job: str) -> str:
    """Return the median of the peak memory of the longest run."""
    return f"{median(measured[job][-1].peak_mb for measured in rounds if job in measured):.0f}"


def figure_row(rounds: Sequence[Round], figure: Figure) -> list[str]:
    """Return a figure with its intervals, its bound and whether it is met."""
    intervals = {clock: median_interval(values_of(rounds, figure, clock)) for clock in CLOCKS}
    judged = verdict(figure, [intervals[clock] for clock in figure.clocks])
    sign = ">=" if figure.measure == "speed" else "<="
    return [
        figure.text,
        *(interval.text for interval in intervals.values()),
        f"{intervals['wall'].n_values}",
        "" if figure.bound is None else f"{sign} {figure.bound:g}",
        "too few images to tell" if lost_in_noise(rounds, figure) else judged,
    ]


def verdict(figure: Figure, intervals: Sequence[Interval]) -> str:
    """Return whether the medians meet the bound, and whether the intervals leave no doubt."""
    if figure.bound is None:
        return ""
    if all(figure.met(interval.median) for interval in intervals):
        doubted = [
            i for i in intervals if not (figure.met(i.low) and figure.met(i.high) and i.sure)
        ]
        return "met, not surely" if doubted else "met"
    missed = [i for i in intervals if not (figure.met(i.low) or figure.met(i.high)) and i.sure]
    return "missed" if missed else "missed, not surely"


def versus_row(rounds: Sequence[Round], job: str) -> list[str]:
    """Return how many times as fast a pass is as the other checkout's."""

    def versus(of: Cost, clock: Clock) -> str:
        return median_interval(ratios_of(rounds, OTHER + job, job, clock, of)).text

    per_image = [versus(cost, clock) if not is_small_job(job) else "" for clock in CLOCKS]
    return [text_of(job), *per_image, *(versus(whole, clock) for clock in CLOCKS)]
