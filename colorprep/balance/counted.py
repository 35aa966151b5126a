"""Priors before smoothing: adding them up exactly, and no image twice.

The counts of the parts of a set of images add up to those of the set, however it is split. Only the
record of the images differs: it lists the parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import InputError
from ..quantize.quantizer import Quantizer
from .image_sample import ImageSample
from .provenance import Parts, added_meta, decoding_rules, identity, subtracted_meta
from .tallies import Tallies

PARAMETER_OPTIONS = {"sigma": "--sigma-ab"}


class Counted(NamedTuple):
    """The counts of some images, with what is recorded of them.

    Attributes
    ----------
    meta : mapping
        As `Prior.meta`.
    images : ImageSample or None
        Which images they are; None if unknown.
    """

    quantizer: Quantizer
    tallies: Tallies
    meta: Mapping[str, Any]
    images: ImageSample | None = None

    @property
    def parts(self) -> Parts:
        """The sets of images that are counted, as far as they are recorded."""
        images = None if self.images is None else self.images.total
        return Parts.of(self.meta.get("source", {}), images)

    def plus(self, other: Counted) -> Counted:
        """Return the counts of both, which were counted alike and have no image in common."""
        tallies = self.tallies.plus(other.tallies)
        images = self.images and other.images and self.images + other.images
        parts = self.parts.plus(other.parts)
        return self._with(tallies, added_meta(self.meta, other.meta), parts, images)

    def minus(self, other: Counted) -> Counted:
        """Return the counts without those of some images, which were counted alike."""
        tallies = self.tallies.minus(other.tallies)
        images = self.images and other.images and self.images - other.images
        parts = self.parts.minus(other.parts)
        return self._with(tallies, subtracted_meta(self.meta, other.meta), parts, images)

    def _with(
        self,
        tallies: Tallies,
        meta: Mapping[str, Any],
        parts: Parts,
        images: ImageSample | None,
    ) -> Counted:
        known = {"n_pixels": int(tallies.bins.sum()), "source": parts.source}
        changed = {name: value for name, value in known.items() if name in meta}
        return Counted(self.quantizer, tallies, {**meta, **changed}, images)

    def settings(self) -> dict[str, Any]:
        """Return how the images were counted, by option."""
        tallies, meta = self.tallies, self.meta
        return {
            "--quantizer": self.quantizer.name,
            **{
                PARAMETER_OPTIONS.get(name, f"--{name.replace('_', '-')}"): value
                for name, value in self.quantizer.parameters.items()
            },
            "--size": meta.get("size"),
            "--fast": meta.get("fast", False),
            **decoding_rules(meta),
            "--by-lightness": 0 if tallies.level_bins is None else len(tallies.level_bins),
            "--bootstrap": 0 if tallies.replicates is None else len(tallies.replicates),
            "--class-from": meta.get("class_from"),
            "--smooth": meta.get("smoothing", "soft"),
        }


class CountedSum:
    """Adds counts up, one prior after another.

    Parameters
    ----------
    any_smoothing : bool
        Whether the priors may be smoothed in different ways.

    Attributes
    ----------
    total : Counted or None
        None if nothing was added yet.
    """

    def __init__(self, any_smoothing: bool = False) -> None:
        self.total: Counted | None = None
        self._any_smoothing = any_smoothing
        self._first: tuple[str, Counted]
        self._names: dict[int | str, str] = {}  # of the priors, by part and by hash of an image

    def add(self, name: str, counted: Counted) -> Counted:
        """Add the counts of a prior, and return the total.

        Parameters
        ----------
        name : str
            Of the prior, for messages.

        Raises
        ------
        InputError
            If it was counted in another way than the first one, or counts images that another one
            counts.
        """
        if self.total is None:
            self._first = name, counted
            self.total = counted
        else:
            check_counted_alike(*self._first, name, counted, self._any_smoothing)
            self._check_new(name, counted)
            self.total = self.total.plus(counted)
        self._names |= {identity(part): name for part in counted.parts.added}
        if counted.images is not None and self.total.images is not None:
            sampled = counted.images.in_common(self.total.images)
            self._names |= dict.fromkeys(sampled.tolist(), name)
        return self.total

    def _check_new(self, name: str, counted: Counted) -> None:
        for part in counted.parts.added:
            if identity(part) in self._names:
                earlier = self._names[identity(part)]
                raise _counted_twice(earlier, name, f"the same {part.get('n_files', '')}")
        if self.total is None or self.total.images is None or counted.images is None:
            return
        common = self.total.images.in_common(counted.images).tolist()
        if common:
            raise _counted_twice(self._names[common[0]], name, f"at least {len(common)} common")


def check_counted_alike(
    name: str, counted: Counted, other_name: str, other: Counted, any_smoothing: bool = False
) -> None:
    """Raise InputError unless images were counted in the same way, so that counts can be added.

    Parameters
    ----------
    name, other_name : str
        Of the two priors, for messages.
    any_smoothing : bool
        Whether they may be smoothed in different ways.
    """
    settings, others = counted.settings(), other.settings()
    for option in dict.fromkeys([*settings, *others]):
        value, other_value = settings.get(option), others.get(option)
        if value != other_value and not (option == "--smooth" and any_smoothing):
            raise InputError(
                f"{name} and {other_name} cannot be combined: {option} is {value} in {name} and "
                f"{other_value} in {other_name}; count one of them again as the other was counted"
            )
    if counted.quantizer.fingerprint != other.quantizer.fingerprint:
        n_bins, n_others = len(counted.quantizer.centers), len(other.quantizer.centers)
        raise InputError(
            f"{name} and {other_name} cannot be combined: they have different bins of "
            f"{counted.quantizer.name} ({n_bins} with fingerprint "
            f"{counted.quantizer.fingerprint[:8]}, and {n_others} with "
            f"{other.quantizer.fingerprint[:8]}), such as bins that were fitted to each part; "
            f"count all parts with the bins of one prior, by --quantizer PRIOR.npz"
        )


def check_contained(counted: Counted, removed: Counted) -> None:
    """Raise InputError unless counts can be subtracted and something is left."""
    if counted.images is not None and removed.images is not None:
        n_beyond = len(removed.images.beyond(counted.images))
        if n_beyond:
            raise InputError(
                f"the second prior counts at least {n_beyond} images that the first does not count"
            )
    tallies = counted.tallies.minus(removed.tallies)
    if tallies.lowest < 0:
        raise InputError("the second prior counts pixels that the first does not count")
    if not tallies.bins.any():
        raise InputError("the second prior counts all pixels of the first; none are left")


def _counted_twice(name: str, other: str, what: str) -> InputError:
    return InputError(
        f"{name} and {other} count {what} images, which would count twice; leave one of the two "
        "out, or count only images that are in no other part (--list)"
    )
