"""Claims about learning: networks can fit nine photographs, and hand-over loses nothing.

The measure is the divergence from the soft targets, in nats per pixel, in evaluation mode: the
cross-entropy minus the entropy of the targets, which is its lower bound.
"""

from itertools import pairwise

import numpy as np
import pytest
import torch
from batches import labeled
from steps import objective_of, trainer_of

from colorprep import ab_lattice, color_index, make_quantizer
from colorprep.images.sample import sample_crops
from colorprep.quantize.spec import QuantizerSpec
from colorprep.quantize.tables import hue_chroma_cells
from colorprep.training.fitting.schedules import relative_rate
from colorprep.training.losses.pixel_losses import LossOptions
from colorprep.training.models import load_matching, make_model


def photographs_of(n, side):
    """Some built-in photographs of one size."""
    return [np.asarray(crop.image) for crop in sample_crops(n, side)]


def fit(model, objective, batch, steps, peak):
    """Train on one batch by Adam, with warm-up and decay; return the divergence afterwards."""
    trainer = trainer_of(model, objective, optimizer="adam", betas=(0.9, 0.95))
    trainer.train()
    for step in range(steps):
        rate = peak * relative_rate("linear", step, steps, steps // 10, decay=0.3)
        trainer.take_step(batch, rate)
    trainer.eval()
    with torch.no_grad():
        return trainer.validate(batch)[0]["kl"].value.item()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "width", "steps", "peak"), [("unet", 0.5, 70, 6e-3), ("eccv16", 0.125, 120, 5e-3)]
)
def test_nine_photographs_are_overfitted(name, width, steps, peak):
    """With 313 bins, a network fits nine photographs to 0.3 nats per pixel."""
    quantizer = ab_lattice()
    batch = labeled(photographs_of(9, side=32), quantizer)
    model = make_model(name, 313, seed=0, width=width)
    objective = objective_of("kl", quantizer, LossOptions(gray="keep"))
    assert fit(model, objective, batch, steps, peak) < 0.3


@pytest.mark.slow
def test_each_transferred_stage_ends_lower():
    """fcn32s, then fcn16s, then fcn8s: each ends lower, and not because of longer training."""
    torch.manual_seed(0)
    photographs = photographs_of(2, side=64)
    cells = hue_chroma_cells()[color_index(np.stack(photographs))]
    counts = np.bincount(cells.ravel(), minlength=65536).reshape(256, 256)
    quantizer = make_quantizer(QuantizerSpec("gmm", 16), counts)
    batch = labeled(photographs, quantizer)
    objective = objective_of("kl", quantizer, LossOptions(gray="keep"))
    models = [make_model(f"fcn{n}s", 16, seed=0, width=1 / 16) for n in (32, 16, 8)]
    divergences = [fit(models[0], objective, batch, 40, peak=3e-3)]
    for before, after in pairwise(models):
        load_matching(after, before.state_dict())
        divergences.append(fit(after, objective, batch, 20, peak=3e-3))
    assert divergences[0] > divergences[1] + 0.05 > divergences[2] + 0.1
    assert fit(models[0], objective, batch, 40, peak=3e-3) > divergences[2] + 0.02
