"""Claims about accuracies in validation: they are those of all pixels, or images, that count."""

import numpy as np
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score

from colorprep.training.judging.segments import ClassGauge, SegmentGauge


@pytest.mark.parametrize(("head", "void"), [("segments", 255), ("bins-and-ignored", 65535)])
def test_segments_of_a_validation(head, void):
    """Batches and processes add up; void pixels, and the channel of ignored ones, do not count."""
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(5, 4, 6, 7, generator=generator)
    outputs[:, 3] = 9.0  # beyond the three classes
    target = torch.randint(0, 3, (5, 6, 7), generator=generator, dtype=torch.int32)
    target[:, :2] = void
    gauges = [SegmentGauge(head, "truth", 3, void) for _ in range(2)]
    for start, gauge in zip((0, 2, 4), [gauges[0], gauges[1], gauges[0]], strict=True):
        part = slice(start, start + 2)
        gauge.add(outputs[part], {"truth": target[part]})
    sums = np.add(*(gauge.sums() for gauge in gauges)).tolist()
    figures = gauges[0].figures(sums)
    predicted = outputs[:, :3].argmax(dim=1)[:, 2:].flatten()
    true = target[:, 2:].flatten()
    assert tuple(figures) == SegmentGauge.names
    assert figures["val_pixel_accuracy"] == (predicted == true).double().mean().item()
    assert figures["val_class_accuracy"] == pytest.approx(balanced_accuracy_score(true, predicted))
    assert 0 < figures["val_mean_iou"] < figures["val_pixel_accuracy"]


def test_classes_of_a_validation():
    """The share of images whose class is the most likely one; those without a class are not any."""
    gauge = ClassGauge()
    assert gauge.figures(gauge.sums()) == {}
    gauge.add(torch.eye(4), {"class_id": torch.tensor([0, 1, 3, -1], dtype=torch.int32)})
    gauge.add(torch.eye(4)[:1], {"class_id": torch.tensor([0], dtype=torch.int32)})
    assert gauge.figures(gauge.sums()) == {"val_accuracy": 0.75}


def test_nothing_that_counts_has_no_figures():
    """Where all pixels are void, the log has empty fields."""
    gauge = SegmentGauge("segments", "segments", 21, 255)
    void = torch.full((1, 4, 4), 255, dtype=torch.uint8)
    gauge.add(torch.zeros(1, 21, 4, 4), {"segments": void})
    assert gauge.figures(gauge.sums()) == {}
