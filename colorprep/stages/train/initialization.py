"""The weights that a training begins with, from a run, a checkpoint, or from elsewhere."""

from __future__ import annotations

from pathlib import Path

from ...progress import Reporter
from ...quantize.quantizer import Quantizer
from ...runs import CONFIG
from ...training.checkpoint import is_checkpoint, load_checkpoint
from ...training.choices import PACKAGED_VGG
from ...training.elsewhere.conversions import BY_NAME
from ...training.elsewhere.matching import Match, match
from ...training.elsewhere.reading import packaged_weights, read_weights
from ...training.models import Network, load_matching
from ...training.models.outputs import HEADS
from ...training.models.siggraph17 import Siggraph17
from ...workspace import Workspace
from ..checkpoints import choose_checkpoint, origin_of, report_origin
from ..given_weights import Recognized, TakenWeights, recognized, take_weights
from .inputs import TrainInputs


def initialize(
    network: Network,
    model: str,
    init: str | Path,
    inputs: TrainInputs,
    workspace: Workspace,
    reporter: Reporter,
) -> TakenWeights | None:
    """Copy all layers that match into a network, and report them.

    Parameters
    ----------
    model : str
        Of the network, in the table.
    init : str or Path
        A run, a checkpoint, a file of weights, or `PACKAGED_VGG`.

    Returns
    -------
    TakenWeights or None
        Those from elsewhere.

    Raises
    ------
    ArtifactError, InputError
        If it cannot be read, or nothing in it matches.
    """
    path = choose_checkpoint(init, workspace, reporter)
    if str(init) == PACKAGED_VGG and not path.exists():
        weights = recognized(packaged_weights())
    elif (path.parent / CONFIG).exists() or is_checkpoint(path):
        _from_checkpoint(network, path, inputs, workspace, reporter)
        return None
    else:
        weights = recognized(read_weights(path))
    taken = take_weights(network, model, weights)
    taken.report(workspace, reporter)
    _warn_of_other_shapes(path, taken.match, reporter)
    _check_bins(weights, inputs, reporter)
    return taken


def _from_checkpoint(
    network: Network, path: Path, inputs: TrainInputs, workspace: Workspace, reporter: Reporter
) -> None:
    """Copy the layers of the same name and shape from a checkpoint, and report it."""
    given = load_checkpoint(path)
    found = match(given.model.state_dict(), BY_NAME, network)
    taken = load_matching(network, given.model.state_dict())
    origin = origin_of(path, given.config, given.progress)
    doing = f"{len(taken)} of {len(network.state_dict())} arrays are those of"
    report_origin(doing, origin, workspace, reporter)
    _warn_of_other_shapes(path, found, reporter)
    _warn_of_other_masks(path, given.model, network, reporter)
    _warn_of_other_bins(
        path, given.quantizer.name, given.quantizer.fingerprint, inputs.labels.quantizer, reporter
    )


def _warn_of_other_shapes(path: Path, found: Match, reporter: Reporter) -> None:
    """Warn if most of a network has other shapes, as with another width."""
    if len(found.misshapen) > len(found.taken):
        reporter.warn(
            f"{len(found.misshapen)} arrays of {path} have other shapes than those of this network "
            "and are left out; give the --width and --model that it was trained with"
        )


def _warn_of_other_masks(path: Path, given: Network, network: Network, reporter: Reporter) -> None:
    """Warn if a network learned another mask of hints than it will be given."""
    if not (isinstance(given, Siggraph17) and isinstance(network, Siggraph17)):
        return
    if given.mask_center != network.mask_center:
        reporter.warn(
            f"{path} takes a mask of hints {_mask(given)}, this network one {_mask(network)}; "
            "choose --model siggraph17-released for released weights, siggraph17 for those of "
            "colorization-pytorch's training"
        )


def _mask(network: Siggraph17) -> str:
    return "of 0 or 1" if network.mask_center == 0 else "of -1/2 or 1/2"


def _check_bins(weights: Recognized, inputs: TrainInputs, reporter: Reporter) -> None:
    """Warn if a network from elsewhere predicts other bins than the labels have."""
    given, source = weights.given, weights.source
    if all(HEADS[head].logits is None for head in inputs.spec.channels):
        return
    if given.facts is not None:
        bins = given.facts["quantizer"]
        name, fingerprint = bins["name"], bins["fingerprint"]
    elif source is not None and source.colorizer is not None:
        quantizer = source.colorizer().quantizer
        name, fingerprint = quantizer.name, quantizer.fingerprint
    else:
        return
    _warn_of_other_bins(given.path, name, fingerprint, inputs.labels.quantizer, reporter)


def _warn_of_other_bins(
    path: Path, name: str, fingerprint: str, labels: Quantizer, reporter: Reporter
) -> None:
    if fingerprint != labels.fingerprint:
        reporter.warn(
            f"{path} was trained on other bins ({name}) than these labels have ({labels.name}): "
            "its output for a bin is for another color here"
        )
