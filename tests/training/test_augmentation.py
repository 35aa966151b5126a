"""Claims about random crops and flips: alignment, positions and seeds."""

import pytest
import torch

from colorprep import InputError
from colorprep.training.data.augmentation import Preparation, random_crop_and_flip


def numbered_batch(n=64, side=24, stride=4):
    """Images whose pixels are different numbers, repeated by their labels."""
    lightness = torch.arange(n * side * side).reshape(n, side, side)
    label = lightness[:, ::stride, ::stride]
    return {
        "lightness": lightness,
        "rgb": torch.stack([lightness, lightness + 1, lightness + 2], dim=-1),
        "label": label.int(),
        "ab": torch.stack([label, -label], dim=-1),
        "class_id": torch.arange(n, dtype=torch.int32),
    }


def cut(batch, size, seed=0, flip=True, stride=4):
    """Crop and flip with a seed."""
    return random_crop_and_flip(batch, size, stride, flip, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("flip", [False, True])
def test_lightness_and_color_stay_aligned(flip):
    """A label is that of the first pixel of its block, in a mirrored image as well."""
    batch = numbered_batch()
    result = cut(batch, 16, flip=flip)
    assert result["lightness"].shape == (64, 16, 16) and result["label"].shape == (64, 4, 4)
    assert result["ab"].shape == (64, 4, 4, 2) and result["rgb"].shape == (64, 16, 16, 3)
    mirrored = result["lightness"][:, 0, 1] < result["lightness"][:, 0, 0]
    assert torch.equal(result["label"].long(), result["lightness"][:, ::4, ::4])
    assert (0.3 < mirrored.float().mean() < 0.7) if flip else not mirrored.any()
    label = result["label"].long()
    assert torch.equal(result["ab"], torch.stack([label, -label], dim=-1))
    assert torch.equal(result["rgb"][..., 0], result["lightness"])
    assert torch.equal(result["class_id"], batch["class_id"])


def test_crops_are_connected():
    """A crop is a square of its own image: neighbors in it are neighbors in the image."""
    result = cut(numbered_batch(), 12)["lightness"]
    image = torch.arange(64)[:, None, None]
    assert torch.equal(result // 24**2, image.expand(-1, 12, 12))
    assert (result.diff(dim=1) == 24).all()
    steps = result.diff(dim=2)
    border = torch.zeros_like(steps, dtype=torch.bool)
    border[:, :, -3:] = (result[:, :1, -1:] % 24 == 0) & (steps[:, :1, :1] < 0)
    assert ((steps.abs() == 1) | (border & (steps == 0))).all()
    assert (steps[~border].abs() == 1).all()


def test_every_position_is_drawn():
    """Corners are all multiples of the stride at which the crop fits, along both axes."""
    first = cut(numbered_batch(n=600), 12, flip=False)["lightness"][:, 0, 0] % 24**2
    corners = set(zip((first // 24).tolist(), (first % 24).tolist(), strict=True))
    assert corners == {(row, column) for row in (0, 4, 8, 12) for column in (0, 4, 8, 12)}


def test_odd_sizes():
    """If the size is not a multiple of the stride, crops stay within the image."""
    result = cut(numbered_batch(n=300, side=22), 12, flip=False)
    assert torch.equal(result["label"].long(), result["lightness"][:, ::4, ::4])
    assert set((result["lightness"][:, 0, 0] % 22**2 // 22).tolist()) == {0, 4, 8}


def test_the_generator_decides_the_crops():
    """The same seed gives the same crops, another seed others; torch's own state is unchanged."""
    batch = numbered_batch()
    before = torch.get_rng_state()
    first, again, other = (cut(batch, 16, seed)["lightness"] for seed in (3, 3, 4))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_nothing_is_cut_off_at_full_size():
    """At the images' own size without flips, the batch is unchanged."""
    batch = numbered_batch()
    result = cut(batch, 24, flip=False)
    assert all(torch.equal(result[name], batch[name]) for name in batch)


@pytest.mark.parametrize("size", [0, 14, 28])
def test_impossible_sizes_are_refused(size):
    """A size that is not a multiple of the stride, or too large, is an error."""
    with pytest.raises(InputError, match="multiple of the stride 4"):
        cut(numbered_batch(), size)


def test_preparation_crops_and_mirrors():
    """Without a crop, images stay whole; a crop that does not fit is refused."""
    generator = torch.Generator().manual_seed(0)
    batch = numbered_batch(side=22)
    prepared = Preparation(22, 4, flip=True)(batch, generator)
    assert prepared["lightness"].shape == (64, 20, 20) and prepared["label"].shape == (64, 5, 5)
    assert torch.equal(prepared["label"].long(), prepared["lightness"][:, ::4, ::4])
    assert Preparation(22, 4)(batch, generator) is batch
    with pytest.raises(InputError, match="multiple of the stride 4"):
        Preparation(22, 4, crop=18)
