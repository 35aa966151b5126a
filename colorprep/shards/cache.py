"""A folder of this disk with copies of shards that are in an object store, of bounded size.

A shard is downloaded once, whichever thread or process needs it first; the others wait. It gets its
name when it is whole and its digest is right. To make room, the shards that were used longest ago
are removed. A removed file that a process has mapped stays readable there until it is unmapped.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Set
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from ..atomic import replacing
from ..errors import ArtifactError
from ..locks import TURN, in_turn
from ..marks import TEMPORARY
from ..places import Url
from ..storage import read_range

CACHE = 32.0  # gigabytes, of labels in stores
GIGABYTE = 10**9
PIECE = 1 << 24  # bytes of a request
ABANDONED = 600.0  # seconds after which a download that nobody writes to counts as killed
PAUSE = 0.05  # seconds

Needed = Callable[[], Set[Path]]


def cache_folder() -> Path:
    """Return the folder of cached shards: ``colorprep/labels`` in ``$XDG_CACHE_HOME``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "colorprep", "labels")


class RemoteFile(NamedTuple):
    """A file in a store, and what its content must be."""

    url: Url
    n_bytes: int
    sha256: str


class ShardCache:
    """Copies of files on this disk, shared by processes.

    Parameters
    ----------
    root : Path
        Contains a folder for each set of labels. It holds nothing but the cache.
    n_bytes : int
        Size of all files together, those that are being downloaded included. Other processes may
        give another.
    """

    def __init__(self, root: Path, n_bytes: int) -> None:
        self.n_bytes = n_bytes
        self._root = root
        self._needed: list[Needed] = []

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is needed by the threads of this process."""
        return {**vars(self), "_needed": []}

    @contextmanager
    def keeping(self, needed: Needed) -> Iterator[None]:
        """Remove other files first, as long as the block runs, than those that `needed` returns."""
        self._needed.append(needed)
        try:
            yield
        finally:
            self._needed.remove(needed)

    def fetch(self, path: Path, remote: RemoteFile) -> None:
        """Download a file to a path in the cache, unless it is there.

        Raises
        ------
        ArtifactError
            If its size or digest is wrong, twice.
        InputError
            If the store denies access or does not answer.
        OutputError
            If there is no room on the disk, or no permission to write.
        """
        if _touched(path):
            return
        with in_turn(path.parent, path.name):
            if _touched(path):
                return
            try:
                self._download(path, remote)
            except ArtifactError:  # what was damaged on its way may arrive whole the second time
                self._download(path, remote)

    def _download(self, path: Path, remote: RemoteFile) -> None:
        with ExitStack() as download:
            temporary = download.enter_context(replacing(path, is_photograph=True))
            self._reserve(temporary, remote.n_bytes)
            size, digest = _copy(remote, temporary)
            if (size, digest) != (remote.n_bytes, remote.sha256):
                raise ArtifactError(
                    f"{remote.url} is not what its sidecar says: it has {size} bytes of digest "
                    f"{digest[:12]}, not {remote.n_bytes} of {remote.sha256[:12]}; run `colorprep "
                    f"verify --repair {remote.url.parent}`"
                )
            # Renamed in turn: meanwhile, a listing of the folder may show a file under both names.
            with in_turn(self._root):
                download.close()

    def _reserve(self, temporary: Path, n_bytes: int) -> None:
        """Create a file of a size, after removing others so that all fit."""
        while True:
            with in_turn(self._root):
                if self._make_room(n_bytes):
                    with temporary.open("wb") as file:
                        file.truncate(n_bytes)
                    return
            time.sleep(PAUSE)  # until other downloads are complete, and can be removed

    def _make_room(self, n_bytes: int) -> bool:
        """Remove files until one of a size fits, and return whether it does."""
        files = list(files_in(self._root))
        excess = sum(size for _, size, _ in files) + n_bytes - self.n_bytes
        if excess <= 0:
            return True
        needed = set[Path]().union(*(each() for each in list(self._needed)))
        old = time.time() - ABANDONED
        done = [file for file in files if file.path.suffix != TEMPORARY or file.used < old]
        for path, size, _ in sorted(done, key=lambda file: (file.path in needed, file.used)):
            path.unlink(missing_ok=True)
            excess -= size
            if excess <= 0:
                return True
        return False


class CachedFile(NamedTuple):
    """A file in the cache.

    Attributes
    ----------
    used : float
        When it was last used, or written to.
    """

    path: Path
    size: int
    used: float


def files_in(root: Path) -> Iterator[CachedFile]:
    """Yield the files of all sets of labels, but locks; some may be removed meanwhile."""
    for folder in root.iterdir():
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(TURN):
                    continue
                with suppress(FileNotFoundError):
                    stat = entry.stat()
                    yield CachedFile(Path(entry.path), stat.st_size, stat.st_mtime)


def _touched(path: Path) -> bool:
    """Record that a file is used now; return whether it is there."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _copy(remote: RemoteFile, path: Path) -> tuple[int, str]:
    """Copy a file from a store over a file of its size; return its true size and its digest."""
    digest, done = hashlib.sha256(), 0
    with path.open("r+b") as file:
        while done < remote.n_bytes:
            piece = read_range(remote.url, done, min(done + PIECE, remote.n_bytes))
            if not piece:
                break
            digest.update(piece)
            done += file.write(piece)
    return done, digest.hexdigest()
