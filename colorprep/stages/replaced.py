"""Reporting which files an output replaced by other content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ..artifacts import load_arrays, load_prior, load_weights
from ..errors import ColorprepError
from ..images.lists import read_list, write_list
from ..places import Location
from ..progress import Reporter
from ..report.numbers import quantity
from ..storage import opened, size_of

SHOWN_DIGITS = 8  # of a digest


class _Former(NamedTuple):
    """A file before it was replaced: a digest, None if unreadable, and a description."""

    digest: str | None
    description: str


@contextmanager
def telling_replaced(reporter: Reporter, *paths: Location) -> Iterator[None]:
    """Report which files the block changed, and what they contained before.

    New files, and files whose bytes stay the same, are not reported.

    Parameters
    ----------
    reporter : Reporter
        Also called if the block raises.
    *paths : Path or Url
        Files that the block may write or remove.
    """
    former = {path: _Former(_digest(path), _description(path)) for path in paths if _is_file(path)}
    try:
        yield
    finally:
        for path, (digest, description) in former.items():
            if not _is_file(path):
                reporter.replaced(path, f"removed {description}")
            elif digest is None or _digest(path) != digest:
                reporter.replaced(path, f"replaced {description}")


def replace_list(path: Location, lines: Iterable[str], reporter: Reporter) -> None:
    """Write a list of images, and report if it replaced another one."""
    with telling_replaced(reporter, path):
        write_list(path, lines)


def _is_file(path: Location) -> bool:
    try:
        return path.is_file() if isinstance(path, Path) else size_of(path) is not None
    except OSError:  # its name may be too long
        return False


def _digest(path: Location) -> str | None:
    try:
        with opened(path) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def _description(path: Location) -> str:
    """Describe the content of a file, if that is quick."""
    try:
        if path.suffix == ".npz":
            return _artifact_description(path)
        if path.suffix == ".txt":
            n_lines = len(read_list(path, may_be_empty=True))
            return f"another list, of {quantity(n_lines, 'image')}"
    except ColorprepError:
        pass
    return "a file with other content"


def _artifact_description(path: Location) -> str:
    kind = str(load_arrays(path, "")[1].get("schema"))
    if kind.startswith("colorprep.prior/"):
        prior = load_prior(path)
        images = quantity(prior.meta.get("n_images", 0), "image")
        return (
            f"another prior, of {images} over {prior.quantizer.name} "
            f"(digest {prior.digest[:SHOWN_DIGITS]})"
        )
    if kind.startswith("colorprep.weights/"):
        meta = load_weights(path)[1]
        return (
            f"other weights, with lambda {meta.get('lambda')} and alpha {meta.get('alpha')} for "
            f"the prior with digest {str(meta.get('prior_digest'))[:SHOWN_DIGITS]}"
        )
    return "a file with other content"
