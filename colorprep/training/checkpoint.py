"""Checkpoints, written and read: tensors and plain values, no pickled code."""

from __future__ import annotations

import pickle
import zlib
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
from .models.outputs import channels_of

CHECKPOINT_SCHEMA = "colorprep.checkpoint/2"
MAIN = "colorizer"  # the network that is used
REMEDY = "restore an intact copy, use another checkpoint, or train anew"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained network with all that is needed to use it.

    Attributes
    ----------
    model : Module
        The network to use, in evaluation mode, on the CPU: the moving average, if there is one.
    config : dict
        Plain values: ``model``, its ``width`` (1 if missing), ``outputs``, its head or a list
        of them (``bins`` if missing), ``sizes`` of the labels if it depends on them, the names of
        the ``classes`` if it depends on their number, and how it was trained.
    progress : dict
        Plain values: epoch, step, losses.
    quantizer : Quantizer
        Of its labels.
    training : dict or None
        What training resumes from, see `trainer.Trainer.state_dict`, and ``order``, the fingerprint
        of the order of images.
    """

    model: nn.Module
    config: dict[str, Any]
    progress: dict[str, Any]
    quantizer: Quantizer
    training: dict[str, Any] | None = None

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads of the network, names of `outputs.HEADS`."""
        return heads_of(self.config)

    @property
    def head(self) -> str:
        """The head that gives the colors, the first one."""
        return self.heads[0]

    @property
    def channels(self) -> dict[str, int]:
        """The heads of the network and their numbers of channels."""
        return channels_of(self.heads, self.quantizer, self.config.get("sizes"))

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
        """How many parameters the network has."""
        return sum(parameter.numel() for parameter in self.model.parameters())


def save_checkpoint(
    path: Path,
    state: dict[str, Any],
    quantizer: Quantizer,
    config: dict[str, Any],
    progress: dict[str, Any],
) -> None:
    """Write a checkpoint, replacing `path` atomically.

    Parameters
    ----------
    path : Path
    state : dict
        ``networks``, the state of each network by name; to resume from, also ``step``,
        ``optimizers``, ``average`` and ``order``, see `trainer.Trainer.state_dict`.
    quantizer : Quantizer
        Of the labels.
    config, progress : dict
        Plain values.
    """
    content = {
        "schema": CHECKPOINT_SCHEMA,
        "quantizer": quantizer_state(quantizer),
        "config": config,
        "progress": progress,
        **state,
    }
    with replacing(path) as temporary:
        torch.save(content, temporary)


def is_checkpoint(path: Path) -> bool:
    """Return whether a file is a checkpoint of colorprep, as its first part says."""
    try:
        with ZipFile(path) as archive:
            (plain,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
            return CHECKPOINT_SCHEMA.partition("/")[0].encode() in archive.read(plain)
    except (OSError, RuntimeError, ValueError, EOFError, BadZipFile, zlib.error):
        return False


def is_finite(tensor: Tensor) -> bool:
    """Return whether all numbers are finite, in a tenth of the time of ``isfinite``."""
    return not tensor.numel() or all(bool(bound.isfinite()) for bound in tensor.aminmax())


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint, of schema 2 or of schema 1.

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
        _check_networks(content)
        model = _network(config, quantizer, content)
        training = _training(content)
    except KeyError as error:
        raise ArtifactError(f"{path} is damaged: it lacks {error}; {REMEDY}") from error
    except (
        ArtifactError, InputError, RuntimeError, ValueError, TypeError, AttributeError,
    ) as error:  # fmt: skip
        raise ArtifactError(f"{path} is damaged: {error}; {REMEDY}") from error
    return Checkpoint(model.eval(), config, progress, quantizer, training)


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
    return _upgraded(content) if schema.endswith("/1") else dict(content)


def _upgraded(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a checkpoint of schema 1 in the form of schema 2.

    Schema 1 has one network and one optimizer; ``model`` is the network to use, so with a moving
    average the trained network is in ``training`` only.
    """
    names = ("quantizer", "config", "progress")
    kept: dict[str, Any] = {name: content[name] for name in names if name in content}
    training = content.get("training")
    if training is None:
        return {**kept, "networks": {MAIN: content["model"]}} if "model" in content else kept
    return {
        **kept,
        "networks": {MAIN: training["model"]},
        "optimizers": {MAIN: training["optimizer"]},
        "average": training["average"],
        "step": training["step"],
        "order": training["order"],
    }


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
        if not is_finite(tensor):
            raise ValueError(f"{name} contains numbers that are not finite")


def _network(config: dict[str, Any], quantizer: Quantizer, content: dict[str, Any]) -> nn.Module:
    """Return the network to use: the moving average, if there is one."""
    sizes, settings = config.get("sizes"), config.get("settings", {})
    channels = channels_of(heads_of(config), quantizer, sizes)
    width, stride = config.get("width", 1.0), settings.get("stride", 1)
    model = make_model(config["model"], channels, None, width, sizes, stride)
    average = content.get("average")
    model.load_state_dict(content["networks"][MAIN] if average is None else average)
    return model


def _check_networks(content: dict[str, Any]) -> None:
    """Raise an error unless there are networks and all their numbers are finite."""
    for state in dict(content["networks"]).values():
        _check_finite(state)
    if content.get("average") is not None:
        _check_finite(content["average"])


def _training(content: dict[str, Any]) -> dict[str, Any] | None:
    """Return what training resumes from; None if the checkpoint has no such state.

    `trainer.Trainer.load_state_dict` checks whether its tensors fit the networks.
    """
    if "step" not in content:
        return None
    if int(content["step"]) < 0:
        raise ValueError(f"its step is {content['step']}")
    str(content["order"]), dict(content["optimizers"])
    return {name: content[name] for name in ("step", "networks", "optimizers", "average", "order")}


def heads_of(config: dict[str, Any]) -> tuple[str, ...]:
    """Return the heads of a trained network, by its configuration: one name, or a list."""
    outputs = config.get("outputs", "bins")
    return (outputs,) if isinstance(outputs, str) else tuple(map(str, outputs))
