"""Files at a location, on a disk or in an object store: reading, listing, sending, removing.

`colorprep.atomic` writes whole files to either. What a store answers is never cached, and failures
that pass are tried again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from .errors import InputError, OutputError
from .places import Location, Url
from .retrying import patiently
from .stores import no_permission, scheme_of, stopped_answering, store_of, without_secrets

READ_ONLY = ("http", "https")

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
    return bytes(_ask(location, "read", lambda store, path: store.cat_file(path)))


def read_text(location: Location) -> str:
    """Return the content of a UTF-8 file, with its line ends; raises like `read_bytes`."""
    return read_bytes(location).decode("utf-8")


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
    elif size_of(location) is not None:
        _ask(location, "write to", lambda store, path: store.rm_file(path))


def send(path: Path, url: Url) -> None:
    """Copy a file to a store, which shows it when it is complete, and keeps an old one until then.

    Raises
    ------
    OutputError
        If its store denies access, has no such bucket, cannot be written to or does not answer.
    """
    if scheme_of(url.full) in READ_ONLY:
        raise OutputError(
            f"cannot write {url}: a web server is only read from; give a folder, or a URL of an "
            "object store, such as s3://bucket/labels"
        )
    try:
        _ask(url, "write to", lambda store, to: store.put_file(str(path), to))
    except FileNotFoundError as error:
        raise OutputError(
            f"cannot write {url}: {without_secrets(error, url.full)}; make the bucket first, or "
            "give another"
        ) from error
    except InputError as error:
        raise OutputError(f"cannot write {url}: {error}") from error


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
    with tempfile.TemporaryDirectory(prefix="colorprep-") as folder:
        copy = Path(folder, location.name)
        _ask(location, "read", lambda store, path: store.get_file(path, str(copy)))
        yield copy


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
    except PermissionError as error:
        raise no_permission(url.full, error, what) from error
    except Exception as error:
        raise stopped_answering(url.full, error) from error
