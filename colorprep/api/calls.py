"""Where a function of Python works, and what it reports: bars, warnings, entries of a log."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

from ..artifacts import save_prior
from ..balance.prior import Prior
from ..errors import InputError
from ..images.lists import write_list
from ..images.passed_over import described
from ..places import Places, each_place
from ..progress import Advance, Reporter
from ..stages.source import ImageParams
from ..workspace import Workspace
from .options import absolute, chosen

LOG = logging.getLogger("colorprep")


class PythonReporter(Reporter):
    """Reports as Python does: warnings where the function was called, notes in the log.

    Parameters
    ----------
    progress : bool
        Draw bars, in a notebook or a terminal.
    """

    def __init__(self, progress: bool = False) -> None:
        self._progress = progress

    @contextmanager
    def track(self, total: int, unit: str, title: str) -> Iterator[Advance]:
        """Draw a bar."""
        if not self._progress:
            with super().track(total, unit, title) as advance:
                yield advance
            return
        tqdm = _tqdm()
        with tqdm(total=total, unit=f" {unit}", desc=title) as bar:

            def advanced(n: int, detail: str = "") -> None:
                if detail:
                    bar.set_postfix_str(detail, refresh=False)
                bar.update(n)

            yield advanced

    def pass_over(self, source: str, counts: Mapping[str, int]) -> None:
        """Warn of files in a source that are not images."""
        if counts:
            self.warn(f"{source}: {described(counts)}")

    def note(self, message: str) -> None:
        """Log a message."""
        LOG.info(message)

    def warn(self, message: str) -> None:
        """Warn at the line that called a function of colorprep."""
        warnings.warn(message, UserWarning, _levels_to_caller(sys._getframe()))


def _tqdm() -> Any:
    """Import the bars of a notebook or a terminal; those are text in a notebook without widgets."""
    with warnings.catch_warnings():
        from tqdm import TqdmWarning

        warnings.simplefilter("ignore", TqdmWarning)
        from tqdm.auto import tqdm
    return tqdm


def _levels_to_caller(frame: FrameType) -> int:
    """Return how many frames above this one the outermost function of colorprep was called."""
    level = caller = 1
    outer: FrameType | None = frame
    while outer is not None:
        if outer.f_globals.get("__name__", "").startswith("colorprep."):
            caller = level + 1
        outer, level = outer.f_back, level + 1
    return caller


@dataclass(frozen=True)
class Call:
    """A call of a function.

    Attributes
    ----------
    scratch : Path
        A folder that is removed after the call.
    """

    workspace: Workspace
    reporter: Reporter
    scratch: Path

    def images(self, source: Places, options: Mapping[str, Any]) -> ImageParams:
        """Return where images come from and how they are read.

        Raises
        ------
        InputError
            If the list of their keys is empty.
        """
        given = chosen({name: options[name] for name in options if name != "list"}, ImageParams)
        places = [absolute(place) for place in each_place(source)]
        return ImageParams(places, self._list_file(options.get("list")), **given)

    def _list_file(self, given: str | Path | Sequence[str] | None) -> Path | None:
        if given is None:
            return None
        if isinstance(given, str | Path):
            return Path(given).absolute()
        if not len(given):
            raise InputError("the list of keys is empty; leave it out to take all images")
        path = self.scratch / "list.txt"
        write_list(path, given)
        return path

    def prior_file(self, given: str | Path | Prior) -> str | Path:
        """Return the file of a prior, which is written if it has none."""
        if not isinstance(given, Prior):
            return absolute(given)
        path = self.scratch / "given.npz"
        save_prior(path, given)
        return path


@contextmanager
def called(progress: bool, workspace: str | Path | None = None) -> Iterator[Call]:
    """Prepare a call in a workspace, or in one that lasts as long as the call.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    if workspace is not None and not Path(workspace).is_dir():
        raise InputError(f"there is no folder {workspace} to use as a workspace; create it first")
    with TemporaryDirectory(prefix="colorprep-") as scratch:
        root = Path(scratch if workspace is None else workspace)
        yield Call(Workspace(root), PythonReporter(progress), Path(scratch))
