"""`colorprep prior --merge`: add up priors that were counted in parts, on any machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...artifacts import load_prior
from ...balance.counted import Counted, CountedSum
from ...balance.prior import Prior, Smoothing
from ...errors import InputError
from ...images.patterns import matches
from ...places import Location, each_place, location_of, resolved
from ...progress import Reporter
from ...workspace import CLASS_PRIORS, PRIOR, Workspace
from ..priors import class_priors, class_priors_folder
from .drawing import PriorFigure
from .stage import PriorResult
from .writing import (
    WrittenPrior,
    check_name,
    note_few_images_of_classes,
    output_path,
    warn_of_few_images,
    weights_path_of,
    write_prior,
)


@dataclass(frozen=True)
class MergeParams:
    """Parameters of `colorprep prior --merge`.

    Attributes
    ----------
    parts : sequence of str or Path
        Priors of parts of the images, or patterns of such, see `colorprep.images.patterns`. Their
        weights, which a pattern may match too, are left out.
    smoothing : str or None
        Of the sum; None for that of the parts, which then must have the same.
    by_class : bool
        Also add up the class priors in ``priors/`` beside each part, class by class.
    name : str or None
        A name for the prior, which is written to ``priors/<name>/``.
    output : str, Path or None
        Path of the prior; None for ``prior.npz``, or the folder of the name.
    figure : PriorFigure or None
        The figure of the sum and its weights, if it is drawn.
    """

    parts: Sequence[str | Path]
    smoothing: Smoothing | None = None
    by_class: bool = False
    name: str | None = None
    output: str | Path | None = None
    figure: PriorFigure | None = None

    def __post_init__(self) -> None:
        """Reject parameters that do not fit together."""
        if not self.parts:
            raise InputError("--merge adds up priors; name them, as in --merge part-*.npz")
        check_name(self.name, self.by_class)


def merge(params: MergeParams, workspace: Workspace, reporter: Reporter) -> PriorResult:
    """Add up priors, and write the sum with its weights.

    Raises
    ------
    ArtifactError
        If one of them is missing or damaged.
    InputError
        If two of them were counted in different ways, or count the same images; with `by_class`, if
        two of them are in one folder, or none has class priors.
    """
    paths = _parts(params.parts, workspace, reporter)
    target = output_path(params.output, params.name, workspace)
    if params.figure is not None:
        params.figure.path(workspace)
    if resolved(target) in map(resolved, paths):
        raise InputError(
            f"the sum would replace its part {workspace.shown(target)}; name it otherwise, with -o"
        )
    merging = _Merging(params.smoothing, workspace, reporter)
    classes = merging.write_classes(target, paths) if params.by_class else {}
    whole = merging.write(target, paths, params.name)
    warn_of_few_images(whole.prior, reporter)
    figure = None
    if params.figure is not None:
        figure = params.figure.write(whole, workspace, reporter)
    return PriorResult(whole, classes, [], len(paths), figure)


class _Merging:
    """Adds up the priors of files, and writes the sums."""

    def __init__(
        self, smoothing: Smoothing | None, workspace: Workspace, reporter: Reporter
    ) -> None:
        self._smoothing = smoothing
        self._workspace = workspace
        self._reporter = reporter

    def write(self, target: Location, paths: Sequence[Location], name: str | None) -> WrittenPrior:
        """Write the sum of the priors in files."""
        counted, smoothing = self._sum(paths)
        named = counted._replace(meta={**counted.meta, "name": name})
        return write_prior(target, Prior.smoothed(named, smoothing), self._reporter)

    def write_classes(self, target: Location, paths: Sequence[Location]) -> dict[str, Location]:
        """Write the sums of the class priors beside some priors, and return where they are."""
        of_classes = _parts_of_classes(paths, target)
        folder = class_priors_folder(target)
        self._workspace.make_own(folder)
        written = {
            name: self.write(folder / name / PRIOR, parts, name)
            for name, parts in of_classes.items()
        }
        n_images = [one.prior.meta.get("n_images", 0) for one in written.values()]
        note_few_images_of_classes(n_images, self._reporter)
        return {name: one.path for name, one in written.items()}

    def _sum(self, paths: Sequence[Location]) -> tuple[Counted, Smoothing]:
        """Return the sum, and the smoothing that was chosen, else that of the parts."""
        total = CountedSum(any_smoothing=self._smoothing is not None)
        unknown: list[str] = []
        for path in paths:
            prior = load_prior(path)
            shown = self._workspace.shown(path)
            unknown += [] if prior.images is not None else [shown]
            counted = total.add(shown, prior.counted)
        if unknown and len(paths) > 1:
            self._reporter.warn(
                f"{unknown[0]} does not record which images it counts ({len(unknown)} of "
                f"{len(paths)} parts do not), so an image that is in two parts counts twice, "
                "unnoticed; count it again to record them"
            )
        return counted, self._smoothing or prior.smoothing


def _parts(given: Sequence[str | Path], workspace: Workspace, reporter: Reporter) -> list[Location]:
    """Return where the given parts are; patterns may match weights beside them: X-weights.npz."""
    places = each_place(workspace.input_places(given))
    found = [location_of(match) for place in places for match in matches(place)]
    weights = {weights_path_of(path) for path in found}
    parts = [path for path in found if path not in weights]
    if len(parts) < len(found):
        reporter.note(f"weights beside the parts are left out: {len(found) - len(parts)}")
    if len(parts) == 1:
        reporter.note(f"there is only one part to add up: {workspace.shown(parts[0])}")
    return parts


def _parts_of_classes(paths: Sequence[Location], target: Location) -> dict[str, list[Location]]:
    """Return the class priors beside some priors, by class in order."""
    folders = {resolved(path.parent) for path in (*paths, target)}
    if len(folders) <= len(paths):
        raise InputError(
            "--by-class merges the class priors beside each part, but two parts, or a part and the "
            "result, are in one folder; count each part in a folder of its own, with -C or "
            f"-o part-1/{PRIOR}"
        )
    found: dict[str, list[Location]] = {}
    for path in paths:
        for name, prior in class_priors(path).items():
            found.setdefault(name, []).append(prior)
    if not found:
        raise InputError(
            f"no part has class priors beside it, in {CLASS_PRIORS}/; count the parts with "
            "--by-class, or merge without it"
        )
    return dict(sorted(found.items()))
