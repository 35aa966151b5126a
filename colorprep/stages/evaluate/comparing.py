"""Comparing pictures with their originals, pair by pair, a chunk at a time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...engine import Chunk
from ...errors import BadImage, UnusableName
from ...images.lists import read_list
from ...images.opening import find_images
from ...images.pairing import pair_up
from ...images.skip import Skip, quarantined
from ...images.source import Source, digest_of
from ...metrics.bins import BinShares
from ...metrics.pairs import compare_images
from ...places import Places, each_place, is_url
from ...progress import Reporter
from ...report.numbers import quantity
from ...workspace import Workspace
from ..checkpoints import Origin
from ..pictures import ENTROPY_ENDING, PhotographSource
from ..source import ImageParams, image_reader, open_source, report_passed_over, search_of
from .networks import Networks
from .pairs import Pairs, StoredPairs
from .params import EvaluateParams
from .picture_trees import PictureTrees

if TYPE_CHECKING:  # torch is slow to import, and most comparisons need none
    from ...training.judging.perceptual import Features


@dataclass(frozen=True)
class PicturesToCompare:
    """Pictures and their originals.

    Attributes
    ----------
    originals : PhotographSource
    others : tuple of PhotographSource
        The other images that are read.
    provenance : dict
        Identifies the originals and the pictures, for JSON.
    skipped : list of Skip
        Files in the sources that cannot be used as images.
    without_picture, without_original : list of Skip
        Images that have no partner.
    packages : tuple of str
        Packages on which the pictures depend.
    origin : Origin or None
        Of the network that makes the pictures.
    """

    pairs: Pairs
    originals: PhotographSource
    provenance: dict[str, Any]
    skipped: list[Skip]
    others: tuple[PhotographSource, ...] = ()
    without_picture: list[Skip] = field(default_factory=list)
    without_original: list[Skip] = field(default_factory=list)
    packages: tuple[str, ...] = ()
    origin: Origin | None = None

    @property
    def keys(self) -> list[str]:
        """The keys of the originals, pair by pair."""
        return [self.pairs.key(index) for index in range(len(self.pairs))]

    @property
    def unpaired(self) -> list[Skip]:
        """All images that have no partner."""
        return [*self.without_picture, *self.without_original]


def open_originals(
    params: EvaluateParams, workspace: Workspace, reporter: Reporter
) -> PhotographSource:
    """Find the originals, which the list of the parameters narrows.

    Raises
    ------
    InputError
        If the source is missing, contains no image, or none of those listed.
    """
    images = params.images
    if params.original is None:
        source = open_source(images, workspace, reporter, remembers=False)
        places = each_place(place_of_originals(params, workspace))
        return PhotographSource(" ".join(map(str, places)), source)
    lines = None if images.list is None else read_list(workspace.input_location(images.list))
    list_name = "" if images.list is None else Path(images.list).name
    place = _place(params.original, images, workspace)
    source = find_images(place, lines, list_name, search_of(images, workspace))
    report_passed_over(source, reporter)
    return PhotographSource(str(place), source)


def place_of_originals(params: EvaluateParams, workspace: Workspace) -> Places:
    """Return where the originals are: a place that is given, or the source used last."""
    return workspace.input_places(
        params.original or params.images.folder or workspace.remembered_source()
    )


def listed_from(params: EvaluateParams, workspace: Workspace) -> Places | None:
    """Return the source from which a list selects the originals; None without a list."""
    return None if params.images.list is None else place_of_originals(params, workspace)


def stored_pictures(
    params: EvaluateParams,
    originals: PhotographSource,
    workspace: Workspace,
    reporter: Reporter,
) -> PicturesToCompare:
    """Find the pictures of a source that belong to originals.

    Raises
    ------
    InputError
        If the source is missing, or nothing in it matches.
    """
    assert params.colorized is not None
    images, source = params.images, originals.source
    place = _place(params.colorized, images, workspace)
    pictures = find_images(place, search=replace(search_of(images, workspace), takes_own=True))
    report_passed_over(pictures, reporter)
    names = (str(params.original), str(params.colorized))
    pairing = pair_up(source.keys, pictures.keys, names, params.match, params.suffix)
    if pairing.n_without_suffix:
        reporter.note(
            f"{params.colorized}: passed over {quantity(pairing.n_without_suffix, 'image')} "
            f"without {params.suffix} at the end of the name"
        )
    provenance = {"original": source_facts(source), "colorized": source_facts(pictures)}
    pairs = StoredPairs(
        image_reader(pictures, None, images), image_reader(source, None, images), pairing.indices
    )
    # A list narrows the originals only, so pictures of all others are expected.
    without_original = [] if images.list is not None else _but_maps(pairing.only_second)
    return PicturesToCompare(
        pairs,
        originals,
        provenance,
        sorted([*source.skipped, *pictures.skipped]),
        (PhotographSource(str(place), pictures),),
        pairing.only_first,
        without_original,
    )


def _but_maps(skipped: list[Skip]) -> list[Skip]:
    """Return pictures without an original, but for the maps of entropy beside pictures."""
    return [skip for skip in skipped if not skip.key.endswith(ENTROPY_ENDING)]


def source_facts(source: Source) -> dict[str, Any]:
    """Identify a source, for JSON: a digest of its keys and sizes, and the number of files."""
    n_files = len(source.keys)
    return {"digest": digest_of(source, range(n_files)), "n_files": n_files}


def _place(given: str | Path, params: ImageParams, workspace: Workspace) -> str | Path:
    if is_url(given):
        return given
    place = workspace.input_path(given)
    # The workers of a dask cluster may run in another folder.
    return place if params.scheduler is None else place.absolute()


@dataclass(frozen=True, slots=True)
class Compared:
    """The comparison of a pair.

    Attributes
    ----------
    index : int
        Of the pair.
    enlarged : bool
        Whether either image is smaller than the size at which they were compared.
    """

    index: int
    figures: dict[str, float]
    bins: BinShares
    enlarged: bool


@dataclass
class ComparedChunk:
    """The comparisons of a chunk of pairs.

    Attributes
    ----------
    features : list of tuple of ndarray of shape (F,), float64
        Features of each picture and its original for FID, if requested.
    """

    compared: list[Compared] = field(default_factory=list)
    skipped: list[Skip] = field(default_factory=list)
    features: list[tuple[Features, Features]] = field(default_factory=list)

    def append(self, other: ComparedChunk) -> None:
        """Append the comparisons of other pairs."""
        self.compared += other.compared
        self.skipped += other.skipped
        self.features += other.features


@dataclass(frozen=True)
class CompareChunk:
    """Compares a chunk of pairs.

    Attributes
    ----------
    cell_bins : ndarray of shape (65536,), uint16
        See `colorprep.metrics.bins.bins_of_cells`.
    size : int or None
        Both are stretched to it first.
    networks : Networks
        Measure the pictures too.
    trees : PictureTrees or None
        Where pictures are written, if requested.
    """

    pairs: Pairs
    cell_bins: NDArray[np.uint16]
    size: int | None = None
    networks: Networks = field(default_factory=Networks)
    trees: PictureTrees | None = None

    def check(self) -> None:
        """Check that the pairs can be read in this process."""
        self.pairs.check()

    def __call__(self, chunk: Chunk) -> ComparedChunk:
        """Compare the pairs of a chunk."""
        done = ComparedChunk()
        for index in chunk.indices:
            key = self.pairs.key(index)
            if index in chunk.quarantined:
                done.skipped.append(quarantined(key))
                continue
            try:
                self._compare(index, done)
            except BadImage as error:
                done.skipped.append(Skip(key, error.reason, error.detail))
            except UnusableName as error:
                why = f"its pictures cannot be written: {error.why}"
                done.skipped.append(Skip(key, "bad-name", why))
        return done

    def _compare(self, index: int, done: ComparedChunk) -> None:
        read = self.pairs.read(index)
        pair = read.at(self.size)
        metrics, bins = compare_images(pair.prediction, pair.original, self.cell_bins)
        figures = metrics._asdict() | self.pairs.likelihood(index, read.original)
        figures |= self.networks.figures(index, pair)
        features = self.networks.features(pair)
        if self.trees is not None:
            self.trees.write(self.pairs.key(index), pair)
        if features is not None:
            done.features.append(features)
        enlarged = self.size is not None and read.least_side < self.size
        done.compared.append(Compared(index, figures, bins, enlarged))
