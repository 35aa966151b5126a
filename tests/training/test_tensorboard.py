"""Claims about the events for TensorBoard: its own reader finds what was written."""

import io
import math

import numpy as np
import pytest
from PIL import Image

from colorprep.training.fitting.record import Record
from colorprep.training.fitting.tensorboard import Events

pytest.importorskip("tensorboard")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Events of two records, of which the second was written again after resuming at step 50."""
    folder = tmp_path_factory.mktemp("run")
    figures = {"train_loss": 2.5, "train_critic_fake": 0.25, "val_mean_iou": math.nan}
    picture = np.random.default_rng(0).integers(0, 256, (12, 20, 3), np.uint8)
    first = Events(folder, 0)
    for step, iou in ((50, math.nan), (100, 0.5)):
        first.write(Record(1, step, 8 * step, figures | {"val_mean_iou": iou}))
        first.show(picture, step)
    resumed = Events(folder, 50)
    resumed.write(Record(1, 100, 800, figures | {"val_mean_iou": 0.75}))
    resumed.show(picture, 100)
    return folder, picture


def test_events_are_read_back(written):
    """Every figure that has a value is a scalar; samples are pictures, without loss."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder, picture = written
    read = EventAccumulator(str(folder / "tensorboard")).Reload()
    scalars = {
        title: [(event.step, event.value) for event in read.Scalars(title)]
        for title in read.Tags()["scalars"]
    }
    assert scalars == {
        "loss/training": [(50, 2.5), (100, 2.5)],
        "critic_fake/training": [(50, 0.25), (100, 0.25)],
        "mean_iou/validation": [(100, 0.75)],
    }
    shown = read.Images("samples")
    assert [event.step for event in shown] == [50, 100]
    for event in shown:
        np.testing.assert_array_equal(Image.open(io.BytesIO(event.encoded_image_string)), picture)
