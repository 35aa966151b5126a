"""Images in an object store, or wherever else fsspec has a file system for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadImage
from ..places import shown_url
from ..retrying import CutShort, passes, patiently
from ..stores import (
    content_of,
    no_answer,
    no_permission,
    stopped_answering,
    store_of,
    url_name,
    version_in,
    version_stamp,
    without_secrets,
)
from .members import Members, SourceNames, why_unsafe
from .passed_over import SPECIAL
from .remote_file import MissingFile
from .skip import Skip
from .sorting import ReadHeads, Sorting
from .source import USUAL, Keys, Listed, Search

HEADS_AT_ONCE = 1000  # files whose first bytes are requested concurrently


@dataclass(frozen=True, eq=False, repr=False)
class ObjectStoreSource(Listed):
    """Images in an object store.

    Attributes
    ----------
    url : str
        May include a password.
    sizes : ndarray of shape (n,), int64
    stamps : ndarray of shape (n,), int64
        A digest of the version that the store reports for each file; 0 if it reports none.
    skipped : list of Skip
        Files whose names a list cannot contain or are not plain paths, missing listed images.
    """

    url: str = field(repr=False)
    keys: Keys
    sizes: NDArray[np.int64]
    stamps: NDArray[np.int64]
    skipped: list[Skip]
    passed_over: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last part of the URL's path."""
        return url_name(self.url)

    @property
    def shown(self) -> str:
        """The URL, without secrets."""
        return shown_url(self.url)

    def read(self, index: int) -> bytes:
        """Return the bytes of an image; see `Source.read`."""
        key, size = self.keys[index], int(self.sizes[index])
        try:
            return patiently(lambda: self._read(key, size))
        except FileNotFoundError as error:
            raise BadImage("missing", "the store has it no longer") from error
        except PermissionError as error:
            raise BadImage("unreadable", without_secrets(error, self.url)) from error
        except Exception as error:
            raise stopped_answering(self.url, error, key) from error

    def _read(self, key: str, size: int) -> bytes:
        store, root = store_of(self.url)
        path = f"{root}/{key}"
        data = content_of(store, path)
        # A file of another size was cut short on its way, or replaced since it was listed.
        if size >= 0 and len(data) != size and len(data) != store.info(path)["size"]:
            raise CutShort(f"{len(data)} of {size} bytes were sent")
        return data


@dataclass(frozen=True)
class Listing:
    """What there is below a URL.

    Attributes
    ----------
    members : Members
        Their places are the stamps of the files.
    is_one_file : bool
        Whether the URL is that of a file, not of a folder.
    """

    url: str = field(repr=False)
    members: Members
    is_one_file: bool

    def top_files(self) -> list[str]:
        """Return the keys of the files that are in no folder below."""
        return [key for key in self.members.files if "/" not in key]

    def holds_images(self, search: Search) -> bool:
        """Return whether any file is an image."""
        return bool(Sorting(self.members.files, self._read_heads(), search).images)

    def images(
        self,
        lines: Iterable[str] | None = None,
        list_name: str = "the list",
        search: Search = USUAL,
    ) -> ObjectStoreSource:
        """Return the images among the files, see `object_store_source`."""
        names = SourceNames(url_name(self.url), shown_url(self.url), list_name)
        found = self.members.images(names, lines, self._read_heads(), search)
        stamps = found.places[:, 0]
        return ObjectStoreSource(
            self.url, found.keys, found.sizes, stamps, found.skipped, found.passed_over
        )

    def _read_heads(self) -> ReadHeads:
        return partial(_heads, self.url)


def object_store_source(
    url: str,
    lines: Iterable[str] | None = None,
    list_name: str = "the list",
    search: Search = USUAL,
) -> ObjectStoreSource:
    """Find the images below a URL.

    Parameters
    ----------
    url : str
        Such as ``s3://bucket/train``.
    lines : iterable of str or None
        Lines of a list of images to select; None selects all.
    list_name : str
        For messages.

    Raises
    ------
    InputError
        If the scheme is unknown, its package is not installed, the store does not answer or denies
        access, or no image is found.
    """
    return list_store(url).images(lines, list_name, search)


def list_store(url: str) -> Listing:
    """List all files below a URL.

    Raises
    ------
    InputError
        If the scheme is unknown, its package is not installed, or the store does not answer or
        denies access.
    """
    store, root = store_of(url)
    infos = _list_all(store, f"{root}/", url)
    if not infos:  # stores know no empty folders
        raise _nothing_at(url)
    return Listing(url, _members(infos, f"{root}/"), is_one_file=root in infos)


def _list_all(store: Any, root: str, url: str) -> dict[str, dict[str, Any]]:
    """Return what fsspec reports about each file, by its path."""
    from fsspec.asyn import AsyncFileSystem
    from fsspec.spec import AbstractFileSystem

    # The general implementation of `find` silently skips folders that cannot be listed.
    has_own_find = type(store).find is not AbstractFileSystem.find or (
        isinstance(store, AsyncFileSystem) and type(store)._find is not AsyncFileSystem._find
    )

    def find() -> dict[str, dict[str, Any]]:
        # A cached listing may be out of date, and one of millions of files takes much memory.
        store.invalidate_cache()
        infos = store.find(root, detail=True) if has_own_find else dict(_walk(store, root))
        store.invalidate_cache()
        return dict(infos)

    try:
        return patiently(find)
    except FileNotFoundError as error:
        raise _nothing_at(url) from error
    except PermissionError as error:
        raise no_permission(url, error, "list") from error
    except Exception as error:
        raise no_answer(url, error) from error


def _nothing_at(url: str) -> MissingFile:
    return MissingFile(
        f"there is no {shown_url(url)}; give the bucket and folder that hold the images"
    )


def _walk(store: Any, folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for info in store.ls(folder, detail=True):
        if info["type"] != "directory":
            yield info["name"], info
        elif info["name"].rstrip("/") != folder.rstrip("/"):
            yield from _walk(store, info["name"])


def _heads(url: str, keys: Sequence[str], n_bytes: int) -> Iterator[bytes]:
    """Yield the first bytes of files, requesting only these; empty if they cannot be read."""
    store, root = store_of(url)
    for start in range(0, len(keys), HEADS_AT_ONCE):
        some = keys[start : start + HEADS_AT_ONCE]
        paths = [f"{root}/{key}" for key in some]
        heads = store.cat_ranges(paths, 0, n_bytes, on_error="return")
        for key, head in zip(some, heads, strict=True):
            if isinstance(head, Exception) and passes(head):
                yield _head(url, key, n_bytes)
            else:
                yield b"" if isinstance(head, Exception) else bytes(head)


def _head(url: str, key: str, n_bytes: int) -> bytes:
    """Ask again for the first bytes of a file: else an image could be missing for a while."""
    store, root = store_of(url)
    try:
        return bytes(patiently(lambda: store.cat_file(f"{root}/{key}", start=0, end=n_bytes)))
    except Exception as error:
        raise stopped_answering(url, error, key) from error


def _members(infos: Mapping[str, Mapping[str, Any]], root: str) -> Members:
    """Return the files whose paths begin with `root`."""
    members = Members()
    for path, info in infos.items():
        kind = info.get("type", "file")
        if kind != "file" or not path.startswith(root):
            members.passed_over[SPECIAL] += kind not in ("file", "directory")
            continue
        key = path[len(root) :]
        unsafe = why_unsafe(key)
        if unsafe is None and not {"", "."}.isdisjoint(key.split("/")):
            unsafe = "a path with an empty part or a part '.'; give it a plain name"
        if unsafe is not None:
            members.refuse(key, "bad-name", unsafe)
        else:
            size = info.get("size")
            members.add_file(
                key, -1 if size is None else int(size), version_stamp(version_in(info))
            )
    return members
