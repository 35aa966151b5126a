"""Places: local paths, and URLs of files in object stores.

Images are given by a `Place`, as users type it. Other inputs and outputs are at a `Location`: a
path, or a `Url`, on which ``/``, ``name`` and ``parent`` work as on a path.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from .errors import UrlGiven

Place: TypeAlias = str | Path
LOCAL = ("file", "local")  # schemes of URLs that stand for a local path
Places: TypeAlias = Place | Sequence[Place]  # several archives that are one source


def each_place(places: Places) -> list[Place]:
    """Return places as a list, which may have been given as a single one."""
    return [places] if isinstance(places, str | Path) else list(places)


def is_url(place: str | Path) -> bool:
    """Return whether a place is a URL, ``scheme://...``, rather than a path.

    Examples
    --------
    >>> is_url("s3://bucket/train"), is_url("photos/train")
    (True, False)
    """
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", str(place)) is not None


def scheme_of(url: str) -> str:
    """Return the scheme of a URL in lower case."""
    return url.partition("://")[0].lower()


def shown_url(url: str) -> str:
    """Return a URL without user, password and signature, so that it can be shown.

    Examples
    --------
    >>> shown_url("https://me:secret@example.org/a.tar?signature=12")
    'https://example.org/a.tar'
    """
    return re.sub(r"(?<=://)[^/]*@", "", url.partition("?")[0])


@dataclass(frozen=True, order=True)
class Url:
    """The URL of a file or a folder in an object store.

    Parameters
    ----------
    full : str
        May include a password, which ``str(url)`` leaves out.

    Examples
    --------
    >>> shard = Url("s3://me:secret@bucket/labels/") / "shard-00000.h5"
    >>> str(shard), shard.name, str(shard.parent)
    ('s3://bucket/labels/shard-00000.h5', 'shard-00000.h5', 's3://bucket/labels')
    """

    full: str

    def __repr__(self) -> str:
        """Return how it is made, without a password."""
        return f"Url({str(self)!r})"

    def __str__(self) -> str:
        """Return the URL as it can be shown."""
        return shown_url(self.full)

    def __truediv__(self, name: str | Path) -> Url:
        """Return the URL of a file or folder below."""
        return Url(f"{self.full.rstrip('/')}/{Path(name).as_posix()}")

    @property
    def name(self) -> str:
        """The last part."""
        return self.full.rstrip("/").rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The ending of the name with its dot, such as ``.h5``, or an empty string."""
        return Path(self.name).suffix

    @property
    def parent(self) -> Url:
        """The folder that contains it."""
        return Url(self.full.rstrip("/").rpartition("/")[0])

    def with_suffix(self, suffix: str) -> Url:
        """Return the URL with another ending."""
        return self.parent / Path(self.name).with_suffix(suffix)


Location: TypeAlias = Path | Url


def location_of(place: Place | Url) -> Location:
    """Return where a place is: a path, or a `Url`.

    Raises
    ------
    UrlGiven
        If it is a ``file://`` URL, which no command takes in place of a path.
    """
    if isinstance(place, Url):
        return place
    is_remote = is_url(place) and scheme_of(str(place)) not in LOCAL
    return Url(str(place)) if is_remote else local_path(place)


def resolved(location: Location) -> Location:
    """Return the one path of a file, to compare it with others; a URL as it is."""
    return location.resolve() if isinstance(location, Path) else location


_MANGLED = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/(?!/)")  # a Path makes s3:/x of s3://x


def local_path(place: str | Path) -> Path:
    """Return a place as a local path.

    Raises
    ------
    UrlGiven
        If it is a URL, ``file://`` included, or a `Path` that was made from one.
    """
    text = str(place)
    if isinstance(place, Path):
        text = _MANGLED.sub(r"\1://", text, count=1) if _MANGLED.match(text) else text
    if not is_url(text):
        return Path(place)
    scheme = scheme_of(text)
    if scheme in LOCAL:
        how = f"give only the path: {text.partition('://')[2]}"
    else:
        tool = _COPIERS.get(scheme, "the tools of that store")
        how = (
            "write to a local folder and copy it there afterwards, or copy the input to this "
            f"machine first, with {tool}"
        )
    raise UrlGiven(f"{shown_url(text)} is a URL, but this has to be a local path; {how}")


_COPIERS = {
    "s3": "`aws s3 sync` or `aws s3 cp`",
    "s3a": "`aws s3 sync` or `aws s3 cp`",
    "gs": "`gcloud storage cp`",
    "gcs": "`gcloud storage cp`",
    "http": "`curl`",
    "https": "`curl`",
}
