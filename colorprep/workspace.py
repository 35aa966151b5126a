"""The workspace: the folder where artifacts live and commands find each other's.

`workspace.json` remembers the image source of the last command, so that the next one need not be
told again. It is a note to oneself, not an artifact: it may name a place on this machine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from .atomic import make_own_folder, write_json
from .errors import InputError

MEMORY = "workspace.json"


@dataclass(frozen=True)
class Workspace:
    """A folder of artifacts.

    Attributes
    ----------
    root : Path
    """

    root: Path = Path()

    def path(self, relative: str | Path) -> Path:
        """Return a path as seen from the workspace; absolute paths stay as they are."""
        return self.root / relative

    def own_folder(self, relative: str | Path) -> Path:
        """Return a folder that colorprep is about to write into, as its own where it is that.

        Parameters
        ----------
        relative : str or Path
            As seen from the workspace. Made and marked where it is new or empty, so that no source
            takes its pictures; a folder that holds files already, the workspace itself and those
            above it stay the user's.

        Returns
        -------
        Path

        Raises
        ------
        OutputError
            If it cannot be made.
        """
        folder = self.path(relative)
        workspace, real = self.root.resolve(), folder.resolve()
        if real != workspace and real not in workspace.parents:
            make_own_folder(folder)
        return folder

    def shown(self, path: Path) -> str:
        """Return a path as it is best shown: relative to the workspace where it lies inside."""
        try:
            return path.resolve().relative_to(self.root.resolve()).as_posix()
        except ValueError:
            return path.as_posix()

    def remember_source(self, folder: str | Path) -> None:
        """Remember the image source for the next command."""
        write_json(self.root / MEMORY, {"source": str(folder)})

    def remembered_source(self) -> str:
        """Return the image source of the last command.

        Returns
        -------
        str
            A path as seen from the workspace, or a URL.

        Raises
        ------
        InputError
            If none is remembered.
        """
        try:
            return str(json.loads((self.root / MEMORY).read_text(encoding="utf-8"))["source"])
        except FileNotFoundError:
            raise InputError(
                "no image folder is known here yet; give it with --dir, as in "
                "`colorprep prior --dir train/`"
            ) from None
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{self.root / MEMORY} cannot be read; delete it and give --dir again"
            ) from error
