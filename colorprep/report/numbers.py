"""How numbers are told in words: shares, counts and plain figures."""

from __future__ import annotations


def percent(share: float) -> str:
    """Tell a share in three digits and without an exponent, such as ``22.7%`` or ``0.0012%``."""
    return f"{short(100.0 * share)}%"


def points(difference: float) -> str:
    """Tell a difference of two shares in percentage points, with its sign."""
    return f"{'−' if difference < 0 else '+'}{short(abs(100.0 * difference))}"


def short(value: float) -> str:
    """Tell a number in three digits, such as ``0.0012``, ``4,830`` or, from 10^7 on, ``1.2e30``."""
    rounded = float(f"{value:.3g}")
    if abs(rounded) >= 1e7:
        return f"{rounded:g}".replace("e+", "e")
    if abs(rounded) >= 1000:
        return f"{rounded:,.0f}"
    return f"{rounded:.9f}".rstrip("0").rstrip(".")


def quantity(n: int, noun: str) -> str:
    """Tell how many there are of something, as in ``1 image`` or ``1,200 images``."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
