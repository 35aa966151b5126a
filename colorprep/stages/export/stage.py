"""The stage: priors, weights, networks and labels in the formats that other projects read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...artifacts import PRIOR_SCHEMA, WEIGHTS_SCHEMA, load_arrays, load_prior, load_weights
from ...atomic import write_npy
from ...balance.matrix import weighted_targets
from ...balance.prior import Prior
from ...balance.weights import raised_to_half_a_pixel
from ...color.lab import Floats
from ...errors import ArtifactError, InputError
from ...places import Location
from ...progress import Reporter
from ...quantize.ab import AbQuantizer, ab529, ab_lattice
from ...shards.manifest import MANIFEST
from ...shards.plan import PLAN
from ...shards.reader import open_labels
from ...storage import size_of
from ...workspace import Workspace
from ..checkpoints import Origin, choose_checkpoint, origin_of, report_origin
from ..replaced import telling_replaced
from .labels import Format, export_labels

EXPORTABLE = (
    "a prior.npz, a weights.npz, a run, a checkpoint such as runs/demo/best.pt, or a finished "
    "folder of labels (with --format webdataset or parquet)"
)


@dataclass(frozen=True)
class ExportParams:
    """Parameters of `colorprep export`.

    Attributes
    ----------
    artifact : str or Path
        A prior.npz, a weights.npz, a checkpoint, a run, whose best checkpoint is exported, or a
        folder of label shards.
    output : str, Path or None
        Folder of the exports; None for the workspace, or ``labels-webdataset`` and the like.
    format : {"webdataset", "parquet"} or None
        Of labels; None for other artifacts, which have one format each.
    """

    artifact: str | Path
    output: str | Path | None = None
    format: Format | None = None


@dataclass(frozen=True)
class ExportResult:
    """Result of `colorprep export`.

    Attributes
    ----------
    origin : Origin or None
        Of a checkpoint; None for other artifacts.
    n_images : int or None
        Of labels; None for other artifacts.
    """

    written: Sequence[Location]
    origin: Origin | None = None
    n_images: int | None = None


def run(params: ExportParams, workspace: Workspace, reporter: Reporter) -> ExportResult:
    """Write an artifact in the formats of other projects.

    Returns
    -------
    ExportResult
        Of a prior: ``prior_probs.npy`` (Q,), and ``pts_in_hull.npy`` (Q, 2) int64 for lattices or
        ``centers.npy`` float64 for other bins. Of weights: ``prior_factor.npy`` (Q,), and for ab313
        and ab529 ``color_vec_table.npy`` (Q, Q + 1). Of a checkpoint: the files of
        `colorprep.training.export`. Of labels: ``export.json``, and a file for each shard.

    Raises
    ------
    ArtifactError
        If the artifact is missing, damaged or of another kind.
    InputError
        If labels are given without a format, or something else with one.
    """
    given = workspace.input_location(params.artifact)
    if given.suffix not in (".npz", ".pt") and _holds_labels(given):
        return _export_labels(given, params, workspace, reporter)
    if params.format is not None:
        raise InputError(f"--format is for folders of labels; {given} is not one")
    if given.suffix == ".npz":
        return _export_arrays(given, params, workspace, reporter)
    path = choose_checkpoint(params.artifact, workspace, reporter)
    if not path.exists() and path.parent == workspace.path(params.artifact):
        raise ArtifactError(f"{path.parent} is a folder without a {path.name}; give {EXPORTABLE}")
    if path.suffix == ".pt":
        return _export_checkpoint(path, params, workspace, reporter)
    raise ArtifactError(f"{path} cannot be exported; give {EXPORTABLE}")


def _export_arrays(
    path: Location, params: ExportParams, workspace: Workspace, reporter: Reporter
) -> ExportResult:
    kind = str(load_arrays(path, "")[1]["schema"]).partition("/")[0]
    if kind == PRIOR_SCHEMA.partition("/")[0]:
        arrays = _of_prior(path, reporter)
    elif kind == WEIGHTS_SCHEMA.partition("/")[0]:
        arrays = _of_weights(path, reporter)
    else:
        raise ArtifactError(f"{path} holds {kind}; give {EXPORTABLE}")
    folder = workspace.own_folder(params.output or "")
    exports = {folder / name: array for name, array in arrays.items()}
    with telling_replaced(reporter, *exports):
        for output, array in exports.items():
            write_npy(output, array)
    return ExportResult(list(exports))


def _holds_labels(folder: Location) -> bool:
    return any(size_of(folder / name) is not None for name in (MANIFEST, PLAN))


def _export_labels(
    location: Location, params: ExportParams, workspace: Workspace, reporter: Reporter
) -> ExportResult:
    if params.format is None:
        raise InputError(
            f"{location} holds labels, which have more than one format; give --format webdataset "
            "or --format parquet"
        )
    labels = open_labels(location)
    folder = workspace.location(params.output or f"{location.name}-{params.format}")
    workspace.make_own(folder)
    written = export_labels(labels, params.format, folder, reporter)
    return ExportResult(written, n_images=len(labels))


def _export_checkpoint(
    path: Path, params: ExportParams, workspace: Workspace, reporter: Reporter
) -> ExportResult:
    from ...training.checkpoint import load_checkpoint  # torch is slow to import
    from ...training.export import CENTERS_NAME, FACTS_NAME, MODEL_NAME, export_model

    checkpoint = load_checkpoint(path)
    folder = workspace.own_folder(params.output or "")
    origin = origin_of(path, checkpoint.config, checkpoint.progress)
    report_origin("exporting", origin, workspace, reporter)
    outputs = [folder / name for name in (MODEL_NAME, FACTS_NAME, CENTERS_NAME)]
    with telling_replaced(reporter, *outputs):
        return ExportResult(export_model(checkpoint, folder), origin)


def _of_prior(path: Location, reporter: Reporter) -> dict[str, NDArray[Any]]:
    prior = load_prior(path)
    centers = prior.quantizer.centers
    exports: dict[str, NDArray[Any]] = {"prior_probs.npy": _without_zeros(prior, reporter)}
    if isinstance(prior.quantizer, AbQuantizer) and prior.quantizer.step is not None:
        exports["pts_in_hull.npy"] = centers.astype(np.int64)
    else:
        exports["centers.npy"] = centers
    if prior.levels:
        _note_levels("level_probs", path, reporter)
    return exports


def _without_zeros(prior: Prior, reporter: Reporter) -> Floats:
    """Return the probabilities, raised to half a pixel per bin if any of them is 0.

    Published code divides by them: a zero gives an infinite weight, and 0 times that is NaN.
    """
    n_zeros = int(np.count_nonzero(prior.probs == 0))
    if not n_zeros:
        return prior.probs
    reporter.warn(
        f"{n_zeros} of {len(prior.probs)} bins have no probability; in prior_probs.npy every bin "
        "is raised to at least half a pixel, since other programs divide by it"
    )
    return raised_to_half_a_pixel(prior.probs, prior.n_pixels)


def _note_levels(name: str, path: Location, reporter: Reporter) -> None:
    reporter.note(f"no file is written for levels of lightness: `{name}` of {path} has them")


def _of_weights(path: Location, reporter: Reporter) -> dict[str, NDArray[Any]]:
    weights, meta = load_weights(path)
    exports: dict[str, NDArray[Any]] = {"prior_factor.npy": weights.weights}
    if weights.levels:
        _note_levels("level_weights", path, reporter)
    name = meta.get("quantizer")
    if name in ("ab313", "ab529"):
        lattice = ab_lattice() if name == "ab313" else ab529()
        exports["color_vec_table.npy"] = weighted_targets(weights.weights, lattice)
    return exports
