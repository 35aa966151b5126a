"""The workspace: the folder where artifacts live and commands find each other's.

`workspace.json` remembers the image source of the last command, so that the next one need not be
told again. It is a note to oneself, not an artifact: it may name a place on this machine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from .atomic import write_json
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
            source = json.loads((self.root / MEMORY).read_text(encoding="utf-8"))["source"]
            if not isinstance(source, str) or not source:
                raise ValueError(f"its source is {source!r}")
            return source
        except FileNotFoundError:
            raise InputError(
                "no image folder is known here yet; give it with --dir, as in "
                "`colorprep prior --dir train/`"
            ) from None
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise InputError(
                f"{self.root / MEMORY} cannot be read; delete it and give --dir again"
            ) from error
