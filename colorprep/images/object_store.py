"""Images in an object store, or wherever else fsspec has a file system for.

Credentials and the address of the store are taken from the same environment variables and files as
those of the store's own tools; a user and password in a URL are used, but never shown.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
from numpy.typing import NDArray

from ..errors import BadImage, InputError
from ..places import shown_url
from .folder import FolderSource, folder_source
from .members import Members, SourceNames, why_unsafe
from .passed_over import SPECIAL
from .skip import Skip
from .source import USUAL, Keys, Search

EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs"}
LOCAL = ("file", "local")
HEADS_AT_ONCE = 1000  # files whose first bytes are requested concurrently
# Names of versions and times in the replies of stores.
VERSIONS = ("ETag", "etag", "LastModified", "updated", "mtime", "created")


@dataclass(frozen=True, eq=False)
class ObjectStoreSource:
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
        return _name(self.url)

    def read(self, index: int) -> bytes:
        """Return the bytes of an image; see `Source.read`."""
        key = self.keys[index]
        # Looked up each time, as a forked process must not use the connection of its parent.
        store, root = _opened(self.url, os.getpid())
        try:
            return bytes(store.cat_file(root + key))
        except FileNotFoundError as error:
            raise BadImage("missing", "the store has it no longer") from error
        except PermissionError as error:
            raise BadImage("unreadable", _message(error, self.url)) from error
        except Exception as error:
            raise InputError(
                f"the store did not answer for {key} in {shown_url(self.url)}: "
                f"{_message(error, self.url)}; when it does again, run the same command again, "
                "which continues"
            ) from error


def object_store_source(
    url: str,
    lines: Iterable[str] | None = None,
    list_name: str = "the list",
    search: Search = USUAL,
) -> ObjectStoreSource | FolderSource:
    """Find the images below a URL.

    Parameters
    ----------
    url : str
        Such as ``s3://bucket/train``.
    lines : iterable of str or None
        Lines of a list of images to select; None selects all.
    list_name : str
        For messages.

    Returns
    -------
    ObjectStoreSource or FolderSource
        A folder if the URL is ``file://...``.

    Raises
    ------
    InputError
        If the scheme is unknown, its package is not installed, the store does not answer or denies
        access, or no image is found.
    """
    store, root = _opened(url, os.getpid())
    if url.partition("://")[0].lower() in LOCAL:
        return folder_source(Path(root), lines, list_name, search)
    members = _members(store, root, url)
    names = SourceNames(_name(url), shown_url(url), list_name)
    found = members.images(names, lines, partial(_heads, store, root), search)
    stamps = found.places[:, 0]
    return ObjectStoreSource(url, found.keys, found.sizes, stamps, found.skipped, found.passed_over)


@functools.lru_cache(maxsize=64)
def _opened(url: str, process: int) -> tuple[Any, str]:
    """Return the file system of a URL, and the path that all keys there begin with.

    The process ID is a parameter so that each process opens its own.
    """
    scheme = url.partition("://")[0]
    try:
        from fsspec.core import url_to_fs

        store, root = url_to_fs(url)
    except ImportError as error:
        extra = EXTRAS.get(scheme.lower())
        package = f"'colorprep[{extra}]'" if extra else "the package named above"
        raise InputError(
            f"cannot read {shown_url(url)}: {error}; run pip install {package}"
        ) from error
    except ValueError as error:
        raise InputError(
            f"cannot read {shown_url(url)}: {_message(error, url)}; give a folder, an archive, or "
            "a URL that fsspec supports, such as s3://bucket/folder or gs://bucket/folder"
        ) from error
    except Exception as error:
        raise _no_answer(url, error) from error
    return store, root.rstrip("/") + "/"


def _list_all(store: Any, root: str, url: str) -> dict[str, dict[str, Any]]:
    """Return what fsspec reports about each file, by its path."""
    from fsspec.asyn import AsyncFileSystem
    from fsspec.spec import AbstractFileSystem

    # The general implementation of `find` silently skips folders that cannot be listed.
    has_own_find = type(store).find is not AbstractFileSystem.find or (
        isinstance(store, AsyncFileSystem) and type(store)._find is not AsyncFileSystem._find
    )
    try:
        # A cached listing may be out of date, and one of millions of files takes much memory.
        store.invalidate_cache()
        infos: dict[str, dict[str, Any]]
        infos = store.find(root, detail=True) if has_own_find else dict(_walk(store, root))
        store.invalidate_cache()
    except FileNotFoundError as error:
        raise InputError(
            f"there is no {shown_url(url)}; give the bucket and folder that hold the images"
        ) from error
    except PermissionError as error:
        raise InputError(
            f"no permission to list {shown_url(url)}: {_message(error, url)}; check the "
            "credentials, such as those of AWS_PROFILE or AWS_ACCESS_KEY_ID for s3"
        ) from error
    except Exception as error:
        raise _no_answer(url, error) from error
    return infos


def _walk(store: Any, folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for info in store.ls(folder, detail=True):
        if info["type"] != "directory":
            yield info["name"], info
        elif info["name"].rstrip("/") != folder.rstrip("/"):
            yield from _walk(store, info["name"])


def _heads(store: Any, root: str, keys: Sequence[str], n_bytes: int) -> Iterator[bytes]:
    """Yield the first bytes of files, requesting only these; empty if they cannot be read."""
    for start in range(0, len(keys), HEADS_AT_ONCE):
        paths = [root + key for key in keys[start : start + HEADS_AT_ONCE]]
        for head in store.cat_ranges(paths, 0, n_bytes, on_error="return"):
            yield b"" if isinstance(head, Exception) else bytes(head)


def _members(store: Any, root: str, url: str) -> Members:
    infos = _list_all(store, root, url)
    if root.rstrip("/") in infos:
        raise InputError(
            f"{shown_url(url)} is a single file; give the folder that holds the images, and copy "
            "an archive to a disk first"
        )
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
            members.add_file(key, -1 if size is None else int(size), _stamp(info))
    return members


def _stamp(info: dict[str, Any]) -> int:
    """Return a digest of what a store reports about a file's version; 0 if it reports nothing."""
    versions = [str(info[name]) for name in VERSIONS if info.get(name)]
    digest = hashlib.blake2b("\n".join(versions).encode(), digest_size=7).digest()
    return int.from_bytes(digest, "little") if versions else 0


def _no_answer(url: str, error: Exception) -> InputError:
    return InputError(
        f"cannot list {shown_url(url)}: {_message(error, url)}; check the URL, the network, and "
        "the credentials that the store's own tools would use (for a public bucket of s3, set "
        "FSSPEC_S3_ANON=true)"
    )


def _message(error: Exception, url: str) -> str:
    """Return the message of an error without the secrets in its URL."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    text = text.replace(url, shown_url(url))
    login = re.search(r"(?<=://)[^/]*(?=@)", url.partition("?")[0])
    secrets = [login[0], *login[0].split(":", 1)] if login else []
    secrets += [value for _, value in parse_qsl(url.partition("?")[2])]
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _name(url: str) -> str:
    return shown_url(url).partition("://")[2].rstrip("/").rpartition("/")[2]
