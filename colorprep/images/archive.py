"""Images in archives, which are never unpacked: tar, zip, ImageNet's tar of tars, CIFAR, parquet.

Several archives are one source, which has the keys of the folder that all of them unpack to. They
may be on a disk or in a store.
"""

from __future__ import annotations

import os
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .archive_index import kept_contents
from .joining import join
from .members import SourceNames
from .ranges import RangedFile
from .skip import Skip
from .sorting import Place, ReadHeads
from .source import USUAL, Keys, Listed, Search
from .volumes import Contents, Volume, archive_name, open_archive

AT_ONCE = 16  # archives that are indexed concurrently; stores take longest to answer


@dataclass(frozen=True, eq=False, repr=False)
class ArchiveSource(Listed):
    """One archive of images, or several.

    Attributes
    ----------
    name : str
        That of the archive without its ending, or of the folder that holds all archives.
    sizes : ndarray of shape (n,), int64
    places : ndarray of shape (n, 1 + k), int64
        The number of the volume that holds each image, and the image's place in it.
    skipped : list of Skip
        Members whose names a list cannot contain or lead out of the archive, broken links,
        unreadable members, missing listed images.
    """

    name: str
    volumes: Sequence[Volume]
    keys: Keys
    sizes: NDArray[np.int64]
    places: NDArray[np.int64]
    skipped: list[Skip]
    passed_over: Mapping[str, int] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The path or URL of the first archive, and how many there are."""
        first, *others = self.volumes
        return first.file.shown + (f" and {len(others)} more archives" if others else "")

    @property
    def stamps(self) -> NDArray[np.int64]:
        """The stamp of the archive that holds each image."""
        return np.array([volume.file.changed for volume in self.volumes])[self.places[:, 0]]

    def read(self, index: int) -> bytes:
        """Return the bytes of an image; see `Source.read`."""
        number, *place = self.places[index].tolist()
        volume: Volume = self.volumes[number]
        return volume.read(tuple(place), int(self.sizes[index]))

    def joined(self, indices: Sequence[int]) -> ArchiveSource:
        """Return the source for one thread that reads these images, in this order."""
        members = defaultdict[int, list[tuple[Place, int]]](list)
        for index in indices:
            number, *place = self.places[index].tolist()
            members[number].append((tuple(place), int(self.sizes[index])))
        volumes = list(self.volumes)
        for number, those in members.items():
            volumes[number] = volumes[number].joined(those)
        return replace(self, volumes=volumes)


def archives_source(
    places: Sequence[str | Path],
    lines: Iterable[str] | None = None,
    list_name: str = "the list",
    search: Search = USUAL,
) -> ArchiveSource:
    """Find the images in one archive or several.

    Parameters
    ----------
    places : sequence of str or Path
        Paths or URLs of tar, gzipped tar or zip files of any name.
    lines : iterable of str or None
        Lines of a list of images to select; None selects all.
    list_name : str
        For messages.

    Returns
    -------
    ArchiveSource
        Members that are images by the same rules as in a folder, or those listed. Links within the
        archives are followed, also to folders; pipes and devices are passed over.

    Raises
    ------
    InputError
        If a file is not a supported archive, is damaged, or is in a store that does not answer; if
        there is no image, or two archives have an image of the same key.

    Warns
    -----
    UserWarning
        If an archive is odd in a way that may hide images, such as a tar without an end mark.
    """
    with ThreadPoolExecutor(min(AT_ONCE, len(places))) as threads:
        opened = list(threads.map(partial(_open, search=search), places))
    volumes = [Volume(file, contents.kind) for file, contents in opened]
    shown = [volume.file.shown for volume in volumes]
    folders = [archive_name(each) if search.archive_folders else "" for each in shown]
    joined = join([contents.members for _, contents in opened], folders, shown)
    joined.members.follow_links(search.follows_links)
    names = _names(shown, list_name)
    for warning in [*joined.members.notes, *joined.members.lost_links(names.shown)]:
        warnings.warn(warning, stacklevel=2)
    read_heads = _read_heads(volumes, joined.members.files)
    found = joined.members.images(names, lines, read_heads, search)
    joined.refuse_double_images(found.keys, shown, search.archive_folders)
    return ArchiveSource(
        names.name,
        volumes,
        found.keys,
        found.sizes,
        found.places,
        found.skipped,
        found.passed_over,
    )


def _open(place: str | Path, search: Search) -> tuple[RangedFile, Contents]:
    """Open an archive, and read what it holds from the archive, or from the index kept of it."""
    file = open_archive(place)
    # A copy opens the archive for itself, so that it is closed again until an image is read.
    return file, kept_contents(copy(file), search)


def _names(shown: Sequence[str], list_name: str) -> SourceNames:
    if len(shown) == 1:
        return SourceNames(archive_name(shown[0]), shown[0], list_name)
    folder = os.path.commonpath([Path(each).absolute().parent for each in shown])
    return SourceNames(Path(folder).name, f"{len(shown)} archives ({shown[0]}, ...)", list_name)


def _read_heads(volumes: Sequence[Volume], files: Mapping[str, Place]) -> ReadHeads:
    def read_heads(keys: Sequence[str], n_bytes: int) -> Iterator[bytes]:
        """Yield the first bytes of members."""
        for key in keys:
            size, volume, *place = files[key]
            yield volumes[volume].read_head(tuple(place), min(size, n_bytes))

    return read_heads
