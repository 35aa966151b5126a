"""The plan of a label folder, `plan.json`: how its labels are made, and which images go where.

It is written before the first label, and compared when a command is run again: the same plan goes
on where it stopped, another one is refused with the difference. Images are planned in **segments**:
the first is a whole source, each further one holds the images that were added to it later; a shard
is a fixed slice of its segment's order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..artifacts import check_schema
from ..atomic import write_json
from ..curriculum.sampling import chance
from ..errors import ArtifactError
from ..images.decoding import DamageRule, IccRule, OrientationRule
from ..images.reader import Fit, ImageReader
from ..images.source import Source, digest_of, top_folder
from ..quantize.labeling import Labeler
from ..quantize.quantizer import Quantizer
from ..quantize.spec import restore_quantizer

LABELS_SCHEMA = "colorprep.labels/1"
PLAN = "plan.json"


@dataclass(frozen=True)
class Settings:
    """How labels are made, in plain values; with the images they determine the bytes.

    Attributes
    ----------
    quantizer, fingerprint : str
    size : int or "native"
    fit : {"stretch", "crop"}
    stride : int
    lowpass : float or None
    soft : int
    keep : {"rgb"} or None
    compression : str
    icc, orientation, damaged : str
    """

    quantizer: str
    fingerprint: str
    size: int | str
    fit: Fit
    stride: int
    lowpass: float | None
    soft: int
    keep: str | None
    compression: str
    icc: IccRule
    orientation: OrientationRule
    damaged: DamageRule = "skip"

    def facts(self) -> dict[str, Any]:
        """Return all settings by name, as stored in files: `damaged` only if files are kept."""
        values = asdict(self)
        if self.damaged == "skip":
            del values["damaged"]
        return values


@dataclass(frozen=True)
class Segment:
    """Images that were planned together.

    Attributes
    ----------
    first_shard, n_shards, n_files : int
    digest : str
        Of the keys and sizes of its images, in order of the keys.
    """

    first_shard: int
    n_shards: int
    n_files: int
    digest: str


@dataclass(frozen=True)
class Plan:
    """What a label folder is to hold.

    Attributes
    ----------
    format : {"h5", "npy"}
    settings : Settings
    shard_size : int
        Images in a shard; 0 where there are no shards.
    shuffle : int or None
        The seed of the order; None keeps the order of the keys.
    quantizer : dict
        All that it takes to make the quantizer again.
    classes : list of str
        Names, by class id.
    n_files : int
        Of the whole source.
    digest : str
        Of the keys and sizes of the whole source.
    segments : list of Segment
    """

    format: str
    settings: Settings
    shard_size: int
    shuffle: int | None
    quantizer: dict[str, Any]
    classes: list[str] = field(default_factory=list)
    n_files: int = 0
    digest: str = ""
    segments: list[Segment] = field(default_factory=list)

    @property
    def n_shards(self) -> int:
        """How many shards there are to be."""
        return sum(segment.n_shards for segment in self.segments)

    def extended(self, source: Source, indices: Sequence[int], digest: str) -> Plan:
        """Return the plan with a further segment.

        Parameters
        ----------
        source : Source
        indices : sequence of int
            The images that no segment holds yet, in order of their keys.
        digest : str
            Of the whole source.
        """
        n_shards = -(-len(indices) // self.shard_size) if self.shard_size else 0
        own = digest if len(indices) == len(source.keys) else digest_of(source, indices)
        segment = Segment(self.n_shards, n_shards, len(indices), own)
        found = sorted({top_folder(source.keys[index]) for index in indices} - {""})
        known = set(self.classes)
        classes = [*self.classes, *(name for name in found if name not in known)]
        return replace(
            self,
            classes=classes,
            n_files=len(source.keys),
            digest=digest,
            segments=[*self.segments, segment],
        )


def in_shard_order(source: Source, indices: Sequence[int], shuffle: int | None) -> Sequence[int]:
    """Return images in the order in which shards hold them.

    Parameters
    ----------
    source : Source
    indices : sequence of int
        In order of their keys.
    shuffle : int or None
        The seed of an order of chance.
    """
    if shuffle is None:
        return indices
    return sorted(indices, key=lambda index: chance(source.keys[index], shuffle))


def differences(there: Plan, asked: Plan) -> list[str]:
    """Tell in which settings two plans differ, one line each; images are not compared."""
    old, new = _flat(there), _flat(asked)
    return [
        f"{name}: {old[name]} there, {new[name]} asked" for name in old if old[name] != new[name]
    ]


def _flat(plan: Plan) -> dict[str, Any]:
    values = {"format": plan.format, **asdict(plan.settings)}
    return {**values, "shard-size": plan.shard_size, "shuffle": plan.shuffle}


def plan_quantizer(plan: Plan, path: Path | None = None) -> Quantizer:
    """Make the quantizer of a plan's labels.

    Parameters
    ----------
    plan : Plan
    path : Path or None
        Where the plan was read, for messages.

    Raises
    ------
    ArtifactError
        If its description is damaged.
    """
    state, where = plan.quantizer, path or "the plan of the labels"
    try:
        arrays = {name: np.asarray(values) for name, values in state["arrays"].items()}
        return restore_quantizer(
            state["name"], state["parameters"], state["centers"], arrays, state["fingerprint"]
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(f"{where} is damaged: its quantizer lacks {error}") from error
    except ArtifactError as error:
        raise ArtifactError(f"{where} is damaged: {error}") from error


def reader_of(plan: Plan, source: Source) -> ImageReader:
    """Return what reads images as a plan has it."""
    settings = plan.settings
    size = settings.size if isinstance(settings.size, int) else None
    return ImageReader(
        source,
        size,
        settings.icc,
        settings.orientation,
        settings.fit,
        damaged=settings.damaged,
    )


def labeler_of(plan: Plan) -> Labeler:
    """Return what labels images as a plan has it."""
    settings = plan.settings
    keep_rgb = settings.keep == "rgb"
    return Labeler(plan_quantizer(plan), settings.stride, settings.lowpass, settings.soft, keep_rgb)


def plan_facts(plan: Plan) -> dict[str, Any]:
    """Return a plan in plain values for JSON, as plan.json and manifest.json hold it."""
    return {"schema": LABELS_SCHEMA, **asdict(plan), "settings": plan.settings.facts()}


def write_plan(folder: Path, plan: Plan) -> None:
    """Write the plan of a label folder."""
    write_json(folder / PLAN, plan_facts(plan))


def read_plan(path: Path) -> Plan:
    """Read a plan, from plan.json or from the manifest, which repeats it.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Plan

    Raises
    ------
    FileNotFoundError
        If there is none.
    ArtifactError
        If it is damaged, or newer than this version.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        check_schema(path, str(value["schema"]), LABELS_SCHEMA)
        segments = [Segment(**segment) for segment in value["segments"]]
        _check_segments(segments, value["shard_size"])
        plan = Plan(
            value["format"],
            Settings(**value["settings"]),
            value["shard_size"],
            value["shuffle"],
            value["quantizer"],
            value["classes"],
            value["n_files"],
            value["digest"],
            segments,
        )
        _check_kinds(plan)
        return plan
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ArtifactError(
            f"{path} is damaged ({error}); plan.json or manifest.json alone is enough to go on, "
            "but without either the labels must be made again with --overwrite"
        ) from error


def _check_kinds(plan: Plan) -> None:
    """Raise ValueError unless the values of a plan have the right types."""
    settings = plan.settings
    sound = {
        "format": plan.format in ("h5", "npy"),
        "size": _is_count(settings.size) or (settings.size == "native" and plan.format == "npy"),
        "stride": _is_count(settings.stride),
        "soft": settings.soft == 0 or _is_count(settings.soft),
        "lowpass": isinstance(settings.lowpass, float | int | None),
        "quantizer": isinstance(plan.quantizer, dict) and isinstance(settings.quantizer, str),
        "classes": isinstance(plan.classes, list) and all(isinstance(c, str) for c in plan.classes),
        "n_files": isinstance(plan.n_files, int),
    }
    wrong = [name for name, is_sound in sound.items() if not is_sound]
    if wrong:
        raise ValueError(f"its {wrong[0]} is invalid")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and value > 0


def _check_segments(segments: Sequence[Segment], shard_size: int) -> None:
    """Raise ValueError unless segments fill shards one after another, as `Plan.extended` does."""
    first = 0
    for segment in segments:
        n_shards = -(-segment.n_files // shard_size) if shard_size else 0
        if (segment.first_shard, segment.n_shards) != (first, n_shards):
            raise ValueError(f"its shards from {segment.first_shard} on do not fit its files")
        first += n_shards
