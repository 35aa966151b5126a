"""The images of a stage: finding and reading them, the engine that does it, and skipped images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..engine import Engine, ThreadEngine
from ..errors import InputError
from ..images.classes import ClassFrom
from ..images.decoding import LARGE, DamageRule, IccRule, OrientationRule
from ..images.lists import read_list
from ..images.opening import find_images
from ..images.reader import Fit, ImageReader
from ..images.segments import with_masks
from ..images.sidecars import ENDING
from ..images.skip import Skip, count_by_reason
from ..images.source import Search, Source
from ..places import Places, each_place, is_url, shown_url
from ..progress import Reporter
from ..report.numbers import quantity
from ..workspace import INDEX, Workspace

SHOWN_SKIPS = 20


@dataclass(frozen=True)
class ImageParams:
    """Where images come from and how they are read.

    Attributes
    ----------
    folder : str, Path, sequence of these, or None
        The source: a folder, an archive or a URL, or several archives; None for the source that was
        used last.
    list : str, Path or None
        A list that narrows the source.
    workers : int or None
        Number of threads; None for one per processor.
    strict : bool
        Whether a bad image fails the run.
    scheduler : str or None
        Address of a dask cluster to run on.
    cluster : int or None
        Number of processes of a local dask cluster to run on.
    follow : bool
        Whether links to folders are followed.
    archive_folders : bool
        Whether the members of each archive are in a folder that is named like the archive.
    image_column : str or None
        The column of parquet files that holds images; None to find it.
    """

    folder: Places | None = None
    list: str | Path | None = None
    workers: int | None = None
    strict: bool = False
    icc: IccRule = "convert"
    orientation: OrientationRule = "apply"
    scheduler: str | None = None
    cluster: int | None = None
    follow: bool = True
    damaged: DamageRule = "skip"
    archive_folders: bool = False
    image_column: str | None = None

    def __post_init__(self) -> None:
        """Refuse more than one choice of an engine."""
        chosen = {"--workers": self.workers, "--scheduler": self.scheduler}
        chosen["--cluster"] = self.cluster
        given = [name for name, value in chosen.items() if value is not None]
        if len(given) > 1:
            raise InputError(f"{' and '.join(given)} do not go together; choose one")

    @property
    def decoding(self) -> dict[str, str]:
        """The decoding rules as artifacts record them; `damaged` only if damaged files are kept."""
        rules: dict[str, str] = {"icc": self.icc, "orientation": self.orientation}
        return rules | ({"damaged": self.damaged} if self.damaged != "skip" else {})


def search_of(params: ImageParams, workspace: Workspace) -> Search:
    """Return how sources are searched; indexes of archives are kept in the workspace."""
    return Search(
        params.follow,
        archive_folders=params.archive_folders,
        image_column=params.image_column,
        index=workspace.root.absolute() / INDEX,
    )


def open_source(
    params: ImageParams,
    workspace: Workspace,
    reporter: Reporter,
    remembers: bool = True,
    class_from: ClassFrom = "top",
) -> Source:
    """Find the images of a source, and remember the source for the next command.

    Parameters
    ----------
    remembers : bool
        Whether to remember it; evaluation does not, since its images may be test images, nor does
        a prior with a path or name of its own, which may be one of several.
    class_from : str or int
        Where classes are taken from; files that hold them are not reported as passed over.

    Raises
    ------
    InputError
        If the source is missing, contains no image, or none of those listed.
    """
    if params.list is None:
        return open_listed(
            params, workspace, reporter, None, remembers=remembers, class_from=class_from
        )
    lines, name = read_given_list(params.list, workspace), Path(params.list).name
    return open_listed(params, workspace, reporter, lines, name, remembers, class_from)


def read_given_list(
    given: str | Path, workspace: Workspace, may_be_empty: bool = False
) -> list[str]:
    """Read a list that is given as an option, see `colorprep.images.lists.read_list`.

    Raises
    ------
    InputError
        If it cannot be read, lists nothing, or is a JSON file, whose lines look like quoted paths.
    """
    path = workspace.input_location(given)
    if path.suffix.lower() == ".json":
        raise InputError(f"{path} is JSON, not a list; give a text file with one image path a line")
    return read_list(path, may_be_empty)


def open_listed(
    params: ImageParams,
    workspace: Workspace,
    reporter: Reporter,
    lines: Sequence[str] | None,
    list_name: str = "the list",
    remembers: bool = True,
    class_from: ClassFrom = "top",
) -> Source:
    """Like `open_source`, but narrow the source to the images of given lines.

    Parameters
    ----------
    params : ImageParams
        Its list is ignored.
    lines : sequence of str or None
        Of a list; None for all images.
    list_name : str
        For messages.

    Raises
    ------
    InputError
        If the source is missing, contains no image, or none of those listed.
    """
    place = place_of(params.folder, params, workspace)
    source = find_images(place, lines, list_name, search_of(params, workspace))
    report_passed_over(source, reporter, class_from)
    if params.folder is not None and remembers:
        _remember(params.folder, source, workspace, reporter)
    return source


def _remember(folder: Places, source: Source, workspace: Workspace, reporter: Reporter) -> None:
    """Remember a source without secrets, and report if another one was remembered."""
    if any(is_url(place) and shown_url(str(place)) != place for place in each_place(folder)):
        workspace.forget_source()
        reporter.note(
            "a URL with a user, a password or a query is not remembered: give --dir to the next "
            "commands as well"
        )
        return
    before = workspace.known_source()
    workspace.remember_source(folder)
    known = workspace.known_source()
    if before is not None and before != known:
        shown = source.name if isinstance(known, list) else known
        reporter.note(f"without --dir, commands take their images from {shown} from now on")


def masked(
    source: Source, segments: str | Path | None, params: ImageParams, workspace: Workspace
) -> Source:
    """Return a source with the masks of its images; the source itself without masks.

    Parameters
    ----------
    segments : str, Path or None
        A folder, archive or URL of masks, see `colorprep.images.segments`.

    Raises
    ------
    InputError
        If it is missing, or no image has a mask there.
    """
    if segments is None:
        return source
    try:
        search = search_of(params, workspace)
        masks = find_images(place_of(segments, params, workspace), search=search)
    except InputError as error:
        raise InputError(f"no masks can be read by --segments: {error}") from error
    return with_masks(source, masks)


def place_of(given: Places | None, params: ImageParams, workspace: Workspace) -> Places:
    """Return where a source is; None stands for the source that was used last."""
    if given:
        places = each_place(workspace.input_places(given))
    else:
        remembered = each_place(workspace.remembered_source())
        places = [each if is_url(each) else workspace.path(each) for each in remembered]
    if params.scheduler is not None:  # the workers of a cluster may run in another folder
        places = [each if is_url(each) else Path(each).absolute() for each in places]
    return places


@contextmanager
def open_engine(params: ImageParams) -> Iterator[Engine]:
    """Start the engine; shut it down afterwards."""
    if params.scheduler is None and params.cluster is None:
        yield ThreadEngine(params.workers)
        return
    # Imported here, since dask takes a second to import, and threads do not need it.
    from ..engine import cluster

    if params.scheduler is not None:
        opened = cluster.connected(params.scheduler)
    else:
        opened = cluster.local_cluster(params.cluster or 1)
    with opened as engine:
        yield engine


def image_reader(
    source: Source,
    size: int | None,
    params: ImageParams,
    fit: Fit = "stretch",
    least_side: int | None = None,
) -> ImageReader:
    """Return a reader of a source at a size, by the decoding rules of `params`."""
    return ImageReader(
        source, size, params.icc, params.orientation, fit, least_side, params.damaged
    )


def report_passed_over(source: Source, reporter: Reporter, class_from: ClassFrom = "top") -> None:
    """Report the files of a source that hold neither images nor the classes that are read."""
    used = ENDING if class_from == "cls" else None
    unused = {kind: n for kind, n in source.passed_over.items() if kind != used}
    reporter.pass_over(source.name, unused)


def report_skips(skipped: Sequence[Skip], n_read: int, reporter: Reporter) -> None:
    """Report which images were skipped and why.

    Raises
    ------
    InputError
        If `n_read`, the number of images that could be read, is 0.
    """
    warn_of_skips(skipped, reporter)
    if n_read == 0:
        reasons = ", ".join(f"{n} {reason}" for reason, n in count_by_reason(skipped).items())
        raise InputError(f"no image could be read ({reasons}); there is nothing to work on")


def warn_of_skips(skipped: Sequence[Skip], reporter: Reporter) -> None:
    """Warn of the first skipped images, with the reasons."""
    for skip in skipped[:SHOWN_SKIPS]:
        reporter.warn(f"skipped {skip.key}: {skip.reason} ({skip.detail})")
    if len(skipped) > SHOWN_SKIPS:
        reporter.warn(f"skipped {len(skipped) - SHOWN_SKIPS} more images; --json lists them all")


def report_enlarged(n_enlarged: int, size: int | None, reporter: Reporter) -> None:
    """Warn once of images that are smaller than the requested size."""
    if n_enlarged:
        reporter.warn(
            f"enlarged {quantity(n_enlarged, 'image')} smaller than {size} x {size}: their colors "
            "are blurred, so a smaller --size may serve better"
        )


def report_reduced(n_reduced: int, n_images: int, reporter: Reporter) -> None:
    """Say how many of the images that were read are of reduced size, with --fast."""
    if n_reduced:
        images = quantity(n_images, "image")
        reporter.note(f"--fast: decoded {n_reduced:,} of {images} at reduced size")
    elif n_images:
        reporter.note(
            f"--fast changed nothing: none of {quantity(n_images, 'image')} is a JPEG file of "
            f"{LARGE:,} pixels or more that has twice the needed size"
        )
