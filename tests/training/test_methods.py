"""Claims about methods: sums of terms, several networks, frozen parts, accumulation."""

import math
from copy import deepcopy

import pytest
import torch
from batches import made_up_batch
from steps import CPU, loss_of, objective_of, outputs_at, trainer_of
from torch import nn

from colorprep import InputError, ab_lattice
from colorprep.training.data.epoch_order import EpochOrder
from colorprep.training.fitting.course import Course
from colorprep.training.fitting.freezing import freeze
from colorprep.training.fitting.loop import fit
from colorprep.training.fitting.methods import Method
from colorprep.training.fitting.schedules import Schedule
from colorprep.training.fitting.trainer import Trainer
from colorprep.training.losses.terms import Objective, make_term, total
from colorprep.training.models import make_model, run_network
from colorprep.training.models.outputs import split_heads
from colorprep.training.options import MachineOptions, PaceOptions
from colorprep.training.processes import Process


def two_terms():
    """Soft cross-entropy of bins, and a tenth of the absolute error of ab."""
    quantizer = ab_lattice()
    terms = [make_term("soft-ce", quantizer), make_term("l1", quantizer, scale=0.1)]
    return Objective(terms, quantizer)


def moved(model, before):
    """Which parameters have changed, by name."""
    return {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}


def copied(model):
    """A copy of all parameters and buffers."""
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


class Batches:
    """A loader of one batch."""

    order = EpochOrder()
    images_per_step = 2

    def __init__(self, batch=None):
        self.batch = batch or made_up_batch(313, side=8, stride=4)

    def batches(self, epoch, start=0):
        """Yield the batch."""
        yield self.batch

    def n_batches(self, epoch):
        """Return 1."""
        return 1

    def n_images(self, epoch):
        """Return the number of images in the batch."""
        return 2


def test_an_objective_is_the_scaled_sum_of_its_terms():
    """One tensor is split into heads; the loss is the sum of the heads' losses times scales."""
    objective, batch = two_terms(), made_up_batch(313)
    assert objective.channels == {"bins": 313, "ab": 2}
    outputs = torch.randn(2, 315, 6, 6, generator=torch.Generator().manual_seed(0))
    losses = objective(split_heads(outputs, objective.channels), batch)
    separate = loss_of("soft-ce", ab_lattice()), loss_of("l1", ab_lattice())
    values = separate[0](outputs[:, :313], batch), separate[1](outputs[:, 313:], batch)
    assert [measured.value for measured in losses.values()] == list(values)
    torch.testing.assert_close(total(losses), values[0] + 0.1 * values[1])


def test_each_term_is_logged():
    """The log has the sum, and each term in its own unit; a single term has the loss alone."""
    reported = two_terms().reported({"soft-ce": 5.0, "l1": 20.0})
    assert reported == {"loss": pytest.approx(7.0), "soft-ce": 5.0, "l1": 20.0}
    assert objective_of("l2", ab_lattice()).reported({"l2": 9.0}) == {"loss": 3.0}


def test_terms_of_the_same_name_are_refused():
    """Terms of the same name, which the log could not distinguish, are refused."""
    term = make_term("l1", ab_lattice())
    with pytest.raises(InputError, match="same name: l1, l1"):
        Objective([term, term], ab_lattice())


class TwoHeads(nn.Module):
    """Returns a mapping of heads, at different resolutions."""

    def __init__(self):
        super().__init__()
        self.bins = nn.Conv2d(1, 313, 3, 4, 1)
        self.ab = nn.Conv2d(1, 2, 1)

    def forward(self, lightness):
        """Return bins at a quarter of the resolution, and ab at the full one."""
        return {"bins": self.bins(lightness), "ab": self.ab(lightness)}


def test_a_network_may_return_its_heads():
    """Heads are resampled to the labels' resolution, and a step changes all parameters."""
    model, batch = TwoHeads(), made_up_batch(313, side=8, stride=4)
    before = copied(model)
    trainer = trainer_of(model, two_terms(), optimizer="sgd")
    losses = trainer.take_step(batch, 0.1)
    assert set(losses) == {"soft-ce", "l1"} and trainer.step == 1
    assert moved(model, before) == {name for name, _ in model.named_parameters()}
    _, heads = trainer.validate(batch)
    assert heads["bins"].shape[2:] == heads["ab"].shape[2:] == batch["label"].shape[1:]


class Critic(nn.Conv2d):
    """Scores colors."""

    takes = ("colors",)


class Alternating(Method):
    """Two networks; the second learns from the first one's outputs, which it must not change."""

    def __init__(self):
        colorizer, critic = make_model("tiny", 2, seed=0), Critic(2, 1, 1)
        nn.init.normal_(colorizer.score.weight, generator=torch.Generator().manual_seed(0))
        super().__init__(
            {"colorizer": colorizer, "critic": critic}, objective_of("l1", ab_lattice())
        )

    def channels(self, name):
        """A score from the critic, ab from the colorizer."""
        return {"score": 1} if name == "critic" else super().channels(name)

    def step(self, run, batch, learn):
        """Let the critic learn through the colorizer's outputs, then the colorizer."""
        heads = run("colorizer", batch)
        losses = self.objective(heads, batch)
        scores = run("critic", {**batch, "colors": heads["ab"]})["score"]
        critic = losses["l1"]._replace(value=scores.square().mean())
        learn("critic", {"critic": critic})
        learn("colorizer", self.objective(run("colorizer", batch), batch))
        return {**losses, "critic": critic}


def test_networks_learn_separately():
    """Learning of one network changes neither gradients nor parameters of the other."""
    batch, alone = made_up_batch(313, side=8, stride=4), Alternating()
    trainer = Trainer(alone, PaceOptions(optimizer="sgd"), MachineOptions(), CPU)
    before = copied(alone)
    trainer.take_step(batch, 0.01)
    names = {name for name, _ in alone.named_parameters()}
    assert moved(alone, before) == names
    model = make_model("tiny", 2, seed=0)
    nn.init.normal_(model.score.weight, generator=torch.Generator().manual_seed(0))
    trainer_of(model, objective_of("l1", ab_lattice()), optimizer="sgd").take_step(batch, 0.01)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, alone.network.state_dict()[name]), name


def test_all_losses_of_a_method_are_logged():
    """What a step returns beside the terms is in the log of training; validation has the terms."""
    schedule = Schedule(1, None, 0.01)
    course = Course(Batches(), Batches(), schedule, lambda b: b, lambda b, generator: b)
    trainer = Trainer(Alternating(), PaceOptions(optimizer="sgd"), MachineOptions(), CPU)
    (record,) = fit(trainer, course, Process(CPU), lambda n, text: None)
    figures = dict(record.figures)
    assert figures["train_critic"] > 0 and math.isfinite(figures["val_loss"])
    assert not {"val_critic", "train_l1"} & set(figures)


def test_a_network_learns_once_in_a_step():
    """A second call would add to the gradients of the first."""

    class Twice(Alternating):
        def step(self, run, batch, learn):
            for _ in range(2):
                learn("colorizer", self.objective(run("colorizer", batch), batch))

    trainer = Trainer(Twice(), PaceOptions(), MachineOptions(), CPU)
    with pytest.raises(RuntimeError, match="once for each network; twice for colorizer"):
        trainer.take_step(made_up_batch(313, side=8, stride=4), 0.01)


def test_a_wrapped_network_is_fed_as_itself(tmp_path):
    """With several processes, the wrapper that averages gradients takes what its network takes."""
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path}/group", rank=0, world_size=1
    )
    try:
        wrapped = Process(CPU, 0, 2).data_parallel(Critic(2, 1, 1))
        lightness = torch.zeros(1, 4, 4, dtype=torch.uint8)
        batch = {"colors": torch.ones(1, 2, 4, 4), "lightness": lightness}
        heads = run_network(wrapped, batch, {"score": 1}, (4, 4))
        del wrapped  # freed after the group, it can wait forever
    finally:
        torch.distributed.destroy_process_group()
    assert heads["score"].shape == (1, 1, 4, 4)


def test_several_networks_resume_exactly():
    """All networks and optimizers resume: two more steps give the same bits."""
    batch = made_up_batch(313, side=8, stride=4)
    trainers = [Trainer(Alternating(), PaceOptions(ema=0.9), MachineOptions(), CPU) for _ in "ab"]
    trainers[0].take_step(batch, 0.01)
    state = deepcopy(trainers[0].state_dict())
    assert set(state["networks"]) == set(state["optimizers"]) == {"colorizer", "critic"}
    trainers[1].load_state_dict(state)
    for trainer in trainers:
        trainer.take_step(batch, 0.01)
    first, second = (trainer.method.state_dict() for trainer in trainers)
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("n_parts", [2, 3, 8])
def test_parts_of_a_batch_add_up(n_parts):
    """A batch computed in parts gives the step of the whole, even if parts differ in size."""
    batch = made_up_batch(313, n=4, side=8, stride=4)
    results = []
    for accumulate in (1, n_parts):
        model = make_model("tiny", 313, seed=0)
        nn.init.normal_(model.score.weight, generator=torch.Generator().manual_seed(0))
        objective = objective_of("soft-ce", ab_lattice())
        trainer = trainer_of(model, objective, optimizer="sgd", accumulate=accumulate, clip=0.5)
        losses = trainer.take_step(batch, 0.5)
        results.append((losses["soft-ce"].value, copied(model)))
    (whole, expected), (value, found) = results
    torch.testing.assert_close(value, whole)
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], rtol=1e-4, atol=1e-6)


def test_parts_are_large_enough_for_batch_norm():
    """If batch norm needs two images, a batch of three is one part, and one of four is two."""
    seen = []
    objective = objective_of("kl", ab_lattice())
    for n_images in (3, 4):
        model = make_model("tiny", 313, seed=0)
        model.register_forward_pre_hook(lambda layer, inputs: seen.append(len(inputs[0])))
        trainer = trainer_of(model, objective, accumulate=8, fewest=2)
        trainer.take_step(made_up_batch(313, n=n_images, side=8, stride=4), 0.01)
    assert seen == [3, 2, 2]


def test_frozen_parts_stay():
    """Frozen layers keep parameters and batch norm statistics bit for bit; the others change."""
    model, batch = make_model("small", 313, seed=0, width=0.1), made_up_batch(313, side=32)
    batch["label"] = batch["label"][:, ::4, ::4]
    batch["ab"] = batch["ab"][:, ::4, ::4]
    frozen = ("to_half", "to_quarter")
    trainer = trainer_of(model, objective_of("kl", ab_lattice()), frozen=frozen)
    before = copied(model)
    schedule = Schedule(2, None, 0.01)
    course = Course(Batches(batch), None, schedule, lambda b: b, lambda b, generator: b)
    assert len(list(fit(trainer, course, Process(CPU), lambda n, text: None))) == 2
    changed = {name for name, t in model.state_dict().items() if not torch.equal(t, before[name])}
    assert not any(name.startswith(frozen) for name in changed)
    assert any("to_eighth" in name and "running_mean" in name for name in changed)
    assert any("logits" in name for name in changed)


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        (("nothing",), "'nothing' in its name.*begin with body, score"),
        (("",), "all parameters are frozen"),
    ],
)
def test_freezing_nothing_or_everything_is_refused(patterns, message):
    """A pattern without effect is an error, and so is a network that cannot learn."""
    with pytest.raises(InputError, match=message):
        freeze(make_model("tiny", 5), patterns)


def test_mixed_precision_keeps_losses_and_parameters_float32():
    """Only the network computes in bfloat16."""
    model = make_model("tiny", 313, seed=0)
    trainer = trainer_of(model, objective_of("soft-ce", ab_lattice()), amp=True)
    batch = made_up_batch(313, side=8, stride=4)
    value = trainer.take_step(batch, 0.01)["soft-ce"].value
    assert value.dtype == torch.float32 and math.isfinite(value.item())
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert outputs_at(model, batch["lightness"], (2, 2)).dtype == torch.float32
