"""Pictures of photographs: paths at which they replace no photograph and no other picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from os.path import realpath  # not stopped by links that lead in a circle, as Path.resolve is
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ..errors import InputError
from ..images.decoding import Pixels
from ..images.pairing import stem_of
from ..images.skip import Skip
from ..images.source import Source
from ..places import is_url

ENTROPY_ENDING = ".entropy.png"  # of maps of entropy, in place of the picture's


class PhotographSource(NamedTuple):
    """Photographs of one place.

    Attributes
    ----------
    place : str
        A folder, an archive or a URL, as messages name it.
    """

    place: str
    source: Source

    def name(self, key: str) -> str:
        """Return the name of a photograph, with its place."""
        return f"{self.place}/{key}" if is_url(self.place) else str(Path(self.place, key))

    def named(self, skip: Skip) -> Skip:
        """Return a skip under the photograph's name."""
        return skip._replace(key=self.name(skip.key))


class Targets(NamedTuple):
    """Where pictures are written.

    Attributes
    ----------
    paths : list of list of Path or None
        Place by place and image by image; None for one that is skipped.
    renamed : list of str
        Photographs whose pictures keep the ending in their name.
    skipped : list of Skip
        Photographs whose pictures would replace another's.
    """

    paths: list[list[Path | None]]
    renamed: list[str]
    skipped: list[Skip]


def choose_targets(
    places: Sequence[PhotographSource], folder: Path, kept: Sequence[PhotographSource] = ()
) -> Targets:
    """Choose where the picture of each photograph is written.

    Parameters
    ----------
    kept : sequence of PhotographSource
        Other images, which pictures must not replace either.

    Returns
    -------
    Targets
        ``a.png`` for ``a.jpg``. If another photograph's name differs only in its ending,
        ``a.jpg.png``; if that is taken as well, the photograph is skipped.

    Raises
    ------
    InputError
        If a picture would replace a photograph.
    """
    stems = Counter(folder / _stem(key) for each in places for key in each.source.keys)
    own = _photographs([*places, *kept])
    chosen = Targets([], [], [])
    taken: dict[Path, str] = {}
    for each in places:
        paths: list[Path | None] = []
        for key in each.source.keys:
            name, target = each.name(key), folder / _stem(key)
            _check_replaces_none(target, name, own)
            if stems[target] > 1:
                target = folder / f"{key}.png"
                _check_replaces_none(target, name, own)
                chosen.renamed.append(name)
            if target in taken:
                why = f"its picture would replace that of {taken[target]}; use another -o for it"
                chosen.skipped.append(Skip(name, "same-name", why))
                paths.append(None)
                continue
            taken[target] = name
            paths.append(target)
        chosen.paths.append(paths)
    return chosen


def entropy_path(picture: Path) -> Path:
    """Return the path of the map of entropy beside a picture."""
    return picture.with_suffix(ENTROPY_ENDING)


def check_maps(targets: Targets, places: Sequence[PhotographSource]) -> None:
    """Raise InputError if a map of entropy would replace a photograph or a picture."""
    photographs = _photographs(places)
    pictures = {path for paths in targets.paths for path in paths if path is not None}
    for picture in sorted(pictures):
        path = entropy_path(picture)
        if path in pictures or realpath(path) in photographs:
            what = "a photograph" if realpath(path) in photographs else "another picture"
            raise InputError(
                f"the map of entropy of {picture} would replace {what}, {path}; rename its "
                "photograph, or omit --entropy"
            )


def _photographs(places: Sequence[PhotographSource]) -> set[str]:
    """Return the real paths of all photographs."""
    return {
        realpath(each.name(key).removeprefix("file://").removeprefix("local://"))
        for each in places
        for key in each.source.keys
    }


def _stem(key: str) -> PurePosixPath:
    return PurePosixPath(f"{stem_of(key)}.png")


def _check_replaces_none(target: Path, name: str, photographs: set[str]) -> None:
    if realpath(target) in photographs:
        raise InputError(
            f"{target} is one of the photographs, and the picture of {name} would replace it; "
            "write the pictures to another folder"
        )


def write_png(path: Path, pixels: Pixels) -> None:
    """Write a PNG that is marked as sRGB, without other metadata."""
    chunks = PngInfo()
    chunks.add(b"sRGB", b"\0")  # perceptual rendering intent, as for photographs
    Image.fromarray(pixels).save(path, "PNG", pnginfo=chunks)
