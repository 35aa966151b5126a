"""Places: local paths, and URLs, from which only images are read."""

from __future__ import annotations

import re
from pathlib import Path

from .errors import UrlGiven


def is_url(place: str | Path) -> bool:
    """Return whether a place is a URL, ``scheme://...``, rather than a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", str(place)) is not None


def shown_url(url: str) -> str:
    """Return a URL as it may be shown: without user, password and signature."""
    return re.sub(r"(?<=://)[^/]*@", "", url.partition("?")[0])


_MANGLED = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/(?!/)")  # what a Path makes of a URL


def local_path(place: str | Path) -> Path:
    """Return a place as a local path.

    Parameters
    ----------
    place : str or Path

    Returns
    -------
    Path

    Raises
    ------
    UrlGiven
        If it is a URL, ``file://`` included; also if it is a `Path` that was made of one.
    """
    text = str(place)
    if isinstance(place, Path):
        text = _MANGLED.sub(r"\1://", text, count=1) if _MANGLED.match(text) else text
    if not is_url(text):
        return Path(place)
    scheme = text.partition(":")[0].lower()
    if scheme in ("file", "local"):
        how = f"give only the path: {text.partition('://')[2]}"
    else:
        tool = _COPIERS.get(scheme, "the tools of that store")
        how = (
            "only images are read from URLs (--dir). Write to a local folder and copy it there "
            f"afterwards, or copy the input to this machine first, with {tool}"
        )
    raise UrlGiven(f"{shown_url(text)} is a URL, but a local path is needed; {how}")


_COPIERS = {
    "s3": "`aws s3 sync` or `aws s3 cp`",
    "s3a": "`aws s3 sync` or `aws s3 cp`",
    "gs": "`gcloud storage cp`",
    "gcs": "`gcloud storage cp`",
    "http": "`curl`",
    "https": "`curl`",
}
