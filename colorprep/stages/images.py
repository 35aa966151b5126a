"""What the stages that read images share: where from, by which rules, and bad images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ColorprepError, InputError
from ..images.decoding import IccRule, OrientationRule
from ..images.reader import ImageReader
from ..images.skip import Skip, count_by_reason
from ..images.source import Source, folder_source, narrowed, read_list
from ..progress import Reporter
from ..workspace import Workspace

SHOWN_SKIPS = 20


@dataclass(frozen=True)
class ImageParams:
    """Where images come from and how they are read.

    Attributes
    ----------
    folder : str, Path or None
        The source; None takes the workspace's last.
    list : str, Path or None
        A list that narrows it.
    workers : int or None
        Number of threads; None takes all processors.
    strict : bool
        Whether a bad image fails the run.
    icc, orientation : str
        The rules of decoding.
    """

    folder: str | Path | None = None
    list: str | Path | None = None
    workers: int | None = None
    strict: bool = False
    icc: IccRule = "convert"
    orientation: OrientationRule = "apply"


def open_source(params: ImageParams, workspace: Workspace) -> Source:
    """Find the images that a stage is to read, and remember the folder for the next one.

    Parameters
    ----------
    params : ImageParams
    workspace : Workspace

    Returns
    -------
    Source

    Raises
    ------
    InputError
        If there is no folder, no image in it, or none of those listed.
    """
    if params.folder is None:
        root = workspace.remembered_source()
    else:
        root = workspace.path(params.folder)
    if params.list is None:
        source = folder_source(root)
    else:
        list_path = workspace.path(params.list)
        source = narrowed(root, read_list(list_path), list_path.name)
    if params.folder is not None:
        workspace.remember_source(params.folder)
    return source


def image_reader(source: Source, size: int | None, params: ImageParams) -> ImageReader:
    """Join a source, a size and the rules of decoding."""
    return ImageReader(source, size, params.icc, params.orientation)


def check_strict(skipped: Sequence[Skip], params: ImageParams) -> None:
    """Raise ColorprepError for the first bad image, if the run is to be strict."""
    if params.strict and skipped:
        first = skipped[0]
        raise ColorprepError(
            f"{first.key} cannot be used ({first.reason}: {first.detail}), and --strict lets no "
            "image be skipped; repair or remove it, or run without --strict"
        )


def report_skips(skipped: Sequence[Skip], n_read: int, reporter: Reporter) -> None:
    """Tell which images were skipped and why; fail if none is left.

    Parameters
    ----------
    skipped : sequence of Skip
    n_read : int
        How many images could be used.
    reporter : Reporter

    Raises
    ------
    InputError
        If no image could be used.
    """
    for skip in skipped[:SHOWN_SKIPS]:
        reporter.warn(f"skipped {skip.key}: {skip.reason} ({skip.detail})")
    if len(skipped) > SHOWN_SKIPS:
        reporter.warn(f"skipped {len(skipped) - SHOWN_SKIPS} more images; --json lists them all")
    if n_read == 0:
        reasons = ", ".join(f"{n} {reason}" for reason, n in count_by_reason(skipped).items())
        raise InputError(f"no image could be read ({reasons}); there is nothing to work on")


def report_enlarged(n_enlarged: int, size: int | None, reporter: Reporter) -> None:
    """Warn, once, of images that are smaller than the size that is asked for."""
    if n_enlarged:
        reporter.warn(
            f"{n_enlarged} images are smaller than {size} x {size} and were enlarged; their "
            "colors are blurred, so a smaller --size may serve better"
        )
