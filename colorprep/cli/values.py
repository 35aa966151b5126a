"""Types of values: the words in which they are refused, and how shells complete them.

click's own words are those of its classes, such as "a valid integer range".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any, Literal

import click
from click.shell_completion import CompletionItem


class PathText(click.types.StringParamType):
    """A path or URL, taken as it is typed; shells complete it by folders, or by all files."""

    def __init__(self, kind: Literal["dir", "file"]) -> None:
        self._kind = kind

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[CompletionItem]:
        """Let the shell complete folders, and files if it may be one."""
        return [CompletionItem(incomplete, type=self._kind)]


class NameText(click.types.StringParamType):
    """A name that is checked later; shells complete it by those known, else by files.

    Parameters
    ----------
    names : callable
        Returns the known names; it may import what is slow to import.
    """

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        self._names = names

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[CompletionItem]:
        """Return the names that begin so; without one, let the shell complete files."""
        found = [name for name in self._names() if name.startswith(incomplete)]
        return [CompletionItem(name) for name in found] or [CompletionItem(incomplete, type="file")]


class _Worded(click.ParamType[Any]):
    """A type of click's that refuses values in other words."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return what click does; raise `click.BadParameter` with our words."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(self.refusal(value), param, ctx)

    def refusal(self, value: Any) -> str:
        """Return why a value is refused."""
        raise NotImplementedError


class _Whole(_Worded, click.types.IntParamType):
    def refusal(self, value: Any) -> str:
        return f"{value!r} is not a whole number"


class _WholeInRange(_Worded, click.IntRange):
    def refusal(self, value: Any) -> str:
        return f"{value!r} is not a whole number {_extent(self)}"


class _Real(_Worded, click.types.FloatParamType):
    def refusal(self, value: Any) -> str:
        return f"{value!r} is not a number"


class _RealInRange(_Worded, click.FloatRange):
    def refusal(self, value: Any) -> str:
        return f"{value!r} is not a number {_extent(self)}"


class _OneOf(_Worded, click.Choice[Any]):
    def refusal(self, value: Any) -> str:
        names = list(map(str, self.choices))
        near = get_close_matches(str(value), names, n=1)
        choice = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(names)}"
        return f"there is no {value}; {choice}"


def _extent(kind: click.IntRange | click.FloatRange) -> str:
    """Say in which range numbers are."""
    low, high = kind.min, kind.max
    if None not in (low, high) and not (kind.min_open or kind.max_open):
        return f"from {low} to {high}"
    bounds = []
    if low is not None:
        bounds.append(f"above {low}" if kind.min_open else f"of {low} or more")
    if high is not None:
        bounds.append(f"below {high}" if kind.max_open else f"of {high} or less")
    return " and ".join(bounds)


def worded(kind: click.ParamType[Any]) -> click.ParamType[Any]:
    """Return the same type with our words; a type that is not a number or choice stays."""
    if isinstance(kind, click.IntRange):
        return _WholeInRange(kind.min, kind.max, kind.min_open, kind.max_open)
    if isinstance(kind, click.FloatRange):
        return _RealInRange(kind.min, kind.max, kind.min_open, kind.max_open)
    if isinstance(kind, click.Choice):
        return _OneOf(kind.choices, kind.case_sensitive)
    if isinstance(kind, click.types.IntParamType):
        return _Whole()
    return _Real() if isinstance(kind, click.types.FloatParamType) else kind
