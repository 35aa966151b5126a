"""Claims about the errors of a network's pictures."""

import numpy as np
import pytest
import torch
from torch import nn

from colorprep import InputError, ab_lattice
from colorprep.metrics.pictures import error_table, picture_errors
from colorprep.rendering import LabelGrid, recolor
from colorprep.training.data.dataset import ShardDataset
from colorprep.training.judging import pictures
from colorprep.training.judging.pictures import judge_pictures

CPU = torch.device("cpu")


class Original(nn.Module):
    """A generator that returns the original, a few levels too dark."""

    takes = ("rgb",)

    def forward(self, rgb):
        """Return RGB from -1 to 1."""
        return rgb - 10.0 / 127.5


class Labels(nn.Module):
    """A network that knows the ab of the labels, or paints gray."""

    takes = ("ab",)

    def __init__(self, gain):
        super().__init__()
        self.gain = gain

    def forward(self, ab):
        """Return ab in units of 110."""
        return self.gain * (ab.movedim(-1, 1) + 0.5) / 110.0


@pytest.fixture(scope="module")
def images(make_labels):
    """Five photographs with their pixels."""
    labels = ShardDataset(make_labels(keep="rgb")).labels
    return ShardDataset(labels, labels.keys[::8])


def test_a_generators_picture_is_its_output(images, monkeypatch):
    """It is compared as it is, in batches; ten levels are 10 / 255, less where black ends."""
    monkeypatch.setattr(pictures, "BATCH_SIZE", 2)
    judged = judge_pictures(Original(), {"rgb": 3}, ab_lattice(), images, CPU)
    originals = images.batch(range(5))["rgb"].numpy()
    expected = [np.minimum(original, 10).mean() / 255 for original in originals]
    assert [errors.mae for errors in judged.network] == pytest.approx(expected)
    assert judged.keys == images.keys and len(judged.gray) == 5


def test_colors_are_put_on_the_lightness(images):
    """Predicted ab makes a picture as everywhere; without color it is the gray picture."""
    colored, gray = (
        judge_pictures(Labels(gain), {"ab": 2}, ab_lattice(), images, CPU) for gain in (1.0, 0.0)
    )
    batch = images.batch(range(5))
    for i, original in enumerate(batch["rgb"].numpy()):
        picture = recolor(original, batch["ab"][i].numpy() + 0.5, ab_lattice(), LabelGrid(32, 4))
        assert colored.network[i] == pytest.approx(picture_errors(picture, original), rel=1e-4)
    assert gray.network == gray.gray == colored.gray
    means = colored.means("perfect")
    assert means["perfect"]["mse_ab"].mean < means["gray"]["mse_ab"].mean
    assert [line.split()[0] for line in error_table(means)[1:]] == ["perfect", "gray"]


def test_labels_without_pixels_are_refused(labels):
    """The message has the command that makes them."""
    with pytest.raises(InputError, match="labels --keep rgb"):
        judge_pictures(Labels(1.0), {"ab": 2}, ab_lattice(), ShardDataset(labels), CPU)
