"""Claims about `train --dry-run` and the note at the start of a training."""

import json
import shutil
from dataclasses import replace

import pytest
import torch

from colorprep import InputError
from colorprep.progress import Reporter
from colorprep.stages.train.dry_run import forecast
from colorprep.stages.train.forecasting import Forecaster
from colorprep.stages.train.params import TrainParams
from colorprep.stages.train.stage import prepare, run
from colorprep.training.fitting.record import Meter
from colorprep.training.fitting.stopwatch import StepTimes, Stopwatch
from colorprep.training.processes import Process

TINY = {
    "model": "tiny", "batch_size": 2, "held_out": 0.2, "output": "runs/a", "device": "cpu"
}  # fmt: skip


def files_in(workspace):
    """All files with their content."""
    return {path: path.read_bytes() for path in workspace.root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def long_run(prepared):
    """A training of which only the cost is asked, and what makes its forecasts."""
    params = TrainParams.of(**TINY, epochs=7)
    process = Process(torch.device("cpu"))
    made = prepare(params, prepared, process, Reporter())
    return made.trainer, Forecaster(params, made.inputs, made.course, process, prepared.root, 0)


def test_a_dry_run_writes_nothing_and_knows_the_cost(ready, silent):
    """Steps, time, memory and disk; the checkpoints then have the size that was estimated."""
    before = files_in(ready)
    params = TrainParams.of(**TINY, epochs=1, ema=0.9)
    found = forecast(params, ready, silent)
    assert files_in(ready) == before and not (ready.root / "runs").exists()
    assert found.n_timed in range(3, 11) and 0 <= found.data_wait < 1
    assert found.seconds > found.n_steps * 2 / found.images_per_second  # with a validation
    assert found.memory > 50e6 and found.gpu_memory is None and found.free > 0
    result = run(params, ready, silent)
    assert result.records[-1].step == found.n_steps
    for name in ("last.pt", "best.pt"):
        assert 0 < (result.folder / name).stat().st_size - found.disk[name] < 60_000
    assert 0.2 < result.picture.stat().st_size / found.disk["samples"] < 1.5
    with pytest.raises(InputError, match="none is left"):
        forecast(params.replace(resume=True), ready, silent)


def test_the_note_appears_once_and_changes_nothing(ready, recorder):
    """A training says what it will take after its first steps; a resumed one what is left."""
    params = TrainParams.of(**TINY, steps=14, checkpoint_every=2)
    run(params, ready, recorder)
    (note,) = (note for note in recorder.notes if "memory: about" in note)
    assert note.startswith(("14 steps: about ", "14 steps: under 1 s"))
    assert "images/s (measured on " in note
    for fact in ("waiting for data: ", "disk: about ", " free"):
        assert fact in note
    recorder.notes.clear()
    left = forecast(params.replace(resume=True, steps=30), ready, recorder)
    assert left.n_steps == 16


def test_time_and_pictures_are_counted_for_all_that_is_left(long_run):
    """The steps and validations of seven epochs, or of the three last ones."""
    trainer, forecaster = long_run
    times = StepTimes(n_steps=4, n_images=8, seconds=2.0, waited=0.1)
    n_steps = forecaster.course.total_steps
    whole = forecaster.forecast(trainer, times, 10.0)
    assert whole.seconds == pytest.approx(0.5 * n_steps + 7 * 10) and whole.data_wait == 0.05
    assert whole.n_steps == n_steps and whole.images_per_second == 4 and whole.advice == []
    rest = replace(forecaster, begun=n_steps * 4 // 7).forecast(trainer, times, 10.0)
    assert rest.seconds == pytest.approx(0.5 * n_steps * 3 / 7 + 3 * 10)
    assert rest.disk["samples"] * 7 == whole.disk["samples"] * 3


@pytest.mark.parametrize(
    ("options", "times", "advice"),
    [
        ({}, StepTimes(4, 8, 2.0, 1.0), []),
        (
            {},
            StepTimes(4, 8, 4000.0, 1000.0),
            ["faster with labels on a faster disk", "shorter with fewer --epochs"],
        ),
        (
            {"model": "unet"},
            StepTimes(4, 8, 4000.0, 0.0),
            ["faster with --model small", "shorter with fewer --epochs"],
        ),
    ],
)
def test_advice_is_given_where_it_helps(long_run, options, times, advice):
    """Only to long trainings: those that wait for data, or have a large network on a CPU."""
    trainer, forecaster = long_run
    changed = replace(forecaster, params=forecaster.params.replace(**options))
    found = changed.forecast(trainer, times, 0.0).advice
    assert len(found) == len(advice)
    assert all(line.startswith(start) for line, start in zip(found, advice, strict=True))


def test_steps_are_timed_without_records(monkeypatch):
    """The first step does not count, nor does what happens between two records."""
    clock = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    watch, meter = Stopwatch(torch.device("cpu")), Meter()
    for seconds in (30.0, 0.6, 0.8, 0.7):
        assert not watch.is_done
        clock[0] += seconds
        meter.n_images.append(2)
        watch.add(meter)
        if seconds == 0.6:
            clock[0] += 100.0  # a record
            meter.clear()
    assert watch.is_done and watch.times == (3, 6, pytest.approx(2.1), 0.0)


def test_one_slow_step_is_enough(monkeypatch):
    """A step of a minute is not repeated, but the first one does not count: it may compile."""
    clock = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    watch, meter = Stopwatch(torch.device("cpu")), Meter()
    for seconds in (90.0, 60.0):
        assert not watch.is_done
        clock[0] += seconds
        meter.n_images.append(2)
        watch.add(meter)
    assert watch.is_done and watch.times == (1, 2, 60.0, 0.0)


def test_the_command_prints_every_fact(colorprep, prepared, tmp_path):
    """In lines of text, or as JSON; no run is left."""
    shutil.copytree(prepared.root, tmp_path, dirs_exist_ok=True)
    words = "train --dry-run --model tiny --batch-size 2 --steps 20 --device cpu".split()
    lines = colorprep(*words).stdout.splitlines()
    starts = ["20 steps: ", "waiting for data:", "memory: about", "disk: about"]
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True))
    facts = json.loads(colorprep(*words, "--json").stdout)
    assert facts["n_steps"] == 20 and facts["disk"].keys() == {"last.pt", "best.pt", "samples"}
    assert not (tmp_path / "runs").exists()
