"""Claims about training siggraph17: its two losses, and what each of them changes."""

import numpy as np
import pytest
import torch
from batches import labeled, made_up_batch
from steps import trainer_of
from torch.nn import functional

from colorprep import QuantizerSpec, make_quantizer
from colorprep.images.sample import sample_crops
from colorprep.training.fitting.schedules import relative_rate
from colorprep.training.losses.objectives import COMPOSITES, make_objective
from colorprep.training.losses.pixel_losses import LossOptions
from colorprep.training.losses.terms import total
from colorprep.training.models import make_model, run_network

HEADS = {"ab": 2, "coarse-bins": 529}
KEEP = LossOptions(gray="keep")
OWN = {  # the layers of each head alone
    "ab": ("up9", "short9", "block9", "up10", "short10", "block10", "score_ab"),
    "coarse-bins": ("score_bins",),
}


@pytest.fixture(scope="module")
def lattice():
    """The 529 bins."""
    return make_quantizer(QuantizerSpec("ab529"))


@pytest.fixture(scope="module")
def photographs(lattice):
    """Sixteen photographs, with a label for each pixel."""
    return labeled([np.asarray(crop.image) for crop in sample_crops(16, 32)], lattice, stride=1)


def narrow():
    """A narrow network with both heads."""
    return make_model("siggraph17", HEADS, seed=0, width=1 / 16)


def heads_of(network, batch):
    """The outputs of a network."""
    return run_network(network, batch, HEADS, batch["label"].shape[1:])


def test_losses_are_the_published_ones(lattice):
    """The cross-entropy of round((ab + 110) / 10) of every 4th pixel, and 10 times the L1 of ab."""
    batch = made_up_batch(529, side=30)
    a, b = ((batch["ab"].double() + 0.5 + 110) / 10).round().long().unbind(-1)
    batch["label"] = 23 * a + b
    generator = torch.Generator().manual_seed(0)
    ab = torch.rand((2, 2, 30, 30), generator=generator) - 0.5
    logits = torch.randn((2, 529, 8, 8), generator=generator)
    losses = make_objective("siggraph17-class", lattice)({"ab": ab, "coarse-bins": logits}, batch)
    error = ab - (batch["ab"].movedim(-1, 1) + 0.5) / 110
    expected = functional.cross_entropy(logits, batch["label"][:, ::4, ::4])
    torch.testing.assert_close(losses["coarse-ce"].value, expected)
    expected = expected + 10 * error.abs().sum(dim=1).mean()
    torch.testing.assert_close(total(losses), expected)


@pytest.mark.parametrize("loss", COMPOSITES)
def test_the_trunk_learns_from_one_head(photographs, lattice, loss):
    """Its gradients are those of one loss alone; the other head learns, too."""
    network, trunk_head = narrow().eval(), COMPOSITES[loss].trunk_head
    network.trunk_head = trunk_head
    losses = make_objective(loss, lattice, KEEP)(heads_of(network, photographs), photographs)
    total(losses).backward()
    alone = narrow().eval()
    losses = make_objective(loss, lattice, KEEP)(heads_of(alone, photographs), photographs)
    name = {"ab": "l1", "coarse-bins": "coarse-ce"}[trunk_head]
    (losses[name].scale * losses[name].value).backward()
    others = OWN["ab" if trunk_head == "coarse-bins" else "coarse-bins"]
    expected = dict(alone.named_parameters())
    for path, parameter in network.named_parameters():
        if path.startswith(others):
            assert expected[path].grad is None and parameter.grad.abs().sum() > 0
        else:
            torch.testing.assert_close(parameter.grad, expected[path].grad)


def learned(photographs, lattice, loss, steps, rate, saturation=0.0):
    """Learn photographs by heart; return the network and the losses of its steps."""
    objective = make_objective(loss, lattice, KEEP, saturation=saturation)
    network = narrow()
    network.trunk_head = objective.trunk_head
    trainer = trainer_of(network, objective, optimizer="adam")
    trainer.train()
    rates = (rate * relative_rate("linear", step, steps, decay=0.5) for step in range(steps))
    return network, [trainer.take_step(photographs, each) for each in rates]


def test_photographs_are_learned_by_heart(photographs, lattice):
    """The trunk's own loss falls to less than half, and the other head follows."""
    _, steps = learned(photographs, lattice, "siggraph17-class", 25, 0.03)
    for name, bound in {"coarse-ce": 0.5, "l1": 0.85}.items():
        assert steps[-1][name].value < bound * steps[0][name].value


def test_a_weight_of_saturation_raises_it(photographs, lattice):
    """After as many steps, predicted colors are more saturated than without, by 10 percent."""
    means = []
    judge = make_objective("l1", lattice, KEEP, saturation=1.0)
    for weight in (0.0, 0.02):
        network, _ = learned(photographs, lattice, "siggraph17-reg", 10, 0.01, weight)
        with torch.no_grad():
            missing = judge(heads_of(network, photographs), photographs)["saturation"]
        means.append(100 - missing.value.item())
    assert means[1] > means[0] + 10
