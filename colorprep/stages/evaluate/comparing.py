"""Comparing pictures with their originals, pair by pair, a chunk at a time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ...engine import Chunk
from ...errors import BadImage
from ...images.decoding import Pixels
from ...images.lists import read_list
from ...images.opening import find_images
from ...images.pairing import pair_up
from ...images.reader import ImageReader
from ...images.resizing import resize
from ...images.skip import Skip, quarantined
from ...images.source import Search, Source, digest_of
from ...metrics.bins import BinShares
from ...metrics.pairs import compare_images
from ...places import is_url
from ...progress import Reporter
from ...workspace import Workspace
from ..checkpoints import Origin
from ..source import ImageParams, image_reader, report_passed_over

if TYPE_CHECKING:  # torch is slow to import, and most comparisons need none
    from ...training.judging.perceptual import Features, Inception, Lpips


class Pair(NamedTuple):
    """A picture and its original, (H, W, 3) uint8."""

    prediction: Pixels
    original: Pixels

    @property
    def least_side(self) -> int:
        """The shortest side of the two, in pixels."""
        sides: tuple[int, ...] = (*self.prediction.shape[:2], *self.original.shape[:2])
        return min(sides)

    def at(self, size: int | None) -> Pair:
        """Return both stretched to a size; None keeps their own.

        Raises
        ------
        BadImage
            If they are not of one size.
        """
        if size is not None:
            return Pair(resize(self.prediction, size), resize(self.original, size))
        height, width = self.original.shape[:2]
        if self.prediction.shape[:2] != (height, width):
            found = f"{self.prediction.shape[1]} x {self.prediction.shape[0]}"
            raise BadImage(
                "other-size",
                f"its picture is {found}, the original {width} x {height}; --size N stretches both",
            )
        return self


class Pairs(Protocol):
    """Pairs that can be read by index."""

    def __len__(self) -> int:
        """Return how many there are."""

    def key(self, index: int) -> str:
        """Return the key of the original."""

    def read(self, index: int) -> Pair:
        """Return a pair.

        Raises
        ------
        BadImage
            If either cannot be read or made.
        """

    def likelihood(self, index: int, original: Pixels) -> dict[str, float]:
        """Return the method's negative log-likelihoods of an original's colors, if it has any."""


@dataclass(frozen=True)
class StoredPairs:
    """Pairs that are read: pictures of one source, their originals in another.

    Attributes
    ----------
    indices : ndarray of shape (n, 2), int64
        The indices of each original and its picture.
    """

    colorized: ImageReader
    originals: ImageReader
    indices: NDArray[np.int64]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.indices)

    def key(self, index: int) -> str:
        """Return the key of the original."""
        return self.originals.source.keys[int(self.indices[index, 0])]

    def read(self, index: int) -> Pair:
        """Return a pair; see `Pairs.read`."""
        original, picture = self.indices[index].tolist()
        pixels = self.originals.read(original).pixels
        try:
            return Pair(self.colorized.read(picture).pixels, pixels)
        except BadImage as error:
            key = self.colorized.source.keys[picture]
            raise BadImage(error.reason, f"its picture {key}: {error.detail}") from error

    def likelihood(self, index: int, original: Pixels) -> dict[str, float]:
        """Return nothing: a picture does not tell its method's probabilities."""
        return {}


@dataclass(frozen=True)
class PicturesToCompare:
    """Pictures and their originals.

    Attributes
    ----------
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
    provenance: dict[str, Any]
    skipped: list[Skip]
    without_picture: list[Skip] = field(default_factory=list)
    without_original: list[Skip] = field(default_factory=list)
    packages: tuple[str, ...] = ()
    origin: Origin | None = None

    @property
    def unpaired(self) -> list[Skip]:
        """All images that have no partner."""
        return [*self.without_picture, *self.without_original]


def stored_pictures(
    original: str | Path,
    colorized: str | Path,
    params: ImageParams,
    workspace: Workspace,
    reporter: Reporter,
) -> PicturesToCompare:
    """Find the pictures of one source and their originals in another.

    Parameters
    ----------
    original, colorized : str or Path
        Folders, archives or URLs.
    params : ImageParams
        Its list narrows the originals; its rules of decoding apply to both.

    Raises
    ------
    InputError
        If a source is missing, or nothing in them matches.
    """
    lines = None if params.list is None else read_list(workspace.input_path(params.list))
    list_name = "" if params.list is None else Path(params.list).name
    search = Search(params.follow)
    originals = find_images(_place(original, params, workspace), lines, list_name, search)
    pictures = find_images(
        _place(colorized, params, workspace), search=replace(search, takes_own=True)
    )
    for source in (originals, pictures):
        report_passed_over(source, reporter)
    pairing = pair_up(originals.keys, pictures.keys, (str(original), str(colorized)))
    provenance = {"original": source_facts(originals), "colorized": source_facts(pictures)}
    pairs = StoredPairs(
        image_reader(pictures, None, params), image_reader(originals, None, params), pairing.indices
    )
    skipped = sorted([*originals.skipped, *pictures.skipped])
    # A list narrows the originals only, so pictures of all others are expected.
    without_original = pairing.only_second if lines is None else []
    return PicturesToCompare(pairs, provenance, skipped, pairing.only_first, without_original)


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


@dataclass(frozen=True)
class CompareChunk:
    """Compares a chunk of pairs.

    Attributes
    ----------
    cell_bins : ndarray of shape (65536,), uint16
        See `colorprep.metrics.bins.bins_of_cells`.
    size : int or None
        Both are stretched to it first.
    """

    pairs: Pairs
    cell_bins: NDArray[np.uint16]
    size: int | None = None
    lpips: Lpips | None = None
    inception: Inception | None = None

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
        return done

    def _compare(self, index: int, done: ComparedChunk) -> None:
        read = self.pairs.read(index)
        pair = read.at(self.size)
        metrics, bins = compare_images(pair.prediction, pair.original, self.cell_bins)
        figures = metrics._asdict() | self.pairs.likelihood(index, read.original)
        if self.lpips is not None:
            figures["lpips"] = self.lpips.distance(pair.prediction, pair.original)
        if self.inception is not None:
            features = self.inception.features
            done.features.append((features(pair.prediction), features(pair.original)))
        enlarged = self.size is not None and read.least_side < self.size
        done.compared.append(Compared(index, figures, bins, enlarged))
