"""The members of several archives as those of one, as if all were unpacked into one folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InputError
from ..printable import first_of
from .members import Members
from .skip import Skip
from .source import Keys, escaped, index_of


@dataclass(frozen=True)
class Joined:
    """The members of several archives.

    Attributes
    ----------
    members : Members
        The place of a file begins with the number of its archive; all have the same length.
    doubles : dict of str to tuple of int
        Keys that are in more than one archive, and the numbers of the first two.
    """

    members: Members
    doubles: dict[str, tuple[int, int]]

    def refuse_double_images(self, keys: Keys, archives: Sequence[str], in_folders: bool) -> None:
        """Raise InputError if an image is in two archives.

        Parameters
        ----------
        keys : Keys
            Of the images.
        archives : sequence of str
            For messages.
        in_folders : bool
            Whether the members of each archive are in a folder of their own.
        """
        found = sorted(key for key in self.doubles if index_of(keys, key) is not None)
        if found:
            raise self.refusal(found, archives, in_folders)

    def refusal(
        self, doubles: Sequence[str], archives: Sequence[str], in_folders: bool
    ) -> InputError:
        """Return the error for the two archives that both have the first of some keys."""
        owners = self.doubles[doubles[0]]
        first, second = (archives[owner] for owner in owners)
        how = (
            "rename one of them"
            if in_folders
            else "with --archive-folders each archive is a folder, named like the archive"
        )
        both = first_of([escaped(key) for key in doubles if self.doubles[key] == owners])
        return InputError(f"{first} and {second} both have {both}; {how}, or leave one of them out")


def join(parts: Sequence[Members], folders: Sequence[str], archives: Sequence[str]) -> Joined:
    """Join the members of archives.

    Parameters
    ----------
    folders : sequence of str
        The folder that the members of each archive are put in; empty for none.
    archives : sequence of str
        For messages.

    Raises
    ------
    InputError
        If a link is in two archives.
    """
    joined = Joined(Members(), {})
    # All places in an archive are of one length: that of its first one.
    width = max((len(next(iter(part.files.values()), ())) for part in parts), default=0)
    owners: dict[str, int] = {}
    for number, (part, folder) in enumerate(zip(parts, folders, strict=True)):
        prefix = f"{folder}/" if folder else ""
        _add(joined.members, part, number, prefix, width)
        joined.members.notes += part.oddities(archives[number])
        if len(parts) > 1:
            _note_doubles(joined.doubles, owners, part, number, prefix)
    links = sorted(key for key in joined.doubles if key in joined.members.links)
    if links:
        raise joined.refusal(links, archives, any(folders))
    return joined


def _add(members: Members, part: Members, number: int, prefix: str, width: int) -> None:
    """Add the members of an archive; those that are there already are kept."""
    for key, (size, *place) in part.files.items():
        padding = (0,) * (width - 1 - len(place))
        members.files.setdefault(prefix + key, (size, number, *place, *padding))
    for key, target in part.links.items():
        members.links.setdefault(prefix + key, prefix + target if target else "")
    for key, skip in part.refused.items():
        shown = Skip(escaped(prefix) + skip.key, skip.reason, skip.detail)
        members.refused.setdefault(prefix + key, shown)
    members.passed_over += part.passed_over


def _note_doubles(
    doubles: dict[str, tuple[int, int]],
    owners: dict[str, int],
    part: Members,
    number: int,
    prefix: str,
) -> None:
    for members in (part.files, part.links):
        for key in members:
            owner = owners.setdefault(prefix + key, number)
            if owner != number:
                doubles.setdefault(prefix + key, (owner, number))
