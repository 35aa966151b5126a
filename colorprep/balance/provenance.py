"""What a prior records of how it was counted and of which images, and how records are added.

The record of images, `source`, has the digest and the number of the files. That of a sum lists the
records of its parts besides, and that of a difference those that were removed (`without`). So a
part that was added can be removed again, and no part can be added twice.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

Record: TypeAlias = Mapping[str, Any]

MERELY_NAMED = ("name", "fit")  # None if they differ


class Parts(NamedTuple):
    """Sets of images that were added and removed, each by its record."""

    added: tuple[Record, ...]
    removed: tuple[Record, ...] = ()

    @classmethod
    def of(cls, source: Record, images: int | None) -> Parts:
        """Return the parts of a source; one that was counted as a whole is its own part.

        Parameters
        ----------
        images : int or None
            The sum of the hashes of its images, see `ImageSample.total`; None if unknown.
        """
        if "parts" in source:
            return cls(tuple(source["parts"]), tuple(source.get("without", ())))
        if not source and images is None:
            return cls(())
        return cls(({**source, **({} if images is None else {"images": f"{images:016x}"})},))

    def plus(self, other: Parts) -> Parts:
        """Return the parts of a sum; what was removed before and is added now is in neither."""
        added = _by_identity(self.added + other.added)
        removed = _by_identity(self.removed + other.removed)
        return Parts(
            tuple(part for name, part in sorted(added.items()) if name not in removed),
            tuple(part for name, part in sorted(removed.items()) if name not in added),
        )

    def minus(self, other: Parts) -> Parts:
        """Return the parts of a difference."""
        return self.plus(Parts(other.removed, other.added))

    @property
    def source(self) -> Record:
        """The record of the images: of a single part, its own."""
        if len(self.added) == 1 and not self.removed:
            return {name: value for name, value in self.added[0].items() if name != "images"}
        digest = hashlib.sha256(json.dumps(self, sort_keys=True).encode())
        n_files = [sum(part.get("n_files", 0) for part in parts) for parts in self]
        files = [sum(int(part.get("files", "0"), 16) for part in parts) for parts in self]
        return {
            "digest": digest.hexdigest()[:32],
            "n_files": n_files[0] - n_files[1],
            "files": f"{(files[0] - files[1]) % 2**64:016x}",
            "parts": list(self.added),
            **({"without": list(self.removed)} if self.removed else {}),
        }


def identity(part: Record) -> str:
    """Return what tells a set of images from others: their hashes, if known, else the files."""
    return str(part.get("images") or part.get("digest"))


def _by_identity(parts: Iterable[Record]) -> dict[str, Record]:
    return {identity(part): part for part in parts}


def decoding_rules(meta: Record) -> dict[str, Any]:
    """Return the options by which images were decoded; none if they are not recorded."""
    rules = meta.get("decoding")
    if not isinstance(rules, Mapping):
        return {}
    return {f"--{name}": rule for name, rule in {"damaged": "skip", **rules}.items()}


def added_meta(meta: Record, other: Record) -> dict[str, Any]:
    """Return what is recorded of a sum, from two records of equal settings, without the source."""
    both = {name: value for name, value in meta.items() if name in other}
    for name in MERELY_NAMED:
        if name in both and both[name] != other[name]:
            both[name] = None
    if "versions" in both:
        both["versions"] = _all_versions(both["versions"], other["versions"])
    return both | _added_numbers(both, other, 1)


def subtracted_meta(meta: Record, other: Record) -> dict[str, Any]:
    """Return what is recorded of a difference, without the source."""
    return {**meta, **_added_numbers(meta, other, -1)}


def _added_numbers(meta: Record, other: Record, sign: int) -> dict[str, Any]:
    """Return the numbers of images that both count: those used, and the skipped by reason."""
    numbers: dict[str, Any] = {}
    if "n_images" in meta and "n_images" in other:
        numbers["n_images"] = meta["n_images"] + sign * other["n_images"]
    if "skipped" in meta and "skipped" in other:
        skipped = Counter[str](meta["skipped"])
        for reason, n_skipped in other["skipped"].items():
            skipped[reason] += sign * n_skipped
        numbers["skipped"] = {reason: n for reason, n in sorted(skipped.items()) if n > 0}
    return numbers


def _all_versions(versions: Record, others: Record) -> dict[str, str]:
    """Return the versions of packages; where parts have different ones, all of them."""
    return {
        package: ", ".join(sorted({*version.split(", "), *others[package].split(", ")}))
        for package, version in versions.items()
        if package in others
    }
