"""Claims about the likelihood of a photograph's colors."""

import numpy as np
import pytest
import torch
from torch import nn

from colorprep import InputError, QuantizerSpec, make_quantizer, rgb_to_lab
from colorprep.images.resizing import resize
from colorprep.training.checkpoint import Checkpoint
from colorprep.training.judging.likelihood import LikelihoodJudge

CPU = torch.device("cpu")


class Constant(nn.Module):
    """Returns the same logits everywhere, at a quarter of the resolution."""

    def __init__(self, logits):
        super().__init__()
        self.logits = torch.as_tensor(logits, dtype=torch.float32)

    def forward(self, lightness):
        """Return the logits, (B, Q, H / 4, W / 4)."""
        batch, _, height, width = lightness.shape
        return self.logits[None, :, None, None].expand(batch, -1, height // 4, width // 4)


def judge_of(quantizer, logits, outputs="bins"):
    """A judge with a network that returns these logits."""
    config = {"settings": {"size": 32, "stride": 4}, "outputs": outputs}
    return LikelihoodJudge(Checkpoint(Constant(logits), config, {}, quantizer), CPU)


@pytest.fixture
def photograph():
    """A colorful gradient."""
    rows, columns = np.mgrid[0:50, 0:70]
    return np.stack([rows * 5, columns * 3, 250 - rows * 4], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("name", ["ab313", "ab529", "hc-1d", "hc-grid"])
def test_uniform_predictions(photograph, name):
    """Equal logits give ln Q nats per pixel, soft or hard, for any quantizer."""
    quantizer = make_quantizer(QuantizerSpec(name))
    n_bins = len(quantizer.centers)
    found = judge_of(quantizer, np.zeros(n_bins))(photograph)
    assert found.nll == pytest.approx(np.log(n_bins), rel=1e-6)
    assert found.nll_hard == pytest.approx(np.log(n_bins), rel=1e-6)


def test_it_is_the_cross_entropy(photograph):
    """It equals -sum t log p with targets encoded from the pixels' cells by the quantizer."""
    quantizer = make_quantizer(QuantizerSpec("ab313"))
    logits = np.random.default_rng(0).normal(size=313)
    found = judge_of(quantizer, logits)(photograph)
    log_probs = logits - np.log(np.exp(logits).sum())
    ab = rgb_to_lab(resize(photograph, 32)[::4, ::4])[..., 1:]
    targets = quantizer.encode_soft(np.floor(ab) + 0.5).dense(313)
    assert found.nll == pytest.approx(-(targets * log_probs).sum(axis=-1).mean(), rel=1e-5)
    assert found.nll_hard == pytest.approx(-log_probs[quantizer.encode(ab)].mean(), rel=1e-5)


def test_the_channel_for_ignored_pixels_is_left_out(photograph):
    """The value of the additional channel does not matter."""
    quantizer = make_quantizer(QuantizerSpec("ab313"))
    logits = np.random.default_rng(0).normal(size=314)
    found = judge_of(quantizer, logits, "bins-and-ignored")(photograph)
    assert found == pytest.approx(judge_of(quantizer, logits[:313])(photograph), rel=1e-6)


def test_hue_and_chroma_are_judged_together(photograph):
    """Separate logits give the sum of two cross-entropies, which is that of the joint bin."""
    quantizer = make_quantizer(QuantizerSpec("hc-1d", 8))
    hue, chroma = np.random.default_rng(0).normal(size=(2, 8))
    found = judge_of(quantizer, np.concatenate([hue, chroma]), "hue-and-chroma")(photograph)
    joint = (chroma[:, None] + hue).ravel()
    assert found == pytest.approx(judge_of(quantizer, joint)(photograph), rel=1e-5)


def test_regression_has_no_likelihoods():
    """A network that predicts colors has no probabilities."""
    with pytest.raises(InputError, match="regression has no likelihoods"):
        judge_of(make_quantizer(QuantizerSpec("ab313")), np.zeros(2), "ab")
