"""What `colorprep train` trains: the objective, the network, and the method."""

from __future__ import annotations

from ...errors import InputError
from ...training.choices import CriticName
from ...training.fitting.adversarial import Adversarial
from ...training.fitting.methods import Method, Supervised
from ...training.models import Network, make_model
from ...training.models.critics import CRITICS, make_critic
from ...training.models.inputs import check_inputs, takes
from ...training.models.siggraph17 import Siggraph17
from .inputs import TrainInputs
from .params import TrainParams


def make_method(params: TrainParams, inputs: TrainInputs) -> Method:
    """Return the method of a run, its networks at random.

    Raises
    ------
    InputError
        If the network takes what the labels do not have, or images of another size.
    """
    spec, seed = inputs.spec, params.machine.seed
    network = make_model(
        params.network.model, spec.channels, seed, spec.width, spec.sizes, spec.stride
    )
    check_inputs(network, inputs.arrays, str(inputs.labels.path))
    if params.data.channel_shift and "caffe-gray" not in takes(network):
        raise InputError(
            "--channel-shift is for networks that see three channels, such as keras-fcn; leave it "
            "out, or choose another --model"
        )
    if params.data.hints < 1.0 and "hints" not in takes(network):
        raise InputError(
            f"the model {params.network.model} takes no hints; leave out --hints, or choose one "
            "that does, such as --model siggraph17"
        )
    _share(network, inputs.objective.trunk_head, params)
    if params.network.critic is None:
        return Supervised(network, inputs.objective)
    return _adversarial(params.network.critic, network, inputs, seed)


def _share(network: Network, trunk_head: str | None, params: TrainParams) -> None:
    """Let the layers that a network's heads share learn from one of them, if the loss says so."""
    if trunk_head is None:
        return
    if not isinstance(network, Siggraph17):
        raise InputError(
            f"--loss {params.objective.loss} is for --model siggraph17, not for "
            f"{params.network.model}"
        )
    network.trunk_head = trunk_head


def _adversarial(name: CriticName, network: Network, inputs: TrainInputs, seed: int) -> Adversarial:
    """Return the training of a network against a critic."""
    kind = CRITICS[name]
    if kind.head == "rgb" and "rgb" not in inputs.arrays:
        raise InputError(
            f"the critic {name} judges RGB, but {inputs.labels.path} has no rgb; make labels with "
            "`colorprep labels --keep rgb`"
        )
    if kind.head == "ab" and inputs.spec.stride > 1:
        raise InputError(
            f"the critic {name} judges every pixel's ab, but {inputs.labels.path} has every "
            f"{inputs.spec.stride}-th; make labels with `colorprep labels --stride 1`"
        )
    critic = make_critic(name, seed, inputs.spec.width)
    return Adversarial(network, critic, kind, inputs.objective)
