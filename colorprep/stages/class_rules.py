"""Where the classes of images come from: their keys, or what is stored beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..errors import InputError
from ..images.classes import COLUMN, ClassFrom, ClassRule, is_beside
from ..images.opening import find_images
from ..images.parquet_classes import has_class_column, read_class_column
from ..images.segments import MaskedSource
from ..images.sidecars import ENDING, read_classes, sidecar_of
from ..images.source import Source
from ..printable import first_of
from ..shards.plan import Plan
from ..workspace import Workspace
from .source import ImageParams, place_of, search_of

SHOWN = 10  # classes that a message names
N_THREADS = 16  # that read classes; stores take longest to answer


def class_rule(
    source: Source, class_from: ClassFrom, params: ImageParams, workspace: Workspace
) -> ClassRule:
    """Return the rule for the classes of a source; the classes by key, if they are beside images.

    Raises
    ------
    InputError
        If no image has a class beside it, or what is there cannot be read or is no class.
    """
    if not is_beside(class_from):
        return class_from
    if class_from != "cls":
        images = source.images if isinstance(source, MaskedSource) else source
        return read_class_column(images, str(class_from).partition(":")[2] or None)
    names = dict.fromkeys(map(sidecar_of, source.keys))
    try:
        place = place_of(params.folder, params, workspace)
        sidecars = find_images(place, names, ENDING, search_of(params, workspace))
    except InputError as error:
        raise InputError(
            f"--class-from cls reads the class of x.jpg in x{ENDING} beside it, but no image of "
            f"{source.name} has such a file ({error})"
        ) from error
    return read_classes(source.keys, sidecars, N_THREADS)


def classes_beside(source: Source) -> ClassFrom | None:
    """Return the rule by which images may have classes beside them; None if there are no such."""
    if source.passed_over.get(ENDING):
        return "cls"
    return COLUMN if has_class_column(source) else None


def with_classes(plan: Plan, source: Source, params: ImageParams, workspace: Workspace) -> Plan:
    """Return a plan with the classes beside the images, if it takes them from there."""
    rule = class_rule(source, plan.settings.class_from, params, workspace)
    return replace(plan, classes_beside=rule) if isinstance(rule, Mapping) else plan


def shown_classes(classes: Sequence[str]) -> str:
    """Return the names of classes for a message, the first ten of many."""
    return first_of(classes, SHOWN)
