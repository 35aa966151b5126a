"""Keyword arguments, named and typed like the options of the commands, and parameters of them.

No default is here: an argument that is not given is that of the parameters of the stage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypedDict

from ..balance.prior import Prior, Smoothing
from ..images.classes import ClassFrom
from ..images.decoding import DamageRule, IccRule, OrientationRule
from ..images.reader import Fit
from ..places import Place, is_url
from ..stages.classifying import PACKAGED


class ImageOptions(TypedDict, total=False):
    """Which images of a source are read, and how.

    Attributes
    ----------
    list : str, Path or sequence of str
        A file that lists images, or their keys, such as those of a ranking.
    """

    list: str | Path | Sequence[str] | None
    follow: bool
    archive_folders: bool
    image_column: str | None
    workers: int | None
    scheduler: str | None
    cluster: int | None
    strict: bool
    icc: IccRule
    orientation: OrientationRule
    damaged: DamageRule


class PriorOptions(ImageOptions, total=False):
    """Options of `colorprep prior`.

    Attributes
    ----------
    quantizer : str, Path or Prior
        The name of a quantizer; a prior or its file, to count by its bins.
    output : str or Path
        Where to write the prior; its weights are written beside it.
    """

    quantizer: str | Path | Prior
    components: int | None
    linear_hue: bool
    sigma: str | float
    neighbors: int
    sigma_ab: float
    seed: int
    size: int | Literal["native"]
    fast: bool
    smooth: Smoothing
    bootstrap: int
    by_lightness: int
    output: str | Path


class LabelOptions(ImageOptions, total=False):
    """Options of `colorprep labels` for shards."""

    size: int
    fast: bool
    stride: int
    fit: Fit
    lowpass: float | None
    soft: int
    keep: Literal["rgb"] | None
    segments: str | Path | None
    segment_classes: int | None
    class_from: ClassFrom
    features: str | Path | None
    compression: str
    shard_size: int
    shuffle: int | None
    extend: bool
    overwrite: bool


class RankOptions(ImageOptions, total=False):
    """Options of `colorprep rgbvar`.

    Attributes
    ----------
    prior : str, Path or Prior
        What ``surprise`` is measured against.
    output : str or Path
        A folder for the list and the table of scores.
    """

    score: str
    prior: str | Path | Prior | None
    stratify: bool
    fast: bool
    output: str | Path


class SampleOptions(TypedDict, total=False):
    """Options of `colorprep sample`."""

    count: int
    size: int
    seed: int


PATHS = {"output", "segments", "features"}


def check_keywords(function: str, options: Mapping[str, object], known: type) -> None:
    """Raise TypeError for an argument that is not among the keys of a typed dictionary."""
    for name in options.keys() - known.__annotations__.keys():
        near = get_close_matches(name, known.__annotations__, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise TypeError(f"{function}() got an unexpected keyword argument {name!r}{hint}")


def chosen(options: Mapping[str, Any], params: type) -> dict[str, Any]:
    """Return the options among the fields of a dataclass of parameters, with absolute paths."""
    given = {field.name: options[field.name] for field in fields(params) if field.name in options}
    paths = {name: given[name] for name in PATHS & given.keys() if given[name] is not None}
    return given | {name: absolute(path) for name, path in paths.items() if path != PACKAGED}


def absolute(place: Place) -> Place:
    """Return a path that does not depend on the workspace; a URL stays as it is."""
    return place if is_url(place) else Path(place).absolute()
