"""Lists of images: one path per line, in the forms of published lists.

===========  ========================  ==========================================================
form         line                      holds
===========  ========================  ==========================================================
`keys`       ``n01/x.JPEG``            the key
`prefixed`   ``train/n01/x.JPEG``      the name of the source, and the key
`labeled`    ``/n01/x.JPEG 7``         a slash, the key, and the number of its class
===========  ========================  ==========================================================

All forms are read, also mixed in one list. The meaning of a line is certain only together with the
source, as the name of a folder or a number at the end may be part of the key; without a source,
lines are compared as paths.

A line that is the key of an image as it stands means that image. Otherwise surrounding blanks, a
byte order mark and quotes are removed, then a class number; then backslashes are read as slashes;
then other spellings of accented letters are tried, see `colorprep.images.spelling`; finally the
line may be the name of one image without its ending, see `colorprep.images.stems`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Literal, TypeAlias, get_args

from ..atomic import write_text
from ..errors import InputError
from ..places import Location
from ..storage import read_bytes
from .classes import ClassRule, class_ids
from .skip import Skip
from .source import (
    Found,
    Source,
    escaped,
    has_image_ending,
    in_order,
    is_listable,
    top_folder,
)
from .spelling import Spellings, composed, spelled_alike
from .stems import Stems

ListForm: TypeAlias = Literal["keys", "prefixed", "labeled"]
Finder: TypeAlias = Callable[[str], str | None]
LIST_FORMS: tuple[ListForm, ...] = get_args(ListForm)


def read_list(path: Location, may_be_empty: bool = False) -> list[str]:
    """Read a list of images.

    Parameters
    ----------
    path : Path or Url
        One path per line, ended by a line feed, a carriage return, or both; empty lines are
        ignored. UTF-8 or, after a byte order mark, UTF-16.
    may_be_empty : bool
        Whether an empty list is allowed, such as that of the images dropped by an audit.

    Returns
    -------
    list of str
        Bytes that are not UTF-8 become surrogates, which no key contains.

    Raises
    ------
    InputError
        If the file cannot be read, is not mostly text, is a table, or lists nothing.
    """
    if path.suffix.lower() == ".csv":
        raise InputError(
            f"{path} is a table, not a list; give the .txt list beside it, with one image path per "
            "line"
        )
    try:
        text = _decoded(read_bytes(path))
    except FileNotFoundError:
        raise InputError(
            f"there is no list {path}; give a text file with one image path a line, such as "
            "`colorprep lists` writes"
        ) from None
    except OSError as error:
        raise InputError(f"cannot read the list {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"cannot read the list {path}: it is not valid UTF-16 text; save it as UTF-8 text"
        ) from error
    lines = [line for line in re.split("[\r\n]+", text) if line.strip()]
    n_bad = sum(not is_listable(line) for line in lines)
    if 2 * n_bad > len(lines):
        raise InputError(
            f"cannot read the list {path}: it is a binary file, or not encoded in UTF-8; "
            "save it as UTF-8 text"
        )
    if not lines and not may_be_empty:
        raise InputError(f"the list {path} is empty: it should hold one image path per line")
    return lines


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    return data.decode("utf-8-sig", "surrogateescape")


def write_list(path: Location, lines: Iterable[str]) -> None:
    """Write a list of images.

    Parameters
    ----------
    path : Path or Url
        Replaced atomically.
    lines : iterable of str
        Keys, or lines from `in_form`.
    """
    write_text(path, "".join(f"{line}\n" for line in lines))


def in_form(
    keys: Sequence[str],
    form: ListForm,
    source_name: str,
    classes: Sequence[str],
    class_from: ClassRule = "top",
) -> list[str]:
    """Return the lines of a list in one of the forms.

    Parameters
    ----------
    source_name : str
        For `prefixed`.
    classes : sequence of str
        For `labeled`: the number of a class is its position here, from 0; that of a key without a
        class is -1.
    class_from : str or int
        See `colorprep.images.classes`.

    Returns
    -------
    list of str
        `listed` reads them as the same keys.

    Examples
    --------
    >>> in_form(["n01/x.JPEG"], "prefixed", "train", [])
    ['train/n01/x.JPEG']
    >>> in_form(["n02/x.JPEG"], "labeled", "", ["n01", "n02"])
    ['/n02/x.JPEG 1']
    """
    if form == "keys":
        return list(keys)
    if form == "prefixed":
        return [f"{source_name}/{key}" for key in keys]
    numbers = class_ids(keys, classes, class_from)
    return [f"/{key} {number}" for key, number in zip(keys, numbers, strict=True)]


def listed(
    lines: Iterable[str],
    source_name: str,
    find: Callable[[str], tuple[int, ...] | None],
    list_name: str,
    respell: Finder = lambda name: None,
    of_stem: Finder = lambda name: None,
) -> Found:
    """Find the listed images of a source.

    Parameters
    ----------
    lines : iterable of str
        The name of the source or a slash at the start, and a class number at the end, are
        recognized.
    find : callable
        Returns the size and place of an image by its key, None if missing.
    list_name : str
        For messages.
    respell : callable
        Returns the key that is another spelling of a name, None if missing.
    of_stem : callable
        Returns the key that a name without ending means, None if missing.

    Returns
    -------
    Found
        Each image once, in order of the keys; missing images are among the skipped.

    Raises
    ------
    InputError
        If the source has none of the listed images.
    """
    found: dict[str, tuple[int, ...]] = {}
    missing: set[Skip] = set()
    for line in lines:
        for key in _keys_for(line, source_name, respell, of_stem):
            place = find(key)
            if place is not None:
                found[key] = place
                break
        else:
            why = f"listed in {list_name}, but not in the source"
            missing.add(Skip(escaped(line), "missing", why))
    if not found:
        raise InputError(
            f"none of the {len(missing)} images listed in {list_name} is in {source_name}; the "
            "list should hold one path per line, relative to the source"
        )
    return in_order(found, missing)


def resolve(lines: Iterable[str], source: Source) -> list[str]:
    """Return the keys of those listed images that a source has, in order of the lines."""
    find = _finder(source.keys, source.name)
    return [key for key in map(find, lines) if key is not None]


def match(lines: Iterable[str], keys: Collection[str]) -> tuple[list[str], list[str]]:
    """Find keys by the lines of a list when their source is not available.

    Parameters
    ----------
    keys : collection of str
        Such as those of labels. A line that is not one of them is also looked up without its first
        folder, which may be the name of the source.

    Returns
    -------
    found : list of str
        Keys, each once, in order of the lines.
    missing : list of str
        The lines that match no key.

    Examples
    --------
    >>> match(["train/cat.png 7", "dog.png"], ["cat.png"])
    (['cat.png'], ['dog.png'])
    """
    find = _finder(keys, None)
    found: dict[str, None] = {}
    missing = []
    for line in lines:
        key = find(line)
        if key is None:
            missing.append(escaped(line))
        else:
            found[key] = None
    return list(found), missing


def plain_path(line: str) -> str:
    """Return the path in a line, as far as it can be determined without a source.

    Returns
    -------
    str
        Without a byte order mark, quotes, a leading slash, empty parts, and a class number, which
        is a number after the name of an image. Backslashes become slashes if there is no slash.

    Examples
    --------
    >>> plain_path("/n01/x.JPEG 7")
    'n01/x.JPEG'
    """
    bare = _bare(line)
    unlabeled = _bare(_without_class(bare))
    path = unlabeled if has_image_ending(unlabeled) else bare
    if "/" not in path:
        path = path.replace("\\", "/")
    return "/".join(_parts(path)) or path


def plain_paths(
    lists: Sequence[Sequence[str]], names: Sequence[str]
) -> tuple[list[list[str]], list[Skip]]:
    """Return the paths in several lists, to compare them without a source.

    Parameters
    ----------
    names : sequence of str
        The names of the lists, for messages.

    Returns
    -------
    paths : list of list of str
        See `plain_path`; in the same Unicode spelling in all lists.
    skipped : list of Skip
        The lines that are not text.
    """
    skipped = [
        Skip(escaped(line), "bad-name", f"a line of {name} that is not UTF-8 text")
        for name, lines in zip(names, lists, strict=True)
        for line in lines
        if not is_listable(line)
    ]
    paths = [[plain_path(line) for line in lines if is_listable(line)] for lines in lists]
    return spelled_alike(paths), skipped


def hiding_folder(paths: Sequence[str], others: Sequence[str]) -> str | None:
    """Return the common first folder of paths, if only it keeps them from matching other paths.

    Examples
    --------
    >>> hiding_folder(["train/n01/x.JPEG"], ["n01/x.JPEG"])
    'train'
    """
    folders = set(map(top_folder, paths))
    if len(folders) != 1 or folders & {"", *map(top_folder, others)}:
        return None
    inner = {path.partition("/")[2] for path in paths}
    return None if inner.isdisjoint(others) else folders.pop()


def _readings(line: str, source_name: str | None) -> Iterator[str]:
    """Yield the keys that a line of a list may mean, the most literal one first.

    If the name of the source is None, any first folder may be that name.
    """
    tried = set()
    for path in _paths(line):
        parts = _parts(path)
        if path in tried or not parts or ".." in parts or "\0" in path:
            continue
        tried.add(path)
        yield "/".join(parts)
        if parts[1:] and (source_name is None or composed(source_name) == composed(parts[0])):
            yield "/".join(parts[1:])


def _paths(line: str) -> Iterator[str]:
    """Yield a line unchanged, then stripped in several ways, then with forward slashes."""
    yield line
    yield line.strip()
    yield _without_class(line)
    bare = _bare(line)
    unlabeled = _bare(_without_class(bare))
    yield bare
    yield unlabeled
    if "\\" in line:
        yield from (path.replace("\\", "/") for path in (line, bare, unlabeled))


def _keys_for(
    line: str, source_name: str | None, respell: Finder, of_stem: Finder
) -> Iterator[str]:
    """Yield the keys that a line may mean: as spelled, in other spellings, without ending."""
    yield from _readings(line, source_name)
    yield from filter(None, map(respell, _readings(line, source_name)))
    # Without the name of its source, the first folder of a stem is needed to tell images apart.
    yield from filter(None, map(of_stem, _readings(line, source_name or "")))


def _finder(keys: Collection[str], source_name: str | None) -> Callable[[str], str | None]:
    """Return a function from a line to the key that it means, None if missing."""
    there, respell, of_stem = frozenset(keys), Spellings(keys).get, Stems(lambda: keys).get

    def find(line: str) -> str | None:
        meant = _keys_for(line, source_name, respell, of_stem)
        return next((key for key in meant if key in there), None)

    return find


def _without_class(line: str) -> str:
    return re.sub(r"\s+-?\d+\s*$", "", line).strip()


def _bare(line: str) -> str:
    """Return a line without surrounding blanks, byte order mark and quotes."""
    line = line.strip().removeprefix("\ufeff").strip()
    quoted = len(line) > 1 and line[0] == line[-1] and line[0] in "\"'"
    return line[1:-1] if quoted else line


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]
