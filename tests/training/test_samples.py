"""Claims about the samples of a training: for every head, pictures of what was asked and given."""

import numpy as np
import pytest
import torch
from torch import nn

from colorprep.quantize.ab import ab_lattice
from colorprep.rendering import LabelGrid, colorize, render
from colorprep.training.data.dataset import ShardDataset
from colorprep.training.models.outputs import decode_outputs
from colorprep.training.samples import captions_of, make_samples, target_colors

CPU = torch.device("cpu")
CREAM, MAROON = (224, 224, 192), (128, 0, 0)


class Same(nn.Module):
    """A network that returns a tensor of the batch, whatever it means."""

    takes = ("answer",)

    def forward(self, answer):
        """Return it."""
        return answer


class Answered(ShardDataset):
    """Images with segments, and with what `Same` is to answer."""

    def batch(self, indices, allocate=None):
        """Return a batch of which image 0 has void pixels, and the rest is of class 1."""
        batch = super().batch(indices, allocate)
        segments = torch.ones_like(batch["label"], dtype=torch.uint8)
        segments[0, :4] = 255
        return {**batch, "segments": segments, "answer": self.answer(batch)}


@pytest.fixture(scope="module")
def images(make_labels):
    """Three photographs with their pixels, of several classes."""
    dataset = Answered(make_labels(keep="rgb"))
    return Answered(dataset.labels, dataset.keys[::15])


def samples_of(images, channels, answer):
    """The samples if the network answers so."""
    images.answer = answer
    return make_samples(Same(), channels, ab_lattice(), images, CPU)


@pytest.mark.parametrize("head", ["ab", "bins"])
def test_colors(images, head):
    """Original, target and prediction have the same lightness, each with its own colors."""
    n = {"ab": 2, "bins": 313}[head]
    outputs = 3 * torch.randn(3, n, 8, 8, generator=torch.Generator().manual_seed(0))
    samples = samples_of(images, {head: n}, lambda batch: outputs)
    assert captions_of("bins") == ("original", "target", "gray", "prediction")
    batch, quantizer, grid = images.batch(range(3)), ab_lattice(), LabelGrid(32, 4)
    predicted = decode_outputs(head, outputs, quantizer)
    ab = batch["ab"].numpy() + 0.5
    targets = ab if head == "ab" else target_colors(quantizer, batch)
    for i, row in enumerate(samples.rows):
        lightness = batch["lightness"][i].numpy() / 2.55
        target, prediction = (
            colorize(lightness, each[i], quantizer, grid) for each in (targets, predicted)
        )
        gray = render(lightness, np.zeros((8, 8, 2)), grid)
        expected = [render(lightness, ab[i], grid), target, gray, prediction]
        np.testing.assert_array_equal(row, expected)


def test_generated_pictures(images):
    """A generator that returns the original shows it twice, beside the gray picture."""
    samples = samples_of(
        images, {"rgb": 3}, lambda batch: batch["rgb"].movedim(-1, 1) / 127.5 - 1.0
    )
    assert captions_of("rgb") == ("gray", "generated", "original")
    for gray, generated, original in samples.rows:
        np.testing.assert_array_equal(generated, original)
        assert np.ptp(gray, axis=2).max() <= 1 < np.ptp(original, axis=2).max()


def test_segments(images):
    """Segments are painted in VOC's colors over the pixels; void ones are cream."""
    logits = torch.zeros(3, 21, 8, 8)
    logits[:, 1, :, :2] = 1.0
    samples = samples_of(images, {"segments": 21}, lambda batch: logits)
    assert captions_of("segments") == ("gray", "target segments", "predicted segments")
    _, target, predicted = samples.rows[0]
    assert target.shape == predicted.shape == (32, 32, 3)
    assert (target[:16] == CREAM).all() and (target[16:] == MAROON).all()
    assert (predicted[:, :8] == MAROON).all() and not predicted[:, 8:].any()


def test_classes(images):
    """A classifier's samples name the true class and the predicted one."""
    samples = samples_of(images, {"classes": 10}, lambda batch: torch.eye(10)[[4, 4, 4]])
    names = images.labels.manifest["classes"]
    true = [names[index] for index in images.batch(range(3))["class_id"]]
    assert samples.notes == [f"{name}, predicted {names[4]}" for name in true]
    assert len(samples.rows) == 3 and captions_of("classes") == ("class",)
