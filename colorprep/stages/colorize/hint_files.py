"""Files of color hints: one for all photographs, or one for each in a folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ...color.hints import ColorHint, parse_hints
from ...errors import InputError
from ...images.digests import digest_of_bytes

ENDING = ".csv"
SHOWN = 3  # names in a message


class HintFile(NamedTuple):
    """A file of hints that was read.

    Attributes
    ----------
    digest : str
        Of its bytes.
    by_line : dict of int to ColorHint
        See `parse_hints`.
    """

    path: Path
    digest: str
    by_line: dict[int, ColorHint]

    def hints_for(self, photograph: str, shape: tuple[int, int]) -> list[ColorHint]:
        """Return the hints of a photograph.

        Parameters
        ----------
        photograph : str
            Its name, for messages.
        shape : tuple of int
            Its height and width.

        Raises
        ------
        InputError
            If one is outside of it.
        """
        for line, hint in self.by_line.items():
            try:
                hint.check_inside(shape, photograph)
            except InputError as error:
                raise InputError(f"{self.path}, line {line}: {error}") from None
        return list(self.by_line.values())


def find_hints(given: Path, pictures: Iterable[Path], folder: Path) -> dict[Path, HintFile]:
    """Find the hints of photographs, by the paths of their pictures.

    Parameters
    ----------
    given : Path
        A file for all photographs, or a folder, in which the hints for the picture ``a/b.png`` are
        ``a/b.csv``. There, photographs may be without.
    pictures : iterable of Path
        In `folder`.

    Raises
    ------
    InputError
        If there is no such file or folder, a file of hints cannot be used, or one in the folder is
        of no photograph.
    """
    if given.is_file():
        return dict.fromkeys(pictures, _read(given))
    if not given.is_dir():
        raise InputError(f"there is no file or folder {given} of hints")
    paths = sorted(path for path in given.rglob(f"*{ENDING}") if path.is_file())
    if not paths:
        raise InputError(
            f"{given} has no hints; the hints for photo.jpg are photo.csv there, with the header "
            "x,y,radius,color"
        )
    by_name = {picture.relative_to(folder).with_suffix(ENDING): picture for picture in pictures}
    for path in paths:
        if path.relative_to(given) not in by_name:
            names = [str(given / name) for name in sorted(by_name)[:SHOWN]]
            raise InputError(
                f"{path} belongs to no photograph; rename it to one of {', '.join(names)}"
                f"{', ...' if len(by_name) > SHOWN else ''}, or remove it"
            )
    return {by_name[path.relative_to(given)]: _read(path) for path in paths}


def _read(path: Path) -> HintFile:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not a text file in UTF-8; hints are a table of comma-separated values with "
            "the header x,y,radius,color"
        ) from error
    return HintFile(path, digest_of_bytes(data), parse_hints(text.splitlines(), str(path)))
