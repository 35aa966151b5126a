"""What a source of images is: keys in order, the sizes of the files, and their bytes.

An image is identified by its **key**, its path within the source with forward slashes. Keys are
sorted by their code points, whatever the order of the file system, archive or list. Within a source
an image is addressed by its **index** in that order, so that work is passed to other processes as a
few numbers, and a source with millions of images stays small.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Protocol, cast, overload

import numpy as np
from numpy.typing import NDArray

from .skip import Skip

ENDINGS = frozenset(  # in any case
    ".jpg .jpeg .jpe .png .gif .bmp .tif .tiff .webp .ppm .avif .heic .heif .jxl".split()
)
BLOCK = 4096  # values of an array that are Python's numbers at a time
# Characters that end a line of a list, or that no name of a file can contain.
_LINE_BREAK = re.compile("[\n\r\0]")


class Keys(Sequence[str]):
    """A compact sequence of many keys: their bytes, and where each key ends.

    Examples
    --------
    >>> keys = Keys(["n01/a.jpg", "n01/b.jpg"])
    >>> len(keys), keys[-1]
    (2, 'n01/b.jpg')
    """

    def __init__(self, keys: Iterable[str]) -> None:
        blob = bytearray()
        ends = array("q", [0])
        for key in keys:
            blob += key.encode("utf-8")
            ends.append(len(blob))
        self._blob = bytes(blob)
        self._ends = np.frombuffer(ends, np.int64)

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._ends) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        """Return a key, or a list of keys."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        n_keys = len(self._ends) - 1
        if not -n_keys <= index < n_keys:
            raise IndexError(index)
        index %= n_keys
        return self._blob[self._ends.item(index) : self._ends.item(index + 1)].decode("utf-8")

    def __iter__(self) -> Iterator[str]:
        """Yield all keys, in order."""
        for start, end in pairwise(each_value(self._ends)):
            yield self._blob[start:end].decode("utf-8")

    def __eq__(self, other: object) -> bool:
        """Return whether these are the same keys in the same order."""
        if isinstance(other, Keys):
            return self._blob == other._blob and np.array_equal(self._ends, other._ends)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]


class Source(Protocol):
    """Images that can be read by their index. Sources can be sent to other processes."""

    @property
    def name(self) -> str:
        """The name of the source, without the path to it."""

    @property
    def shown(self) -> str:
        """Where it is, for messages: a path, or a URL without secrets."""

    @property
    def keys(self) -> Sequence[str]:
        """The keys of all images, in order."""

    @property
    def sizes(self) -> NDArray[np.int64]:
        """The number of bytes of each image when it was listed; -1 if unknown."""

    @property
    def stamps(self) -> NDArray[np.int64]:
        """A number for each image that changes whenever its file is changed; 0 if unknown."""

    @property
    def skipped(self) -> Sequence[Skip]:
        """What cannot be used as an image, such as a listed file that is missing."""

    @property
    def passed_over(self) -> Mapping[str, int]:
        """The number of files that are not images, by kind; see the module `passed_over`."""

    def read(self, index: int) -> bytes:
        """Return the bytes of an image.

        Raises
        ------
        BadImage
            If this image cannot be read.
        InputError
            If the whole source has disappeared.
        """


class Listed:
    """Shows a source in one line, without its arrays."""

    def __repr__(self) -> str:
        source = cast(Source, self)
        return f"{type(self).__name__}({source.name}, {len(source.keys):,} images)"


@dataclass(frozen=True)
class Search:
    """How a place is searched for images.

    Attributes
    ----------
    follows_links : bool
        Whether links to folders are followed.
    takes_own : bool
        Whether pictures made by colorprep are included.
    archive_folders : bool
        Whether the members of each archive are in a folder that is named like the archive.
    image_column : str or None
        The column of parquet files that holds images; None to find it.
    index : Path or None
        The folder where indexes of archives are kept; None for nowhere.
    """

    follows_links: bool = True
    takes_own: bool = False
    archive_folders: bool = False
    image_column: str | None = None
    index: Path | None = None


USUAL = Search()


@dataclass(frozen=True)
class Found:
    """Images that were found in a place.

    Attributes
    ----------
    sizes : ndarray of shape (n,), int64
    places : ndarray of shape (n, ...), int64
        Where each image is in an archive; without columns if the key is enough.
    """

    keys: Keys
    sizes: NDArray[np.int64]
    places: NDArray[np.int64]
    skipped: list[Skip]
    passed_over: Mapping[str, int] = field(default_factory=dict)


def in_order(
    found: dict[str, tuple[int, ...]],
    skipped: Iterable[Skip],
    passed_over: Mapping[str, int] | None = None,
) -> Found:
    """Sort what was found by key.

    Parameters
    ----------
    found : dict of str to tuple of int
        By key: the size, then the place; all of the same length.

    Returns
    -------
    Found
        Keys that a list cannot contain are among the skipped.
    """
    bad = [
        Skip(escaped(key), "bad-name", "a list cannot contain this name; rename the file")
        for key in found
        if not is_listable(key)
    ]
    order = sorted(key for key in found if is_listable(key))
    width = len(next(iter(found.values()), (0,)))
    numbers = np.array([found[key] for key in order], np.int64).reshape(len(order), width)
    sizes = np.ascontiguousarray(numbers[:, 0])
    passed_over = dict(sorted((passed_over or {}).items()))
    return Found(Keys(order), sizes, numbers[:, 1:], sorted({*skipped, *bad}), passed_over)


def has_image_ending(key: str) -> bool:
    """Return whether the ending of a name is that of an image format.

    Examples
    --------
    >>> has_image_ending("n01/x.JPEG"), has_image_ending(".png")
    (True, False)
    """
    name = key.rpartition("/")[2]
    stem, dot, ending = name.rpartition(".")
    return bool(stem) and dot + ending.lower() in ENDINGS


def is_listable(key: str) -> bool:
    """Return whether a list can contain a key: it is UTF-8, and one line."""
    try:
        key.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return bool(key) and not _LINE_BREAK.search(key)


def escaped(key: str) -> str:
    """Return a key, or an escaped form if a list cannot contain it."""
    return key if not key or is_listable(key) else repr(key)[1:-1]


def each_value(values: NDArray[np.int64]) -> Iterator[int]:
    """Yield the values of an array, of which a list would take five times the memory."""
    for start in range(0, len(values), BLOCK):
        yield from values[start : start + BLOCK].tolist()


def keys_digest(keys: Iterable[str], sizes: Iterable[int]) -> str:
    """Return a digest of keys and the sizes of their files, 32 hexadecimal digits."""
    digest = hashlib.sha256()
    for key, size in zip(keys, sizes, strict=True):
        digest.update(f"{key}\n{size}\n".encode())
    return digest.hexdigest()[:32]


def digest_of(source: Source, indices: Sequence[int]) -> str:
    """Return the `keys_digest` of some images of a source."""
    if len(indices) == len(source.keys):
        return keys_digest(source.keys, each_value(source.sizes))
    sizes = each_value(source.sizes[np.asarray(indices, np.intp)])
    return keys_digest((source.keys[i] for i in indices), sizes)


def index_of(keys: Sequence[str], key: str) -> int | None:
    """Return the index of a key among sorted ones; None if missing.

    Examples
    --------
    >>> index_of(["a.jpg", "b.jpg"], "b.jpg")
    1
    """
    index = bisect_left(keys, key)
    return index if index < len(keys) and keys[index] == key else None


def top_folder(key: str) -> str:
    """Return the top-level folder of a key, which is its class; empty for a key in no folder."""
    return key.partition("/")[0] if "/" in key else ""
