"""Claims about zoom, rotation and channel shift: scipy's pixels, fills, and pixels that count."""

import math

import numpy as np
import pytest
import torch
from scipy import ndimage
from steps import loss_of

from colorprep import InputError, QuantizerSpec, make_quantizer
from colorprep.training.data.affine import affine, random_affine, rotations
from colorprep.training.data.augmentation import Preparation
from colorprep.training.losses.targets import PixelWeights
from colorprep.training.options import DataOptions

IGNORE, VOID = 65535, 255


def noise_batch(n=2, height=33, width=40, stride=1, seed=0):
    """Images of random values in every array that a shard may have."""
    random = torch.Generator().manual_seed(seed)
    pixels, labels = (n, height, width), (n, -(-height // stride), -(-width // stride))

    def noise(low, high, shape, dtype):
        return torch.randint(low, high, shape, generator=random).to(dtype)

    return {
        "lightness": noise(1, 256, pixels, torch.uint8),
        "rgb": noise(1, 256, (*pixels, 3), torch.uint8),
        "ab": noise(20, 60, (*labels, 2), torch.int8),
        "label": noise(0, 313, labels, torch.int32),
        "segments": noise(0, 21, labels, torch.uint8),
        "topk_index": noise(1, 313, (*labels, 2), torch.int32),
        "topk_weight": torch.full((*labels, 2), 0.5, dtype=torch.float16),
        "class_id": torch.arange(n, dtype=torch.int32),
    }


def matrix(zoom, degrees, n=2):
    """The same map for each image."""
    return zoom * rotations(torch.full((n,), math.radians(degrees), dtype=torch.float64))


@pytest.mark.parametrize(
    ("zoom", "degrees"), [(1, 0), (1.5, 0), (0.5, 0), (1, 10), (1.37, -7), (2, 90), (0.8, 180)]
)
def test_pixels_are_those_of_scipy(zoom, degrees):
    """At most 1 pixel in 500 differs, where float32 rounds a source to another pixel."""
    batch = noise_batch()
    result = affine(batch, 1, matrix(zoom, degrees))
    center = (np.array([33, 40]) - 1) / 2
    turned = matrix(zoom, degrees)[0].numpy()
    offset = center - turned @ center
    fills = {"lightness": 0, "rgb": 0, "ab": 0, "label": IGNORE, "segments": VOID}
    for name, fill in fills.items():
        image = batch[name][1].numpy()
        channels = image[..., None] if image.ndim == 2 else image
        expected = np.stack(
            [
                ndimage.affine_transform(each, turned, offset, order=0, cval=fill)
                for each in np.moveaxis(channels, -1, 0)
            ],
            axis=-1,
        ).reshape(image.shape)
        assert (result[name][1].numpy() != expected).mean() <= 0.002, name
        assert result[name].dtype == batch[name].dtype
    outside = result["label"] == IGNORE
    assert bool(outside.any()) == ((zoom, degrees) not in [(1, 0), (0.5, 0), (0.8, 180)])
    for name in ("lightness", "rgb", "ab", "topk_index", "topk_weight"):
        assert torch.equal((result[name] == 0).reshape(*outside.shape, -1).all(-1), outside), name
    assert torch.equal(result["segments"] == VOID, outside)
    assert result["class_id"] is batch["class_id"]


def test_the_identity_changes_nothing():
    """Neither at a stride nor at sides that are no multiple of it."""
    batch = noise_batch(stride=4)
    result = affine(batch, 4, matrix(1, 0))
    assert all(torch.equal(result[name], batch[name]) for name in batch)


@pytest.mark.parametrize(("zoom", "degrees"), [(1.5, 10), (0.7, -20)])
def test_labels_are_those_of_their_pixels(zoom, degrees):
    """At stride 4, a label's lightness is within half a label of its pixel, filled as it is."""
    side = 64
    rows = torch.arange(1, side + 1, dtype=torch.int32)[:, None].expand(side, side)
    places = torch.stack([rows, rows.T], dim=-1)[None]
    batch = {"lightness": torch.ones(1, side, side, dtype=torch.uint8), "rgb": places}
    batch |= {"label": places[:, ::4, ::4, 0], "ab": places[:, ::4, ::4]}
    result = affine(batch, 4, matrix(zoom, degrees, 1))
    pixels, labels = result["rgb"][:, ::4, ::4], result["ab"]
    known = result["label"] != IGNORE
    assert torch.equal(known, pixels[..., 0] > 0) and 50 < int(known.sum()) <= 256
    inside = known & (pixels <= side - 2).all(dim=-1)  # the last label is that of pixel 60
    assert (labels - pixels)[inside].abs().max() <= 2
    assert torch.equal(result["label"][known], labels[..., 0][known])


def test_zoom_flip_and_crop_together():
    """Labels at stride 1 stay those of their pixels; the generator decides everything."""
    batch = noise_batch(n=8, height=32, width=32)
    batch["label"] = batch["lightness"].int() + 1
    prepare = Preparation(32, 1, 24, True, (0.5, 2.0), 10.0, 20.0)
    first, again, other = (prepare(batch, torch.Generator().manual_seed(s)) for s in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["lightness"], other["lightness"])
    known = first["label"] != IGNORE
    assert 0.2 < known.float().mean() < 1 and first["label"].shape == (8, 24, 24)
    assert torch.equal(first["label"][known], first["lightness"][known].int() + 1)
    shift = first["channel_shift"]
    assert shift.shape == (8, 3) and 10 < shift.abs().max() <= 20 and len(shift.unique()) == 24


def test_factors_and_angles_cover_their_range():
    """Zooms are uniform from lowest to highest: half of the images are shown larger."""
    batch = {"lightness": torch.ones(400, 9, 9, dtype=torch.uint8)}
    batch["label"] = batch["lightness"].int()
    zoomed = random_affine(batch, 1, (0.5, 1.5), 0.0, torch.Generator().manual_seed(0))
    filled = (zoomed["label"] == IGNORE).any(dim=2).any(dim=1)
    assert 0.4 < filled.float().mean() < 0.6
    turned = random_affine(batch, 1, (1.0, 1.0), 1e-3, torch.Generator().manual_seed(0))
    assert (turned["label"] == IGNORE).sum() < 400 * 32  # only pixels of the border


@pytest.mark.parametrize("name", ["soft-ce", "matrix", "l2"])
def test_filled_pixels_do_not_count(name):
    """Neither their colors nor the network's outputs there change the loss."""
    quantizer = make_quantizer(QuantizerSpec())
    batch = affine(noise_batch(), 1, matrix(1.5, 5))
    filled = batch["label"] == IGNORE
    assert torch.equal(PixelWeights(quantizer)(batch) == 0, filled)
    channels = {"soft-ce": 313, "matrix": 314, "l2": 2}[name]
    outputs = torch.randn(2, channels, 33, 40, generator=torch.Generator().manual_seed(0))
    loss = loss_of(name, quantizer)
    changed = {**batch, "ab": torch.where(filled[..., None], 50, batch["ab"])}
    other = torch.where(filled[:, None], 3.0, outputs)
    assert loss(other, changed) == loss(outputs, batch) > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"zoom": (2.0, 0.5)}, "--zoom takes a lowest and a highest factor"),
        ({"rotate": -1.0}, "--rotate is from 0 to 180"),
        ({"channel_shift": 300.0}, "--channel-shift is from 0 to 255"),
    ],
)
def test_wrong_ranges_are_refused(options, message):
    """Factors in the wrong order, negative angles, and shifts beyond all levels."""
    with pytest.raises(InputError, match=message):
        DataOptions(**options)
