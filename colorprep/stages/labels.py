"""`colorprep labels`: label every image, into shards or one .npy each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..artifacts import load_prior, versions
from ..atomic import replacing
from ..engine import BATCH_IMAGES, Batch, batches_of, run_batches
from ..errors import InputError, OutputExists
from ..images.reader import ImageReader
from ..images.skip import Skip, count_by_reason
from ..images.source import keys_digest, top_folder
from ..progress import Reporter
from ..quantize.ab import ab_lattice
from ..quantize.labeling import LabeledImages, Labeler, empty_labels
from ..quantize.quantizer import Quantizer
from ..quantize.spec import quantizer_state
from ..shards.manifest import MANIFEST, SKIPPED, read_manifest, write_manifest, write_skipped
from ..shards.writer import shard_path, write_shard
from ..workspace import Workspace
from .images import (
    ImageParams,
    check_strict,
    image_reader,
    open_source,
    report_enlarged,
    report_skips,
)
from .weights import PRIOR_NAME

LABELS_NAME = "labels"


@dataclass(frozen=True)
class LabelsParams:
    """What `colorprep labels` is to do.

    Attributes
    ----------
    images : ImageParams
    prior : str, Path or None
        Whose quantizer labels; None takes the workspace's ``prior.npz``, and ab313 where there
        is none.
    format : {"h5", "npy"}
    size : int, "native" or None
        None takes 256 for shards, native for ``npy``. Shards need one size.
    stride : int or None
        Labels are of every stride-th row and column; None takes 4 for shards, 1 for ``npy``.
    shard_size : int
        Keys in a shard.
    overwrite : bool
        Whether labels that are there already may be replaced.
    output : str, Path or None
        None for ``labels/``.
    """

    images: ImageParams = field(default_factory=ImageParams)
    prior: str | Path | None = None
    format: Literal["h5", "npy"] = "h5"
    size: int | Literal["native"] | None = None
    stride: int | None = None
    shard_size: int = 1024
    overwrite: bool = False
    output: str | Path | None = None

    def __post_init__(self) -> None:
        """Refuse what does not fit together, before any image is read."""
        if self.format == "h5" and self.size == "native":
            raise InputError(
                "a shard holds images of one size: give --size N, or --format npy for native size"
            )


@dataclass(frozen=True)
class LabelsResult:
    """What `colorprep labels` did.

    Attributes
    ----------
    folder : Path
    quantizer : Quantizer
    n_images, n_shards, n_bytes : int
    skipped : list of Skip
    """

    folder: Path
    quantizer: Quantizer
    n_images: int
    n_shards: int
    n_bytes: int
    skipped: list[Skip]


@dataclass(frozen=True)
class _Job:
    """What it takes to label a batch."""

    reader: ImageReader
    labeler: Labeler
    stride: int
    folder: Path


@dataclass
class _Part:
    """What became of some images; parts add up to a whole run."""

    keys: list[str] = field(default_factory=list)
    skipped: list[Skip] = field(default_factory=list)
    n_enlarged: int = 0
    n_bytes: int = 0
    labels: LabeledImages | None = None


def run(params: LabelsParams, workspace: Workspace, reporter: Reporter) -> LabelsResult:
    """Label every image of a source.

    Parameters
    ----------
    params : LabelsParams
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    LabelsResult

    Raises
    ------
    OutputExists
        If there are labels already and `overwrite` is not set.
    InputError
        If no image could be read, or the parameters do not fit together.
    ColorprepError
        With `images.strict`, at the first bad image.
    """
    size, stride = _size_and_stride(params)
    folder = workspace.path(params.output or LABELS_NAME)
    _check_free(folder, params.overwrite)
    source = open_source(params.images, workspace)
    check_strict(source.skipped, params.images)
    quantizer = _quantizer(params, workspace, reporter)
    reader = image_reader(source, size, params.images)
    job = _Job(reader, Labeler(quantizer), stride, folder)
    settings = {
        "quantizer": quantizer.name,
        "fingerprint": quantizer.fingerprint,
        "size": size or "native",
        "fit": "stretch",
        "stride": stride,
        "icc": params.images.icc,
        "orientation": params.images.orientation,
    }
    classes = sorted({top_folder(key) for key in source.keys} - {""})

    _remove_labels(folder)
    if params.format == "h5":
        parts = _label_to_shards(job, params, classes, settings, reporter)
    else:
        parts = _label_to_maps(job, params, reporter)
    n_images = n_bytes = n_enlarged = 0
    skipped = list(source.skipped)
    for part in parts:
        n_images += len(part.keys)
        n_bytes += part.n_bytes
        n_enlarged += part.n_enlarged
        skipped += part.skipped
    skipped.sort()
    if n_images == 0:
        _remove_labels(folder)
    report_skips(skipped, n_images, reporter)
    report_enlarged(n_enlarged, size, reporter)
    n_shards = -(-len(source.keys) // params.shard_size) if params.format == "h5" else 0
    write_skipped(folder, skipped)
    write_manifest(
        folder,
        {
            "format": params.format,
            "n_images": n_images,
            "n_shards": n_shards,
            "shard_size": params.shard_size if params.format == "h5" else None,
            "settings": settings,
            "classes": classes,
            "skipped": count_by_reason(skipped),
            "source": {
                "digest": keys_digest(source.keys, source.sizes),
                "n_files": len(source.keys),
            },
            "quantizer": quantizer_state(quantizer),
            "versions": versions("numpy", "pillow", "simplejpeg", "h5py"),
        },
    )
    return LabelsResult(folder, quantizer, n_images, n_shards, n_bytes, skipped)


def _label_to_shards(
    job: _Job,
    params: LabelsParams,
    classes: Sequence[str],
    settings: dict[str, Any],
    reporter: Reporter,
) -> Iterator[_Part]:
    """Label images into shards; give one part for each shard."""
    keys = job.reader.source.keys
    slices = list(batches_of(keys, params.shard_size))
    batches = chain.from_iterable(batches_of(slice_, BATCH_IMAGES) for slice_ in slices)
    class_ids = {name: number for number, name in enumerate(classes)}

    def finish(number: int, parts: Sequence[_Part]) -> _Part:
        whole = _joined(parts)
        ids = [class_ids.get(top_folder(key), -1) for key in whole.keys]
        labels = [part.labels for part in parts if part.labels is not None]
        path = shard_path(job.folder, number)
        whole.n_bytes = write_shard(path, whole.keys, ids, labels, whole.skipped, settings)
        return whole

    # One shard is written while the next one is labeled, so that no worker waits for the disk.
    with (
        reporter.track(len(keys), "images", "labeling") as advance,
        closing(run_batches(partial(_label_batch, job), batches, params.images.workers)) as results,
        ThreadPoolExecutor(1) as writer,
    ):
        written: Future[_Part] | None = None
        for number, slice_ in enumerate(slices):
            parts = []
            for part in islice(results, -(-len(slice_) // BATCH_IMAGES)):
                check_strict(part.skipped, params.images)
                advance(len(part.keys) + len(part.skipped))
                parts.append(part)
            if written is not None:
                yield written.result()
            written = writer.submit(finish, number, parts)
        if written is not None:
            yield written.result()


def _label_to_maps(job: _Job, params: LabelsParams, reporter: Reporter) -> Iterator[_Part]:
    """Label images into one .npy each; give one part for each batch."""
    keys = job.reader.source.keys
    task = partial(_write_maps, job)
    with (
        reporter.track(len(keys), "images", "labeling") as advance,
        closing(
            run_batches(task, batches_of(keys, BATCH_IMAGES), params.images.workers)
        ) as results,
    ):
        for part in results:
            check_strict(part.skipped, params.images)
            advance(len(part.keys) + len(part.skipped))
            yield part


def _label_batch(job: _Job, keys: Batch) -> _Part:
    """Label a batch of images of one size."""
    part = _Part()
    assert job.reader.size is not None
    room = empty_labels(len(keys), job.reader.size, job.stride, job.labeler.has_hue_chroma)
    for key, pixels, enlarged in job.reader.read_all(keys):
        if isinstance(pixels, Skip):
            part.skipped.append(pixels)
            continue
        job.labeler.label_into(pixels, job.stride, room, len(part.keys))
        part.keys.append(key)
        part.n_enlarged += enlarged
    part.labels = room.rows(0, len(part.keys))
    return part


def _write_maps(job: _Job, keys: Batch) -> _Part:
    """Label a batch of images, writing each one's label map."""
    part = _Part()
    for key, pixels, enlarged in job.reader.read_all(keys):
        if isinstance(pixels, Skip):
            part.skipped.append(pixels)
            continue
        path = job.folder / f"{key}.npy"
        with replacing(path) as temporary, temporary.open("wb") as stream:
            np.save(stream, job.labeler.label_map(pixels, job.stride))
            part.n_bytes += stream.tell()
        part.keys.append(key)
        part.n_enlarged += enlarged
    return part


def _joined(parts: Sequence[_Part]) -> _Part:
    """Join parts, leaving their labels behind."""
    whole = _Part()
    for part in parts:
        whole.keys += part.keys
        whole.skipped += part.skipped
        whole.n_enlarged += part.n_enlarged
    return whole


def _size_and_stride(params: LabelsParams) -> tuple[int | None, int]:
    shards = params.format == "h5"
    size = params.size or (256 if shards else "native")
    if size == "native":
        return None, params.stride or 1
    return size, params.stride or (4 if shards else 1)


def _quantizer(params: LabelsParams, workspace: Workspace, reporter: Reporter) -> Quantizer:
    path = workspace.path(params.prior or PRIOR_NAME)
    if params.prior is None and not path.exists():
        reporter.note(f"no {PRIOR_NAME} here: labeling with ab313")
        return ab_lattice()
    prior = load_prior(path)
    rules = {"icc": params.images.icc, "orientation": params.images.orientation}
    if prior.meta.get("decoding", rules) != rules:
        shown = workspace.shown(path)
        reporter.warn(f"{shown} was counted by other rules of --icc or --orientation")
    return prior.quantizer


def _check_free(folder: Path, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise OutputExists(f"{folder} is a file; give another folder with -o")
    if not overwrite and folder.exists() and any(folder.iterdir()):
        raise OutputExists(
            f"{folder} is not empty; --overwrite replaces the labels in it, -o writes elsewhere"
        )


def _remove_labels(folder: Path) -> None:
    """Remove what an earlier run wrote, and nothing else."""
    if not folder.exists():
        return
    maps: Iterator[Path] = iter(())
    if (folder / MANIFEST).exists() and read_manifest(folder)["format"] == "npy":
        maps = folder.rglob("*.npy")
    # The manifest goes first: what it vouches for is about to change.
    for path in (folder / MANIFEST, folder / SKIPPED, *folder.glob("shard-*[0-9].*"), *maps):
        path.unlink(missing_ok=True)
