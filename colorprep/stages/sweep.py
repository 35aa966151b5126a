"""`colorprep sweep`: how PSNR rises with the number of color hints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..artifacts import versions
from ..atomic import check_replaceable, replacing, write_csv, write_json
from ..color.lab import Floats
from ..errors import InputError
from ..images.digests import digest_of_file
from ..images.reader import ReadImage
from ..images.skip import Skip, count_by_reason
from ..images.source import Source, digest_of
from ..metrics.pictures import MeanError, mean_error
from ..progress import Reporter
from ..report.figures.files import write_figure
from ..report.figures.hint_curve import HintCurve, draw_hint_curves
from ..report.figures.style import shortened
from ..report.numbers import quantity
from ..training.checkpoint import Checkpoint, load_checkpoint
from ..training.devices import choose_device
from ..training.judging.hint_sweep import PUBLISHED_COUNTS, SIDE, SIZE, HintSweep
from ..workspace import SWEEP, Workspace
from .checkpoints import Origin, choose_checkpoint, origin_of, report_origin
from .passes import EachImage, open_passes
from .replaced import telling_replaced
from .source import ImageParams, image_reader, open_source, report_enlarged, report_skips

SWEEP_SCHEMA = "colorprep.sweep/1"
TABLE, FIGURES, CURVE = "sweep.csv", "sweep.json", "sweep.png"


@dataclass(frozen=True)
class SweepParams:
    """Parameters of `colorprep sweep`.

    Attributes
    ----------
    images : ImageParams
        The photographs.
    checkpoint : str, Path or None
        A run's folder, or a checkpoint in it; None for the newest finished run.
    counts : sequence of int
        Numbers of hints.
    size : int
        Photographs are stretched to size x size pixels.
    reference : str, Path or None
        An .npy file of PSNR by image and published number of hints, to be drawn beside the curve.
    device : str
        ``auto`` uses a GPU if there is one.
    output : str, Path or None
        None for ``sweep/``.
    """

    images: ImageParams = field(default_factory=ImageParams)
    checkpoint: str | Path | None = None
    counts: Sequence[int] = PUBLISHED_COUNTS
    size: int = SIZE
    reference: str | Path | None = None
    device: str = "auto"
    output: str | Path | None = None

    def __post_init__(self) -> None:
        """Reject parameters that make no sense, before any image is read."""
        if not self.counts or list(self.counts) != sorted({*self.counts}) or self.counts[0] < 0:
            raise InputError(
                f"numbers of hints must be 0 or more, each once, in ascending order; got "
                f"{', '.join(map(str, self.counts)) or 'none'}"
            )
        if self.size < SIDE:
            raise InputError(f"hints have {SIDE} pixels, so the size must be that or more")
        if self.images.scheduler is not None or self.images.cluster is not None:
            raise InputError("the network runs in this process: use workers, not a cluster")


@dataclass(frozen=True)
class SweepResult:
    """Result of `colorprep sweep`.

    Attributes
    ----------
    psnr : dict of int to MeanError
        By number of hints, over the images, in dB.
    reference : dict of int to MeanError
        By published number of hints; empty without a reference.
    table, figures, curve : Path
        ``sweep.csv``, ``sweep.json`` and ``sweep.png``.
    """

    psnr: dict[int, MeanError]
    reference: dict[int, MeanError]
    n_images: int
    table: Path
    figures: Path
    curve: Path
    skipped: list[Skip]
    origin: Origin


class SweptImage(NamedTuple):
    """The PSNR of an image at each number of hints, in dB."""

    key: str
    psnr: list[float]
    enlarged: bool


@dataclass(frozen=True)
class SweepImage:
    """Sweeps an image."""

    sweep: HintSweep

    def __call__(self, image: ReadImage) -> SweptImage:
        """Measure an image at each number of hints."""
        return SweptImage(image.key, self.sweep(image.pixels), image.enlarged)


def run(params: SweepParams, workspace: Workspace, reporter: Reporter) -> SweepResult:
    """Measure the PSNR of a network's pictures by the number of color hints.

    Raises
    ------
    InputError
        If the network takes no hints, no image can be read, or the reference cannot be used.
    ArtifactError
        If the checkpoint is missing or damaged.
    OutputExists
        If something other than a file has the name of an output.
    """
    folder = workspace.path(params.output or SWEEP)
    outputs = table, figures, curve = folder / TABLE, folder / FIGURES, folder / CURVE
    for output in outputs:
        check_replaceable(output)
    reference = {} if params.reference is None else _read_reference(params.reference, workspace)
    path = choose_checkpoint(params.checkpoint, workspace, reporter)
    checkpoint = load_checkpoint(path)
    device = choose_device(params.device)
    checkpoint.model.to(device)
    sweep = HintSweep(checkpoint, device, params.counts, params.size)
    origin = origin_of(path, checkpoint.config, checkpoint.progress)
    report_origin("coloring by", origin, workspace, reporter)
    source = open_source(params.images, workspace, reporter, remembers=False)
    reporter.note(
        f"{quantity(len(source.keys), 'image')} of {source.name} at {params.size} x {params.size} "
        f"pixels, each with {quantity(len(params.counts), 'number')} of hints"
    )
    swept, skipped = _sweep(source, sweep, params, reporter)
    values = np.array([image.psnr for image in swept])
    psnr = _means(params.counts, values)
    workspace.own_folder(params.output or SWEEP)
    with telling_replaced(reporter, *outputs):
        rows = ([image.key, *image.psnr] for image in swept)
        write_csv(table, ["key", *map(str, params.counts)], rows)
        facts = _facts(params, psnr, reference, len(swept), skipped)
        write_json(figures, facts | _provenance(checkpoint, origin, source))
        _write_curve(curve, psnr, reference, origin)
    return SweepResult(psnr, reference, len(swept), table, figures, curve, skipped, origin)


def _sweep(
    source: Source, sweep: HintSweep, params: SweepParams, reporter: Reporter
) -> tuple[list[SweptImage], list[Skip]]:
    """Sweep all images of a source; also return those that cannot be used."""
    task = EachImage(image_reader(source, params.size, params.images), SweepImage(sweep))
    swept: list[SweptImage] = []
    skipped = list(source.skipped)
    with (
        open_passes(params.images, reporter) as passes,
        passes.each(task, range(len(source.keys)), "sweeping", chunk_images=1) as results,
    ):
        for done in results:
            swept += done.made
            skipped += done.skipped
    skipped.sort()
    report_skips(skipped, len(swept), reporter)
    report_enlarged(sum(image.enlarged for image in swept), params.size, reporter)
    return swept, skipped


def _means(counts: Sequence[int], values: Floats) -> dict[int, MeanError]:
    """Return means over images, from PSNR of shape (images, counts)."""
    return {count: mean_error(column) for count, column in zip(counts, values.T, strict=True)}


def _read_reference(given: str | Path, workspace: Workspace) -> dict[int, MeanError]:
    """Read published PSNR, of shape (images, 26) or (26, images)."""
    path, n_counts = workspace.input_path(given), len(PUBLISHED_COUNTS)
    try:
        values: NDArray[Any] = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"there is no reference {path}") from None
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path} is no .npy file of numbers: {error}") from error
    if (
        not isinstance(values, np.ndarray)
        or values.ndim != 2
        or (values.shape[0] == n_counts) == (values.shape[1] == n_counts)
        or values.dtype.kind != "f"
        or np.isnan(values).any()
    ):
        raise InputError(
            f"{path} cannot be drawn beside the curve: expected PSNR as floats of shape (images, "
            f"{n_counts}) or ({n_counts}, images), other than {n_counts} images, for the "
            f"{n_counts} published numbers of hints"
        )
    by_image = values if values.shape[1] == n_counts else values.T
    return _means(PUBLISHED_COUNTS, by_image.astype(np.float64))


def measured_facts(means: dict[int, MeanError]) -> list[dict[str, Any]]:
    """Return means by number of hints for JSON; unknown ones are None."""
    return [
        {"hints": count}
        | {name: None if value != value else value for name, value in mean._asdict().items()}
        for count, mean in means.items()
    ]


def _facts(
    params: SweepParams,
    psnr: dict[int, MeanError],
    reference: dict[int, MeanError],
    n_images: int,
    skipped: Sequence[Skip],
) -> dict[str, Any]:
    return {
        "schema": SWEEP_SCHEMA,
        "psnr": measured_facts(psnr),
        "reference": measured_facts(reference),
        "size": params.size,
        "side": SIDE,
        **params.images.decoding,
        "n_images": n_images,
        "skipped": count_by_reason(skipped),
    }


def _provenance(checkpoint: Checkpoint, origin: Origin, source: Source) -> dict[str, Any]:
    n_files = len(source.keys)
    return {
        "source": {"digest": digest_of(source, range(n_files)), "n_files": n_files},
        "checkpoint": {
            "digest": digest_of_file(origin.path),
            "model": checkpoint.config["model"],
            "step": origin.step,
            "total_steps": origin.total_steps,
            "finished": origin.finished,
        },
        "versions": versions("numpy", "scikit-image", "torch"),
    }


def _write_curve(
    path: Path, psnr: dict[int, MeanError], reference: dict[int, MeanError], origin: Origin
) -> None:
    curves = {shortened(origin.path.parent.resolve().name): _curve(psnr)}
    if reference:
        curves[f"reference, {_images(reference)}"] = _curve(reference)
    caption = f"{_images(psnr)}; bands of one standard error"
    with replacing(path) as temporary:
        write_figure(draw_hint_curves(curves, caption), "PSNR by number of hints", temporary)


def _images(means: dict[int, MeanError]) -> str:
    return quantity(max(mean.n for mean in means.values()), "image")


def _curve(means: dict[int, MeanError]) -> HintCurve:
    columns = [[mean.mean for mean in means.values()], [m.standard_error for m in means.values()]]
    return HintCurve(list(means), *columns)
