"""Rejecting NaN and infinity, which slip through checks of range such as ``x < 0``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from .errors import InputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def check_finite(params: DataclassInstance) -> None:
    """Raise InputError if a number among the fields of a dataclass is NaN or infinite.

    Tuples among its fields are checked too.
    """
    for field in fields(params):
        for number in _floats(getattr(params, field.name)):
            if not math.isfinite(number):
                name = field.name.replace("_", " ")
                raise InputError(f"{name} must be a finite number, got {number}")


def _floats(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _floats(part)
