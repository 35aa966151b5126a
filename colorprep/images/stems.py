"""Images named by their stems: names without ending, such as those in the lists of PASCAL VOC."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cached_property

from ..errors import InputError
from .pairing import stem_of
from .source import has_image_ending


class Stems:
    """Finds images by a name without ending, with or without the folders above it.

    Parameters
    ----------
    keys : callable
        Returns the keys of all images; called when the first stem is looked up.
    """

    def __init__(self, keys: Callable[[], Iterable[str]]) -> None:
        self._keys = keys

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found = defaultdict(list)
        for key in self._keys():
            found[stem_of(key.rpartition("/")[2])].append(key)
        return dict(found)

    def get(self, name: str) -> str | None:
        """Return the image that a name means; None if it has an ending, or no image is meant.

        Raises
        ------
        InputError
            If several images are meant.

        Examples
        --------
        >>> Stems(lambda: ["JPEGImages/2011_002920.jpg", "x.jpg"]).get("2011_002920")
        'JPEGImages/2011_002920.jpg'
        """
        if has_image_ending(name):
            return None
        named = self._by_name.get(name.rpartition("/")[2], ())
        found = [key for key in named if f"/{stem_of(key)}".endswith(f"/{name}")]
        if len(found) > 1:
            first, second = sorted(found)[:2]
            raise InputError(
                f"the line {name} of a list could mean {first} or {second}; write the path of the "
                "image within its source, with its ending"
            )
        return found[0] if found else None
