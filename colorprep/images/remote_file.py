"""Reading a file in a store at any offset, without copying it to this machine.

Every answer is compared with what the store said when the file was opened: its version (ETag, or
time of change) and its size. So bytes of another file that has taken its place are never used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from ..errors import InputError
from ..places import shown_url
from ..retrying import CutShort, patiently
from ..stores import (
    no_permission,
    object_in_s3,
    stopped_answering,
    store_of,
    version_in,
    version_stamp,
)

SILENCE = 60  # seconds without a byte after which a connection counts as lost
HTTP_PARTIAL, HTTP_NOT_THERE = 206, 416  # a range, a range that begins behind the end


T = TypeVar("T")


class MissingFile(InputError):
    """There is nothing behind a URL, or at a path."""


class NoRanges(Exception):
    """A server sends whole files only."""


class Answer(NamedTuple):
    """Some bytes of a file, and what the store says about the whole file with them.

    Attributes
    ----------
    version : str
        Empty if the store reports none.
    size : int
        Of the whole file.
    """

    data: bytes
    version: str
    size: int


@dataclass(frozen=True)
class RemoteFile:
    """A file behind a URL, as it was when it was opened; see `colorprep.images.ranges`.

    Attributes
    ----------
    url : str
        May include a password.
    version : str
        What the store reports about the version; empty if nothing.
    """

    url: str = field(repr=False)
    size: int
    version: str
    read_ahead = 8 << 20  # bytes; sent in the time of a few answers

    @property
    def shown(self) -> str:
        """The URL without secrets."""
        return shown_url(self.url)

    @property
    def changed(self) -> int:
        """A digest of the version; 0 if the store reports none."""
        return version_stamp(self.version)

    def read(self, start: int, size: int) -> bytes:
        """Return some bytes, see `RangedFile.read`."""
        if not size:
            return b""

        def ask() -> bytes:
            answer = _answer(self.url, start, start + size)
            if (answer.version, answer.size) != (self.version, self.size):
                raise self._changed()
            if len(answer.data) != size:
                raise CutShort(f"{len(answer.data)} of {size} bytes were sent")
            return answer.data

        return _asked(self.url, ask)

    def _changed(self) -> InputError:
        return InputError(
            f"the archive {self.shown} has changed since its images were listed; run the same "
            "command again"
        )


def open_remote(url: str) -> RemoteFile:
    """Ask a store for the size and version of a file.

    Raises
    ------
    InputError
        If there is no such file, it may not be read, the store cannot send parts of a file, or it
        does not answer.
    """
    first = _asked(url, lambda: _answer(url, 0, 1))
    return RemoteFile(url, first.size, first.version)


def _asked(url: str, ask: Callable[[], T]) -> T:
    """Return what `ask` returns in the end; turn its errors into those that say what to do."""
    try:
        return patiently(ask)
    except InputError:
        raise
    except FileNotFoundError as error:
        raise MissingFile(
            f"there is no {shown_url(url)}, or it has disappeared; check the URL, or run the same "
            "command again when it is back"
        ) from error
    except PermissionError as error:
        raise no_permission(url, error, "read") from error
    except NoRanges as error:
        raise InputError(
            f"the server of {shown_url(url)} sends whole files only, not parts of them; download "
            f"it, as with `curl -O {shown_url(url)}`, and give the file"
        ) from error
    except Exception as error:
        raise stopped_answering(url, error) from error


def _answer(url: str, start: int, end: int) -> Answer:
    """Ask once for the bytes from `start` up to `end`."""
    store, path = store_of(url)
    if hasattr(store, "call_s3"):
        return _answer_of_s3(store, path, start, end)
    if "http" in store.protocol:
        return _answer_of_http(store, path, start, end)
    data = bytes(store.cat_file(path, start=start, end=end))
    info = store.info(path)  # afterwards, so that a file replaced in between is noticed
    return Answer(data, version_in(info), int(info["size"]))


def _answer_of_s3(store: Any, path: str, start: int, end: int) -> Answer:
    data, reply = object_in_s3(store, path, Range=f"bytes={start}-{end - 1}")
    return Answer(data, str(reply["ETag"]), _whole_size(reply["ContentRange"]))


def _answer_of_http(store: Any, path: str, start: int, end: int) -> Answer:
    from fsspec.asyn import sync

    answer: Answer = sync(store.loop, _over_http, store, path, start, end)
    return answer


async def _over_http(store: Any, url: str, start: int, end: int) -> Answer:
    from aiohttp import ClientTimeout

    asked = {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}
    options = {
        "timeout": ClientTimeout(None, sock_connect=SILENCE, sock_read=SILENCE),
        **store.kwargs,
        "headers": {**store.kwargs.get("headers", {}), **asked},
    }
    session = await store.set_session()
    async with session.get(store.encode_url(url), **options) as reply:
        if reply.status == 404:
            raise FileNotFoundError(url)
        if reply.status in (401, 403):
            raise PermissionError(f"{reply.status} {reply.reason}")
        if reply.status != HTTP_NOT_THERE:
            reply.raise_for_status()
        if reply.status not in (HTTP_PARTIAL, HTTP_NOT_THERE):
            raise NoRanges
        size = _whole_size(reply.headers.get("Content-Range", ""))
        data = await reply.read() if reply.status == HTTP_PARTIAL else b""
        return Answer(data, _http_version(reply.headers), size)


def _http_version(headers: Mapping[str, str]) -> str:
    return headers.get("ETag") or headers.get("Last-Modified", "")


def _whole_size(content_range: str) -> int:
    """Return the size of the whole file, from a header such as ``bytes 0-99/1234``."""
    size = content_range.rpartition("/")[2]
    if not size.isdigit():
        raise NoRanges
    return int(size)
