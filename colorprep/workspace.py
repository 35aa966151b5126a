"""The workspace: the folder where commands write artifacts and find those of other commands.

`workspace.json` remembers the image source of the last command, so that the next command needs no
`--dir`. It is not an artifact, and may contain an absolute path.
"""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from .atomic import make_own_folder, write_json
from .errors import InputError
from .places import Location, Place, Places, Url, each_place, is_url, local_path, location_of

# The default outputs of commands, where other commands look for them.
PRIOR = "prior.npz"
CLASS_PRIORS = "priors"  # of --by-class, and named ones
WEIGHTS = "weights.npz"
LABELS = "labels"
LISTS = "lists"
AUDIT = "audit"
RUNS = "runs"
COLORIZED = "colorized"
EVALUATION = "evaluation"
PROBES = "probes"
SWEEP = "sweep"
REPORT = "report.html"
DEMO = "demo"
INDEX = "index"  # of archives
MEMORY = "workspace.json"  # the source of the last command


@dataclass(frozen=True)
class Workspace:
    """A folder of artifacts; its root cannot be a URL.

    Examples
    --------
    >>> workspace = Workspace(Path("experiments/first"))
    >>> workspace.path("prior.npz").as_posix()
    'experiments/first/prior.npz'
    """

    root: Path = Path()

    def __post_init__(self) -> None:
        """Refuse a URL as the root."""
        local_path(self.root)

    def path(self, relative: str | Path) -> Path:
        """Return a path that is relative to the workspace; absolute paths stay unchanged.

        Raises
        ------
        UrlGiven
            If it is a URL.
        """
        return self.root / local_path(relative)

    def location(self, relative: str | Path) -> Location:
        """Return what `path` returns, or a URL as it is."""
        place = location_of(relative)
        return place if isinstance(place, Url) else self.root / place

    def input_path(self, given: str | Path | None, default: str | Path = "") -> Path:
        """Return the path of an input, given relative to the workspace.

        Parameters
        ----------
        default : str or Path
            Used if `given` is None.

        Returns
        -------
        Path
            Of a file that may be missing.

        Raises
        ------
        UrlGiven
            If it is a URL.
        InputError
            If it is missing in the workspace, but exists in the current folder.
        """
        if given is None:
            return self.path(default)
        path = self.path(given)
        if os.path.lexists(path) or not Path(given).exists():
            return path
        from_here = shlex.quote(os.path.relpath(given, self.root.resolve()))
        raise InputError(
            f"there is no {given} in the workspace {self.root} (-C), to which paths are relative, "
            f"but there is one in the current folder: give {from_here}, or its absolute path"
        )

    def input_location(self, given: str | Path | None, default: str | Path = "") -> Location:
        """Return what `input_path` returns, or a URL as it is."""
        if given is not None and is_url(given):
            return self.location(given)
        return self.input_path(given, default)

    def check_output(self, given: str | Path | None) -> None:
        """Refuse an output path that repeats the path of the workspace, to which it is relative.

        Raises
        ------
        InputError
            If it starts with the path of the workspace, and no such folder is in the workspace.
        """
        root = Path(os.path.relpath(self.root))
        if given is None or is_url(given) or root == Path():
            return
        path = Path(given)
        if root in path.parents and not self.path(root).exists():
            raise InputError(
                f"-o is relative to the workspace {self.root} (-C), so {given} would be "
                f"{self.path(given)}; give -o {path.relative_to(root)}, or an absolute path"
            )

    def own_folder(self, relative: str | Path) -> Path:
        """Return an output folder of the workspace, and create and mark it if it is new or empty.

        Pictures in marked folders are not used as input. Folders that contain files, the workspace
        itself and those above it are not marked.

        Raises
        ------
        OutputError
            If it cannot be created.
        """
        folder = self.path(relative)
        self.make_own(folder)
        return folder

    def make_own(self, folder: Location) -> None:
        """Create and mark an output folder, on a disk or in a store, see `own_folder`."""
        if isinstance(folder, Path):
            workspace, real = self.root.resolve(), folder.resolve()
            if real == workspace or real in workspace.parents:
                return
        make_own_folder(folder)

    def shown(self, path: Location) -> str:
        """Return a path or URL for messages: relative to the workspace if it is inside."""
        if isinstance(path, Url):
            return str(path)
        try:
            return path.resolve().relative_to(self.root.resolve()).as_posix()
        except ValueError:
            return path.as_posix()

    def input_places(self, given: Places) -> Places:
        """Return where the images of a source are: URLs, and paths as `input_path` returns them."""
        if isinstance(given, str | Path):
            return self._input_place(given)
        return [self._input_place(each) for each in given]

    def _input_place(self, given: Place) -> Place:
        return given if is_url(given) else self.input_path(given)

    def remember_source(self, source: Places) -> None:
        """Remember the image source for the next command."""
        places = [str(place) for place in each_place(source)]
        write_json(self.root / MEMORY, {"source": places[0] if len(places) == 1 else places})

    def forget_source(self) -> None:
        """Remember no image source any more."""
        (self.root / MEMORY).unlink(missing_ok=True)

    def known_source(self) -> str | list[str] | None:
        """Return what `remembered_source` returns, or None where it raises."""
        try:
            return self.remembered_source()
        except InputError:
            return None

    def remembered_source(self) -> str | list[str]:
        """Return the image source of the last command.

        Returns
        -------
        str or list of str
            A path relative to the workspace, or a URL; a list for several archives.

        Raises
        ------
        InputError
            If none is remembered.
        """
        try:
            source = json.loads((self.root / MEMORY).read_text(encoding="utf-8"))["source"]
            places = source if isinstance(source, list) else [source]
            if not places or not all(isinstance(place, str) and place for place in places):
                raise ValueError(f"its source is {source!r}")
            return places if isinstance(source, list) else str(source)
        except FileNotFoundError:
            raise InputError(
                "no image folder is known here yet; give it with --dir, as in "
                "`colorprep prior --dir train/`"
            ) from None
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise InputError(
                f"{self.root / MEMORY} cannot be read; delete it and give --dir again"
            ) from error
