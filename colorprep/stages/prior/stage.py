"""`colorprep prior`: count the colors of images, fit bins if the quantizer needs it, write a prior.

One pass over the images, or two with `--by-class` or `--bootstrap` and a fitted quantizer: its bins
are known only after the first pass, so counting each class or replicate exactly takes a second.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...artifacts import load_prior, versions
from ...balance.counted import Counted
from ...balance.lightness import check_levels
from ...balance.prior import Prior, Smoothing
from ...errors import InputError, UnusableName
from ...images.classes import ClassFrom, ClassRule, class_of, is_beside
from ...images.digests import sum_of_files
from ...images.reader import ImageReader
from ...images.skip import Skip, count_by_reason
from ...images.source import Source, digest_of
from ...places import Location
from ...printable import first_of
from ...progress import Reporter
from ...quantize.quantizer import Quantizer
from ...quantize.spec import QuantizerSpec, make_quantizer
from ...workspace import PRIOR, Workspace
from ..class_rules import class_rule, classes_beside
from ..passes import check_strict, open_passes
from ..priors import class_priors_folder
from ..source import (
    ImageParams,
    image_reader,
    open_source,
    report_enlarged,
    report_reduced,
    report_skips,
)
from .counting import (
    BinCounter,
    ColorCounting,
    CountedImages,
    Outcome,
    Resampling,
    cell_counts,
    count_groups,
)
from .drawing import PriorFigure
from .writing import (
    WrittenPrior,
    check_name,
    note_few_images_of_classes,
    output_path,
    warn_of_few_images,
    write_prior,
)

SHOWN_CLASSES = 10  # of those without a prior


@dataclass(frozen=True)
class PriorParams:
    """Parameters of `colorprep prior`.

    Attributes
    ----------
    size : int or None
        Count at size x size; None counts at native size.
    fast : bool
        Whether large JPEG files may be decoded from a part of their coefficients, as long as
        `size` pixels are left on the shorter side.
    by_class : bool
        Also write one prior for each class, to ``priors/<class>/`` beside the prior.
    class_from : str or int
        Where the class of an image is taken from, see `colorprep.images.classes`.
    bootstrap : int
        Replicates of a Poisson bootstrap over the images; 0 for none.
    by_lightness : int
        Levels of lightness to count and smooth a prior of, each; 0 for none.
    name : str or None
        A name for the prior, which is written to ``priors/<name>/``.
    bins : str, Path or None
        A prior whose quantizer is used in place of that of `spec`, such as one that was fitted.
    output : str, Path or None
        Path of the prior; None for ``prior.npz``, or the folder of the name.
    figure : PriorFigure or None
        The figure of the prior and its weights, if it is drawn.
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
    bins: str | Path | None = None
    figure: PriorFigure | None = None
    fast: bool = False

    def __post_init__(self) -> None:
        """Reject parameters that do not fit together, before any image is read."""
        if self.by_lightness:
            check_levels(self.by_lightness)
        check_name(self.name, self.by_class)
        if self.fast and self.size is None:
            raise InputError(
                "--fast needs --size N, such as --size 256 --fast: at native size every pixel is "
                "counted, so no photograph can be decoded smaller"
            )
        if self.class_from != "top" and not self.by_class:
            raise InputError("--class-from chooses the classes of --by-class; give both")
        _check_smoothing(self.smoothing, self.spec.name)


@dataclass(frozen=True)
class PriorResult:
    """Result of `colorprep prior`.

    Attributes
    ----------
    whole : WrittenPrior
        The prior of all images.
    classes : dict of str to Path
        The class priors that were written, by class.
    n_parts : int or None
        Priors that were added up; None if images were counted.
    figure : Path or None
        The figure, if one was drawn.
    """

    whole: WrittenPrior
    classes: dict[str, Location]
    skipped: list[Skip]
    n_parts: int | None = None
    figure: Location | None = None


def run(params: PriorParams, workspace: Workspace, reporter: Reporter) -> PriorResult:
    """Count colors, fit bins if the quantizer needs it, and write priors with their weights.

    Raises
    ------
    InputError
        If no image could be read, or the parameters do not fit together.
    ColorprepError
        With `images.strict`, at the first bad image.
    """
    source = open_images(params, workspace, reporter)
    check_strict(source.skipped, params.images.strict)
    path = output_path(params.output, params.name, workspace)
    if params.figure is not None:
        params.figure.path(workspace)
    reader = reader_for(params, source)
    everything = {"": range(len(source.keys))}
    rule = class_rule(source, params.class_from, params.images, workspace)
    groups = _by_class(source.keys, rule) if params.by_class else everything
    with open_passes(params.images, reporter) as passes:
        whole = None
        quantizer = chosen_bins(params, workspace)
        if quantizer is None:
            whole = count_groups(ColorCounting(reader, by_color=True), everything, passes)
            _report(whole.outcome, params, reporter)
            reporter.note(f"fitting {params.spec.n_components} bins of {params.spec.name}")
            cells = cell_counts(whole.histogram, params.spec.space).cells
            quantizer = make_quantizer(params.spec, cells)
        bins = BinCounter(quantizer, params.by_lightness)
        writer = _PriorWriter(params, source, bins, reporter)
        classes = _ClassPriors(groups, writer, class_priors_folder(path), workspace, reporter)
        if whole is None or params.by_class or params.bootstrap:
            counting = ColorCounting(reader, bins.by_color, _resampling(params, bins.quantizer))
            counted = count_groups(counting, groups, passes, classes.write)
            if whole is None:
                _report(counted.outcome, params, reporter)
            elif not np.array_equal(whole.histogram, counted.histogram):
                raise InputError("the images changed between the two passes; run the command again")
            whole = counted
    if params.by_class:
        classes.report(source, params.class_from)
    written = writer.write(path, params.name, everything[""], whole)
    warn_of_few_images(written.prior, reporter)
    figure = None
    if params.figure is not None:
        figure = params.figure.write(written, workspace, reporter)
    return PriorResult(written, classes.paths, whole.outcome.skipped, figure=figure)


def open_images(params: PriorParams, workspace: Workspace, reporter: Reporter) -> Source:
    """Find the images to count; remember those of the workspace's own prior, or the first ones.

    A prior with a path or name of its own is often made to be compared with the workspace's.
    """
    is_own = params.output is None and params.name is None
    remembers = is_own or workspace.known_source() is None
    return open_source(params.images, workspace, reporter, remembers, params.class_from)


def reader_for(params: PriorParams, source: Source) -> ImageReader:
    """Return a reader of the images to count."""
    least_side = params.size if params.fast else None
    return image_reader(source, params.size, params.images, least_side=least_side)


def chosen_bins(params: PriorParams, workspace: Workspace) -> Quantizer | None:
    """Return the bins to count; None if they must be fitted to the images first.

    Raises
    ------
    ArtifactError
        If they are those of a prior that is missing or damaged.
    InputError
        If the smoothing does not fit them.
    """
    if params.bins is None:
        return None if params.spec.needs_counts else make_quantizer(params.spec)
    quantizer = load_prior(workspace.input_location(params.bins)).quantizer
    _check_smoothing(params.smoothing, quantizer.name)
    return quantizer


def _check_smoothing(smoothing: Smoothing, name: str) -> None:
    if smoothing == "lattice" and not name.startswith("ab"):
        raise InputError(f"--smooth lattice needs an ab lattice; {name} is not one")


def _resampling(params: PriorParams, quantizer: Quantizer) -> Resampling | None:
    return Resampling(quantizer, params.bootstrap) if params.bootstrap else None


class _ClassPriors:
    """The priors of groups of images that have a name."""

    def __init__(
        self,
        groups: Mapping[str, Sequence[int]],
        writer: _PriorWriter,
        folder: Location,
        workspace: Workspace,
        reporter: Reporter,
    ) -> None:
        self._groups = groups
        self._writer = writer
        self._folder = folder
        self._workspace = workspace
        self._reporter = reporter
        self.paths: dict[str, Location] = {}
        self._n_images: list[int] = []

    def write(self, name: str, counted: CountedImages) -> None:
        """Write the prior of a class, if any of its images could be read."""
        if not name or not counted.outcome.n_images:
            return
        if not self.paths:
            self._workspace.make_own(self._folder)
        path = self._folder / name / PRIOR
        try:
            self.paths[name] = self._writer.write(path, name, self._groups[name], counted).path
        except UnusableName as error:
            self._reporter.warn(f"no prior was written for the class {name}: {error}")
        else:
            self._n_images.append(counted.outcome.n_images)

    def report(self, source: Source, class_from: ClassFrom) -> None:
        """Warn of images that are in no class prior, and tell of priors of few images."""
        groups, warn = self._groups, self._reporter.warn
        if not self.paths:
            beside = None if is_beside(class_from) else classes_beside(source)
            advice = f"; classes beside the images are read by --class-from {beside}"
            warn(
                "no image has a class, so --by-class wrote no class priors"
                f"{advice if beside else ''}"
            )
        elif "" in groups:
            warn(
                "images without a class count in the whole prior, but in no class prior: "
                f"{len(groups[''])}"
            )
        if empty := sorted(groups.keys() - self.paths.keys() - {""}):
            shown = first_of(empty, SHOWN_CLASSES)
            warn(f"no class prior was written for {shown}: no image there could be read")
        note_few_images_of_classes(self._n_images, self._reporter)


def _report(outcome: Outcome, params: PriorParams, reporter: Reporter) -> None:
    report_skips(outcome.skipped, outcome.n_images, reporter)
    report_enlarged(outcome.rescaled.n_enlarged, params.size, reporter)
    if params.fast:
        report_reduced(outcome.rescaled.n_reduced, outcome.n_images, reporter)


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
        self, path: Location, name: str | None, indices: Sequence[int], counted: CountedImages
    ) -> WrittenPrior:
        """Write the prior of some images to `path`, its weights beside it."""
        tallies = self._bins.tallies(counted)
        meta = self._meta(name, indices, counted, int(tallies.bins.sum()))
        total = Counted(self._bins.quantizer, tallies, meta, counted.outcome.images)
        return write_prior(path, Prior.smoothed(total, self._params.smoothing), self._reporter)

    def _meta(
        self, name: str | None, indices: Sequence[int], counted: CountedImages, n_pixels: int
    ) -> dict[str, Any]:
        params, spec, source = self._params, self._params.spec, self._source
        packages = ["numpy", "pillow", "simplejpeg"]
        fit = None
        if spec.needs_counts and params.bins is None:
            packages.append("scikit-learn")
            fit = {"components": spec.n_components, "seed": spec.seed}
        by_class = {"class_from": params.class_from} if params.by_class and name else {}
        return {
            "name": name,
            **by_class,
            "fit": fit,
            "smoothing": params.smoothing,
            "size": params.size or "native",
            "n_images": counted.outcome.n_images,
            "n_pixels": n_pixels,
            "source": {
                "digest": digest_of(source, indices),
                "n_files": len(indices),
                "files": sum_of_files(source, indices),
            },
            "skipped": count_by_reason(counted.outcome.skipped),
            "decoding": params.images.decoding,
            **({"fast": True} if params.fast else {}),
            "versions": versions(*packages),
        }


def _by_class(keys: Sequence[str], class_from: ClassRule) -> Mapping[str, Sequence[int]]:
    """Group images by their class; those without one come first, as ``""``."""
    groups = defaultdict[str, "array[int]"](lambda: array("q"))
    for index, key in enumerate(keys):
        groups[class_of(key, class_from)].append(index)
    return {name: groups[name] for name in sorted(groups)}
