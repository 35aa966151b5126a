"""Which kind of source a path or URL is: a folder, an archive, or an object store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..places import is_url
from .archive import archive_source
from .folder import folder_source
from .object_store import object_store_source
from .source import USUAL, Search, Source


def find_images(
    place: str | Path,
    lines: Iterable[str] | None = None,
    list_name: str = "the list",
    search: Search = USUAL,
) -> Source:
    """Find the images in a folder, an archive or an object store.

    Parameters
    ----------
    place : str or Path
        A folder, a .tar, .tar.gz or .zip file, or an fsspec URL such as ``s3://bucket/train``.
    lines : iterable of str or None
        Lines of a list of images to select; None selects all.
    list_name : str
        For messages.

    Returns
    -------
    Source
        The same images have the same keys in all kinds of source.

    Raises
    ------
    InputError
        If the place is missing, is not a supported kind of source, or contains no image.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "red.ppm").write_bytes(b"P6 1 1 255 " + bytes([255, 0, 0]))
    ...     list(find_images(folder).keys)
    ['red.ppm']
    """
    if is_url(place):
        return object_store_source(str(place), lines, list_name, search)
    if Path(place).is_file():
        return archive_source(Path(place), lines, list_name, search)
    return folder_source(Path(place), lines, list_name, search)
