"""Tables of several methods: metrics by method, and differences to a baseline, as text.

The half width of the narrowest interval of a row has two digits, and all numbers of the row have as
many decimal places.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..metrics.methods import BETTER, MethodComparison
from ..metrics.resampling import LEVEL, Measured
from ..printable import printable
from .numbers import quantity, short

ARROWS = {"higher": "↑", "lower": "↓"}
MARK = "*"
IN_LATEX = {
    "\\": r"\textbackslash{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
}


class TextTable(NamedTuple):
    """A table of words, whose first column names the rows."""

    caption: str
    columns: list[str]
    rows: list[list[str]]


def means_table(comparison: MethodComparison) -> TextTable:
    """Return the metrics of all methods; marks show which differ from the baseline's."""
    rows = [_row(comparison, comparison.measured, metric) for metric in comparison.metrics]
    caption = f"Means, with {LEVEL:.0%} intervals"
    return TextTable(caption, ["metric", *comparison.methods], rows)


def differences_table(comparison: MethodComparison) -> TextTable:
    """Return the differences of all other methods to the baseline."""
    others = comparison.differences
    rows = [
        _row(comparison, others, metric, "+")
        for metric in comparison.metrics
        if any(metric in found for found in others.values())
    ]
    caption = f"Differences to {comparison.baseline}, with paired {LEVEL:.0%} intervals"
    return TextTable(caption, ["metric", *others], rows)


def notes_on(comparison: MethodComparison, n_images: int) -> list[str]:
    """Return sentences on the tables: what marks mean, and what is left out."""
    notes = [
        f"{quantity(n_images, 'image')}, the same for all; arrows show which way is better.",
        f"{comparison.n_marked} of {comparison.n_comparisons} paired differences to "
        f"{comparison.baseline} are marked {MARK}, since their {LEVEL:.0%} interval excludes 0; "
        f"if no method differed, chance would mark about {short(comparison.n_by_chance)}.",
    ]
    if comparison.of_originals:
        known = (
            f"{name.removesuffix('_original')} {with_interval(one)}"
            for name, one in comparison.of_originals.items()
        )
        notes.append(f"Of the originals: {', '.join(known)}.")
    notes += [
        f"{metric} of {name}: {quantity(found[metric].n_left_out, 'image')} left out, whose value "
        "is infinite or undefined."
        for name, found in comparison.measured.items()
        for metric in comparison.metrics
        if metric in found and found[metric].n_left_out
    ]
    return notes


def as_markdown(table: TextTable) -> str:
    r"""Return a table in Markdown, aligned for reading as it is.

    Examples
    --------
    >>> print(as_markdown(TextTable("", ["metric", "a|b"], [["psnr ↑", "24.3 [23.8, 24.8]"]])))
    | metric |              a\|b |
    | :----- | ----------------: |
    | psnr ↑ | 24.3 [23.8, 24.8] |
    """
    rows = with_room_for_marks(table, " " * len(f" {MARK}")).rows
    lines = [[_in_markdown(cell) for cell in row] for row in (table.columns, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
    head, *body = (_aligned(line, widths) for line in lines)
    return "\n".join(["| " + " | ".join(line) + " |" for line in (head, rule, *body)])


def with_room_for_marks(table: TextTable, room: str) -> TextTable:
    """Return a table whose numbers are aligned: unmarked cells end in room, if others have marks.

    Examples
    --------
    >>> table = TextTable("", ["metric", "a"], [["psnr", "24 *"], ["ssim", "0.8"]])
    >>> with_room_for_marks(table, "  ").rows
    [['psnr', '24 *'], ['ssim', '0.8  ']]
    """
    columns = zip(*table.rows, strict=True)
    has_marks = [any(cell.endswith(MARK) for cell in column) for column in columns]
    rows = [
        [
            f"{cell}{room}" if marks and not cell.endswith(MARK) else cell
            for cell, marks in zip(row, has_marks, strict=True)
        ]
        for row in table.rows
    ]
    return table._replace(rows=rows)


def as_latex(table: TextTable, notes: Sequence[str] = ()) -> str:
    r"""Return a table in LaTeX, for the package booktabs.

    Examples
    --------
    >>> table = TextTable("Means", ["metric", "a_b"], [["psnr ↑", "-0.3 [-0.8, 0.2]"]])
    >>> print(as_latex(table))
    \begin{table}
    \centering
    \caption{Means}
    \begin{tabular}{lr}
    \toprule
    metric & a\_b \\
    \midrule
    psnr $\uparrow$ & $-$0.3 [$-$0.8, 0.2] \\
    \bottomrule
    \end{tabular}
    \end{table}
    """
    caption = ". ".join([table.caption, *(note.rstrip(".") for note in notes)])
    head, *body = (_latex_row(row) for row in (table.columns, *table.rows))
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{_in_latex_with_minus(caption)}}}",
        rf"\begin{{tabular}}{{l{'r' * (len(table.columns) - 1)}}}",
        r"\toprule",
        head,
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines)


def in_latex(text: str) -> str:
    """Escape what LaTeX would take as a command."""
    return "".join(IN_LATEX.get(character, character) for character in printable(text))


def with_interval(measured: Measured, plus: str = "", places: int | None = None) -> str:
    """Format a metric with its interval.

    Parameters
    ----------
    plus : str
        Stands before what is above 0.
    places : int or None
        Decimal places; None for two digits of the half width of the interval.

    Examples
    --------
    >>> with_interval(Measured(24.3123, 23.861, 24.752, n=100))
    '24.31 [23.86, 24.75]'
    >>> with_interval(Measured(0.01234, None, None, n=1), "+")
    '+0.01234'
    >>> with_interval(Measured(0.5, 0.5, 0.5 + 1e-15, n=9))  # the same for all images
    '0.5'
    """
    mean, low, high = measured.mean, measured.low, measured.high
    if mean is None:
        return "-"
    own = _places(measured)
    if low is None or high is None or own is None:
        if places is not None:
            return _signed(mean, places, plus)
        return f"{plus if mean > 0 else ''}{mean:.4g}"
    places = own if places is None else places
    first, *ends = (_signed(value, places, plus) for value in (mean, low, high))
    return f"{first} [{', '.join(ends)}]"


def _signed(value: float, places: int, plus: str) -> str:
    text = f"{value:.{places}f}"
    if float(text) == 0.0:
        return text.removeprefix("-")
    return text if value < 0 else f"{plus}{text}"


def _places(measured: Measured) -> int | None:
    """Return the decimal places for two digits of half the interval; None if it has no width."""
    low, high = measured.low, measured.high
    if low is None or high is None or math.isclose(low, high, rel_tol=1e-9, abs_tol=1e-12):
        return None
    return min(9, max(0, 1 - math.floor(math.log10((high - low) / 2.0))))


def _row(
    comparison: MethodComparison,
    figures: Mapping[str, Mapping[str, Measured]],
    metric: str,
    plus: str = "",
) -> list[str]:
    """Return a metric of all methods, in as many decimal places."""
    found = {name: each.get(metric) for name, each in figures.items()}
    known = [_places(one) for one in found.values() if one is not None]
    places = max((each for each in known if each is not None), default=None)
    return [
        with_arrow(metric),
        *(_cell(one, comparison.marked(name, metric), plus, places) for name, one in found.items()),
    ]


def _cell(measured: Measured | None, marked: bool, plus: str, places: int | None) -> str:
    if measured is None:
        return "-"
    return with_interval(measured, plus, places) + (f" {MARK}" if marked else "")


def with_arrow(metric: str) -> str:
    """Return a metric with an arrow for the way in which it is better, if there is one."""
    return f"{metric} {ARROWS[BETTER[metric]]}" if metric in BETTER else metric


def _in_markdown(cell: str) -> str:
    return re.sub(r"[\\|`<]", r"\\\g<0>", printable(cell))


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Fill cells with spaces: the first one at its end, the others at their start."""
    first, *others = zip(cells, widths, strict=True)
    return [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]


def _latex_row(cells: Sequence[str]) -> str:
    return " & ".join(map(_in_latex_with_minus, cells)) + r" \\"


def _in_latex_with_minus(text: str) -> str:
    """Escape a text; signs before numbers are those of mathematics."""
    return re.sub(r"(?<![\w.])[-+](?=\d)", r"$\g<0>$", in_latex(text))
