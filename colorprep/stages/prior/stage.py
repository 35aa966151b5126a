"""`colorprep prior`: count the colors of a folder, fit what needs fitting, write the prior.

One pass over the images does it, but for `--by-class` and `--bootstrap` with a fitted quantizer:
its bins are known only once all images were counted, so exact counts of each class or replicate
take a second pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...artifacts import save_prior, versions
from ...atomic import check_replaceable
from ...balance.bootstrap import FEW_IMAGES
from ...balance.prior import Prior, Smoothing, smoothed_probs
from ...engine import Engine
from ...errors import InputError, UnusableName
from ...images.reader import ImageReader
from ...images.skip import Skip, count_by_reason
from ...images.source import Source, digest_of, top_folder
from ...locks import in_turn
from ...progress import Reporter
from ...quantize.spec import QuantizerSpec, make_quantizer
from ...workspace import CLASS_PRIORS, PRIOR, WEIGHTS, Workspace
from ..priors import probs_of
from ..replaced import telling_replaced
from ..source import (
    ImageParams,
    check_strict,
    image_reader,
    open_engine,
    open_source,
    report_enlarged,
    report_skips,
)
from ..weights import (
    WeightReport,
    WeightsParams,
    write_weights,
)
from .counting import (
    BinCounter,
    Outcome,
    Resampling,
    Tally,
    add_tally,
    counted,
    empty_tally,
    tally_groups,
)

SHOWN_CLASSES = 10  # without a prior


@dataclass(frozen=True)
class PriorParams:
    """What `colorprep prior` is to do.

    Attributes
    ----------
    images : ImageParams
    spec : QuantizerSpec
    size : int or None
        Count at size x size; None counts at native size.
    smoothing : {"soft", "lattice", "none"}
    by_class : bool
        Also write one prior for each top-level folder, to ``priors/<folder>/``.
    bootstrap : int
        Replicates of a Poisson bootstrap over the images; 0 for none.
    name : str or None
        A name for the prior; it then goes to ``priors/<name>/``.
    output : str, Path or None
        Where the prior goes; None for ``prior.npz``, or by the name.
    """

    images: ImageParams = field(default_factory=ImageParams)
    spec: QuantizerSpec = field(default_factory=QuantizerSpec)
    size: int | None = None
    smoothing: Smoothing = "soft"
    by_class: bool = False
    bootstrap: int = 0
    name: str | None = None
    output: str | Path | None = None

    def __post_init__(self) -> None:
        """Refuse what does not fit together, before any image is read."""
        if self.by_class and self.name:
            raise InputError("--name is for one prior; --by-class takes the folders' names")
        if self.name is not None and (
            not self.name or set(self.name) & set("/\\") or ".." in self.name
        ):
            raise InputError(f"--name is the name of one folder, such as cat; got {self.name!r}")
        if self.smoothing == "lattice" and not self.spec.name.startswith("ab"):
            raise InputError(f"--smooth lattice is for ab lattices; {self.spec.name} is none")


@dataclass(frozen=True)
class WrittenPrior:
    """A prior with its weights, and where they were written."""

    path: Path
    prior: Prior
    weights_path: Path
    weights: WeightReport


@dataclass(frozen=True)
class PriorResult:
    """What `colorprep prior` did.

    Attributes
    ----------
    whole : WrittenPrior
        Of all images.
    classes : dict of str to Path
        The class priors that were written.
    skipped : list of Skip
    """

    whole: WrittenPrior
    classes: dict[str, Path]
    skipped: list[Skip]


def run(params: PriorParams, workspace: Workspace, reporter: Reporter) -> PriorResult:
    """Count colors, fit what needs fitting, and write priors with their weights.

    Parameters
    ----------
    params : PriorParams
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    PriorResult

    Raises
    ------
    InputError
        If no image could be read, or the parameters do not fit together.
    ColorprepError
        With `images.strict`, at the first bad image.
    """
    source = open_source(params.images, workspace, reporter)
    check_strict(source.skipped, params.images)
    path = _output(params, workspace)
    check_replaceable(path)
    reader = image_reader(source, params.size, params.images)
    spec = params.spec
    if params.name and params.output is None:
        workspace.own_folder(CLASS_PRIORS)

    whole, cells = None, None
    everything = {"": range(len(source.keys))}
    with open_engine(params.images) as engine:
        if spec.needs_counts:
            whole = _count(engine, reader, everything, True, params.images, reporter)
            _report(whole.outcome, params, reporter)
            reporter.note(f"fitting {spec.n_components} bins of {spec.name}")
            cells = counted(whole.histogram, spec.space).cells
        writer = _PriorWriter(params, source, BinCounter(make_quantizer(spec, cells)), reporter)
        resampling = None
        if params.bootstrap:
            resampling = Resampling(writer.bins.quantizer, params.bootstrap)

        classes: dict[str, Path] = {}
        if whole is None or params.by_class or resampling:
            groups = _by_top_folder(source.keys) if params.by_class else everything

            def write_class(name: str, tally: Tally) -> None:
                """Write the prior of a class."""
                if name and tally.outcome.n_images:
                    class_path = workspace.own_folder(CLASS_PRIORS) / name / PRIOR
                    try:
                        classes[name] = writer.write(class_path, name, groups[name], tally).path
                    except UnusableName as error:
                        reporter.warn(f"no prior was written for the class {name}: {error}")

            by_color = writer.bins.by_color
            total = _count(
                engine, reader, groups, by_color, params.images, reporter, write_class, resampling
            )
            if whole is None:
                _report(total.outcome, params, reporter)
            elif not np.array_equal(whole.histogram, total.histogram):
                raise InputError("the images changed between the two passes; run the command again")
            whole = total
    if params.by_class:
        _report_classes(groups, classes, reporter)
    if params.bootstrap and whole.outcome.n_images < FEW_IMAGES:
        reporter.warn(
            f"replicates of {whole.outcome.n_images} images say little: intervals of fewer than "
            f"{FEW_IMAGES} are too narrow"
        )
    written = writer.write(path, params.name, everything[""], whole)
    return PriorResult(written, classes, whole.outcome.skipped)


def _count(
    engine: Engine,
    reader: ImageReader,
    groups: Mapping[str, Sequence[int]],
    by_color: bool,
    params: ImageParams,
    reporter: Reporter,
    each: Callable[[str, Tally], None] = lambda name, tally: None,
    resampling: Resampling | None = None,
) -> Tally:
    """Count groups of images in one pass; `each` is told of a group as soon as it is done."""
    total = empty_tally(by_color, resampling)
    total.outcome.skipped += reader.source.skipped
    for name, tally in tally_groups(engine, reader, groups, by_color, params, reporter, resampling):
        add_tally(total, tally)
        each(name, tally)
    total.outcome.skipped.sort()
    return total


def _report_classes(
    groups: Mapping[str, Sequence[int]], classes: Mapping[str, Path], reporter: Reporter
) -> None:
    """Warn of images that are in no class prior."""
    if not classes:
        reporter.warn("no image lies in a subfolder, so --by-class wrote no class priors")
    elif "" in groups:
        reporter.warn(
            "images outside of subfolders count in the whole prior, but in no class prior: "
            f"{len(groups[''])}"
        )
    if empty := sorted(groups.keys() - classes.keys() - {""}):
        shown = ", ".join(empty[:SHOWN_CLASSES])
        more = f" and {len(empty) - SHOWN_CLASSES} more" if len(empty) > SHOWN_CLASSES else ""
        reporter.warn(f"no class prior was written for {shown}{more}: no image there could be read")


def _report(outcome: Outcome, params: PriorParams, reporter: Reporter) -> None:
    report_skips(outcome.skipped, outcome.n_images, reporter)
    report_enlarged(outcome.n_enlarged, params.size, reporter)


class _PriorWriter:
    """Makes priors of counts and writes them with their weights."""

    def __init__(
        self, params: PriorParams, source: Source, bins: BinCounter, reporter: Reporter
    ) -> None:
        self._params = params
        self._reporter = reporter
        self._source = source
        self.bins = bins

    def write(
        self, path: Path, name: str | None, indices: Sequence[int], tally: Tally
    ) -> WrittenPrior:
        """Write the prior of some images to `path`, its weights beside it."""
        quantizer = self.bins.quantizer
        counts = self.bins.count(tally.histogram)
        cells, lightness = counted(tally.histogram, quantizer.space)
        probs = smoothed_probs(quantizer, counts, cells, self._params.smoothing)
        meta = self._meta(name, indices, tally, int(counts.sum()))
        prior = Prior(quantizer, counts, probs, cells, lightness, meta, tally.replicates)
        weights_path = weights_path_beside(path)
        # Both files come from one command.
        with in_turn(path.parent), telling_replaced(self._reporter, path, weights_path):
            save_prior(path, prior)
            report = write_weights(probs_of(prior), WeightsParams(), weights_path)
        return WrittenPrior(path, prior, weights_path, report)

    def _meta(
        self, name: str | None, indices: Sequence[int], tally: Tally, n_pixels: int
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
            "n_images": tally.outcome.n_images,
            "n_pixels": n_pixels,
            "source": {
                "digest": digest_of(source, indices),
                "n_files": len(indices),
            },
            "skipped": count_by_reason(tally.outcome.skipped),
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


def _by_top_folder(keys: Sequence[str]) -> Mapping[str, Sequence[int]]:
    """Group images by their top-level folder; those without one come first, under ``""``."""
    groups: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        groups.setdefault(top_folder(key), []).append(index)
    return {name: groups[name] for name in sorted(groups)}
