"""What `colorprep train` trains: the objective, the network, and the method."""

from __future__ import annotations

from pathlib import Path

from ...progress import Reporter
from ...training.checkpoint import load_checkpoint
from ...training.fitting.methods import Method, Supervised
from ...training.models import Network, load_matching, make_model
from ...training.models.inputs import check_inputs
from ...workspace import Workspace
from ..checkpoints import choose_checkpoint, origin_of, report_origin
from .inputs import TrainInputs
from .params import TrainParams


def make_method(
    params: TrainParams, inputs: TrainInputs, workspace: Workspace, reporter: Reporter
) -> Method:
    """Return the method of a run, its networks initialized.

    Raises
    ------
    InputError
        If the network takes what the labels do not have, or images of another size.
    """
    spec, seed = inputs.spec, params.machine.seed
    network = make_model(
        params.network.model, spec.channels, seed, spec.width, spec.sizes, spec.stride
    )
    check_inputs(network, inputs.arrays, inputs.labels.path.as_posix())
    if params.network.init is not None and not params.resume:
        _initialize(network, params.network.init, inputs, workspace, reporter)
    return Supervised(network, inputs.objective)


def _initialize(
    network: Network,
    init: str | Path,
    inputs: TrainInputs,
    workspace: Workspace,
    reporter: Reporter,
) -> None:
    """Copy the layers of the same name and shape from a run or checkpoint, and report it."""
    path = choose_checkpoint(init, workspace, reporter)
    given = load_checkpoint(path)
    taken = load_matching(network, given.model.state_dict())
    origin = origin_of(path, given.config, given.progress)
    doing = f"{len(taken)} of {len(network.state_dict())} arrays are those of"
    report_origin(doing, origin, workspace, reporter)
    quantizer = inputs.labels.quantizer
    if given.quantizer.fingerprint != quantizer.fingerprint:
        reporter.warn(
            f"{path} was trained on other bins ({given.quantizer.name}) than these labels have "
            f"({quantizer.name}): its output for a bin is for another color here"
        )
