"""The plan of a label folder, `plan.json`: how its labels are made, and which images go where.

It is written before the first label, and compared when a command is run again: with the same plan
the command continues where it stopped, another plan is refused with the difference. Images are
planned in **segments**: the first is a whole source, each further one holds the images that were
added to the source later. A shard is a fixed slice of its segment's order.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np

from ..artifacts import check_schema
from ..atomic import write_json
from ..curriculum.sampling import order_digest
from ..errors import ArtifactError, InputError
from ..images.classes import ClassFrom, ClassRule, class_names, is_rule
from ..images.decoding import DamageRule, IccRule, OrientationRule
from ..images.reader import Fit, ImageReader
from ..images.segments import MaskDecoder, MaskedSource
from ..images.source import Source, digest_of
from ..places import Location
from ..printable import setting
from ..quantize.labeling import Labeler
from ..quantize.quantizer import Quantizer
from ..quantize.spec import restore_quantizer
from ..storage import read_bytes

LABELS_SCHEMA = "colorprep.labels/1"
PLAN = "plan.json"


@dataclass(frozen=True)
class Settings:
    """How labels are made, in plain values; with the images they determine the bytes.

    Attributes
    ----------
    size : int or "native"
        Side of the images in pixels; ``"native"``, for label maps only, keeps the size of each.
    stride : int
        Every stride-th row and column of color is labeled.
    lowpass : float or None
        Blur of the color before it is labeled, see `colorprep.color.lowpass`.
    soft : int
        Number of likeliest bins that are stored for each pixel, 0 for none.
    keep : {"rgb"} or None
        Whether the pixels are stored too.
    segments : int or None
        Number of classes of the segment masks that are stored too, see
        `colorprep.images.segments`; None for no masks.
    class_from : str or int
        Where the class of an image is taken from, see `colorprep.images.classes`.
    features : dict or None
        The frozen classifier whose outputs are stored too: its ``name``, the ``digest`` of its
        file, and the ``length`` of the features; None for no features.
    fast : bool
        Whether large JPEG files were decoded smaller, with at least `size` pixels left on the
        shorter side, see `colorprep.images.decoding.possible_reduction`.
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
    segments: int | None = None
    class_from: ClassFrom = "top"
    features: dict[str, Any] | None = None
    fast: bool = False

    def facts(self) -> dict[str, Any]:
        """Return the settings by name, as files store them: later ones only if not the default."""
        values = asdict(self)
        return {f.name: values[f.name] for f in fields(self) if values[f.name] != f.default}


@dataclass(frozen=True)
class Segment:
    """Images that were planned together.

    Attributes
    ----------
    digest : str
        Of the keys and sizes of its images, in order of the keys.
    """

    first_shard: int
    n_shards: int
    n_files: int
    digest: str


@dataclass(frozen=True)
class Plan:
    """What a label folder should contain.

    Attributes
    ----------
    format : {"h5", "npy"}
        Shards, or label maps.
    shard_size : int
        Images in a shard; 0 for label maps.
    shuffle : int or None
        Seed of the random order; None keeps the order of the keys.
    quantizer : dict
        What is needed to restore the quantizer, see `colorprep.quantize.spec.quantizer_state`.
    classes : list of str
        Names, by class id.
    n_files : int
        Number of images in the whole source.
    digest : str
        Of the keys and sizes of the whole source.
    classes_beside : mapping of str to str, or None
        If classes are beside the images, those of the images by their keys, as long as images are
        labeled; not a part of the file.
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
    classes_beside: Mapping[str, str] | None = field(default=None, repr=False, compare=False)

    @property
    def class_rule(self) -> ClassRule:
        """Where the class of an image is taken from."""
        return self.settings.class_from if self.classes_beside is None else self.classes_beside

    @property
    def n_shards(self) -> int:
        """Number of shards in all segments."""
        return sum(segment.n_shards for segment in self.segments)

    def extended(self, source: Source, indices: Sequence[int], digest: str) -> Plan:
        """Return the plan with a further segment.

        Parameters
        ----------
        indices : sequence of int
            The images that are in no segment yet, in order of their keys.
        digest : str
            Of the whole source.
        """
        n_shards = -(-len(indices) // self.shard_size) if self.shard_size else 0
        own = digest if len(indices) == len(source.keys) else digest_of(source, indices)
        segment = Segment(self.n_shards, n_shards, len(indices), own)
        keys = (source.keys[index] for index in indices)
        found = class_names(keys, self.class_rule)
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
    """Return images in the order of the shards.

    Parameters
    ----------
    indices : sequence of int
        In order of their keys.
    shuffle : int or None
        Seed of the random order; None keeps the order of the keys.
    """
    if shuffle is None:
        return indices
    digests = (order_digest(source.keys[index], shuffle) for index in indices)
    order = np.argsort(np.fromiter(digests, "S32", len(indices)))
    # Eight bytes for each image; a list of as many numbers takes forty.
    return array("q", np.asarray(indices, np.int64)[order].tobytes())


def differences(existing: Plan, requested: Plan) -> list[str]:
    """Return the settings in which two plans differ, one line each; images are not compared."""
    old, new = _flat(existing), _flat(requested)
    return [
        f"{name}: {setting(old[name])} there, {setting(new[name])} requested"
        for name in old
        if old[name] != new[name]
    ]


def _flat(plan: Plan) -> dict[str, Any]:
    values = {"format": plan.format, **asdict(plan.settings)}
    return {**values, "shard-size": plan.shard_size, "shuffle": plan.shuffle}


def plan_quantizer(plan: Plan, path: Location | None = None) -> Quantizer:
    """Restore the quantizer of a plan.

    Parameters
    ----------
    path : Path, Url or None
        Where the plan was read from, for messages.

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
    """Return a reader of images with the settings of a plan.

    Raises
    ------
    InputError
        If the plan has segments, but the source no masks, or the other way round.
    """
    settings = plan.settings
    size = settings.size if isinstance(settings.size, int) else None
    return ImageReader(
        source,
        size,
        settings.icc,
        settings.orientation,
        settings.fit,
        size if settings.fast else None,
        settings.damaged,
        masks=mask_decoder_of(plan, source),
    )


def mask_decoder_of(plan: Plan, source: Source) -> MaskDecoder | None:
    """Return what decodes the masks of a source, None for a plan without segments.

    Raises
    ------
    InputError
        If the plan has segments, but the source no masks, or the other way round.
    """
    n_classes = plan.settings.segments
    if isinstance(source, MaskedSource):
        if n_classes is None:
            raise InputError("these labels hold no segments; leave out --segments")
        return MaskDecoder(source, n_classes)
    if n_classes is not None:
        raise InputError(
            "these labels hold segments, which come from masks; give the folder of the masks with "
            "--segments"
        )
    return None


def labeler_of(plan: Plan) -> Labeler:
    """Return a labeler with the settings of a plan."""
    settings = plan.settings
    keep_rgb = settings.keep == "rgb"
    return Labeler(plan_quantizer(plan), settings.stride, settings.lowpass, settings.soft, keep_rgb)


def plan_facts(plan: Plan) -> dict[str, Any]:
    """Return a plan in plain values for JSON, as in plan.json and manifest.json."""
    values = asdict(replace(plan, classes_beside=None))
    del values["classes_beside"]
    return {"schema": LABELS_SCHEMA, **values, "settings": plan.settings.facts()}


def write_plan(folder: Location, plan: Plan) -> None:
    """Write the plan of a label folder."""
    write_json(folder / PLAN, plan_facts(plan))


def read_plan(path: Location) -> Plan:
    """Read a plan, from plan.json or from the manifest, which repeats it.

    Raises
    ------
    FileNotFoundError
        If it is missing.
    ArtifactError
        If it is damaged, or newer than this version.
    """
    content = read_bytes(path)
    try:
        value = json.loads(content.decode())
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
            f"{path} is damaged ({error}); plan.json or manifest.json alone is enough to "
            "continue, but without either the labels must be made again with --overwrite"
        ) from error


def _check_kinds(plan: Plan) -> None:
    """Raise ValueError unless the values of a plan have valid types."""
    settings = plan.settings
    valid = {
        "format": plan.format in ("h5", "npy"),
        "size": _is_count(settings.size) or (settings.size == "native" and plan.format == "npy"),
        "stride": _is_count(settings.stride),
        "soft": settings.soft == 0 or _is_count(settings.soft),
        "segments": settings.segments is None or _is_count(settings.segments),
        "class_from": is_rule(settings.class_from),
        "features": settings.features is None or _is_count(settings.features["length"]),
        "fast": isinstance(settings.fast, bool),
        "lowpass": isinstance(settings.lowpass, float | int | None),
        "quantizer": isinstance(plan.quantizer, dict) and isinstance(settings.quantizer, str),
        "classes": isinstance(plan.classes, list) and all(isinstance(c, str) for c in plan.classes),
        "n_files": isinstance(plan.n_files, int),
    }
    wrong = [name for name, is_valid in valid.items() if not is_valid]
    if wrong:
        raise ValueError(f"its {wrong[0]} is invalid")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and value > 0


def _check_segments(segments: Sequence[Segment], shard_size: int) -> None:
    """Raise ValueError unless segments have consecutive shards, as `Plan.extended` makes them."""
    first = 0
    for segment in segments:
        n_shards = -(-segment.n_files // shard_size) if shard_size else 0
        if (segment.first_shard, segment.n_shards) != (first, n_shards):
            raise ValueError(f"its shards from {segment.first_shard} on do not fit its files")
        first += n_shards
