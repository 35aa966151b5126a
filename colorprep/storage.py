"""Files at a location, on a disk or in an object store: reading, listing, sending, removing.

`colorprep.atomic` writes whole files to either. What a store answers is never cached, and failures
that pass are tried again. Copies of its files are made in the system's temporary folder (TMPDIR).
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any, TypeVar

from .errors import InputError, OutputError, UnusableName
from .places import Location, Url, scheme_of
from .retrying import patiently
from .stores import content_of, no_permission, stopped_answering, store_of, without_secrets

# Stores that show an object when it is complete, and not before.
WRITABLE = frozenset("s3 s3a gs gcs az abfs abfss adl oss memory".split())
LONGEST_KEY = 1024  # bytes, in S3, Google Cloud Storage and Azure
AT_ONCE = 32  # requests for small files that overlap
NO_ROOM = frozenset([errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
COPIES = "colorprep-"  # beginning of the names of temporary folders

S = TypeVar("S")
T = TypeVar("T")


def read_bytes(location: Location) -> bytes:
    """Return the content of a file.

    Raises
    ------
    FileNotFoundError
        If it is missing.
    InputError
        If its store denies access or does not answer.
    """
    if isinstance(location, Path):
        return location.read_bytes()
    return _ask(location, "read", content_of)


def read_range(url: Url, start: int, stop: int) -> bytes:
    """Return a part of a file in a store, up to byte `stop`; raises like `read_bytes`.

    Shorter where the file ends. A web server that knows no ranges returns the whole file.
    """
    return bytes(_ask(url, "read", lambda store, path: store.cat_file(path, start=start, end=stop)))


@contextmanager
def opened(location: Location) -> Iterator[BufferedReader | BytesIO]:
    """Open a file to read; one in a store is read whole, and raises like `read_bytes`."""
    file = location.open("rb") if isinstance(location, Path) else BytesIO(read_bytes(location))
    with file:
        yield file


def read_text(location: Location) -> str:
    """Return the content of a UTF-8 file, with its line ends; raises like `read_bytes`."""
    return read_bytes(location).decode("utf-8")


def read_each(locations: Iterable[Location]) -> Iterator[bytes | None]:
    """Yield the contents of small files, in order; None for a missing one.

    Requests to a store overlap, since each takes tens of milliseconds.

    Raises
    ------
    InputError
        If a store denies access or does not answer.
    """
    return overlapping(_content, locations, AT_ONCE)


def size_of(location: Location) -> int | None:
    """Return the size of a file in bytes, None if it is missing.

    Raises
    ------
    InputError
        If its store denies access or does not answer.
    """
    try:
        if isinstance(location, Path):
            return location.stat().st_size
        info = _ask(location, "read", _info)
        return int(info["size"]) if info["type"] == "file" else None
    except FileNotFoundError:
        return None
    except OSError as error:
        # A name that is too long for the file system cannot exist.
        if error.errno not in (errno.ENOTDIR, errno.ENAMETOOLONG):
            raise
        return None


def exists(location: Location) -> bool:
    """Return whether there is a file or folder; a store has the folders of its files.

    Raises
    ------
    InputError
        If its store denies access or does not answer.
    """
    if isinstance(location, Path):
        return location.exists()
    try:
        _ask(location, "read", _info)
    except FileNotFoundError:
        return False
    return True


def sizes_in(folder: Location) -> dict[str, int]:
    """Return the sizes in bytes of all files in a folder and below, by relative path.

    Empty if the folder is missing.

    Raises
    ------
    InputError
        If its store denies access or does not answer.
    """
    if isinstance(folder, Path):
        paths = (path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.stat().st_size for path in paths}
    try:
        root, infos = _ask(folder, "list", lambda store, path: (path, _find(store, path)))
    except FileNotFoundError:
        return {}
    below = f"{root}/"
    files = ((path, info) for path, info in infos.items() if info.get("type", "file") == "file")
    return {p.removeprefix(below): int(i["size"]) for p, i in files if p.startswith(below)}


def remove(location: Location) -> None:
    """Remove a file, if it is there.

    Raises
    ------
    InputError
        If its store denies access or does not answer.
    """
    if isinstance(location, Path):
        location.unlink(missing_ok=True)
    else:
        with suppress(FileNotFoundError):
            _ask(location, "write to", lambda store, path: store.rm_file(path))


def remove_each(locations: Iterable[Location]) -> None:
    """Remove small files that are there; raises like `remove`."""
    for _ in overlapping(remove, locations, AT_ONCE):
        pass


def send(path: Path, url: Url) -> None:
    """Copy a file to a store, which shows it when it is complete, and keeps an old one until then.

    Raises
    ------
    OutputError
        If its store denies access, has no such bucket, cannot be written to or does not answer.
    UnusableName
        If its path is longer than stores allow.
    """
    check_writable(url)
    n_bytes = len(os.fsencode(url.full.partition("://")[2].partition("/")[2]))
    if n_bytes > LONGEST_KEY:
        why = f"its path in the bucket has {n_bytes} bytes, but stores allow {LONGEST_KEY}"
        raise UnusableName(str(url), why)
    try:
        _ask(url, "write to", lambda store, to: store.put_file(str(path), to))
    except FileNotFoundError as error:
        raise OutputError(
            f"cannot write {url}: {without_secrets(error, url.full)}; make the bucket first, or "
            "give another"
        ) from error
    except InputError as error:
        raise OutputError(f"cannot write {url}: {error}") from error


def check_writable(location: Location) -> None:
    """Refuse a URL to which no whole file can be written.

    Raises
    ------
    OutputError
        If it is that of a web server, or of a store in which a file may be seen before it is whole,
        or names no bucket.
    """
    if isinstance(location, Path):
        return
    scheme = scheme_of(location.full)
    if scheme not in WRITABLE:
        why = f"of URLs, only those of object stores are written to, not {scheme}://"
    elif not location.full.partition("://")[2].strip("/"):
        why = "it names no bucket"
    else:
        return
    raise OutputError(
        f"cannot write to {location}: {why}; give a folder, or a URL such as s3://bucket/labels"
    )


@contextmanager
def local_copy(location: Location) -> Iterator[Path]:
    """Yield the path of a file on this disk: its own, or that of a temporary copy.

    Raises
    ------
    FileNotFoundError
        If it is missing.
    InputError
        If its store denies access or does not answer.
    """
    if isinstance(location, Path):
        yield location
        return
    with temporary_folder() as folder:
        copy = folder / location.name
        _fetch(location, copy)
        yield copy


def local_copies(locations: Iterable[Location], ahead: int) -> Iterator[Path]:
    """Yield a path on this disk for each file, in order: its own, or that of a temporary copy.

    A copy lasts until the next one is asked for. There is no file at the path of a missing one.

    Parameters
    ----------
    ahead : int
        Copies that are made before they are asked for.

    Raises
    ------
    InputError
        If a store denies access or does not answer.
    """
    with temporary_folder() as folder:

        def fetch(numbered: tuple[int, Location]) -> Path:
            number, location = numbered
            if isinstance(location, Path):
                return location
            copy = folder / f"{number}{location.suffix}"
            with suppress(FileNotFoundError):
                _fetch(location, copy)
            return copy

        for path in overlapping(fetch, enumerate(locations), ahead):
            yield path
            if path.parent == folder:
                path.unlink(missing_ok=True)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a new folder for files on their way to or from a store, which names this process."""
    with tempfile.TemporaryDirectory(prefix=f"{COPIES}{os.getpid()}-") as folder:
        yield Path(folder)


def _fetch(url: Url, copy: Path) -> None:
    _ask(url, "read", lambda store, path: store.get_file(path, str(copy)))


def _content(location: Location) -> bytes | None:
    try:
        return read_bytes(location)
    except FileNotFoundError:
        return None


def overlapping(function: Callable[[S], T], items: Iterable[S], n: int) -> Iterator[T]:
    """Yield what a function returns for each item, in order.

    Parameters
    ----------
    function : callable
        Runs on `n` threads, while the caller makes further items; in this thread if `n` is 0.
    """
    if not n:
        yield from map(function, items)
        return
    pending: deque[Future[T]] = deque()
    with ThreadPoolExecutor(n) as executor:
        for item in items:
            pending.append(executor.submit(function, item))
            if len(pending) > n:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _info(store: Any, path: str) -> dict[str, Any]:
    store.invalidate_cache()
    return dict(store.info(path))


def _find(store: Any, path: str) -> dict[str, Any]:
    store.invalidate_cache()
    infos = store.find(path, detail=True)
    store.invalidate_cache()  # one of many files takes much memory
    return dict(infos)


def _ask(url: Url, what: str, ask: Callable[[Any, str], T]) -> T:
    """Return what `ask` returns for a file system and a path there; `what` is for the message."""
    store, path = store_of(url.full)
    try:
        return patiently(lambda: ask(store, path))
    except (FileNotFoundError, InputError):
        raise
    except Exception as error:
        if isinstance(error, PermissionError) or "Credentials" in type(error).__name__:
            raise no_permission(url.full, error, what) from error
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise OutputError(
                f"no room for a copy of {url} in {tempfile.gettempdir()} ({error.strerror}); make "
                "room there, or name another folder in TMPDIR"
            ) from error
        raise stopped_answering(url.full, error) from error
