"""Planning a folder of labels: by which quantizer and settings, and which images are left to do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...atomic import remove_leftovers
from ...images.source import Source, digest_of
from ...progress import Reporter
from ...quantize.ab import ab_lattice
from ...quantize.quantizer import Quantizer
from ...quantize.spec import quantizer_state
from ...seen import SeenBook
from ...shards.files import LabelFiles
from ...shards.plan import Plan, Settings, write_plan
from ...shards.resuming import find_plan, plan_to_continue
from ...workspace import PRIOR, Workspace
from ..priors import PriorProbs, read_prior
from .changed import changed_images, forget, report_changes
from .folder import holds_labels, remove_labels
from .params import LabelsParams

if TYPE_CHECKING:  # torch is slow to import
    from ...training.classifier import FrozenClassifier


def quantizer_of(prior: PriorProbs | None) -> Quantizer:
    """Return the quantizer that labels: the prior's, or ab313 without a prior."""
    return ab_lattice() if prior is None else prior.quantizer


def prior_of(params: LabelsParams, workspace: Workspace, reporter: Reporter) -> PriorProbs | None:
    """Return the requested prior, or the workspace's if it has one."""
    path = workspace.input_location(params.prior, PRIOR)
    if params.prior is None and not workspace.path(PRIOR).exists():
        reporter.note(f"no {PRIOR} here: labeling with ab313")
        return None
    prior = read_prior(path, reporter)
    rules = params.images.decoding
    if prior.counted is not None and prior.counted.meta.get("decoding", rules) != rules:
        shown = workspace.shown(path)
        reporter.warn(
            f"{shown} was counted with other settings of --icc, --orientation or --damaged"
        )
    return prior


def plan_of(
    params: LabelsParams, quantizer: Quantizer, classifier: FrozenClassifier | None = None
) -> Plan:
    """Return the plan that parameters request, still without images."""
    settings = Settings(
        quantizer.name,
        quantizer.fingerprint,
        params.pixels or "native",
        params.fit,
        _stride(params),
        params.lowpass,
        params.soft,
        params.keep,
        params.compression,
        params.images.icc,
        params.images.orientation,
        params.images.damaged,
        params.n_segments,
        params.class_from,
        None if classifier is None else classifier.facts(),
        params.fast,
    )
    shard_size = params.shard_size if params.format == "h5" else 0
    return Plan(params.format, settings, shard_size, params.shuffle, quantizer_state(quantizer))


def _stride(params: LabelsParams) -> int:
    return params.stride or (4 if params.format == "h5" else 1)


def begin(
    files: LabelFiles,
    requested: Plan,
    source: Source,
    params: LabelsParams,
    seen: SeenBook,
    reporter: Reporter,
) -> Plan:
    """Plan what to make, and write the plan before anything is made.

    Labels of images that have changed are removed. A plan of which nothing is made is replaced.
    """
    folder = files.folder
    existing = None if params.overwrite else find_plan(folder)
    if existing is not None and not holds_labels(files, existing):
        existing = None
    if existing is not None:
        existing = replace(existing, classes_beside=requested.classes_beside)
    if existing is None:
        remove_labels(folder, but_plan=True)
        everything = range(len(source.keys))
        plan = requested.extended(source, everything, digest_of(source, everything))
        write_plan(folder, plan)
        return plan
    plan = plan_to_continue(existing, requested, source, params.extend, files, reporter.warn)
    changes = changed_images(files, plan, source, seen, params.images, reporter)
    remove_leftovers(folder)
    write_plan(folder, plan)
    report_changes(changes, reporter)
    forget(files, changes)
    return plan
