"""The score book: a cache of image scores in the workspace, so that no image is scored twice.

Every pass over images of 256 x 256 pixels adds its scores to ``scores/``. An image is identified by
its key, the size of its file, the time of its last change and the rules of decoding. The folder is
a cache, not an artifact: it may be deleted at any time, and the results stay the same.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .artifacts import load_arrays, save_arrays
from .atomic import make_own_folder
from .curriculum.scoring import ImageScores
from .errors import ArtifactError
from .images.source import Source, each_value

SCHEMA = "colorprep.scores/1"
FOLDER = "scores"
PAGE = 16384  # images that are written to one file
_Row = np.dtype([("identity", "<u8"), ("scores", ImageScores)])


class ScoreBook:
    """The known scores of a source's images.

    Parameters
    ----------
    folder : Path
        Where the pages are, see `open_book`.
    rules : str
        The rules of decoding, as text.
    prior_digest : str
        Digest of the prior for the surprise score; empty without a prior.

    Attributes
    ----------
    scores : ndarray of shape (n,), `ImageScores`
        By index of the image; zeros where `known` is False.
    known : ndarray of shape (n,), bool
    unread : list of Path
        Pages that could not be read; they are ignored.
    """

    def __init__(self, folder: Path, source: Source, rules: str, prior_digest: str) -> None:
        self._folder = folder
        self._prior = prior_digest
        self._identities = _identities(source, rules)
        self._order = np.argsort(self._identities)
        self._new: list[int] = []
        self.scores = np.zeros(len(source.keys), ImageScores)
        self.known = np.zeros(len(source.keys), np.bool_)
        self.unread: list[Path] = []
        for path in sorted(folder.glob("*.npz")):
            page = _read_page(path)
            if page is None:
                self.unread.append(path)
            else:
                self._look_up(*page)

    def add(self, scores: Mapping[int, NDArray[Any]]) -> None:
        """Add the scores of some images, by index."""
        for index, row in scores.items():
            self.scores[index] = row
            self.known[index] = True
            if self._identities[index]:
                self._new.append(index)
        if len(self._new) >= PAGE:
            self.write()

    def write(self) -> None:
        """Write the new scores to the disk."""
        if not self._new:
            return
        rows = np.empty(len(self._new), _Row)
        rows["identity"] = self._identities[self._new]
        rows["scores"] = self.scores[self._new]
        rows.sort(order="identity")
        digest = hashlib.sha256(rows.tobytes() + self._prior.encode()).hexdigest()[:16]
        meta = {"schema": SCHEMA, "n_images": len(rows), "prior_digest": self._prior}
        make_own_folder(self._folder)
        save_arrays(self._folder / f"{digest}.npz", {"rows": rows}, meta)
        self._new.clear()

    def missing(self, score: str) -> Sequence[int]:
        """Return the indices of the images for which a score is not known."""
        unknown = ~self.known | np.isnan(self.scores[score])
        return np.flatnonzero(unknown).tolist()

    def _look_up(self, rows: NDArray[Any], prior: str) -> None:
        """Take the scores of the source's images from a page."""
        # Each page is searched for in the source, since there may be thousands of pages.
        at = np.searchsorted(self._identities, rows["identity"], sorter=self._order)
        at[at == len(self._order)] = 0
        images = self._order[at]
        found = (self._identities[images] == rows["identity"]) & (rows["identity"] != 0)
        images, rows = images[found], rows[found]
        surprise, was_known = self.scores["surprise"][images], self.known[images]
        self.scores[images] = rows["scores"]
        self.known[images] = True
        if prior != self._prior:  # surprise depends on the prior
            self.scores["surprise"][images] = np.where(was_known, surprise, np.nan)


@contextmanager
def open_book(
    workspace: Path, source: Source, rules: str, prior_digest: str = ""
) -> Iterator[ScoreBook]:
    """Open the score book of a workspace; new scores are written at the end, also after an error.

    See `ScoreBook` for the parameters.
    """
    book = ScoreBook(workspace / FOLDER, source, rules, prior_digest)
    try:
        yield book
    finally:
        book.write()


def _identities(source: Source, rules: str) -> NDArray[np.uint64]:
    """Return a hash that identifies each image; 0 if its time of change is unknown."""
    facts = zip(source.keys, each_value(source.sizes), each_value(source.stamps), strict=True)
    identities = (_identity(*image, rules) for image in facts)
    return np.fromiter(identities, np.uint64, len(source.keys))


def _identity(key: str, size: int, stamp: int, rules: str) -> int:
    if not stamp:
        return 0
    text = f"{key}\n{size}\n{stamp}\n{rules}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def _read_page(path: Path) -> tuple[NDArray[Any], str] | None:
    """Return the rows of a page and the digest of its prior; None if it cannot be used."""
    try:
        arrays, meta = load_arrays(path, SCHEMA)
        rows, prior = arrays["rows"], str(meta.get("prior_digest", ""))
    except (ArtifactError, LookupError, ValueError, TypeError, AttributeError, zlib.error):
        return None
    is_valid = rows.dtype == _Row and rows.ndim == 1 and len(rows) > 0
    # An older schema defines scores differently.
    is_valid = is_valid and meta.get("schema") == SCHEMA
    return (rows, prior) if is_valid else None
