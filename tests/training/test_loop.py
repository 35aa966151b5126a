"""Claims about the course of a training: its steps, epochs, records and chance."""

import pytest
import torch

from colorprep.training.dataset import ShardDataset
from colorprep.training.loop import Course, step_seed
from colorprep.training.schedules import Schedule
from colorprep.training.selection import Curriculum, CurriculumStage


@pytest.fixture
def make_course(labels):
    """Makes a course on the photographs' labels, 40 of them, in batches of 8."""

    def make(schedule=Schedule(3, None, 0.1), curriculum=None, **options):  # noqa: B008
        loader = ShardDataset(labels).loader(8, curriculum=curriculum)
        return Course(loader, None, schedule, lambda batch, generator: batch, **options)

    return make


def test_steps_have_their_place(make_course, labels):
    """Epochs of other lengths follow one another, and images are counted as they are seen."""
    easy = Curriculum((CurriculumStage(tuple(labels.keys[:12]), 2), CurriculumStage(None, 1)))
    course = make_course(curriculum=easy)
    assert course.total_steps == 2 + 2 + 5
    places = [course.position(step) for step in range(9)]
    assert places == [(0, 0), (0, 1), (1, 0), (1, 1), *[(2, at) for at in range(5)]]
    seen = [course.images_before(step) for step in (0, 1, 2, 3, 4, 9)]
    assert seen == [0, 8, 12, 20, 24, 64]


def test_steps_past_the_epochs(make_course):
    """--steps goes on with further epochs, or ends within one."""
    long, short = (make_course(Schedule(3, steps, 0.1)) for steps in (21, 7))
    assert (long.total_steps, long.position(20)) == (21, (4, 0))
    assert (short.total_steps, short.position(6)) == (7, (1, 1))


def test_records(make_course):
    """There is a record every few steps, at the end of an epoch and at each validation."""
    course = make_course(record_every=3)
    assert [step for step in range(1, 16) if course.is_recorded(step)] == [3, 5, 6, 9, 10, 12, 15]
    assert [step for step in range(1, 16) if course.is_validated(step)] == [5, 10, 15]
    course = make_course(record_every=50, validate_every=4)
    assert [step for step in range(1, 16) if course.is_validated(step)] == [4, 8, 12, 15]


def test_the_rate_falls_after_epochs(make_course):
    """--decay-after counts epochs of the training's own length."""
    course = make_course(Schedule(4, None, 1.0, "linear", 0.0, decay_after=2))
    rates = [course.learning_rate(step) for step in range(20)]
    assert rates[:11] == [1.0] * 11 and rates[11] < 1.0 and rates[19] == pytest.approx(0.1)


def test_chance_is_of_the_step_and_the_process():
    """Seeds differ by seed, process and step, and are ones that torch takes."""
    seeds = {step_seed(seed, rank, step) for seed in (0, 1) for rank in (0, 1) for step in (1, 11)}
    assert len(seeds) == 8
    for seed in seeds:
        torch.Generator().manual_seed(seed)
