"""`colorprep evaluate`: how close colored pictures come to their originals.

Pictures are those of a source, or what a network makes of the originals, by the same code as
`colorprep colorize`. What the figures mean is said by `colorprep.metrics.protocol`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...artifacts import versions
from ...color.lab import Floats
from ...errors import InputError
from ...finite import check_finite
from ...images.skip import Skip, count_by_reason
from ...metrics.bins import bins_of_cells
from ...metrics.protocol import NETWORKS, protocol_hash, protocol_line
from ...metrics.resampling import Measured
from ...metrics.summary import Summary, summarize
from ...places import is_url
from ...progress import Reporter
from ...quantize.decoding import TEMPERATURE
from ...workspace import EVALUATION, Workspace
from ..checkpoints import Origin, choose_checkpoint, origin_of, report_origin
from ..passes import check_strict, open_passes
from ..replaced import telling_replaced
from ..source import ImageParams, open_source, report_enlarged, report_skips
from .balancing import Balance, choose_balance, compared_with
from .comparing import CompareBatch, Compared, Judged, file_digest, stored_pictures
from .files import check_outputs, output_paths, write_figures, write_sheet, write_table

if TYPE_CHECKING:
    from ...training.judging.perceptual import FrechetDistance

BATCH = 8  # pairs; comparing takes long, and a bar should move
FEW_FOR_FID = 2048  # images: below as many as there are features, FID says little


@dataclass(frozen=True)
class EvaluateParams:
    """What `colorprep evaluate` is to do.

    Attributes
    ----------
    images : ImageParams
        Its folder holds the originals where a checkpoint is judged; its list narrows them.
    original, colorized : str, Path or None
        The sources of originals and of pictures, where pictures are judged.
    checkpoint : str, Path or None
        A run's folder, or a checkpoint in it.
    temperature : float or None
        Of a checkpoint's annealed mean; None for 0.38.
    device : str
        For networks; ``auto`` takes a GPU where there is one.
    size : int or None
        Both are stretched to size x size first; None compares them as they are.
    prior : str, Path or None
        What the balanced AuC is balanced by. None for ``prior.npz`` where there is one, else the
        originals' own colors.
    weights : mapping of str to str or Path
        Files of the networks that LPIPS (``alexnet``) and FID (``inception``) need.
    output : str, Path or None
        None for ``evaluation/``.
    """

    images: ImageParams = field(default_factory=ImageParams)
    original: str | Path | None = None
    colorized: str | Path | None = None
    checkpoint: str | Path | None = None
    temperature: float | None = None
    device: str = "auto"
    size: int | None = None
    prior: str | Path | None = None
    weights: Mapping[str, str | Path] = field(default_factory=dict)
    output: str | Path | None = None

    def __post_init__(self) -> None:
        """Refuse what does not fit together, before any image is read."""
        check_finite(self)
        stored = self.original is not None or self.colorized is not None
        if stored == (self.checkpoint is not None):
            raise InputError(
                "give --original and --colorized to judge pictures, or --checkpoint to judge a "
                "network; one of the two"
            )
        if stored and (self.original is None or self.colorized is None):
            raise InputError("--original and --colorized go together; give both")
        if stored and self.images.folder is not None:
            raise InputError("--dir goes with --checkpoint; the originals are --original here")
        if stored and self.temperature is not None:
            raise InputError("--temperature goes with --checkpoint: pictures are colored already")
        if not (self.temperature is None or self.temperature > 0):
            raise InputError(f"the temperature must be above 0, got {self.temperature}")
        for name in self.weights:
            if name not in NETWORKS:
                raise InputError(f"--weights takes {' or '.join(NETWORKS)}=FILE, got {name!r}")
        elsewhere = self.images.scheduler is not None or self.images.cluster is not None
        if elsewhere and (self.weights or not stored):
            raise InputError(
                "networks run in this process: --checkpoint and --weights go with --workers, not "
                "with --scheduler or --cluster"
            )


@dataclass(frozen=True)
class EvaluateResult:
    """Result of `colorprep evaluate`.

    Attributes
    ----------
    measured : dict of str to Measured
        Every figure of the set, in the order in which they are shown.
    n_bins_absent : int
        Bins, of the 313, that occur in no image, so that no average of bins has them.
    protocol, protocol_hash : str
        How the figures are defined.
    n_images : int
        How many were compared.
    n_without_partner : tuple of int
        Originals without a picture, and pictures without an original.
    figures, table, sheet : Path
        ``evaluation.json``, ``evaluation.csv``, and a sheet of the worst and the best.
    skipped : list of Skip
        What could not be compared, those without a partner included.
    balance : Balance
        What balanced figures are balanced by.
    origin : Origin or None
        Of a network that was judged.
    """

    measured: dict[str, Measured]
    n_bins_absent: int
    protocol: str
    protocol_hash: str
    n_images: int
    n_without_partner: tuple[int, int]
    figures: Path
    table: Path
    sheet: Path
    skipped: list[Skip]
    balance: Balance
    origin: Origin | None


def run(params: EvaluateParams, workspace: Workspace, reporter: Reporter) -> EvaluateResult:
    """Compare pictures with their originals.

    Parameters
    ----------
    params : EvaluateParams
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    EvaluateResult

    Raises
    ------
    InputError
        If a source is missing, nothing matches, or no pair could be compared.
    ArtifactError
        If a checkpoint, a prior or a network's file is missing or damaged.
    OutputExists
        If something else bears the name of an output.
    ColorprepError
        With `images.strict`, at the first image that is bad or has no partner; or if a package is
        missing.
    """
    folder = workspace.path(params.output or EVALUATION)
    check_outputs(folder)
    networks = {name: workspace.input_path(path) for name, path in params.weights.items()}
    balance = choose_balance(params.prior, workspace, reporter)
    judged = _judged(params, workspace, reporter)
    listed_from = _listed_from(params, workspace)
    balance = compared_with(
        balance, judged.provenance["original"], listed_from, workspace, reporter
    )
    unpaired = [*judged.without_picture, *judged.without_original]
    check_strict([*judged.skipped, *unpaired], params.images.strict)
    _report_unpaired(judged, reporter)
    task, fid = _task(judged, params, networks)
    compared, bad = _compare(task, fid, params, reporter)
    report_skips(sorted([*judged.skipped, *bad]), len(compared), reporter)
    report_enlarged(sum(pair.enlarged for pair in compared), params.size, reporter)
    keys = [judged.pairs.key(pair.index) for pair in compared]
    summary = _summarize(keys, compared, balance.probs)
    measured = dict(summary.measured)
    if fid is not None:
        measured["fid"] = Measured(fid.value(), None, None, len(compared))
    line = protocol_line(
        params.size,
        params.images.icc,
        params.images.orientation,
        balance.name,
        {name: file_digest(path)[:8] for name, path in networks.items()},
        params.images.damaged,
    )
    skipped = sorted([*judged.skipped, *bad, *unpaired])
    provenance = {
        "n_images": len(compared),
        "n_bins_absent": summary.n_bins_absent,
        "skipped": count_by_reason(skipped),
        **judged.provenance,
        "balance": balance.facts(),
        "versions": versions("numpy", "scikit-image", *judged.packages, *_packages(networks)),
    }
    workspace.own_folder(params.output or EVALUATION)
    with telling_replaced(reporter, *output_paths(folder)):
        figures = write_figures(folder, line, measured, provenance)
        table = write_table(folder, keys, summary.columns)
        sheet = write_sheet(folder, judged.pairs, params.size, compared)
    return EvaluateResult(
        measured=measured,
        n_bins_absent=summary.n_bins_absent,
        protocol=line,
        protocol_hash=protocol_hash(line),
        n_images=len(compared),
        n_without_partner=(len(judged.without_picture), len(judged.without_original)),
        figures=figures,
        table=table,
        sheet=sheet,
        skipped=skipped,
        balance=balance,
        origin=judged.origin,
    )


def _judged(params: EvaluateParams, workspace: Workspace, reporter: Reporter) -> Judged:
    """Open what is to be judged."""
    if params.original is not None and params.colorized is not None:
        return stored_pictures(
            params.original, params.colorized, params.images, workspace, reporter
        )
    # By torch, which is slow to import.
    from ...training.checkpoint import load_checkpoint
    from .predicting import predicted_pictures

    path = choose_checkpoint(params.checkpoint, workspace, reporter)
    source = open_source(params.images, workspace, reporter, remembers=False)
    checkpoint = load_checkpoint(path)
    origin = origin_of(path, checkpoint.config, checkpoint.progress)
    report_origin("coloring by", origin, workspace, reporter)
    temperature = TEMPERATURE if params.temperature is None else params.temperature
    return predicted_pictures(checkpoint, origin, source, params.images, temperature, params.device)


def _listed_from(params: EvaluateParams, workspace: Workspace) -> str | Path | None:
    """Return the source from which a list selects the originals; None without a list."""
    if params.images.list is None:
        return None
    place = params.original or params.images.folder or workspace.remembered_source()
    return place if is_url(place) else workspace.path(place)


def _report_unpaired(judged: Judged, reporter: Reporter) -> None:
    """Warn of images without a partner, in a line for each side."""
    sides = {
        "originals without a picture": judged.without_picture,
        "pictures without an original": judged.without_original,
    }
    for what, unpaired in sides.items():
        if unpaired:
            reporter.warn(f"{what}: {len(unpaired)}, such as {unpaired[0].key}")


def _task(
    judged: Judged, params: EvaluateParams, networks: Mapping[str, Path]
) -> tuple[CompareBatch, FrechetDistance | None]:
    """Return what compares a batch, and what sums up for FID, if that is asked for."""
    task = CompareBatch(judged.pairs, bins_of_cells(), params.size)
    if not networks:
        return task, None
    from ...training.devices import choose_device  # torch is slow to import
    from ...training.judging.perceptual import FrechetDistance, load_inception, load_lpips

    device = choose_device(params.device)
    if "alexnet" in networks:
        task = replace(task, lpips=load_lpips(networks["alexnet"], device))
    if "inception" not in networks:
        return task, None
    return replace(task, inception=load_inception(networks["inception"], device)), FrechetDistance()


def _packages(networks: Mapping[str, Path]) -> tuple[str, ...]:
    return ("torch", "torchmetrics") if networks else ()


def _compare(
    task: CompareBatch, fid: FrechetDistance | None, params: EvaluateParams, reporter: Reporter
) -> tuple[list[Compared], list[Skip]]:
    """Compare all pairs; return what became of them, and which could not be compared."""
    compared: list[Compared] = []
    skipped: list[Skip] = []
    with (
        open_passes(params.images, reporter) as passes,
        passes.each(task, range(len(task.pairs)), "comparing", BATCH) as results,
    ):
        for done in results:
            skipped += done.skipped
            if fid is not None and done.features:
                fid.add(*(np.stack(side) for side in zip(*done.features, strict=True)))
            compared += done.compared
    if fid is not None and len(compared) < FEW_FOR_FID:
        reporter.warn(
            f"FID of {len(compared)} images is too high to be compared with that of more; what is "
            "published is of 5,000 and more"
        )
    return compared, skipped


def _summarize(keys: Sequence[str], compared: Sequence[Compared], probs: Floats | None) -> Summary:
    columns = {
        name: np.array([pair.figures[name] for pair in compared]) for name in compared[0].figures
    }
    return summarize(keys, columns, [pair.bins for pair in compared], probs)
