"""The `colorprep` command: it finds subcommands and turns errors into messages and exit codes.

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
from .arguments import Group
from .memory import not_enough_memory

# In the order in which they are used; the module of a command is imported on first use.
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
    "probe",
    "import",
    "colorize",
    "evaluate",
    "sweep",
    "report",
    "verify",
    "info",
    "export",
)

MODULES = {"import": "import_weights"}  # of commands whose names Python does not allow

# Shown after Ctrl-C: what is kept, and what running the same command again does.
STARTS_OVER = "running the command again starts over; what it had written by then is complete"
AFTER_INTERRUPT = {
    "sample": "the photographs written so far are complete; delete the folder to start over",
    "demo": "running the command again deletes the unfinished demo and starts over",
    "labels": "files under their final names are complete; run the command again to continue",
    "rgbvar": "the scores computed so far are in scores/; run the command again to continue",
    "train": (
        "add --resume to continue from the last saved checkpoint; if none was saved yet, "
        "running the command again starts over"
    ),
    "colorize": "the pictures written so far are complete; run the command again to continue",
    "verify": (
        "running the command again checks everything again; with --repair, files that were wrong "
        "may be deleted already, and are made again"
    ),
    "export": "files under their final names are complete; run the command again to continue",
}


class LazyGroup(Group):
    """Commands in the order in which they are used, each imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f".{MODULES.get(cmd_name, cmd_name)}", __package__)
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; turn our own errors and those of the system into messages."""
        keep_quiet()
        try:
            return super().invoke(ctx)
        except UrlGiven as error:
            raise click.UsageError(printable(str(error))) from error
        except click.ClickException as error:
            vars(error)["message"] = printable(error.message)  # type checkers consider it final
            raise
        except ColorprepError as error:
            raise click.ClickException(printable(str(error))) from error
        except BrokenPipeError:
            raise
        except (MemoryError, RuntimeError) as error:
            message = not_enough_memory(error, ctx.invoked_subcommand)
            if message is None:
                raise
            raise click.ClickException(printable(message)) from error
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(printable(f"{where}{error.strerror or error}")) from error
        except KeyboardInterrupt as error:
            otherwise = AFTER_INTERRUPT.get(ctx.invoked_subcommand or "", STARTS_OVER)
            click.echo(printable(str(error) or f"interrupted: {otherwise}"), err=True)
            ctx.exit(130)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nStart with:\n  colorprep demo\n  colorprep prior photos/\n\n"
    "\b\nTo complete commands, options and paths with Tab, in bash (zsh_source, fish_source for "
    "others):\n"
    '  eval "$(_COLORPREP_COMPLETE=bash_source colorprep)"',
)
@click.option(
    "-C",
    "--workspace",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    help="Work in this folder; may follow the command. [.]",
)
@click.version_option(__version__, package_name="colorprep")
def cli(**_: Any) -> None:
    """Turn images into training data for image colorization, and train on it."""


def main() -> None:
    """Run the command line."""
    cli(prog_name="colorprep")
