"""Which kind of source paths and URLs are: a folder, archives, or an object store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ..errors import InputError
from ..places import Place, Places, each_place, is_url, shown_url
from ..stores import is_local, store_of
from .archive import AT_ONCE, archives_source
from .folder import folder_source, holds_images
from .object_store import Listing, list_store
from .patterns import matches
from .remote_file import MissingFile, open_remote
from .source import USUAL, Search, Source
from .volumes import is_archive_name


def find_images(
    place: Places,
    lines: Iterable[str] | None = None,
    list_name: str = "the list",
    search: Search = USUAL,
) -> Source:
    """Find the images in a folder, in archives or in an object store.

    Parameters
    ----------
    place : str, Path, or sequence of these
        A folder, a .tar, .tar.gz, .zip or .parquet file, or an fsspec URL such as
        ``s3://bucket/train``. A pattern such as ``train-{000..146}.tar`` or ``part-*.zip``, a
        folder of archives that holds no image itself, and a sequence of archives stand for all
        these archives together.
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
    places = [match for each in each_place(place) for match in matches(_without_scheme(each))]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = list(threads.map(partial(_look_into, search=search), dict.fromkeys(places)))
    if len(found) == 1 and not found[0].archives:
        (only,) = found
        if only.missing is not None:
            raise only.missing
        if only.listing is not None:
            return only.listing.images(lines, list_name, search)
        return folder_source(Path(only.place), lines, list_name, search)
    _refuse_missing(found)
    _refuse_folders(found)
    archives = dict.fromkeys(archive for each in found for archive in each.archives)
    return archives_source(list(archives), lines, list_name, search)


class _Place(NamedTuple):
    """What is at a place: archives, or a folder, whose listing is known if it is remote; or none.

    Attributes
    ----------
    missing : MissingFile or None
        The error to raise, if nothing is there.
    """

    place: Place
    archives: Sequence[Place] = ()
    listing: Listing | None = None
    missing: MissingFile | None = None


def _refuse_missing(found: Sequence[_Place]) -> None:
    missing = [_shown(each.place) for each in found if each.missing is not None]
    if missing:
        raise InputError(
            f"{len(missing)} of the {len(found)} paths that are given, or that braces stand for, "
            f"are missing, such as {missing[0]}; check them, or use * to take those that are there"
        )


def _refuse_folders(found: Sequence[_Place]) -> None:
    folders = [_shown(each.place) for each in found if not each.archives]
    if folders:
        advice = "give the folder that holds all images"
        if len(folders) < len(found):
            advice = (
                "pack the folder into a tar, or count its images apart, and add up both priors by "
                "`colorprep prior --merge`"
            )
        raise InputError(
            f"{folders[0]} is a folder of images, and only archives can be read together; {advice}"
        )


def _look_into(place: Place, search: Search) -> _Place:
    if is_url(place):
        try:
            return _look_into_store(str(place), search)
        except MissingFile as missing:
            return _Place(place, missing=missing)
    path = Path(place)
    if not path.exists():
        return _Place(
            path, missing=MissingFile(f"there is no folder or archive {path}; give one that exists")
        )
    if path.is_file():
        return _Place(path, [path])
    archives = _archives_in(path)
    return _Place(path, archives if archives and not holds_images(path, search) else [])


def _archives_in(folder: Path) -> list[Path]:
    try:
        children = sorted(folder.iterdir())
    except OSError:
        return []  # a folder that is missing or cannot be listed is reported when it is searched
    return [child for child in children if is_archive_name(child.name) and child.is_file()]


def _look_into_store(url: str, search: Search) -> _Place:
    # A server of plain HTTP would send the whole archive in place of a listing.
    if is_archive_name(shown_url(url).rpartition("/")[2]):
        try:
            open_remote(url)
            return _Place(url, [url])
        except MissingFile as missing:
            try:
                return _look_into_folder(url, search)
            except InputError:
                raise missing from None
    return _look_into_folder(url, search)


def _look_into_folder(url: str, search: Search) -> _Place:
    listing = list_store(url)
    if listing.is_one_file:
        return _Place(url, [url])
    archives = sorted(filter(is_archive_name, listing.top_files()))
    if archives and not listing.holds_images(search):
        base, question, query = url.partition("?")
        return _Place(url, [f"{base.rstrip('/')}/{name}{question}{query}" for name in archives])
    return _Place(url, listing=listing)


def _without_scheme(place: Place) -> Place:
    """Return the path that a URL such as ``file:///x`` stands for; all else unchanged."""
    return store_of(str(place))[1] if is_url(place) and is_local(str(place)) else place


def _shown(place: Place) -> str:
    return shown_url(str(place)) if is_url(place) else str(place)
