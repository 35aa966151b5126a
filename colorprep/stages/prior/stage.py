"""`colorprep prior`: count the colors of images, fit bins if the quantizer needs it, write a prior.

One pass over the images, or two with `--by-class` or `--bootstrap` and a fitted quantizer: its bins
are known only after the first pass, so counting each class or replicate exactly takes a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...artifacts import save_prior, versions
from ...atomic import check_replaceable
from ...balance.bootstrap import FEW_IMAGES
from ...balance.lightness import LightnessLevel, check_levels
from ...balance.prior import Prior, Smoothing, smoothed_probs
from ...errors import InputError, UnusableName
from ...images.classes import ClassFrom, ClassRule, class_of
from ...images.skip import Skip, count_by_reason
from ...images.source import Source, digest_of
from ...locks import in_turn
from ...progress import Reporter
from ...quantize.quantizer import Quantizer
from ...quantize.spec import QuantizerSpec, make_quantizer
from ...workspace import CLASS_PRIORS, PRIOR, WEIGHTS, Workspace
from ..class_rules import class_rule
from ..passes import check_strict, open_passes
from ..priors import probs_of
from ..replaced import telling_replaced
from ..source import ImageParams, image_reader, open_source, report_enlarged, report_skips
from ..weights import WeightReport, WeightsParams, write_weights
from .counting import (
    BinCounter,
    ColorCounting,
    CountedImages,
    Outcome,
    Resampling,
    cell_counts,
    count_groups,
)

SHOWN_CLASSES = 10  # of those without a prior


@dataclass(frozen=True)
class PriorParams:
    """Parameters of `colorprep prior`.

    Attributes
    ----------
    size : int or None
        Count at size x size; None counts at native size.
    by_class : bool
        Also write one prior for each class, to ``priors/<class>/``.
    class_from : str or int
        Where the class of an image is taken from, see `colorprep.images.classes`.
    bootstrap : int
        Replicates of a Poisson bootstrap over the images; 0 for none.
    by_lightness : int
        Levels of lightness to count and smooth a prior of, each; 0 for none.
    name : str or None
        A name for the prior, which is written to ``priors/<name>/``.
    output : str, Path or None
        Path of the prior; None for ``prior.npz``, or the folder of the name.
    """

    images: ImageParams = field(default_factory=ImageParams)
    spec: QuantizerSpec = field(default_factory=QuantizerSpec)
    size: int | None = None
    smoothing: Smoothing = "soft"
    by_class: bool = False
    bootstrap: int = 0
    name: str | None = None
    output: str | Path | None = None
    class_from: ClassFrom = "top"
    by_lightness: int = 0

    def __post_init__(self) -> None:
        """Reject parameters that do not fit together, before any image is read."""
        if self.by_lightness:
            check_levels(self.by_lightness)
        if self.by_class and self.name:
            raise InputError("--name is for a single prior, but --by-class names priors by class")
        if self.class_from != "top" and not self.by_class:
            raise InputError("--class-from chooses the classes of --by-class; give both")
        if self.name is not None and (
            not self.name or set(self.name) & set("/\\") or ".." in self.name
        ):
            raise InputError(f"--name must be a single folder name, such as cat; got {self.name!r}")
        if self.smoothing == "lattice" and not self.spec.name.startswith("ab"):
            raise InputError(f"--smooth lattice needs an ab lattice; {self.spec.name} is not one")


@dataclass(frozen=True)
class WrittenPrior:
    """A prior with its weights, and where they were written."""

    path: Path
    prior: Prior
    weights_path: Path
    weights: WeightReport


@dataclass(frozen=True)
class PriorResult:
    """Result of `colorprep prior`.

    Attributes
    ----------
    whole : WrittenPrior
        The prior of all images.
    classes : dict of str to Path
        The class priors that were written, by class.
    """

    whole: WrittenPrior
    classes: dict[str, Path]
    skipped: list[Skip]


def run(params: PriorParams, workspace: Workspace, reporter: Reporter) -> PriorResult:
    """Count colors, fit bins if the quantizer needs it, and write priors with their weights.

    Raises
    ------
    InputError
        If no image could be read, or the parameters do not fit together.
    ColorprepError
        With `images.strict`, at the first bad image.
    """
    source = open_source(params.images, workspace, reporter)
    check_strict(source.skipped, params.images.strict)
    path = _output(params, workspace)
    check_replaceable(path)
    reader = image_reader(source, params.size, params.images)
    if params.name and params.output is None:
        workspace.own_folder(CLASS_PRIORS)
    everything = {"": range(len(source.keys))}
    rule = class_rule(source, params.class_from, params.images, workspace)
    groups = _by_class(source.keys, rule) if params.by_class else everything
    with open_passes(params.images, reporter) as passes:
        whole, cells = None, None
        if params.spec.needs_counts:
            whole = count_groups(ColorCounting(reader, by_color=True), everything, passes)
            _report(whole.outcome, params, reporter)
            reporter.note(f"fitting {params.spec.n_components} bins of {params.spec.name}")
            cells = cell_counts(whole.histogram, params.spec.space).cells
        bins = BinCounter(make_quantizer(params.spec, cells), params.by_lightness)
        writer = _PriorWriter(params, source, bins, reporter)
        classes = _ClassPriors(groups, writer, workspace, reporter)
        if whole is None or params.by_class or params.bootstrap:
            counting = ColorCounting(reader, bins.by_color, _resampling(params, bins.quantizer))
            counted = count_groups(counting, groups, passes, classes.write)
            if whole is None:
                _report(counted.outcome, params, reporter)
            elif not np.array_equal(whole.histogram, counted.histogram):
                raise InputError("the images changed between the two passes; run the command again")
            whole = counted
    if params.by_class:
        classes.report()
    if params.bootstrap and whole.outcome.n_images < FEW_IMAGES:
        reporter.warn(
            f"bootstrap intervals of only {whole.outcome.n_images} images are too narrow; give at "
            f"least {FEW_IMAGES} images"
        )
    written = writer.write(path, params.name, everything[""], whole)
    return PriorResult(written, classes.paths, whole.outcome.skipped)


def _resampling(params: PriorParams, quantizer: Quantizer) -> Resampling | None:
    return Resampling(quantizer, params.bootstrap) if params.bootstrap else None


class _ClassPriors:
    """The priors of groups of images that have a name."""

    def __init__(
        self,
        groups: Mapping[str, Sequence[int]],
        writer: _PriorWriter,
        workspace: Workspace,
        reporter: Reporter,
    ) -> None:
        self._groups = groups
        self._writer = writer
        self._workspace = workspace
        self._reporter = reporter
        self.paths: dict[str, Path] = {}

    def write(self, name: str, counted: CountedImages) -> None:
        """Write the prior of a class, if any of its images could be read."""
        if not name or not counted.outcome.n_images:
            return
        path = self._workspace.own_folder(CLASS_PRIORS) / name / PRIOR
        try:
            self.paths[name] = self._writer.write(path, name, self._groups[name], counted).path
        except UnusableName as error:
            self._reporter.warn(f"no prior was written for the class {name}: {error}")

    def report(self) -> None:
        """Warn of images that are in no class prior."""
        groups, warn = self._groups, self._reporter.warn
        if not self.paths:
            warn("no image has a class, so --by-class wrote no class priors")
        elif "" in groups:
            warn(
                "images without a class count in the whole prior, but in no class prior: "
                f"{len(groups[''])}"
            )
        if empty := sorted(groups.keys() - self.paths.keys() - {""}):
            shown = ", ".join(empty[:SHOWN_CLASSES])
            more = f" and {len(empty) - SHOWN_CLASSES} more" if len(empty) > SHOWN_CLASSES else ""
            warn(f"no class prior was written for {shown}{more}: no image there could be read")


def _report(outcome: Outcome, params: PriorParams, reporter: Reporter) -> None:
    report_skips(outcome.skipped, outcome.n_images, reporter)
    report_enlarged(outcome.n_enlarged, params.size, reporter)


class _PriorWriter:
    """Writes priors of counts, with their weights."""

    def __init__(
        self, params: PriorParams, source: Source, bins: BinCounter, reporter: Reporter
    ) -> None:
        self._params = params
        self._reporter = reporter
        self._source = source
        self._bins = bins

    def write(
        self, path: Path, name: str | None, indices: Sequence[int], counted: CountedImages
    ) -> WrittenPrior:
        """Write the prior of some images to `path`, its weights beside it."""
        quantizer = self._bins.quantizer
        counts = self._bins.count(counted.histogram)
        cells, lightness = cell_counts(counted.histogram, quantizer.space)
        probs = smoothed_probs(quantizer, counts, cells, self._params.smoothing)
        meta = self._meta(name, indices, counted, int(counts.sum()))
        levels = tuple(
            self._level(*counts_of_level)
            for counts_of_level in self._bins.count_by_level(counted.histogram)
        )
        prior = Prior(quantizer, counts, probs, cells, lightness, meta, counted.replicates, levels)
        weights_path = weights_path_beside(path)
        # In turn, so that both files come from one command.
        with in_turn(path.parent), telling_replaced(self._reporter, path, weights_path):
            save_prior(path, prior)
            report = write_weights(probs_of(prior), WeightsParams(), weights_path)
        return WrittenPrior(path, prior, weights_path, report)

    def _level(self, counts: NDArray[np.int64], cells: NDArray[np.int64]) -> LightnessLevel:
        if not counts.any():
            return LightnessLevel(counts, np.zeros(len(counts)), cells)
        probs = smoothed_probs(self._bins.quantizer, counts, cells, self._params.smoothing)
        return LightnessLevel(counts, probs, cells)

    def _meta(
        self, name: str | None, indices: Sequence[int], counted: CountedImages, n_pixels: int
    ) -> dict[str, Any]:
        params, spec, source = self._params, self._params.spec, self._source
        packages = ["numpy", "pillow", "simplejpeg"]
        fit = None
        if spec.needs_counts:
            packages.append("scikit-learn")
            fit = {"components": spec.n_components, "seed": spec.seed}
        return {
            "name": name,
            "fit": fit,
            "smoothing": params.smoothing,
            "size": params.size or "native",
            "n_images": counted.outcome.n_images,
            "n_pixels": n_pixels,
            "source": {
                "digest": digest_of(source, indices),
                "n_files": len(indices),
            },
            "skipped": count_by_reason(counted.outcome.skipped),
            "decoding": params.images.decoding,
            "versions": versions(*packages),
        }


def weights_path_beside(prior_path: Path) -> Path:
    """Return where the weights of a prior go: ``weights.npz``, or ``X-weights.npz`` of X.npz."""
    if prior_path.name == PRIOR:
        return prior_path.with_name(WEIGHTS)
    return prior_path.with_name(f"{prior_path.stem}-{WEIGHTS}")


def _output(params: PriorParams, workspace: Workspace) -> Path:
    if params.output is not None:
        return workspace.path(params.output)
    if params.name:
        return workspace.path(CLASS_PRIORS) / params.name / PRIOR
    return workspace.path(PRIOR)


def _by_class(keys: Sequence[str], class_from: ClassRule) -> Mapping[str, Sequence[int]]:
    """Group images by their class; those without one come first, as ``""``."""
    groups: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        groups.setdefault(class_of(key, class_from), []).append(index)
    return {name: groups[name] for name in sorted(groups)}
