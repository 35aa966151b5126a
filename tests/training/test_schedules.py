"""Claims about learning rates over the steps: formulas, final values, the warm-up."""

import math

import pytest

from colorprep import InputError
from colorprep.training.fitting.schedules import SCHEDULES, Schedule, relative_rate


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("warm_up", [0, 10])
def test_rates_start_at_the_peak_and_do_not_rise_again(schedule, warm_up):
    """After the warm-up the rate is 1, never rises, and stays above 0 while there are steps."""
    rates = [relative_rate(schedule, at, 100, warm_up) for at in range(100)]
    assert rates[warm_up] == 1.0
    assert all(b <= a for a, b in zip(rates[warm_up:], rates[warm_up + 1 :], strict=False))
    assert min(rates) > 0


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_warm_up_rises_linearly(schedule):
    """Step i of a warm-up of n steps has (i + 1) / n of the peak."""
    rates = [relative_rate(schedule, at, 50, 5) for at in range(5)]
    assert rates == [0.2, 0.4, 0.6, 0.8, 1.0]


@pytest.mark.parametrize(
    ("schedule", "end"),
    [("constant", 1), ("poly", 0), ("linear", 0), ("step", 0.001), ("cosine", 0)],
)
def test_final_rates(schedule, end):
    """The learning rate after the last step."""
    assert math.isclose(relative_rate(schedule, 200, 200, 20), end, abs_tol=1e-12)


def test_poly_is_that_of_keras_fcn():
    """Per epoch, (1 - epoch / epochs)^0.9."""
    for epoch in range(30):
        expected = (1 - epoch / 30) ** 0.9
        assert math.isclose(relative_rate("poly", 100 * epoch, 3000), expected)


def test_linear_decay_after_some_epochs():
    """It falls from 1 to 0 over the last N of M + N epochs; by default over all of them."""
    rates = [relative_rate("linear", epoch, 15, decay=5 / 15) for epoch in range(16)]
    assert rates[:11] == [1.0] * 11
    assert all(math.isclose(rates[10 + n], 1 - n / 5, abs_tol=1e-12) for n in range(6))
    assert relative_rate("linear", 25, 100) == 0.75


def test_steps_are_those_of_keras_fcn():
    """0.1 from 0.5 on, 0.01 from 0.75, 0.001 from 0.9."""
    rates = [relative_rate("step", at, 100) for at in (0, 49, 50, 74, 75, 89, 90, 99)]
    expected = [1, 1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001]
    assert all(math.isclose(a, b) for a, b in zip(rates, expected, strict=True))


def test_drops_after_every_so_many_steps():
    """As Zhang et al. 2016: a tenth after 225,000 steps, a hundredth after 450,000."""
    schedule = Schedule(1, 500_000, 3e-5, "step", 0.0, drop_every=225_000)
    rates = [schedule.learning_rate(at, 500_000) for at in (0, 224_999, 225_000, 450_000, 499_999)]
    assert rates == pytest.approx([3e-5, 3e-5, 3e-6, 3e-7, 3e-7])
    assert not schedule.depends_on_total


def test_cosine_is_a_half_in_the_middle():
    """Halfway after the warm-up the rate is 0.5."""
    assert math.isclose(relative_rate("cosine", 60, 110, 10), 0.5)


def test_unknown_schedules_are_refused():
    """Unknown names, and a decay of another schedule or out of range, are errors."""
    with pytest.raises(InputError, match="choose constant, poly, linear, step, cosine"):
        relative_rate("exponential", 0, 10)
    with pytest.raises(InputError, match="decay is for linear"):
        relative_rate("poly", 0, 10, decay=0.5)
    with pytest.raises(InputError, match="above 0 and up to 1"):
        relative_rate("linear", 0, 10, decay=0.0)


def test_schedules_of_a_training():
    """The peak comes after the warm-up; with --decay-after the rate stays there until then."""
    schedule = Schedule(4, None, peak=0.5, name="linear", warm_up=0.1, decay_after=3)
    rates = [schedule.learning_rate(step, 40, falls_from=30) for step in range(40)]
    assert rates[:4] == pytest.approx([0.125, 0.25, 0.375, 0.5])
    assert rates[4:31] == pytest.approx([0.5] * 27)
    assert rates[30:] == pytest.approx([0.05 * left for left in range(10, 0, -1)])


@pytest.mark.parametrize(
    "params",
    [{"peak": 0.0}, {"name": "sometimes"}, {"warm_up": 1.0}, {"decay_after": 2}, {"drop_every": 9}],
    ids=lambda params: next(iter(params)),
)
def test_values_out_of_range_are_refused(params):
    """So are --decay-after and --drop-every for a schedule that does not take them."""
    with pytest.raises(InputError):
        Schedule(**{"epochs": 3, "steps": None, "peak": 0.1} | params)
