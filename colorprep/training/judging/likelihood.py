"""The likelihood of a photograph's own colors under a network."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from ...errors import InputError
from ...images.decoding import Pixels
from ...images.resizing import middle_square, resize
from ...quantize.labeling import Labeler
from ...quantize.tables import soft_table
from ..checkpoint import Checkpoint
from ..losses.targets import cells_of
from ..models import run_network
from ..models.outputs import HEADS
from ..prediction import UNCONDITIONED, Conditions, photograph_batch


class Likelihood(NamedTuple):
    """Negative log-likelihoods in nats per pixel; ln Q for uniform predictions.

    Attributes
    ----------
    nll : float
        Cross-entropy with the soft label of each pixel, as in training, without weights.
    nll_hard : float
        -log p of each pixel's bin.
    """

    nll: float
    nll_hard: float


class LikelihoodJudge:
    """Measures the likelihood of photographs' colors; can be shared by threads.

    Parameters
    ----------
    checkpoint : Checkpoint
        With its model on `device`.

    Raises
    ------
    InputError
        If the network predicts colors, not a distribution over bins.
    """

    def __init__(self, checkpoint: Checkpoint, device: torch.device) -> None:
        settings = checkpoint.settings
        logits_of = HEADS[checkpoint.head].logits
        if logits_of is None:
            raise InputError("a network that was trained for regression has no likelihoods")
        self._logits_of = logits_of
        self._quantizer = checkpoint.quantizer
        self._model = checkpoint.model
        self._head, self._channels = checkpoint.head, checkpoint.channels
        self._device = device
        self._size: int = settings["size"]
        self._crops = settings.get("fit") == "crop"
        self._labeler = Labeler(checkpoint.quantizer, settings["stride"], settings.get("lowpass"))
        self._soft = soft_table(checkpoint.quantizer)

    @torch.no_grad()
    def __call__(self, pixels: Pixels, conditions: Conditions = UNCONDITIONED) -> Likelihood:
        """Measure a photograph (H, W, 3) uint8, resized and labeled as in training."""
        small = resize(middle_square(pixels) if self._crops else pixels, self._size)
        batch = photograph_batch(small, self._size, self._device, conditions)
        buffers = self._labeler.buffers(1, self._size)
        small.flags.writeable = False
        self._labeler.label_into(small, buffers, 0)
        labels = buffers["label"][0]
        height, width = labels.shape
        heads = run_network(self._model, batch, self._channels, (height, width))
        logits = self._logits_of(heads[self._head].double(), self._quantizer)[0]
        log_probs = torch.log_softmax(logits, dim=0).flatten(1).T.cpu().numpy()
        colors = "hc" if "hc" in buffers else "ab"
        cells = (
            cells_of({colors: torch.from_numpy(buffers[colors])}, self._quantizer.space)
            .numpy()
            .ravel()
        )
        chosen = np.take_along_axis(log_probs, self._soft.bins[cells].astype(np.intp), axis=1)
        hard = np.take_along_axis(log_probs, labels.reshape(-1, 1).astype(np.intp), axis=1)
        return Likelihood(
            -float((self._soft.weights[cells] * chosen).sum(axis=1).mean()), -float(hard.mean())
        )
