"""Claims about curves of training: what is drawn is what was logged."""

import numpy as np
import pytest

from colorprep.report.figures.curves import draw_run, draw_runs
from colorprep.report.figures.smoothing import moving_mean, smoothing_window


def a_log(n, validated_every=2, **columns):
    """A log of n rows of 50 steps, four to the epoch."""
    rows = np.arange(1, n + 1)
    losses = 5.0 - rows / n
    validated = rows % validated_every == 0 if validated_every else np.zeros(n, bool)
    values = {
        "epoch": (rows + 3) // 4,
        "step": 50 * rows,
        "images": 200 * rows,
        "train_loss": losses,
        "val_loss": np.where(validated, losses + 0.5, np.nan),
        "learning_rate": np.full(n, 1e-3),
        "images_per_second": np.full(n, 900.0),
        "data_wait": np.full(n, 0.01),
    }
    return values | columns


def legend_of(figure):
    """The texts of a figure's legend."""
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_short_logs_are_drawn_row_by_row():
    """Without smoothing each line has the logged values at their steps, gaps left out."""
    log = a_log(10)
    figure = draw_run(log, "nats per pixel", "tiny, soft-ce")
    training, validation, best = figure.axes[1].lines[:3]
    np.testing.assert_allclose(training.get_ydata(), log["train_loss"], rtol=1e-12)
    np.testing.assert_array_equal(validation.get_xdata(), [100, 200, 300, 400, 500])
    assert (best.get_xdata(), best.get_ydata()) == ([500], [4.5])
    assert legend_of(figure) == ["training", "validation", "best 4.5 at step 500"]


def test_axes_are_named_with_their_units():
    """Losses bear their unit, the last axis the steps, small panels what they show."""
    figure = draw_run(a_log(10), "Lab units", "")
    assert figure.axes[1].get_ylabel() == "loss (Lab units)"
    assert figure.axes[-1].get_xlabel() == "step"
    titles = [axes.get_title(loc="left") for axes in figure.axes[2:]]
    assert titles == [
        "learning rate",
        "images per second",
        "share of the time spent waiting for data",
    ]


@pytest.mark.parametrize(
    ("n", "ends"),
    [
        (4, []),
        (12, [1, 2]),
        (33, [1, 2, 3, 4, 5, 6, 7, 8]),
        (100, [5, 10, 15, 20]),
        (4000, [200, 400, 600, 800]),
    ],
)
def test_epochs_are_marked_where_they_end(n, ends):
    """At most eight ends of epochs are marked, round numbers, at the epoch's last step."""
    axes = draw_run(a_log(n), "nats per pixel", "").axes[1]
    marks = [line.get_xdata()[0] for line in axes.lines if list(line.get_ydata()) == [0, 1]]
    assert marks == [200 * epoch for epoch in ends]
    if ends:
        (top,) = axes.child_axes
        assert [text.get_text() for text in top.get_xticklabels()] == [str(end) for end in ends]


def test_long_logs_are_smoothed_and_say_so():
    """From 100 rows on a moving mean is drawn strongly, the rows faintly, both in the legend."""
    noisy = 3.0 + np.random.default_rng(0).normal(0, 0.2, 5000)
    figure = draw_run(a_log(5000, train_loss=noisy), "nats per pixel", "")
    rows, smooth = figure.axes[1].lines[:2]
    np.testing.assert_array_equal(rows.get_ydata(), noisy)
    assert np.std(smooth.get_ydata()[50:]) < 0.2 * np.std(noisy)
    assert rows.get_alpha() < 0.5 and smooth.get_alpha() is None
    assert legend_of(figure)[:3] == ["training", "validation", "mean of 101 rows"]


def test_outliers_of_long_logs_do_not_squeeze_the_curve():
    """One row of a hundred times the loss leaves the axis where the others are."""
    losses = np.full(500, 3.0)
    losses[250] = 300.0
    low, high = draw_run(a_log(500, 0, train_loss=losses), "", "").axes[1].get_ylim()
    assert low < 3.0 < high < 4.0


@pytest.mark.parametrize("n", [1, 2])
def test_single_rows_can_be_seen(n):
    """A point without neighbors has a dot, inside the axes."""
    axes = draw_run(a_log(n, 1), "", "").axes[1]
    assert all(line.get_marker() == "o" for line in axes.lines)
    assert axes.get_xlim()[1] > 50 * n
    assert axes.get_ylim()[0] < 5.0 - 1 / n < axes.get_ylim()[1]


def test_what_was_not_measured_is_not_drawn():
    """Without validation there is no line of it and no best; without data wait no panel."""
    figure = draw_run(a_log(10, 0, data_wait=np.full(10, np.nan)), "", "")
    assert legend_of(figure) == ["training"] and len(figure.axes) == 4


def test_losses_of_a_critic_share_a_panel():
    """Columns of one unit are lines of one panel, with a legend; others keep their own panels."""
    names = ("train_l1", "val_l1", "train_adversarial", "train_critic_real", "train_critic_fake")
    log = a_log(10, **{name: np.linspace(1, 0, 10) + i for i, name in enumerate(names)})
    *_, l1, critic = draw_run(log, "", "").axes
    assert l1.get_title(loc="left") == "l1" and len(l1.lines) == 2
    legend = critic.get_legend()
    assert legend.get_title().get_text() == "adversarial losses"
    shown = {
        text.get_text(): line.get_color()
        for text, line in zip(legend.get_texts(), legend.legend_handles, strict=True)
    }
    assert list(shown) == ["colorizer", "critic, originals", "critic, predictions"]
    assert [line.get_color() for line in critic.lines] == list(shown.values())
    for line, name in zip(critic.lines, names[2:], strict=True):
        np.testing.assert_allclose(line.get_ydata(), log[name], rtol=1e-12)


def test_accuracies_are_percentages_of_one_panel():
    """Only those that were measured are in the legend; the axis begins at 0%."""
    scores = np.where(np.arange(10) % 2, 0.5, np.nan)
    columns = {"val_mean_iou": scores, "val_pixel_accuracy": scores + 0.25}
    axes = draw_run(a_log(10, **columns), "", "").axes[-1]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "pixel accuracy",
        "mean IoU",
    ]
    assert axes.get_ylim()[0] == 0 and axes.yaxis.get_major_formatter()(0.5) == "50%"


def test_runs_share_axes_in_colors_of_their_own():
    """Of several runs validation, training and learning rate are drawn over one another."""
    logs = {"_plain": a_log(10), "$x$": a_log(20)}
    figure = draw_runs(logs, "nats per pixel", "tiny, soft-ce")
    validation, training, rate = figure.axes[1:]
    assert [len(line.get_xdata()) for line in training.lines] == [10, 20]
    colors = [line.get_color() for line in rate.lines]
    assert len(set(colors)) == 2
    assert [line.get_color() for line in validation.lines] == [colors[0]] * 2 + [colors[1]] * 2
    assert legend_of(figure) == ["_plain", "$x$"]
    assert len(draw_runs({"a": a_log(3, 0), "b": a_log(3, 0)}, "", "").axes) == 3


@pytest.mark.parametrize(("n", "window"), [(1, 1), (99, 1), (100, 3), (1000, 21), (5000, 101)])
def test_the_window_grows_with_the_log(n, window):
    """Short logs are not smoothed; a window is a fiftieth of the log, an odd number of rows."""
    assert smoothing_window(n) == window


def test_the_moving_mean_is_of_images():
    """Each value is the mean over all images of its window, whatever the rows' lengths."""
    rng = np.random.default_rng(1)
    sizes = 2 * rng.integers(1, 9, 40)  # even, so that rows have a middle
    images = np.cumsum(sizes)
    each = np.repeat(rng.normal(size=40), sizes)
    smooth = moving_mean(each[images - 1], images, 7)
    usual = int(np.median(sizes))
    for row in (0, 1, 2, 3, 20, 38, 39):
        middle = images[row] - min(max(sizes[row], usual), images[row]) // 2
        reach = min(7 * usual // 2, middle)
        expected = each[middle - reach : middle + reach].mean()
        np.testing.assert_allclose(smooth[row], expected, rtol=1e-12)


def test_a_record_of_one_step_is_no_spike():
    """It counts by its images, in curves of one run and of several; rows of the usual size stay."""
    log = a_log(10, 0)
    log["step"][6:], log["images"][6:] = log["step"][6:] - 49, log["images"][6:] - 196
    log["train_loss"][6] = 90.0
    for axes in (draw_run(log, "", "").axes[1], draw_runs({"a": log}, "", "").axes[1]):
        drawn = axes.lines[0].get_ydata()
        np.testing.assert_allclose(np.delete(drawn, 6), np.delete(log["train_loss"], 6))
        assert drawn[6] < 7 and axes.get_ylim()[1] < 8


def test_validation_of_another_scale_has_its_own_panel():
    """A fiftieth of the training loss cannot be read on the same axis."""
    log = a_log(10)
    log["val_loss"] /= 50
    training, beside = draw_run(log, "nats", "").axes[1:3]
    assert [len(line.get_xdata()) for line in beside.lines] == [5, 1]
    assert training.get_ylim()[0] > 3.5 and beside.get_ylim()[1] < 0.11
    assert beside.get_ylabel() == "loss (nats)" and beside.get_title(loc="left") == "validation"


def test_the_moving_mean_passes_over_gaps():
    """Rows without a value do not count, and spoil no other row."""
    values = np.array([1.0, np.nan, 3.0, np.nan, np.nan, np.nan])
    smooth = moving_mean(values, np.arange(1, 7), 3)
    np.testing.assert_array_equal(smooth, [1.0, 2.0, 3.0, 3.0, np.nan, np.nan])
