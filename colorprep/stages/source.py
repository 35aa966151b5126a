"""What the stages that read images share: where from, by which rules, by whom, and bad images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..engine import Engine, ThreadEngine
from ..errors import InputError
from ..images.decoding import DamageRule, IccRule, OrientationRule
from ..images.lists import read_list
from ..images.opening import find_images
from ..images.reader import Fit, ImageReader
from ..images.skip import Skip, count_by_reason
from ..images.source import Search, Source
from ..places import is_url
from ..progress import Reporter
from ..workspace import Workspace

SHOWN_SKIPS = 20


@dataclass(frozen=True)
class ImageParams:
    """Where images come from and how they are read.

    Attributes
    ----------
    folder : str, Path or None
        The source, a folder, an archive or a URL; None for the workspace's last one.
    list : str, Path or None
        A list that narrows it.
    workers : int or None
        Number of threads; None takes all processors.
    scheduler : str or None
        The address of a dask cluster to work on.
    cluster : int or None
        Work on so many processes of this machine, a dask cluster of its own.
    follow : bool
        Whether folders that are links are entered.
    strict : bool
        Whether a bad image fails the run.
    icc, orientation, damaged : str
        The rules of decoding.
    """

    folder: str | Path | None = None
    list: str | Path | None = None
    workers: int | None = None
    strict: bool = False
    icc: IccRule = "convert"
    orientation: OrientationRule = "apply"
    scheduler: str | None = None
    cluster: int | None = None
    follow: bool = True
    damaged: DamageRule = "skip"

    def __post_init__(self) -> None:
        """Refuse more than one answer to who does the work."""
        chosen = {"--workers": self.workers, "--scheduler": self.scheduler}
        chosen["--cluster"] = self.cluster
        given = [name for name, value in chosen.items() if value is not None]
        if len(given) > 1:
            raise InputError(f"{' and '.join(given)} do not go together; choose one")

    @property
    def decoding(self) -> dict[str, str]:
        """The rules of decoding, as artifacts record them; `damaged` only if files are kept."""
        rules: dict[str, str] = {"icc": self.icc, "orientation": self.orientation}
        return rules | ({"damaged": self.damaged} if self.damaged != "skip" else {})


def open_source(
    params: ImageParams, workspace: Workspace, reporter: Reporter, remembers: bool = True
) -> Source:
    """Find the images that a stage is to read, and remember the folder for the next one.

    Parameters
    ----------
    params : ImageParams
    workspace : Workspace
    reporter : Reporter
        Receives the counts of files that are not images.
    remembers : bool
        Whether to remember it; not for evaluation, whose images may be test images.

    Returns
    -------
    Source

    Raises
    ------
    InputError
        If the source is missing, contains no image, or none of those listed.
    """
    if params.list is None:
        return open_listed(params, workspace, reporter, None, remembers=remembers)
    list_path = workspace.input_path(params.list)
    lines = read_list(list_path)
    return open_listed(params, workspace, reporter, lines, list_path.name, remembers)


def open_listed(
    params: ImageParams,
    workspace: Workspace,
    reporter: Reporter,
    lines: Sequence[str] | None,
    list_name: str = "the list",
    remembers: bool = True,
) -> Source:
    """Like `open_source`, but narrow the source by given lines.

    Parameters
    ----------
    params : ImageParams
        Its own list is ignored.
    workspace : Workspace
    reporter : Reporter
    lines : sequence of str or None
        None takes all images.
    list_name : str
        For messages.
    remembers : bool

    Returns
    -------
    Source

    Raises
    ------
    InputError
        If the source is missing, contains no image, or none of those listed.
    """
    place = params.folder or workspace.remembered_source()
    if not is_url(place):
        place = workspace.input_path(params.folder, place)
        if params.scheduler is not None:  # its workers may run in another folder
            place = place.absolute()
    source = find_images(place, lines, list_name, Search(params.follow))
    report_passed_over(source, reporter)
    if params.folder is not None and remembers:
        workspace.remember_source(params.folder)
    return source


@contextmanager
def open_engine(params: ImageParams) -> Iterator[Engine]:
    """Make ready who is to do the work, and send them home afterwards.

    Parameters
    ----------
    params : ImageParams

    Yields
    ------
    Engine
    """
    if params.scheduler is None and params.cluster is None:
        yield ThreadEngine(params.workers)
        return
    # Importing dask takes a second, which work on threads need not wait for.
    from ..engine import cluster

    if params.scheduler is not None:
        opened = cluster.connected(params.scheduler)
    else:
        opened = cluster.local_cluster(params.cluster or 1)
    with opened as engine:
        yield engine


def image_reader(
    source: Source, size: int | None, params: ImageParams, fit: Fit = "stretch"
) -> ImageReader:
    """Join a source, a size and the rules of decoding."""
    return ImageReader(source, size, params.icc, params.orientation, fit, damaged=params.damaged)


def report_passed_over(source: Source, reporter: Reporter) -> None:
    """Report the files of a source that are not images."""
    reporter.pass_over(source.name, source.passed_over)


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
    warn_of_skips(skipped, reporter)
    if n_read == 0:
        reasons = ", ".join(f"{n} {reason}" for reason, n in count_by_reason(skipped).items())
        raise InputError(f"no image could be read ({reasons}); there is nothing to work on")


def warn_of_skips(skipped: Sequence[Skip], reporter: Reporter) -> None:
    """Name the first skipped images, with the reasons."""
    for skip in skipped[:SHOWN_SKIPS]:
        reporter.warn(f"skipped {skip.key}: {skip.reason} ({skip.detail})")
    if len(skipped) > SHOWN_SKIPS:
        reporter.warn(f"skipped {len(skipped) - SHOWN_SKIPS} more images; --json lists them all")


def report_enlarged(n_enlarged: int, size: int | None, reporter: Reporter) -> None:
    """Warn, once, of images that are smaller than the size that is asked for."""
    if n_enlarged:
        reporter.warn(
            f"{n_enlarged} images are smaller than {size} x {size} and were enlarged; their "
            "colors are blurred, so a smaller --size may serve better"
        )
