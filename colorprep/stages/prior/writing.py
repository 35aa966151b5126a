"""Where priors go, and writing them with their weights."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ...artifacts import save_prior
from ...atomic import check_replaceable
from ...balance.bootstrap import FEW_IMAGES
from ...balance.prior import Prior
from ...errors import InputError
from ...locks import in_turn
from ...places import Location
from ...progress import Reporter
from ...workspace import CLASS_PRIORS, PRIOR, WEIGHTS, Workspace
from ..priors import probs_of
from ..replaced import telling_replaced
from ..weights import WeightReport, WeightsParams, write_weights


@dataclass(frozen=True)
class WrittenPrior:
    """A prior with its weights, and where they were written."""

    path: Location
    prior: Prior
    weights_path: Location
    weights: WeightReport


def check_name(name: str | None, by_class: bool) -> None:
    """Raise InputError unless a prior can have this name."""
    if by_class and name:
        raise InputError("--name is for a single prior, but --by-class names priors by class")
    if name is not None and (not name or set(name) & set("/\\") or ".." in name):
        raise InputError(f"--name must be a single folder name, such as cat; got {name!r}")


def output_path(output: str | Path | None, name: str | None, workspace: Workspace) -> Location:
    """Return where a prior goes: to a given path, the folder of its name, or ``prior.npz``.

    Raises
    ------
    OutputError
        If it cannot be written there.
    """
    named = output is None and bool(name)
    path = workspace.location(Path(CLASS_PRIORS, name or "", PRIOR) if named else output or PRIOR)
    check_replaceable(path)
    if named:
        workspace.own_folder(CLASS_PRIORS)
    return path


def write_prior(path: Location, prior: Prior, reporter: Reporter) -> WrittenPrior:
    """Write a prior, and its weights beside it."""
    weights_path = weights_path_of(path)
    # In turn, so that both files come from one command.
    with in_turn(path.parent), telling_replaced(reporter, path, weights_path):
        save_prior(path, prior)
        report = write_weights(probs_of(prior), WeightsParams(), weights_path)
    return WrittenPrior(path, prior, weights_path, report)


def warn_of_few_images(prior: Prior, reporter: Reporter) -> None:
    """Warn if a prior with a bootstrap has too few images for its intervals."""
    n_images = prior.meta.get("n_images", 0)
    if prior.bootstrap is not None and n_images < FEW_IMAGES:
        reporter.warn(
            f"bootstrap intervals of only {n_images} images are too narrow; give at least "
            f"{FEW_IMAGES} images"
        )


def note_few_images_of_classes(n_images: Collection[int], reporter: Reporter) -> None:
    """Tell how many class priors have too few images to be told from others of the same kind."""
    n_few = sum(n < FEW_IMAGES for n in n_images)
    if n_few:
        reporter.note(
            f"{n_few} of {len(n_images)} class priors count fewer than {FEW_IMAGES} images, and "
            "may differ from the whole by chance"
        )


def weights_path_of(prior_path: Location) -> Location:
    """Return where the weights of a prior go: ``weights.npz``, or ``X-weights.npz`` of X.npz."""
    if prior_path.name == PRIOR:
        return prior_path.parent / WEIGHTS
    return prior_path.parent / f"{Path(prior_path.name).stem}-{WEIGHTS}"
