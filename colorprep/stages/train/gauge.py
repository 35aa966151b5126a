"""What is measured in validation, beside the losses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ...metrics.segmentation import VOID
from ...training.judging.chroma import ChromaGauge
from ...training.judging.gauge import Gauge
from ...training.judging.segments import ClassGauge, SegmentGauge
from ...training.models.outputs import HEADS
from .inputs import TrainInputs


def gauge_of(inputs: TrainInputs) -> Callable[[], Gauge]:
    """Return what makes the gauge of a run's first head: of colors, segments, or classes."""
    main = inputs.objective.each()[0]
    head = main.kind.head
    if HEADS[head].gives_colors:
        return partial(
            ChromaGauge,
            inputs.labels.quantizer,
            head,
            inputs.preparation.stride,
            main.pixel_weights,
            len(inputs.held_out),
        )
    if head == "segments":
        return partial(SegmentGauge, head, head, inputs.spec.size("segments"), VOID)
    return ClassGauge
