"""Claims about numbers in words."""

import pytest

from colorprep.report.numbers import percent, points, quantity, short


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1, "1"),
        (0.001234, "0.00123"),
        (6.1749, "6.17"),
        (48.0, "48"),
        (999.9, "1,000"),
        (4831.2, "4,830"),
        (1234567, "1,230,000"),
        (1.23e30, "1.23e30"),
        (2e-7, "0.0000002"),
        (-0.5, "-0.5"),
    ],
)
def test_three_digits(value, text):
    """Numbers have three digits and no exponent, as long as they are of everyday size."""
    assert short(value) == text


def test_shares():
    """Shares are percentages; their differences are points, with a sign."""
    assert percent(0.2274) == "22.7%" and percent(0.00001) == "0.001%" and percent(1) == "100%"
    assert points(0.0356) == "+3.56" and points(-0.0029) == "−0.29"


def test_quantities():
    """One is singular."""
    assert quantity(1, "image") == "1 image" and quantity(1200, "image") == "1,200 images"
