"""Formatting of numbers: fractions, differences, counts, sizes, durations and plain values."""

from __future__ import annotations

import math


def percent(fraction: float) -> str:
    """Format a fraction as a percentage of three digits, without an exponent.

    Examples
    --------
    >>> percent(0.22654), percent(0.000012)
    ('22.7%', '0.0012%')
    """
    return f"{short(100.0 * fraction)}%"


def points(difference: float) -> str:
    """Format a difference of two fractions as percentage points, with its sign.

    Examples
    --------
    >>> points(0.0123), points(-0.5)
    ('+1.23', '−50')
    """
    return f"{'−' if difference < 0 else '+'}{short(abs(100.0 * difference))}"


def short(value: float) -> str:
    """Format a number with three digits, from 10^7 on with an exponent.

    Examples
    --------
    >>> short(0.00123456), short(4831.2), short(1.2e30)
    ('0.00123', '4,830', '1.2e30')
    """
    rounded = float(f"{value:.3g}")
    if abs(rounded) >= 1e7:
        return f"{rounded:g}".replace("e+", "e")
    if abs(rounded) >= 1000:
        return f"{rounded:,.0f}"
    return f"{rounded:.9f}".rstrip("0").rstrip(".")


def round_down(value: float) -> float:
    """Return the largest of ..., 0.1, 0.2, 0.5, 1, 2, 5, 10, ... that is not above a number.

    Examples
    --------
    >>> round_down(0.037), round_down(4.9), round_down(100)
    (0.02, 2.0, 100.0)
    """
    exponent = math.floor(math.log10(value))
    digit = max((digit for digit in (1, 2, 5) if digit <= value / 10.0**exponent), default=1)
    return float(f"{digit}e{exponent}")


def quantity(n: int, noun: str, plural: str | None = None) -> str:
    """Format a count with its noun.

    Examples
    --------
    >>> quantity(1, "image"), quantity(1200, "image"), quantity(2, "class", "classes")
    ('1 image', '1,200 images', '2 classes')
    """
    return f"{n:,} {noun if n == 1 else plural or f'{noun}s'}"


def byte_size(n_bytes: float) -> str:
    """Format a number of bytes.

    Examples
    --------
    >>> byte_size(640), byte_size(1_234_567), byte_size(2.5e13)
    ('640 B', '1.23 MB', '25 TB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"


def about_duration(seconds: float) -> str:
    """Format a time that is estimated.

    Examples
    --------
    >>> about_duration(0.2), about_duration(80)
    ('under 1 s', 'about 80 s')
    """
    return "under 1 s" if seconds < 1 else f"about {duration(seconds)}"


def duration(seconds: float) -> str:
    """Format a time.

    Examples
    --------
    >>> duration(80), duration(600), duration(9000)
    ('80 s', '10 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
