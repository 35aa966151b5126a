"""Arguments that every command refuses: repeated options, and numbers that are not finite.

The rules apply to all commands and groups, so new options follow them automatically.
"""

from __future__ import annotations

import copy
import difflib
import math
from typing import Any

import click
from click.core import ParameterSource


class StrictArguments(click.Command):
    """Mixin for commands and groups that refuses arguments that must be mistakes.

    An option with a value may be given only once, even if the value is the same, unless it is
    declared ``multiple``. A flag may be repeated, but not combined with its opposite. Every float
    must be finite.
    """

    example: str | None = None  # shown where an argument is missing

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; raise `click.UsageError` for refused ones."""
        given = list(args)  # click removes them from the list as it parses
        try:
            rest = super().parse_args(ctx, args)
        except click.MissingParameter as error:
            if error.param is None or self.example is None:
                raise
            missing = error.param.get_error_hint(ctx).strip("'")
            raise click.UsageError(f"{missing} is missing, as in `{self.example}`", ctx) from error
        except click.UsageError as error:
            takes_folder = any("--dir" in param.opts for param in self.get_params(ctx))
            if takes_folder and "unexpected extra argument" in error.message:
                hint = f"{error.message}; a folder of images is given by --dir"
                raise click.UsageError(hint, ctx) from error
            raise
        if not ctx.resilient_parsing:
            self._refuse_repeated(ctx, given)
            self._refuse_not_finite(ctx)
        return rest

    def _refuse_not_finite(self, ctx: click.Context) -> None:
        for param in self.get_params(ctx):
            value = ctx.params.get(param.name or "")
            for number in value if isinstance(value, tuple) else (value,):
                if isinstance(number, float) and not math.isfinite(number):
                    raise click.BadParameter(f"{number} is not a finite number", ctx, param)

    def _refuse_repeated(self, ctx: click.Context, args: list[str]) -> None:
        single = {
            param.name: param
            for param in self.get_params(ctx)
            if isinstance(param, click.Option) and not (param.multiple or param.count)
        }
        for name, values in self._given(ctx, args).items():
            param = single.get(name)
            if param is None:
                continue
            option = max(param.opts, key=len)
            if not param.is_flag and len(values) > 1:
                shown = ", ".join(map(_shown, values))
                often = "twice" if len(values) == 2 else f"{len(values)} times"
                raise click.UsageError(f"{option} is given {often} ({shown}); give it once", ctx)
            if param.secondary_opts and len(set(values)) > 1:
                opposite = max(param.secondary_opts, key=len)
                raise click.UsageError(f"{option} and {opposite} exclude each other", ctx)

    def _given(self, ctx: click.Context, args: list[str]) -> dict[str, list[Any]]:
        """Return all values given to each option, in order."""
        gathering = copy.copy(self)
        gathering.params = [_gathered(param) for param in self.params]
        values, _, _ = gathering.make_parser(ctx).parse_args(args)
        options = {param.name for param in self.get_params(ctx) if isinstance(param, click.Option)}
        return {
            name: list(given)
            for name, given in values.items()
            if name in options and isinstance(given, list)
        }


class Group(StrictArguments, click.Group):
    """Commands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; it gets the options that are given before its name.

        An unknown name is wrong usage; the message has the name that is most like it.
        """
        names = self.list_commands(ctx)
        if not ctx.resilient_parsing and args[0] not in names and not args[0].startswith("-"):
            nearest = difflib.get_close_matches(args[0].lower(), names, n=1)
            hint = f"did you mean {nearest[0]}?" if nearest else "--help lists all commands"
            if (folder := ctx.params.get("workspace")) in names:
                hint = f"-C took {folder} for its folder: give -C FOLDER {folder} {args[0]}"
            raise click.UsageError(f"there is no command {args[0]}; {hint}", ctx)
        name, command, rest = super().resolve_command(ctx, args)
        before: list[str] = []
        for param in self.params:
            if ctx.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE:
                value = ctx.params[param.name or ""]
                before += [param.opts[0]] if value is True else [param.opts[0], value]
        return name, command, [*before, *rest]


def _gathered(param: click.Parameter) -> click.Parameter:
    """Return a copy of an option that keeps all its values instead of only the last."""
    if not isinstance(param, click.Option):
        return param
    gathered = copy.copy(param)
    gathered.multiple = True
    return gathered


def _shown(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
