"""Claims about optimizers and the learning rates of parts of a network."""

import pytest
import torch

from colorprep import InputError
from colorprep.training.fitting.optimizers import (
    OPTIMIZERS,
    make_optimizer,
    parameter_groups,
    set_learning_rate,
)
from colorprep.training.models import make_model
from colorprep.training.options import PaceOptions


def moves(model, multipliers):
    """The change of each parameter by one step of SGD at rate 1 with gradients of 1."""
    groups = parameter_groups(model, 1.0, multipliers)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    torch.optim.SGD(groups, lr=1.0).step()
    return {name: (before[name] - p).mean().item() for name, p in model.named_parameters()}


def test_multipliers_scale_steps():
    """For equal gradients the head moves 10 times as far as the trunk."""
    moved = moves(make_model("tiny", 5, seed=0), {"score": 10.0})
    expected = {name: 10.0 if "score" in name else 1.0 for name in moved}
    assert moved == pytest.approx(expected, rel=1e-5)


def test_the_first_pattern_decides():
    """If two patterns are in a name, the first one counts; 0 freezes."""
    moved = moves(make_model("tiny", 5, seed=0), {"body.0": 3.0, "body": 0.0})
    expected = {"body.0": 3.0, "body.2": 0.0, "score.": 1.0}
    assert moved == pytest.approx({name: expected[name[:6]] for name in moved}, rel=1e-5)


def test_every_parameter_is_in_one_group():
    """Groups have every parameter once, and are identified by their patterns."""
    model = make_model("fcn8s", 5, seed=0, width=1 / 64)
    groups = parameter_groups(model, 0.5, {"score_pool": 2.0, "fc": 0.1})
    held = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(held) == sorted(id(parameter) for parameter in model.parameters())
    assert {group["pattern"]: group["lr"] for group in groups} == {
        "score_pool": 1.0,
        "fc": 0.05,
        "": 0.5,
    }


def test_no_multipliers_make_one_group():
    """Without patterns, all parameters have the given learning rate."""
    (group,) = parameter_groups(make_model("tiny", 5), 0.5, {})
    assert group["lr"] == 0.5


@pytest.mark.parametrize("multipliers", [{"scores": 2.0}, {"body": 1.0, "body.0": 2.0}])
def test_patterns_without_effect_are_refused(multipliers):
    """A pattern that is the first for no parameter is an error that shows existing names."""
    with pytest.raises(InputError, match="matches no parameter first.*body, score"):
        parameter_groups(make_model("tiny", 5), 0.1, multipliers)


def test_negative_multipliers_are_refused():
    """A multiplier below 0 would increase the loss."""
    with pytest.raises(InputError, match="0 or more"):
        parameter_groups(make_model("tiny", 5), 0.1, {"score": -1.0})


REFERENCES = {
    "adamw": lambda p: torch.optim.AdamW(p, 0.1, (0.8, 0.99), weight_decay=0.3),
    "adam": lambda p: torch.optim.Adam(p, 0.1, (0.8, 0.99), weight_decay=0.3),
    "sgd": lambda p: torch.optim.SGD(p, 0.1, 0.9, weight_decay=0.3, nesterov=True),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_are_those_of_torch(name):
    """Three steps are those of torch's own optimizer with the same constants."""
    options = {"nesterov": True} if name == "sgd" else {"betas": (0.8, 0.99)}
    pace = PaceOptions(optimizer=name, weight_decay=0.3, **options)
    ours, theirs = make_model("tiny", 5, seed=0), make_model("tiny", 5, seed=0)
    optimizers = make_optimizer(ours, pace), REFERENCES[name](theirs.parameters())
    set_learning_rate(optimizers[0], 0.1)
    for step in range(3):
        for model, optimizer in zip((ours, theirs), optimizers, strict=True):
            for number, parameter in enumerate(model.parameters()):
                generator = torch.Generator().manual_seed(10 * step + number)
                parameter.grad = torch.randn(parameter.shape, generator=generator)
            optimizer.step()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other)


@pytest.mark.parametrize(("name", "expected"), [("adamw", 0.01), ("adam", 0.0), ("sgd", 0.0)])
def test_weight_decay_by_default(name, expected):
    """Only adamw decays weights by default."""
    optimizer = make_optimizer(make_model("tiny", 5), PaceOptions(optimizer=name))
    assert [group["weight_decay"] for group in optimizer.param_groups] == [expected]


def test_norms_and_biases_can_be_spared():
    """Without decay of norms, vectors are in separate groups, with their multipliers."""
    model = make_model("small", 5, width=0.1)
    pace = PaceOptions(decay_norms=False, multipliers=(("logits", 2.0),))
    groups = make_optimizer(model, pace).param_groups
    for group in groups:
        assert {parameter.ndim < 2 for parameter in group["params"]} == {not group["weight_decay"]}
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))
    assert {group["multiplier"] for group in groups} == {1.0, 2.0}
