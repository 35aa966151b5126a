"""Claims about random hints: how many there are, where they lie, and what they show."""

import numpy as np
import pytest
import torch
from batches import made_up_batch

from colorprep import InputError
from colorprep.training.data.augmentation import Preparation
from colorprep.training.data.hints import Hint, painted
from colorprep.training.data.random_hints import (
    Patches,
    draw_counts,
    draw_patches,
    revealed,
    with_fixed_hints,
    with_random_hints,
)


def seeded(seed=0):
    """A generator of random numbers."""
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("p", [1.0, 0.125])
def test_numbers_of_hints(p):
    """They are geometric: with p = 1 none, with p = 1/8 a mean of 7, within 4 standard errors."""
    counts = draw_counts(p, 10_000, seeded()).double()
    standard_error = ((1 - p) / p**2 / len(counts)) ** 0.5  # 0.075 with p = 1/8
    assert abs(counts.mean() - (1 - p) / p) <= 4 * standard_error
    none = (counts == 0).double().mean()
    assert abs(none - p) <= 4 * (p * (1 - p) / len(counts)) ** 0.5


def test_patches_lie_as_published():
    """Sides are uniform from 1 to 9; corners normal around the middle, clipped to the image."""
    height, width = 40, 60
    patches = draw_patches(torch.tensor([0, 20_000]), (height, width), seeded())
    assert set(patches.image.tolist()) == {1}
    sides = np.bincount(patches.side, minlength=10)
    assert sides[0] == 0 and np.abs(sides[1:] - 20_000 / 9).max() < 4 * (20_000 / 9) ** 0.5
    assert (patches.top >= 0).all() and (patches.top + patches.side <= height).all()
    assert (patches.left >= 0).all() and (patches.left + patches.side <= width).all()
    nines = patches.left[patches.side == 9]
    # Normal with mean 26 and standard deviation 13, beyond -2 and 25/13 deviations clipped.
    assert 0.02 < (nines == 0).double().mean() < 0.04
    assert 0.018 < (nines == 51).double().mean() < 0.039
    assert abs(nines.double().median() - 25.5) < 1.5


def test_hints_are_mean_colors_of_patches():
    """Those of a batch are painted as by hand; a later patch covers an earlier one."""
    ab = torch.arange(2 * 5 * 6 * 2).reshape(2, 5, 6, 2).float() - 60
    patches = Patches(*map(torch.tensor, ([0, 1, 1], [1, 0, 2], [2, 3, 3], [3, 3, 2])))
    by_hand = [[], []]
    for image, top, left, side in zip(*(each.tolist() for each in patches), strict=True):
        mean = ab[image, top : top + side, left : left + side].mean(dim=(0, 1)).tolist()
        by_hand[image].append(Hint(top, left, side, side, *mean))
    expected = torch.stack([painted(hints, (5, 6)) for hints in by_hand])
    torch.testing.assert_close(revealed(ab, patches), expected)
    none = draw_patches(torch.tensor([0, 0]), (5, 6), seeded())
    assert not revealed(ab, none).any()


def test_the_same_generator_gives_the_same_hints():
    """They are those of the batch after it was cropped, and the last random thing of a step."""
    batch = made_up_batch(n=4, side=32)
    prepare = Preparation(32, 1, crop=24, flip=True, hints=0.125)
    first, again = (prepare(batch, seeded(1)) for _ in range(2))
    assert torch.equal(first["hints"], again["hints"])
    assert first["hints"].shape == (4, 3, 24, 24)
    without = Preparation(32, 1, crop=24, flip=True)(batch, seeded(1))
    assert torch.equal(first["ab"], without["ab"]) and "hints" not in without
    shown = first["hints"][:, 2] == 1
    assert 0 < shown.double().mean() < 1
    assert first["hints"][:, :2].abs().amax() <= 60 / 110


def test_validation_has_the_same_hints_for_an_image():
    """Whatever the batch it is in; images differ."""
    batch = made_up_batch(n=5, side=24)
    every = with_fixed_hints(batch, 0.125)["hints"]
    part = {name: array[[3, 1]] for name, array in batch.items()}
    assert torch.equal(with_fixed_hints(part, 0.125)["hints"], every[[3, 1]])
    assert len({image.numpy().tobytes() for image in every}) == 5
    assert not torch.equal(every, with_random_hints(batch, 0.125, seeded())["hints"])


def test_hints_need_the_color_of_every_pixel():
    """Labels of a larger stride are refused, with the command that makes others."""
    with pytest.raises(InputError, match="every 4-th.*--stride 1"):
        Preparation(32, 4, hints=0.5)
