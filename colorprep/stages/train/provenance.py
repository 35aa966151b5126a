"""What a run records of its making: its configuration, and what its checkpoints hold with it."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from ...artifacts import versions
from ...quantize.quantizer import Quantizer
from ...report.numbers import quantity
from ...runs import RUN_SCHEMA, loss_text
from ...training.fitting.methods import Method
from ...training.models import sizes_used
from ...training.processes import Process
from ...workspace import Workspace
from .inputs import TrainInputs, selection_facts
from .params import TrainParams, to_plain


class Provenance(NamedTuple):
    """What a run was made from, as its checkpoints keep it.

    Attributes
    ----------
    config : dict
        The content of config.json.
    order : str
        The fingerprint of the order of images.
    """

    quantizer: Quantizer
    config: dict[str, Any]
    order: str

    def text(self) -> str:
        """Describe the training in a line."""
        config = self.config
        most = config["max_images"]
        an_epoch = "" if most is None else f", {min(most, config['n_training'])} an epoch"
        images = quantity(config["n_training"], "image")
        steps = quantity(config["total_steps"], "step")
        return (
            f"training {config['model']} on {images}{an_epoch}, "
            f"{config['n_validation']} held out, {loss_text(config)}, {steps} on {config['device']}"
        )


def provenance_of(
    params: TrainParams,
    inputs: TrainInputs,
    method: Method,
    total_steps: int,
    process: Process,
    workspace: Workspace,
) -> Provenance:
    """Return the provenance of a run."""
    objective = method.objective
    heads = list(objective.channels)
    sizes = sizes_used(method.network, inputs.spec)
    manifest = inputs.labels.manifest
    config = {
        "schema": RUN_SCHEMA,
        "model": params.network.model,
        "width": params.network.width,
        "outputs": heads[0] if len(heads) == 1 else heads,
        "loss": " + ".join(term.name for term in objective.each()),
        "unit": objective.unit,
        **inputs.rebalancing.facts(workspace),
        "quantizer": manifest["quantizer"]["name"],
        "settings": manifest["settings"],
        "source": manifest["digest"],
        **({"sizes": sizes} if sizes else {}),
        **({"classes": manifest["classes"]} if "classes" in sizes else {}),
        "labels_digest": manifest.get("labels_digest"),
        "n_training": len(inputs.training.dataset),
        "n_validation": len(inputs.held_out),
        "validation_digest": hashlib.sha256("\n".join(inputs.held_out).encode()).hexdigest(),
        **selection_facts(params.data, workspace),
        "batch_size": params.pace.batch_size,
        "n_processes": process.world_size,
        "total_steps": total_steps,
        "seed": params.machine.seed,
        "options": to_plain(params),
        "device": str(process.device),
        "versions": versions("numpy", "torch"),
    }
    order = inputs.training.state_dict()["fingerprint"]
    return Provenance(inputs.labels.quantizer, config, order)
