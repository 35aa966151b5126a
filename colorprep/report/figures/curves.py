"""Curves of training: losses, learning rate and speed over the steps, of one run or of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from ...color.lab import Floats
from ..gallery import TEXT
from ..numbers import short
from .smoothing import MANY_ROWS, moving_mean, smoothing_window
from .style import (
    ACCENT,
    FAINT,
    SECOND,
    SERIES,
    SIZE,
    SOFT,
    STYLES,
    THIRD,
    blank_figure,
    label,
    legend_look,
    percent_axis,
    plain,
    put_legend,
)

FEW_ROWS = 25  # in logs of at most so many rows, each row has a dot
MOST_EPOCHS = 8  # at most so many ends of epochs are marked
ROUND = (1, 2, 5, 10)  # ticks are multiples of these
SHOWN_LOSSES = 0.99  # the quantile of a long log's losses that the axis reaches
SAME_SCALE = 3.0  # losses share axes if they overlap, or their medians differ by no larger factor
LOSSES_HEIGHT, LOSS_HEIGHT, PANEL_HEIGHT, LINE_HEIGHT = 3.3, 2.2, 0.9, 0.25
CHROMA_SHARE = "chroma_share"
PANELS = {
    CHROMA_SHARE: "chroma of predictions / of originals",
    "learning_rate": "learning rate",
    "images_per_second": "images per second",
    "data_wait": "share of the time spent waiting for data",
}
# Columns that no further panel is drawn for: on the axis, in the losses, in a panel, or not drawn.
KNOWN = (
    "epoch", "step", "images", "train_loss", "val_loss", *PANELS,
    "val_chroma", "val_chroma_truth", "val_spread", "val_spread_truth",
)  # fmt: skip
# Columns of one unit that share a panel, by its title, with their names in its legend.
GROUPS = {
    "adversarial losses": {
        "train_adversarial": "colorizer",
        "train_critic_real": "critic, originals",
        "train_critic_fake": "critic, predictions",
    },
    "agreement in validation": {
        "val_pixel_accuracy": "pixel accuracy",
        "val_class_accuracy": "class accuracy",
        "val_frequency_iou": "frequency IoU",
        "val_mean_iou": "mean IoU",
        "val_accuracy": "image accuracy",
    },
}
GROUP_HEIGHT, GROUP_COLUMNS = 1.5, 2
SMOOTHED = ("images_per_second", "data_wait")
PERCENT = (CHROMA_SHARE, "data_wait")

Log: TypeAlias = Mapping[str, NDArray[Any]]


def draw_run(log: Log, unit: str, caption: str) -> Figure:
    """Draw the log of a run.

    The losses come first, with a mark at the best validation and the ends of epochs on top;
    validation has a panel of its own if its scale is another (`SAME_SCALE`). Below them are the
    panels of `PANELS` that have values, one for each further column that a log has, and those of
    `GROUPS`. Long logs are drawn as a moving mean, with the rows themselves faintly behind it; the
    rows of short ones are weighted by their images, see `moving_mean`.

    Parameters
    ----------
    log : mapping of str to ndarray of shape (n,), n at least 1
        ``epoch``, ``step``, ``images``, ``train_loss``, ``val_loss``, ``learning_rate``,
        ``images_per_second`` and ``data_wait`` (a fraction) by row, NaN for missing values; also
        ``val_chroma`` and ``val_chroma_truth``, if they were logged, and any other columns.
    unit : str
        Of the losses.
    caption : str
        A line that describes the run.
    """
    log = _weighted(_with_chroma_share(log))
    window = smoothing_window(len(log["step"]))
    panels = [name for name in PANELS if np.isfinite(log[name]).any()]
    terms, groups = _terms(log), _groups(log)
    validated = bool(np.isfinite(log["val_loss"]).any())
    apart = validated and not _share_axes(log)
    n_lines = 2 + (window > 1 or validated)
    heights = [n_lines * LINE_HEIGHT, LOSSES_HEIGHT, *[LOSS_HEIGHT] * apart]
    heights += [PANEL_HEIGHT] * len([*panels, *terms]) + [GROUP_HEIGHT] * len(groups)
    n_lines = sum(1 + -(-len(group) // GROUP_COLUMNS) for group in groups.values())
    figure, (head, losses, *others) = _stack(heights, int(log["step"][-1]), n_lines * LINE_HEIGHT)
    beside = others.pop(0) if apart else losses
    rows, *means = _plot(losses, log, "train_loss", ACCENT, window)
    legend = [{"training": rows}, {f"mean of {window} rows": line for line in means}]  # columns
    if validated:
        (legend[0]["validation"],) = _plot(beside, log, "val_loss", SECOND, style="--")
        legend[1][f"best {_best_place(log)}"] = _mark_best(beside, log, TEXT)
    together = [["train_loss"], ["val_loss"]] if apart else [["train_loss", "val_loss"]]
    for axes, columns in zip((losses, beside), together, strict=False):
        _fit_losses(axes, [log[name] for name in columns])
        label(axes, "", f"loss ({unit})")
    if apart:
        _title(beside, "validation")
    _mark_epochs(losses, log)
    for name, axes in zip(panels, others, strict=False):
        _plot(axes, log, name, THIRD, window if name in SMOOTHED else 1)
        _fit_panel(axes, name, [log[name]])
    for (title, columns), axes in zip(terms.items(), others[len(panels) :], strict=False):
        _title(axes, title)
        for name in columns:
            validates = name.startswith("val_")
            _plot(axes, log, name, SECOND if validates else ACCENT, 1 if validates else window)
        _fit_losses(axes, [log[name] for name in columns])
    rest = others[len(panels) + len(terms) :]
    for (title, group), axes in zip(groups.items(), rest, strict=True):
        _draw_group(axes, log, title, group, window)
    put_legend(head, [*legend[0].items(), *legend[1].items()], caption, len(legend))
    return figure


def losses_alone(log: Log) -> Log:
    """Return a log of losses alone, which is drawn without further panels and ends of epochs."""
    kept = ("step", "images", "train_loss", "val_loss")
    rest = {name: np.full(len(log["step"]), np.nan) for name in log if name not in kept}
    return {**log, **rest, "epoch": np.zeros_like(log["step"])}


def draw_runs(logs: Mapping[str, Log], unit: str, caption: str) -> Figure:
    """Draw validation loss (if any run has one), training loss and learning rate of several runs.

    Parameters
    ----------
    logs : mapping of str to mapping
        Logs as in `draw_run` by the names of the runs; at most as many as there are colors in
        `SERIES`.
    unit : str
        Of all losses.
    caption : str
        A line that describes the runs.
    """
    losses = {"val_loss": "validation loss", "train_loss": "training loss"}
    if not any(np.isfinite(log["val_loss"]).any() for log in logs.values()):
        del losses["val_loss"]
    last_step = max(int(log["step"][-1]) for log in logs.values())
    names = [*losses, "learning_rate"]
    n_lines = 1 + sum(1 + name.count("\n") for name in logs)
    heights = [n_lines * LINE_HEIGHT, *[LOSS_HEIGHT] * len(losses), PANEL_HEIGHT]
    figure, (head, *panels) = _stack(heights, last_step)
    legend = {}
    logs = {run: _weighted(log) for run, log in logs.items()}
    for (run, log), color, style in zip(logs.items(), SERIES, STYLES, strict=False):
        window = smoothing_window(len(log["step"]))
        for name, axes in zip(names, panels, strict=True):
            means = window if name == "train_loss" else 1
            legend[run] = _plot(axes, log, name, color, means, style)[-1]
            if name == "val_loss" and np.isfinite(log[name]).any():
                _mark_best(axes, log, color)
    for name, axes in zip(names, panels, strict=True):
        values = [log[name] for log in logs.values()]
        if name in losses:
            smoothed = name == "train_loss" and max(map(len, values)) >= MANY_ROWS
            _title(axes, losses[name] + (", moving mean" if smoothed else ""))
            _fit_losses(axes, values)
            label(axes, "", unit)
        else:
            _fit_panel(axes, name, values)
    put_legend(head, legend.items(), caption)
    return figure


def best_text(log: Log) -> str:
    """Describe the lowest validation loss and its step.

    Examples
    --------
    >>> best_text({"val_loss": np.array([2.5, 2.25, np.nan]), "step": np.array([100, 2000, 2100])})
    'best validation 2.25 at step 2,000'
    """
    if not np.isfinite(log["val_loss"]).any():
        return "not validated"
    return f"best validation {_best_place(log)}"


def _best_place(log: Log) -> str:
    row = _best_row(log)
    return f"{log['val_loss'][row]:.4g} at step {log['step'][row]:,}"


def _terms(log: Log) -> dict[str, list[str]]:
    """Return the columns that are not `KNOWN` or in `GROUPS`, by the titles of their panels.

    Each has a panel; ``train_NAME`` and ``val_NAME`` share one.
    """
    terms: dict[str, list[str]] = {}
    elsewhere = {*KNOWN, *(name for names in GROUPS.values() for name in names)}
    for name in log:
        if name not in elsewhere and np.isfinite(log[name]).any():
            terms.setdefault(name.removeprefix("train_").removeprefix("val_"), []).append(name)
    return terms


def _groups(log: Log) -> dict[str, dict[str, str]]:
    """Return the groups that have values, and their columns that have."""
    groups = {
        title: {
            name: text
            for name, text in names.items()
            if name in log and np.isfinite(log[name]).any()
        }
        for title, names in GROUPS.items()
    }
    return {title: names for title, names in groups.items() if names}


def _draw_group(axes: Axes, log: Log, title: str, names: Mapping[str, str], window: int) -> None:
    """Draw columns in colors of their own, with a title and a legend above the panel."""
    lines = {}
    shares = all(name.startswith("val_") for name in names)
    for (name, text), color in zip(names.items(), SERIES[1:], strict=False):
        lines[text] = _plot(axes, log, name, color, 1 if shares else window)[-1]
    columns = [log[name] for name in names]
    if shares:
        _fit_from_zero(axes, columns, percent=True)
    else:
        _fit_losses(axes, columns)
    axes.legend(
        list(lines.values()),
        list(lines),
        title=title,
        loc="lower left",
        bbox_to_anchor=(-0.02, 1),
        ncols=GROUP_COLUMNS,
        alignment="left",
        borderpad=0,
        borderaxespad=0.4,
        columnspacing=1.2,
        handlelength=1.2,
        **legend_look(),
    ).get_title().set_color(TEXT)


def _with_chroma_share(log: Log) -> Log:
    """Return a log with a column for the predictions' chroma over that of the originals."""
    unknown = np.full(len(log["step"]), np.nan)
    truth = log.get("val_chroma_truth", unknown)
    ratio = log.get("val_chroma", unknown) / np.where(truth > 0, truth, np.nan)
    return {**log, CHROMA_SHARE: ratio}


def _weighted(log: Log) -> Log:
    """Return a log whose means over records are no spikes where a record is short.

    A log that is long enough is smoothed later, see `_plot`.
    """
    if smoothing_window(len(log["step"])) > 1:
        return log
    return {
        name: moving_mean(values, log["images"], 1)
        if name.startswith("train_") or name in SMOOTHED
        else values
        for name, values in log.items()
    }


def _share_axes(log: Log) -> bool:
    """Return whether the losses of training and validation can be read on one axis."""
    train, val = (log[name][np.isfinite(log[name])] for name in ("train_loss", "val_loss"))
    if not len(train) or (train.min() <= val.max() and val.min() <= train.max()):
        return True
    low, high = sorted([abs(np.median(train)), abs(np.median(val))])
    return bool(high <= SAME_SCALE * low)


def _stack(
    heights: Sequence[float], last_step: int, between: float = 0.0
) -> tuple[Figure, list[Axes]]:
    """Return stacked axes that share their steps; the first only holds the legend.

    `between` is the height in inches of what else lies between the axes.
    """
    figure = blank_figure(sum(heights) + 0.35 * len(heights) + 0.5 + between)
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    head = figure.add_subplot(grid[0])
    head.set_axis_off()
    stack: list[Axes] = []
    for row in range(1, len(heights)):
        axes = figure.add_subplot(grid[row], sharex=stack[0] if stack else None)
        plain(axes)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelbottom=row == len(heights) - 1)
        axes.grid(axis="y", color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        stack.append(axes)
    stack[0].set_xlim(0, 1.02 * last_step)
    stack[0].xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=ROUND))
    stack[0].xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))
    label(stack[-1], "step", "")
    return figure, [head, *stack]


def _plot(
    axes: Axes, log: Log, name: str, color: str, window: int = 1, style: Any = "-"
) -> list[Line2D]:
    """Plot a column over the steps; if `window` is above 1, smoothed, with its rows behind."""
    known = np.isfinite(log[name])
    steps, values = log["step"][known], log[name][known]
    dot = "o" if len(steps) <= FEW_ROWS else ""
    line: dict[str, Any] = {"color": color, "linestyle": style, "linewidth": 1.8}
    if window == 1:
        return axes.plot(steps, values, marker=dot, markersize=4, **line)
    means = moving_mean(log[name], log["images"], window)[known]
    return [
        *axes.plot(steps, values, color=color, linewidth=0.7, alpha=0.35, zorder=1.5),
        *axes.plot(steps, means, **line),
    ]


def _mark_best(axes: Axes, log: Log, color: str) -> Line2D:
    """Put a ring around the lowest validation loss."""
    row = _best_row(log)
    place = [log["step"][row]], [log["val_loss"][row]]
    ring: dict[str, Any] = {"markersize": 10, "fillstyle": "none", "markeredgewidth": 1.8}
    (mark,) = axes.plot(*place, "o", color=color, clip_on=False, zorder=4, **ring)
    return mark


def _best_row(log: Log) -> int:
    return int(np.nanargmin(log["val_loss"]))


def _mark_epochs(axes: Axes, log: Log) -> None:
    """Mark ends of epochs on top, no more than there is room for."""
    epochs, steps = log["epoch"], log["step"]
    ends = np.flatnonzero(np.diff(epochs))
    if not len(ends):
        return
    every = next(
        number
        for power in range(12)
        for number in (10**power, 2 * 10**power, 5 * 10**power)
        if np.count_nonzero(epochs[ends] % number == 0) <= MOST_EPOCHS
    )
    ends = ends[epochs[ends] % every == 0]
    for step in steps[ends]:
        axes.axvline(step, color=FAINT, linewidth=0.8, zorder=0)
    top = axes.secondary_xaxis("top")
    top.set_xticks(steps[ends], [f"{epoch:,}" for epoch in epochs[ends]])
    top.tick_params(colors=SOFT, labelsize=SIZE)
    top.spines[:].set_visible(False)
    top.set_xlabel("end of epoch", color=TEXT, fontsize=SIZE)


def _fit_losses(axes: Axes, columns: Sequence[Floats]) -> None:
    """Fit an axis to the lowest and the highest loss, ignoring high outliers of long logs."""
    low, high = np.inf, -np.inf
    for column in columns:
        known = column[np.isfinite(column)]
        if len(known):
            top = np.quantile(known, SHOWN_LOSSES) if len(known) >= MANY_ROWS else known.max()
            low, high = min(low, known.min()), max(high, top)
    if low > high:  # no column has a value
        return
    margin = 0.1 * (high - low) or 0.1 * abs(high) or 1.0
    axes.set_ylim(low - margin, high + margin)


def _fit_panel(axes: Axes, name: str, columns: Sequence[Floats]) -> None:
    """Title a panel, and let its axis start at 0."""
    _title(axes, PANELS[name])
    _fit_from_zero(axes, columns, name in PERCENT)


def _fit_from_zero(axes: Axes, columns: Sequence[Floats], percent: bool) -> None:
    axes.set_ylim(0, 1.1 * max(float(np.nanmax(column)) for column in columns) or 1.0)
    axes.yaxis.set_major_locator(MaxNLocator(3, steps=ROUND))
    number = FuncFormatter(lambda value, _: short(value))
    axes.yaxis.set_major_formatter(percent_axis() if percent else number)


def _title(axes: Axes, text: str) -> None:
    axes.set_title(text, color=TEXT, fontsize=SIZE, loc="left")
