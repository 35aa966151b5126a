"""What a checkpoint holds, written and read: tensors and plain values, no pickled code."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
import torch
from torch import Tensor, nn

from ..artifacts import check_schema
from ..atomic import replacing
from ..errors import ArtifactError, InputError
from ..quantize.quantizer import Quantizer
from ..quantize.spec import quantizer_state, restore_quantizer
from .models import make_model
from .models.outputs import OUTPUTS

CHECKPOINT_SCHEMA = "colorprep.checkpoint/1"
REMEDY = "restore an intact copy, use another checkpoint, or train anew"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained network with all that it takes to use it.

    Attributes
    ----------
    model : Module
        In evaluation mode, on the CPU.
    quantizer : Quantizer
    config : dict
        Plain values: ``model``, its ``width`` (1 where it is not said), ``outputs``, what its
        channels mean (``bins`` where it is not said), and how it was trained.
    progress : dict
        Plain values: epoch, step, losses.
    training : dict or None
        What training goes on from, see `trainer.Trainer.state_dict`, and ``order``, the fingerprint
        of the order of images.
    """

    model: nn.Module
    quantizer: Quantizer
    config: dict[str, Any]
    progress: dict[str, Any]
    training: dict[str, Any] | None = None

    @property
    def outputs(self) -> str:
        """What the channels of the model's output mean, a name of `outputs.OUTPUTS`."""
        return outputs_of(self.config)

    @property
    def settings(self) -> dict[str, Any]:
        """How the labels of its training were made, see `colorprep.shards.plan.Settings`.

        Raises
        ------
        ArtifactError
            If the checkpoint lacks it.
        """
        if "settings" not in self.config:
            raise ArtifactError(
                "the checkpoint lacks the size and stride at which its network was trained; use "
                "one that `colorprep train` wrote"
            )
        return dict(self.config["settings"])

    @property
    def n_parameters(self) -> int:
        """How many parameters the model has."""
        return sum(parameter.numel() for parameter in self.model.parameters())


def save_checkpoint(
    path: Path,
    model: nn.Module,
    quantizer: Quantizer,
    config: dict[str, Any],
    progress: dict[str, Any],
    training: dict[str, Any] | None = None,
) -> None:
    """Write a checkpoint, replacing `path` atomically.

    Parameters
    ----------
    path : Path
    model : Module
    quantizer : Quantizer
    config, progress : dict
        Plain values.
    training : dict or None
        Tensors and plain values.
    """
    content = {
        "schema": CHECKPOINT_SCHEMA,
        "quantizer": quantizer_state(quantizer),
        "config": config,
        "progress": progress,
        "model": model.state_dict(),
        "training": training,
    }
    with replacing(path) as temporary:
        torch.save(content, temporary)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Checkpoint

    Raises
    ------
    ArtifactError
        If it is missing, damaged, newer than this version, or not a checkpoint of colorprep; if
        a part is missing, does not fit its network, or contains numbers that are not finite.
    """
    content = _read(path)
    try:
        quantizer = _quantizer(content["quantizer"])
        config, progress = dict(content["config"]), dict(content["progress"])
        _check_settings(config.get("settings", {"size": 1, "stride": 1}))
        n_outputs = OUTPUTS[outputs_of(config)].n_channels(quantizer)
        model = make_model(config["model"], n_outputs, width=config.get("width", 1.0))
        model.load_state_dict(content["model"])
        training = None if content.get("training") is None else dict(content["training"])
        _check_finite(model.state_dict())
        if training is not None:
            _check_training(training)
    except KeyError as error:
        raise ArtifactError(f"{path} is damaged: it lacks {error}; {REMEDY}") from error
    except (
        ArtifactError, InputError, RuntimeError, ValueError, TypeError, AttributeError,
    ) as error:  # fmt: skip
        raise ArtifactError(f"{path} is damaged: {error}; {REMEDY}") from error
    return Checkpoint(model.eval(), quantizer, config, progress, training)


def _read(path: Path) -> dict[str, Any]:
    """Return the content of a checkpoint file of a known schema."""
    try:
        with ZipFile(path) as archive:
            bad = archive.testzip()  # torch does not verify the checksums
        if bad is not None:
            raise BadZipFile(f"the checksum of {bad} does not match")
        content = torch.load(path, map_location="cpu", weights_only=True)
        schema = str(content["schema"])
    except FileNotFoundError:
        raise ArtifactError(f"there is no checkpoint {path}; train one first") from None
    except (
        OSError, RuntimeError, ValueError, LookupError, TypeError, EOFError, AttributeError,
        NotImplementedError, BadZipFile, pickle.UnpicklingError,
    ) as error:  # fmt: skip
        raise ArtifactError(
            f"{path} is damaged or not a checkpoint of colorprep; {REMEDY}"
        ) from error
    check_schema(path, schema, CHECKPOINT_SCHEMA)
    return dict(content)


def _quantizer(state: dict[str, Any]) -> Quantizer:
    arrays = {name: np.asarray(values) for name, values in state["arrays"].items()}
    return restore_quantizer(
        state["name"], state["parameters"], state["centers"], arrays, state["fingerprint"]
    )


def _check_settings(settings: dict[str, Any]) -> None:
    """Raise KeyError, TypeError or ValueError unless the network's input size is valid."""
    for name in ("size", "stride"):
        if not isinstance(settings[name], int) or settings[name] < 1:
            raise ValueError(f"its {name} is {settings[name]!r}")


def _check_finite(tensors: Mapping[str, Tensor]) -> None:
    """Raise ValueError unless all numbers of a network are finite."""
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise ValueError(f"{name} has numbers that are not finite")


def _check_training(training: dict[str, Any]) -> None:
    """Raise KeyError, TypeError or ValueError unless training can resume from a state.

    `trainer.Trainer.load_state_dict` checks whether its tensors fit the network.
    """
    if int(training["step"]) < 0:
        raise ValueError(f"its step is {training['step']}")
    str(training["order"]), dict(training["optimizer"])
    _check_finite(training["model"])
    if training["average"] is not None:
        _check_finite(training["average"])


def outputs_of(config: dict[str, Any]) -> str:
    """Return what a trained network's channels mean, by its configuration."""
    return str(config.get("outputs", "bins"))
