"""What `colorprep train` trains: the objective, the network, and the method."""

from __future__ import annotations

from pathlib import Path

from ...progress import Reporter
from ...training.checkpoint import load_checkpoint
from ...training.fitting.methods import Method, Supervised
from ...training.losses.terms import Objective, make_term
from ...training.models import Network, load_matching, make_model
from ...workspace import Workspace
from ..checkpoints import choose_checkpoint, origin_of, report_origin
from .inputs import TrainInputs
from .params import TrainParams


def make_method(
    params: TrainParams, inputs: TrainInputs, workspace: Workspace, reporter: Reporter
) -> Method:
    """Return the method of a run, its network initialized."""
    objective = _make_objective(params, inputs)
    seed, width = params.machine.seed, params.network.width
    network = make_model(params.network.model, objective.channels, seed, width)
    if params.network.init is not None and not params.resume:
        _initialize(network, params.network.init, inputs, workspace, reporter)
    return Supervised(network, objective)


def _make_objective(params: TrainParams, inputs: TrainInputs) -> Objective:
    """Return the objective: a single term, the loss of the options."""
    quantizer = inputs.labels.quantizer
    options = inputs.rebalancing.options(params.objective)
    return Objective([make_term(params.objective.loss, quantizer, options)], quantizer)


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
