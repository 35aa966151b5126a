"""Claims about the term that raises saturation: its colors, its scale and its gradients."""

import numpy as np
import pytest
import torch
from batches import made_up_batch
from skimage.color import rgb2hsv

from colorprep import InputError, ab_lattice, lab_to_rgb
from colorprep.training.losses.objectives import make_objective
from colorprep.training.losses.pixel_losses import LossOptions
from colorprep.training.losses.saturation import saturation_of, srgb_of


def test_colors_and_saturation_are_those_of_the_core_and_of_scikit_image():
    """For colors within sRGB and beyond it; near black, saturation is below that of HSV."""
    generator = np.random.default_rng(0)
    lab = generator.uniform((0, -110, -110), (100, 110, 110), (50, 60, 3))
    lab[0] = 0.1, 0.05, 0.05
    lightness, ab = torch.from_numpy(lab[..., 0]), torch.from_numpy(lab[..., 1:])
    rgb = srgb_of(lightness[None], ab.movedim(-1, 0)[None])
    expected = lab_to_rgb(lab)
    np.testing.assert_allclose(rgb[0].movedim(0, -1), expected, atol=1e-12)
    found = saturation_of(rgb)[0].numpy()
    bright = expected.max(axis=-1) >= 1 / 255
    np.testing.assert_allclose(found[bright], rgb2hsv(expected)[..., 1][bright], atol=1e-12)
    assert not bright[0].any() and (found[0] < rgb2hsv(expected)[0, :, 1]).all()


@pytest.mark.parametrize("lightness", [0, 128, 255])
def test_gradients_are_finite(lightness):
    """Gray, black and clipped colors included."""
    batch = made_up_batch(313, n=1, side=4)
    batch["lightness"][:] = lightness
    objective = make_objective("l1", ab_lattice(), LossOptions(gray="keep"), saturation=1.0)
    outputs = torch.linspace(-1, 1, 32).reshape(1, 2, 4, 4)
    outputs[..., 0] = 0
    outputs.requires_grad_()
    objective({"ab": outputs}, batch)["saturation"].value.backward()
    assert outputs.grad.isfinite().all()


def test_the_log_has_the_mean_saturation():
    """In percent, of the pixels that count, at the labels' resolution; the loss has the rest."""
    batch = made_up_batch(313, n=2, side=4, stride=4)
    batch["ab"][0] = 0  # the first image is gray, and masked
    objective = make_objective("l1", ab_lattice(), saturation=0.25)
    outputs = torch.rand((2, 2, 4, 4), generator=torch.Generator().manual_seed(0)) - 0.5
    losses = objective({"ab": outputs}, batch)
    lab = np.empty((4, 4, 3))
    lab[..., 0] = batch["lightness"][1, ::4, ::4] / 2.55
    lab[..., 1:] = 110 * outputs[1].movedim(0, -1)
    expected = 100 * rgb2hsv(lab_to_rgb(lab))[..., 1].mean()
    means = {name: (term.value / term.fraction).item() for name, term in losses.items()}
    figures = objective.reported(means)
    assert figures["saturation"] == pytest.approx(expected, rel=1e-5)
    assert figures["loss"] == pytest.approx(figures["l1"] + 0.25 * (100 - expected), rel=1e-5)
    assert objective.unit == "scaled sum of terms"


def test_a_weight_of_0_is_no_term():
    """And losses without ab are refused."""
    objective = make_objective("siggraph17-reg", ab_lattice(), saturation=0.0)
    assert [term.name for term in objective.each()] == ["l1", "coarse-ce"]
    with pytest.raises(InputError, match="losses of ab, not for soft-ce; choose --loss l1"):
        make_objective("soft-ce", ab_lattice(), saturation=0.1)
