"""Files in a source that are not images: how they are counted by kind, and reported."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from ..errors import InputError
from ..printable import first_of
from .source import ENDINGS

HIDDEN = "hidden"
NO_ENDING = "without ending"
SPECIAL = "pipes, sockets and devices"
FOLDER_LINKS = "links to folders"
LINK_LOOPS = "links to a folder above them"
OWN_PICTURES = "pictures made by colorprep"
OWN_FOLDER = " (made by colorprep)"  # after the folder's path

ARCHIVE_ENDINGS = frozenset(
    ".tar .tgz .tbz2 .txz .zip .7z .rar .gz .bz2 .xz .zst .tar.gz .tar.bz2 .tar.xz .tar.zst "
    ".parquet".split()
)
ARCHIVES = ARCHIVE_ENDINGS - {".gz", ".bz2", ".xz", ".zst"}  # the others are of a single file
# Endings whose format is uncertain, or may be unsupported: the first bytes of the file decide.
AMBIGUOUS_ENDINGS = frozenset(
    ".jfif .jif .jfi .pjpeg .pjp .apng .pbm .pgm .pnm .pam .pfm .avifs .hif".split()
)
_SINGULAR = {
    SPECIAL: "pipe, socket or device",
    FOLDER_LINKS: "link to a folder",
    LINK_LOOPS: "link to a folder above it",
    OWN_PICTURES: "picture made by colorprep",
}
_SHOWN = 10  # kinds, or folders, in a message


def system_folder(name: str) -> str:
    """Return the kind under which files in a hidden or system folder are counted."""
    return f"{_printable(name)}/"


def own_folder(path: str) -> str:
    """Return the kind under which files in a folder made by colorprep are counted."""
    return f"{_printable(path.rstrip('/'))}/{OWN_FOLDER}"


def described(passed_over: Mapping[str, int]) -> str:
    """Describe what was passed over, in a sentence without a full stop; empty if nothing was.

    Parameters
    ----------
    passed_over : mapping of str to int
        See `Source.passed_over`.

    Examples
    --------
    >>> described({".txt": 5, "without ending": 2, "__MACOSX/": 60})
    'passed over 7 files: 5 .txt, 2 without ending; 60 files in __MACOSX'
    """
    own = [key.removesuffix(f"/{OWN_FOLDER}") for key in passed_over if key.endswith(OWN_FOLDER)]
    system = {key[:-1]: n for key, n in passed_over.items() if key.endswith("/")}
    kinds = {key: n for key, n in passed_over.items() if not key.endswith(("/", OWN_FOLDER))}
    parts = []
    if kinds:
        n_files = sum(kinds.values())
        ordered = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
        counted = _some(f"{n:,} {_named(kind, n)}" for kind, n in ordered)
        parts.append(f"{n_files:,} {_files(n_files)}: {counted}{_advice(kinds)}")
    parts += [f"{n:,} {_files(n)} in {name}" for name, n in sorted(system.items())]
    if own:
        folders = "folder" if len(own) == 1 else "folders"
        parts.append(f"{len(own)} {folders} that colorprep made: {_some(sorted(own))}")
    return f"passed over {'; '.join(parts)}" if parts else ""


def no_image(place: str, passed_over: Mapping[str, int]) -> InputError:
    """Return the error for a place without images, which names what it contains instead."""
    files = {key: n for key, n in passed_over.items() if not key.endswith(("/", OWN_FOLDER))}
    archives = sorted(files.keys() - {HIDDEN})
    if archives and ARCHIVES.issuperset(archives):
        counted = ", ".join(f"{files[kind]:,} {kind}" for kind in archives)
        return InputError(
            f"no image in {place}, only archives ({counted}); {_reached(place, archives)}"
        )
    looked = f"looked for {' '.join(sorted(ENDINGS))}, and opened files with an ambiguous ending"
    error = (
        f"no image in {place}: {looked}; {described(passed_over) or 'it contains no other file'}"
    )
    if any(key.endswith(OWN_FOLDER) or key == OWN_PICTURES for key in passed_over):
        error += "; to use pictures made by colorprep, give their folder itself"
    return InputError(error)


def _reached(place: str, archives: Iterable[str]) -> str:
    """Describe how the images in archives within an archive, or within a folder, are reached."""
    if place.lower().endswith(tuple(ARCHIVES)):
        quoted = shlex.quote(place)
        unpack = f"unzip -q {quoted} -d images"
        if not place.lower().endswith(".zip"):
            unpack = f"mkdir images && tar -xf {quoted} -C images"
        return (
            "within an archive, only the tars of a tar are read: unpack the outer one by "
            f"`{unpack}`, and give --dir images"
        )
    if {".tar", ".tar.gz", ".tgz", ".zip", ".parquet"}.issuperset(archives):
        return "those in subfolders are read if a pattern finds them, as in --dir 'FOLDER/*/*.tar'"
    return (
        "only .tar, .tar.gz, .tgz, .zip and .parquet are read: unpack others, as by "
        '`for f in *.7z; do 7z x "$f"; done`'
    )


def _advice(kinds: Iterable[str]) -> str:
    """Describe what can be done about files that contain images but are not read."""
    found = set(kinds)
    advice = []
    if found & ARCHIVE_ENDINGS:
        advice.append(
            "archives beside images are not opened; unpack them, or give them alone as the source, "
            "as in --dir 'FOLDER/*.tar'"
        )
    if unread := sorted(found & AMBIGUOUS_ENDINGS):
        advice.append(f"the {' '.join(unread)} files are in unsupported formats; convert them")
    return f" ({'; '.join(advice)})" if advice else ""


def _some(texts: Iterable[str]) -> str:
    return first_of(list(texts), _SHOWN)


def _printable(name: str) -> str:
    return name if name.isprintable() else repr(name)[1:-1]


def _named(kind: str, n: int) -> str:
    return _SINGULAR.get(kind, kind) if n == 1 else kind


def _files(n: int) -> str:
    return "file" if n == 1 else "files"
