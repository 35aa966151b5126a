"""Claims about the course of training: its steps, epochs, records and seeds."""

import pytest
import torch
from batches import made_up_batch
from steps import CPU, loss_of, objective_of, outputs_at, trainer_of

from colorprep import TrainingError, ab_lattice
from colorprep.training.data.curriculum import Curriculum, CurriculumStage
from colorprep.training.data.dataset import ShardDataset
from colorprep.training.fitting.course import Course
from colorprep.training.fitting.loop import selected, step_seed, validate
from colorprep.training.fitting.schedules import Schedule
from colorprep.training.losses.pixel_losses import LossOptions
from colorprep.training.losses.targets import drop_gray_images
from colorprep.training.losses.terms import make_term
from colorprep.training.models import make_model
from colorprep.training.processes import Process


def whole(batch):
    """Every image of a batch."""
    return batch


@pytest.fixture
def make_course(labels):
    """Makes a course on the labels of 40 photographs, in batches of 8."""

    def make(schedule=Schedule(3, None, 0.1), curriculum=None, **options):  # noqa: B008
        loader = ShardDataset(labels).loader(8, curriculum=curriculum)
        return Course(loader, None, schedule, whole, lambda batch, generator: batch, **options)

    return make


def test_positions_of_steps(make_course, labels):
    """Epochs may have different lengths; images are counted with repetitions."""
    easy = Curriculum((CurriculumStage(tuple(labels.keys[:12]), 2), CurriculumStage(None, 1)))
    course = make_course(curriculum=easy)
    assert course.total_steps == 2 + 2 + 5
    places = [course.position(step) for step in range(9)]
    assert places == [(0, 0), (0, 1), (1, 0), (1, 1), *[(2, at) for at in range(5)]]
    seen = [course.images_before(step) for step in (0, 1, 2, 3, 4, 9)]
    assert seen == [0, 8, 12, 20, 24, 64]


def test_steps_past_the_epochs(make_course):
    """--steps continues with further epochs, or ends within one."""
    long, short = (make_course(Schedule(3, steps, 0.1)) for steps in (21, 7))
    assert (long.total_steps, long.position(20)) == (21, (4, 0))
    assert (short.total_steps, short.position(6)) == (7, (1, 1))


def test_records(make_course):
    """There is a record every few steps, at the end of each epoch and at each validation."""
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


def test_the_rate_changes_with_the_epoch(make_course):
    """By epoch, all five steps of an epoch have (1 - epoch / epochs)^0.9 of the peak."""
    course = make_course(Schedule(3, None, 0.1, "poly", 0.0, by_epoch=True))
    expected = [0.1 * (1 - epoch / 3) ** 0.9 for epoch in range(3) for _ in range(5)]
    assert [course.learning_rate(step) for step in range(15)] == pytest.approx(expected)


def test_seeds_differ_by_step_and_process():
    """Seeds differ by run seed, process and step, and torch accepts them."""
    seeds = {step_seed(seed, rank, step) for seed in (0, 1) for rank in (0, 1) for step in (1, 11)}
    assert len(seeds) == 8
    for seed in seeds:
        torch.Generator().manual_seed(seed)


class Batches:
    """Batches like those of a loader."""

    def __init__(self, *batches):
        self.made = batches

    def batches(self, epoch):
        """Return them, in any epoch."""
        return self.made


def half_gray(n_gray):
    """Four images, the first ones gray."""
    batch = made_up_batch(313, n=4, side=8, stride=4)
    batch["ab"][:n_gray] = 0
    return batch


def test_empty_selections():
    """A batch without selected images gets one image that does not count."""
    made = list(selected([half_gray(1), half_gray(4), half_gray(0)], drop_gray_images, CPU))
    assert [len(batch["label"]) for batch in made] == [3, 1, 4]
    term = make_term("soft-ce", ab_lattice())
    assert [term.fraction(batch).item() for batch in made] == [1, 0, 1]


@pytest.mark.parametrize(("gray", "select"), [("mask", whole), ("drop", drop_gray_images)])
def test_validation_is_over_what_counts(gray, select):
    """The mean is over colorful images, however they are batched; without any, it is an error."""
    model = make_model("tiny", 313, seed=0).eval()
    torch.nn.init.normal_(model.score.weight, generator=torch.Generator().manual_seed(0))
    loss = loss_of("soft-ce", ab_lattice(), LossOptions(gray=gray))
    trainer = trainer_of(model, objective_of("soft-ce", ab_lattice(), LossOptions(gray=gray)))
    batches = half_gray(1), half_gray(4), half_gray(2)
    colorful = [drop_gray_images(batch) for batch in (batches[0], batches[2])]
    whole_batch = {name: torch.cat([each[name] for each in colorful]) for name in colorful[0]}
    shape = tuple(whole_batch["label"].shape[1:])
    with torch.no_grad():
        expected = loss(outputs_at(model, whole_batch["lightness"], shape), whole_batch).item()
    mean = validate(trainer, Batches(*batches), select, Process(CPU))["soft-ce"]
    assert mean == pytest.approx(expected, rel=1e-6) and mean > 1
    with pytest.raises(TrainingError, match="hold out others"):
        validate(trainer, Batches(half_gray(4)), select, Process(CPU))
