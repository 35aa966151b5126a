"""`--dry-run`: estimate a run's time, memory and disk space from a probe of the images.

The work is done on 200 images spread over the source, more if there are many workers, and its cost
is scaled to all images. Nothing is written where the run would write.
"""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from ..engine import Chunk, chunks_of
from ..errors import BadImage
from ..images.classes import class_names
from ..images.decoding import possible_reduction
from ..images.reader import ReadImage
from ..images.skip import Skip, count_by_reason
from ..images.source import Source
from ..places import Location
from ..progress import Reporter
from ..quantize.labeling import Labeler
from ..shards.plan import Plan, labeler_of, reader_of
from ..shards.writer import ShardWriter
from ..storage import check_writable
from ..workspace import LABELS, Workspace
from .class_rules import class_rule
from .classifying import chosen_classifier, threads_restored
from .labels.params import LabelsParams
from .labels.planning import plan_of, prior_of, quantizer_of
from .labels.shards import LabelChunk, LabeledChunk, shards_in_memory
from .passes import EachImage, Passes, check_strict
from .prior.counting import BinCounter, ColorCounting
from .prior.stage import PriorParams, chosen_bins, open_images, reader_for
from .resources import free_space, peak_memory
from .source import ImageParams, masked, open_engine, open_source, report_skips

PROBE = 200  # images at least
PROBE_EACH = 16  # images at least for each thread of a cluster, so that most of the time all work
CHUNK = 4  # images; small, so that the probe keeps all workers busy
PRIOR_BYTES = 600_000  # the 65,536 cells, and the weights
NPY_HEADER = 128  # bytes
LEVEL_BYTES = 20_000  # of each level of lightness, mostly compressed
SOFT = 10  # bins of the soft labels whose size is shown for comparison


@dataclass(frozen=True)
class Estimate:
    """The likely cost of a run.

    Attributes
    ----------
    n_images, n_probed : int
        Images in the source, and in the probe.
    memory : int
        Peak in this process, in bytes.
    disk : dict of str to int
        Bytes by kind of output; what was requested comes first.
    free : int or None
        Free bytes on the disk of the output; None for a store, which has no limit.
    skips : dict of str to int
        Images that are likely to be skipped, by reason.
    reducible : float
        The share of the images that --fast would decode at reduced size; 0 with --fast.
    n_threads : int
        How many images are worked on at once.
    seconds_on_twice : float or None
        With twice as many workers, for a cluster of several machines.
    """

    n_images: int
    n_probed: int
    seconds: float
    images_per_second: float
    memory: int
    disk: dict[str, int]
    free: int | None
    skips: dict[str, int]
    reducible: float
    n_threads: int
    seconds_on_twice: float | None = None


class _Probe(NamedTuple):
    """The work on a few images.

    Attributes
    ----------
    writing : float
        Seconds for each image that this process alone takes to write the results.
    """

    results: list[Any]
    n_images: int
    seconds: float
    skipped: list[Skip]
    n_threads: int
    writing: float = 0


def estimate_labels(params: LabelsParams, workspace: Workspace, reporter: Reporter) -> Estimate:
    """Estimate a run of `colorprep labels`.

    Raises
    ------
    InputError
        If no image of the probe could be read.
    """
    folder = workspace.location(params.output or LABELS)
    check_writable(folder)
    images = open_source(params.images, workspace, reporter, class_from=params.class_from)
    source = masked(images, params.segments, params.images, workspace)
    quantizer = quantizer_of(prior_of(params, workspace, reporter))
    classifier = chosen_classifier(params.features, workspace)
    plan = plan_of(params, quantizer, classifier)
    reader, labeler = reader_of(plan, source), labeler_of(plan)
    with (
        tempfile.TemporaryDirectory() as scratch,
        open_engine(params.images) as engine,
        threads_restored(classifier),
    ):
        if params.format == "npy":
            maps = EachImage(reader, partial(_map_bytes, labeler))
            probe = _probe(Passes(engine, reporter), maps, CHUNK, source)
            size = sum(sum(done.made) for done in probe.results) / _n_read(probe)
        else:
            task = LabelChunk(reader, labeler, classifier=classifier)
            probe = _probe(Passes(engine, reporter), task, CHUNK, source)
            start = time.perf_counter()
            size = _shard_bytes(probe.results, plan, Path(scratch)) / _n_read(probe)
            probe = probe._replace(writing=(time.perf_counter() - start) / probe.n_images)
    check_strict(probe.skipped, params.images.strict)
    n_images = len(source.keys)
    kinds = {"as asked": size, **_other_kinds(plan, labeler, source)}
    memory = peak_memory()
    if params.format == "h5":
        memory += round(shards_in_memory(folder) * min(n_images, params.shard_size) * size)
    disk = {kind: round(n_images * each) for kind, each in kinds.items()}
    reducible = 0.0 if params.fast or params.segments else _reducible(source, params.pixels)
    return _estimate(probe, source, memory, disk, folder, params.images, reducible)


def estimate_prior(params: PriorParams, workspace: Workspace, reporter: Reporter) -> Estimate:
    """Estimate a run of `colorprep prior`; see `estimate_labels`."""
    folder = workspace.location(params.output or "prior.npz").parent
    source = open_images(params, workspace, reporter)
    reader = reader_for(params, source)
    quantizer = chosen_bins(params, workspace)
    by_color = quantizer is None or BinCounter(quantizer, params.by_lightness).by_color
    task = ColorCounting(reader, by_color).task()
    with open_engine(params.images) as engine:
        # Counters of colors are swept once a chunk, so that small chunks would be slow.
        size = -(-PROBE // engine.workers) if by_color else CHUNK
        probe = _probe(Passes(engine, reporter), task, size, source)
    check_strict(probe.skipped, params.images.strict)
    rule = class_rule(source, params.class_from, params.images, workspace)
    n_priors = 1 + (len(class_names(source.keys, rule)) if params.by_class else 0)
    n_bytes = n_priors * (PRIOR_BYTES + params.by_lightness * LEVEL_BYTES)
    disk = {"as asked": n_bytes}
    reducible = 0.0 if params.fast else _reducible(source, params.size)
    return _estimate(probe, source, peak_memory(), disk, folder, params.images, reducible)


def _probe(
    passes: Passes, task: Callable[[Chunk], Any], chunk_images: int, source: Source
) -> _Probe:
    """Work on images spread over the source; measure the time once everything is warm."""
    n_images = len(source.keys)
    engine = passes.engine
    n_wanted = max(PROBE, PROBE_EACH * engine.workers)
    chosen = sorted({index * n_images // n_wanted for index in range(n_wanted)})
    list(engine.run(task, chunks_of(chosen[: engine.workers], 1)))  # builds tables, compiles loops
    start = time.perf_counter()
    with passes.each(task, chosen, "probing", chunk_images) as done:
        results = list(done)
    seconds = time.perf_counter() - start
    skipped = [skip for result in results for skip in result.skipped]
    report_skips(skipped, len(chosen) - len(skipped), Reporter())
    return _Probe(results, len(chosen), seconds, skipped, engine.workers)


def _map_bytes(labeler: Labeler, image: ReadImage) -> int:
    """Return the size of an image's label map as a file."""
    return NPY_HEADER + labeler.label_map(image.pixels).nbytes


def _n_read(probe: _Probe) -> int:
    return probe.n_images - len(probe.skipped)


def _shard_bytes(parts: Sequence[LabeledChunk], plan: Plan, folder: Path) -> int:
    """Return the size of a shard of the probe."""
    writer = ShardWriter(folder / "probe.h5", plan.settings.facts())
    for part in parts:
        writer.add(part.keys, [-1] * len(part.keys), part.labels)
    return writer.write().n_bytes


def _other_kinds(plan: Plan, labeler: Labeler, source: Source) -> dict[str, float]:
    """Return the bytes per image of other kinds of labels."""
    kinds: dict[str, float] = {}
    if isinstance(plan.settings.size, int):
        buffers = labeler.buffers(1, plan.settings.size)
        n_pixels = buffers["label"].size
        hard = sum(buffers[name].nbytes for name in ("lightness", "ab", "label"))
        kinds[f"with --soft {SOFT}"] = hard + 4 * SOFT * n_pixels
        kinds["with --keep rgb"] = hard + 3 * buffers["lightness"].size
        n_bins = len(labeler.quantizer.centers)
        kinds["soft labels written dense, as elsewhere"] = 4 * n_bins * n_pixels
    kinds["--format npy at native size"] = NPY_HEADER + 2 * _mean_pixels(source)
    return kinds


def _mean_pixels(source: Source) -> float:
    """Return the mean number of pixels of some images, according to their headers."""
    found = []
    for data in _some_files(source):
        try:
            with Image.open(io.BytesIO(data)) as image:
                found.append(image.width * image.height)
        except (OSError, Image.DecompressionBombError):
            continue
    return sum(found) / max(1, len(found))


def _reducible(source: Source, size: int | None) -> float:
    """Return the fraction of some images that --fast decodes at reduced size."""
    if size is None:
        return 0.0
    found = [possible_reduction(data, size) > 1 for data in _some_files(source)]
    return sum(found) / max(1, len(found))


def _some_files(source: Source) -> Iterator[bytes]:
    """Yield the bytes of about 50 images spread over a source, of those that can be read."""
    for index in range(0, len(source.keys), max(1, len(source.keys) // 50)):
        try:
            yield source.read(index)
        except (BadImage, OSError):
            continue


def _estimate(
    probe: _Probe,
    source: Source,
    memory: int,
    disk: dict[str, int],
    folder: Location,
    images: ImageParams,
    reducible: float,
) -> Estimate:
    n_images = len(source.keys)
    each = probe.seconds / probe.n_images
    seconds = n_images * max(each, probe.writing)
    scale = n_images / probe.n_images
    skips = {reason: round(n * scale) for reason, n in count_by_reason(probe.skipped).items()}
    for reason, n in count_by_reason(source.skipped).items():
        skips[reason] = skips.get(reason, 0) + n
    return Estimate(
        n_images,
        probe.n_images,
        seconds,
        n_images / seconds,
        memory,
        disk,
        free_space(folder) if isinstance(folder, Path) else None,
        skips,
        reducible,
        probe.n_threads,
        # Only other machines bring more processors.
        None if images.scheduler is None else n_images * max(each / 2, probe.writing),
    )
