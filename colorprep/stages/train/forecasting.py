"""What a training is likely to take: time, memory, disk, and what would need less of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...progress import Reporter
from ...report.numbers import about_duration, byte_size, quantity, short
from ...runs import BEST, LAST
from ...training.devices import DeviceMemory, device_memory
from ...training.fitting.course import Course
from ...training.fitting.record import Meter
from ...training.fitting.stopwatch import StepTimes, Stopwatch
from ...training.fitting.trainer import Trainer
from ...training.processes import Process
from ..resources import free_space, peak_memory, total_memory
from .inputs import TrainInputs
from .params import TrainParams

FORWARD = 1 / 3  # of the time of a step, whose backward pass takes about twice as long
SAMPLES_BYTES = 2_500_000  # a picture of nine images
LONG = 600  # seconds, from which on there is advice to shorten a training
MUCH_WAITING = 0.2  # of the time
NEARLY_ALL = 0.8  # of the memory
LARGE_SIDE = 128  # pixels
QUICK_MODELS = ("small", "tiny")


@dataclass(frozen=True)
class Forecast:
    """What a training is likely to take from its first step on, or from where it resumes.

    Attributes
    ----------
    seconds : float
        Of all `n_steps` and the validations, without writing.
    n_timed : int
        Steps that it was measured on.
    images_per_second : float
        Of all processes together.
    data_wait : float
        Fraction of the time spent waiting for data.
    memory : int
        Peak of this process so far, in bytes, with the pages of labels that the system may take
        back.
    gpu_memory : int or None
        Peak on its GPU.
    disk : dict of str to int
        Bytes of the checkpoints and of all samples.
    free : int
        Free bytes on the disk of the run.
    advice : list of str
        What would shorten a long training, or make it fit.
    """

    n_steps: int
    seconds: float
    n_timed: int
    images_per_second: float
    data_wait: float
    memory: int
    gpu_memory: int | None
    disk: dict[str, int]
    free: int
    advice: list[str]

    def lines(self) -> list[str]:
        """Describe it, in a line for each fact."""
        gpu = "" if self.gpu_memory is None else f", and {byte_size(self.gpu_memory)} on the GPU"
        return [
            f"{quantity(self.n_steps, 'step')}: {about_duration(self.seconds)} at "
            f"{short(self.images_per_second)} images/s (measured on {self.n_timed})",
            f"waiting for data: {self.data_wait:.0%} of the time",
            f"memory: about {byte_size(self.memory)}{gpu}",
            f"disk: about {byte_size(sum(self.disk.values()))}, of which samples "
            f"{byte_size(self.disk['samples'])}; {byte_size(self.free)} free",
            *self.advice,
        ]


@dataclass(frozen=True)
class Forecaster:
    """Makes forecasts of a training.

    Attributes
    ----------
    folder : Path
        Of the run; it need not exist yet.
    begun : int
        Steps taken before.
    """

    params: TrainParams
    inputs: TrainInputs
    course: Course
    process: Process
    folder: Path
    begun: int

    def forecast(self, trainer: Trainer, times: StepTimes, validation_seconds: float) -> Forecast:
        """Make a forecast from the times of some steps and of a validation."""
        course = self.course
        n_steps, n_validated = course.total_steps - self.begun, course.n_validated(self.begun)
        seconds = n_steps * times.seconds / times.n_steps + n_validated * validation_seconds
        on_gpu = device_memory(self.process.device)
        disk = {
            LAST: _n_bytes(trainer.state_dict()),
            BEST: _n_bytes(trainer.averaged.state_dict()),
            "samples": n_validated * SAMPLES_BYTES,
        }
        memory, free = peak_memory(), free_space(self.folder)
        waited = times.waited / times.seconds
        advice = [
            *self._shorter(seconds, waited),
            *self._smaller(memory, on_gpu, sum(disk.values()) > free),
        ]
        return Forecast(
            n_steps,
            seconds,
            times.n_steps,
            times.n_images * self.process.world_size / times.seconds,
            waited,
            memory,
            None if on_gpu is None else on_gpu.peak,
            disk,
            free,
            advice,
        )

    def note_once(self, trainer: Trainer, reporter: Reporter) -> Callable[[Meter], None]:
        """Return what times the first steps of a training, and then notes the forecast.

        No step and no validation is added to the training.
        """
        watch, images = Stopwatch(self.process.device), self.course.validation

        def after_step(meter: Meter) -> None:
            if watch.is_done:
                return
            watch.add(meter)
            if watch.is_done and trainer.step < self.course.total_steps:
                times = watch.times
                forward = FORWARD * (times.seconds - times.waited) / times.n_steps
                validation = 0.0 if images is None else forward * images.n_batches(0)
                reporter.note("; ".join(self.forecast(trainer, times, validation).lines()))

        return after_step

    def _shorter(self, seconds: float, waited: float) -> Iterator[str]:
        """Yield what would shorten a long training."""
        if seconds < LONG:
            return
        if waited > MUCH_WAITING:
            compression = self.inputs.labels.manifest["settings"].get("compression", "none")
            faster = "on a faster disk" if compression == "none" else "made without --compression"
            yield f"faster with labels {faster}"
        model, machine = self.params.network.model, self.params.machine
        if self.process.device.type == "cpu" and model not in QUICK_MODELS:
            yield "faster with --model small, which is for a CPU, or on a GPU"
        if self.process.device.type == "cuda" and not machine.amp:
            yield "faster with --amp"
        if self.inputs.preparation.side >= LARGE_SIDE:
            yield "faster with --crop: half the side takes about a quarter of the time"
        length = "--steps" if self.params.pace.steps else "--epochs or --max-images"
        yield f"shorter with fewer {length}, in proportion"

    def _smaller(self, memory: int, on_gpu: DeviceMemory | None, is_full: bool) -> Iterator[str]:
        """Yield what would make the training fit."""
        peak, total = on_gpu or (memory, total_memory())
        if peak > NEARLY_ALL * total:
            n_parts = 2 * self.params.pace.accumulate
            yield f"memory is nearly full: --accumulate {n_parts} computes batches in smaller parts"
        if is_full:
            yield "not enough free space: a larger --validate-every writes fewer samples"


def _n_bytes(state: Any) -> int:
    """Return the bytes of all tensors in a state."""
    if isinstance(state, Mapping):
        return sum(map(_n_bytes, state.values()))
    if isinstance(state, Sequence) and not isinstance(state, str):
        return sum(map(_n_bytes, state))
    return int(getattr(state, "nbytes", 0))
