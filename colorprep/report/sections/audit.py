"""Sections on which images there are: faults that an audit found, and lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from PIL import Image

from ..numbers import percent, quantity
from ..page import Block, Missing, Note, PictureRow, Section, Table
from .thumbnails import small_picture

MOST_LISTS = 30


class Audited(NamedTuple):
    """What an audit found.

    Attributes
    ----------
    reasons : mapping of str to int
        Images with each reason to drop them.
    meanings : mapping of str to str
        Of the reasons.
    n_leaks : int
        Sets of duplicates that are both in training and in validation.
    emptied : sequence of str
        Classes of which no image stays.
    dropped : mapping of str to sequence of (Image, key, text)
        Some of the images that are dropped, by reason; the text tells which of several stays.
    """

    n_images: int
    n_kept: int
    reasons: Mapping[str, int]
    meanings: Mapping[str, str]
    n_leaks: int
    emptied: Sequence[str]
    dropped: Mapping[str, Sequence[tuple[Image.Image, str, str]]]


class ShownList(NamedTuple):
    """A list of images: its name, their number, and the first line, which may be empty."""

    name: str
    n_images: int
    first: str


def audit_section(audited: Audited) -> Section:
    """Show which images an audit drops."""
    rows = [
        [reason, f"{n:,}", audited.meanings.get(reason, "")]
        for reason, n in audited.reasons.items()
        if n
    ]
    blocks: list[Block] = []
    if rows:
        columns = ["reason", "images", "what it means"]
        blocks.append(Table("Dropped images by reason", columns, rows, words=True, wide=True))
    if audited.emptied:
        which = "this class" if len(audited.emptied) == 1 else "these classes"
        emptied = ", ".join(audited.emptied)
        blocks.append(Note(f"All images of {which} were dropped: {emptied}."))
    blocks += [
        PictureRow(
            f"{reason}: {audited.meanings.get(reason, '')}",
            [small_picture(key, text, image) for image, key, text in images],
            small=True,
        )
        for reason, images in audited.dropped.items()
    ]
    n_dropped = audited.n_images - audited.n_kept
    reading = (
        f"Of {quantity(audited.n_images, 'image')}, `lists/keep.txt` keeps "
        f"{audited.n_kept:,} ({percent(audited.n_kept / max(1, audited.n_images))}) and "
        f"`lists/drop.txt` drops {n_dropped:,}"
    )
    reading += ", some for several reasons." if sum(audited.reasons.values()) > n_dropped else "."
    if audited.n_leaks:
        reading += (
            f" {quantity(audited.n_leaks, 'picture')} are both in training and in validation, "
            "which makes results look better than they are."
        )
    facts: dict[str, Any] = {
        "n_images": audited.n_images,
        "n_kept": audited.n_kept,
        "reasons": dict(audited.reasons),
        "n_leaks": audited.n_leaks,
        "emptied": list(audited.emptied),
    }
    return Section("audit", "Audit", reading, blocks, facts)


def lists_section(lists: Sequence[ShownList], n_source: int | None) -> Section | Missing:
    """Show how many images lists hold.

    Parameters
    ----------
    n_source : int or None
        The number of images of the source, if it is known.
    """
    if not lists:
        return Missing("lists", "lists", "colorprep lists random 1000")
    columns = ["list", "images", "of the source", "begins with"]
    rows = [
        [
            one.name,
            f"{one.n_images:,}",
            "–" if n_source is None else percent(one.n_images / max(1, n_source)),
            one.first,
        ]
        for one in lists[:MOST_LISTS]
    ]
    blocks: list[Block] = [Table("Lists", columns, rows, words=True, wide=True)]
    if len(lists) > MOST_LISTS:
        blocks.append(Note(f"{len(lists) - MOST_LISTS:,} more are in `lists/`."))
    reading = (
        f"{quantity(len(lists), 'list')} of images in `lists/`, which `--list` takes: some of the "
        "images, or all in a certain order."
    )
    facts = {one.name: one.n_images for one in lists}
    return Section("lists", "Lists", reading, blocks, facts)
