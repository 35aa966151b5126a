"""A cache of image digests, so that unchanged files need not be read again.

Only a digest identifies the bytes of an image for certain, but reading every file again takes long.
So each pass that reads bytes adds a note to ``seen/``: a 64-bit hash of the key, size, time of last
change and digest. An image whose note exists still has that digest. The folder is a cache, not an
artifact: it may be deleted at any time, and then files are read once more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .artifacts import load_arrays, save_arrays
from .atomic import make_own_folder
from .errors import ArtifactError
from .images.source import Source

SCHEMA = "colorprep.seen/1"
FOLDER = "seen"
PAGE = 16384  # notes that are written to one file


class SeenBook:
    """The notes on a source's images.

    Parameters
    ----------
    folder : Path
        Where the pages are, see `open_seen`.
    """

    def __init__(self, folder: Path, source: Source) -> None:
        self._folder = folder
        self._source = source
        self._sizes, self._stamps = source.sizes, source.stamps
        self._known: NDArray[np.uint64] | None = None
        self._new: set[int] = set()

    def unchanged(self, digests: Mapping[int, str]) -> list[bool]:
        """Return which images are known, without reading them, to have the given digests.

        Parameters
        ----------
        digests : mapping of int to str
            By index of the image.

        Returns
        -------
        list of bool
            In the same order; False where it is unknown.
        """
        if self._known is None:
            self._known = _read_notes(self._folder)
        notes = np.array([self._note(*image) for image in digests.items()], np.uint64)
        if not len(self._known):
            return [False] * len(notes)
        at = np.searchsorted(self._known, notes)
        at[at == len(self._known)] = 0
        unchanged: list[bool] = ((self._known[at] == notes) & (notes != 0)).tolist()
        return unchanged

    def add(self, digests: Mapping[int, str]) -> None:
        """Note the current digests of images, by index."""
        self._new.update(self._note(index, digest) for index, digest in digests.items())
        if len(self._new) >= PAGE:
            self.write()

    def write(self) -> None:
        """Write the new notes to the disk."""
        rows = np.array(sorted(self._new - {0}), np.uint64)
        self._new.clear()
        if len(rows):
            name = hashlib.sha256(rows.tobytes()).hexdigest()[:16]
            make_own_folder(self._folder)
            meta = {"schema": SCHEMA, "n_images": len(rows)}
            save_arrays(self._folder / f"{name}.npz", {"notes": rows}, meta)

    def _note(self, index: int, digest: str) -> int:
        """Return the hash of a note on an image; 0 if its time of change is unknown."""
        stamp = self._stamps.item(index)
        if not stamp:
            return 0
        text = f"{self._source.keys[index]}\n{self._sizes.item(index)}\n{stamp}\n{digest}"
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


@contextmanager
def open_seen(workspace: Path, source: Source) -> Iterator[SeenBook]:
    """Open the notes of a workspace; new notes are written at the end, also after an error."""
    book = SeenBook(workspace / FOLDER, source)
    try:
        yield book
    finally:
        book.write()


def _read_notes(folder: Path) -> NDArray[np.uint64]:
    """Return all notes of a folder, sorted."""
    pages = list(_read_pages(sorted(folder.glob("*.npz"))))
    return np.unique(np.concatenate(pages)) if pages else np.empty(0, np.uint64)


def _read_pages(paths: Iterable[Path]) -> Iterator[NDArray[Any]]:
    """Yield the notes of each page; pages that cannot be read are ignored."""
    for path in paths:
        try:
            notes = load_arrays(path, SCHEMA)[0]["notes"]
        except (ArtifactError, KeyError):
            continue
        if notes.dtype == np.uint64 and notes.ndim == 1:
            yield notes
