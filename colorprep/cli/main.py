"""The `colorprep` command: finds subcommands, and turns errors into messages and exit codes.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import importlib
from typing import Any

import click

from .. import __version__
from ..decoder_messages import keep_quiet
from ..errors import ColorprepError, UrlGiven
from ..printable import printable
from .arguments import StrictArguments

# In the order of the work; a command's module is imported when it is asked for.
COMMANDS = (
    "sample",
    "demo",
    "prior",
    "weights",
    "labels",
    "rgbvar",
    "lists",
    "audit",
    "train",
    "plot",
    "colorize",
    "evaluate",
    "report",
    "verify",
    "info",
    "export",
)

# What the same command does after Ctrl-C.
BEGINS_ANEW = (
    "files under their final names are whole; the same command starts again from the beginning"
)
AFTER_INTERRUPT = {
    "sample": "the photographs that are there are whole; delete the folder to make them all",
    "demo": "the same command deletes what is there of the demo and starts again",
    "labels": "files under their final names are whole; the same command again does the rest",
    "rgbvar": "the scores that were computed are in scores/; the same command computes the rest",
    "train": (
        "the last checkpoint that was saved is whole, and --resume continues from it; if none was "
        "saved yet, the same command starts again"
    ),
    "colorize": "pictures that are there are whole; the same command keeps them and makes the rest",
    "verify": (
        "the same command checks everything again; with --repair, what was found wrong may be "
        "deleted already, and it makes that again"
    ),
}


class LazyGroup(StrictArguments, click.Group):
    """Commands in the order of the work, each imported at first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f".{cmd_name}", __package__)
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; errors of ours and of the system become messages here."""
        keep_quiet()
        try:
            return super().invoke(ctx)
        except UrlGiven as error:
            raise click.UsageError(printable(str(error))) from error
        except click.ClickException as error:
            vars(error)["message"] = printable(error.message)  # which is final to type checkers
            raise
        except ColorprepError as error:
            raise click.ClickException(printable(str(error))) from error
        except BrokenPipeError:
            raise
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(printable(f"{where}{error.strerror or error}")) from error
        except KeyboardInterrupt as error:
            otherwise = AFTER_INTERRUPT.get(ctx.invoked_subcommand or "", BEGINS_ANEW)
            click.echo(printable(str(error) or f"interrupted: {otherwise}"), err=True)
            ctx.exit(130)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nStart with:\n  colorprep demo\n  colorprep prior --dir photos/",
)
@click.version_option(__version__, package_name="colorprep")
def cli() -> None:
    """Turn a folder of images into training data for image colorization."""


def main() -> None:
    """Run the command line."""
    cli(prog_name="colorprep")
