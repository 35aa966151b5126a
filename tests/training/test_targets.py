"""Claims about soft targets, masks and weights of pixels."""

import numpy as np
import pytest
import torch
from batches import SPECS, dense_targets, labeled, made_up_batch, quantizer_of

from colorprep import InputError, ab_lattice
from colorprep.images.sample import sample_crops
from colorprep.quantize.tables import cell_middles
from colorprep.training.losses.targets import (
    PixelWeights,
    SoftTargetTable,
    cells_of,
    drop_gray_images,
    filled_up,
    has_color,
    has_range_of_color,
    known_pixels,
)


@pytest.mark.parametrize("kind", [kind for kind in SPECS if kind != "hc-grid"])
def test_soft_targets_are_those_of_the_cells_middle(kind):
    """A pixel's target is the soft-encoding of the center of its cell."""
    quantizer = quantizer_of(kind)
    batch = made_up_batch()
    if quantizer.space == "ab":
        middles = batch["ab"].numpy() + 0.5
    else:
        middles = (batch["hc"].numpy() + 0.5) / 256
    targets = SoftTargetTable(quantizer)(batch)
    expected = quantizer.encode_soft(middles).dense(len(quantizer.centers))
    dense = torch.zeros(expected.shape).scatter_add_(-1, targets.bins, targets.probs)
    np.testing.assert_allclose(dense, expected, atol=1e-6)


def test_long_targets_keep_their_largest_entries():
    """Of 64 posteriors, the 32 largest are kept and sum to 1."""
    quantizer, batch = quantizer_of("hc-grid"), made_up_batch()
    targets = SoftTargetTable(quantizer)(batch)
    assert targets.bins.shape == (2, 6, 6, 32)
    torch.testing.assert_close(targets.probs.sum(dim=-1), torch.ones(2, 6, 6))
    posterior = quantizer.posterior(cell_middles("hue-chroma")[cells_of(batch, "hue-chroma")])
    largest = np.sort(posterior, axis=-1)[..., -32:]
    kept = np.take_along_axis(posterior, targets.bins.numpy(), axis=-1)
    np.testing.assert_allclose(np.sort(kept, axis=-1), largest)


@pytest.mark.parametrize("kind", SPECS)
def test_entropies_are_those_of_the_targets(kind):
    """A pixel's entropy is -sum t log t of its dense target."""
    quantizer, batch = quantizer_of(kind), made_up_batch()
    target = dense_targets(quantizer, batch).double()
    expected = torch.special.entr(target).sum(dim=1).float()
    entropy = SoftTargetTable(quantizer).entropy(batch)
    torch.testing.assert_close(entropy, expected, atol=1e-5, rtol=1e-5)


def one_image(*colors):
    """A batch of one image, a row of pixels with these color cells."""
    ab = torch.tensor(colors, dtype=torch.int8).reshape(1, 1, -1, 2)
    return {"ab": ab, "label": torch.zeros(ab.shape[:3], dtype=torch.int32)}


def test_the_rule_of_masking():
    """An image has color if a labeled pixel's |a| or |b| exceeds 5; cells are read as + 0.5."""
    assert not has_color(one_image((4, 4), (-5, -5)))  # 4.5 and -4.5
    assert has_color(one_image((0, 0), (5, 0)))  # 5.5
    assert has_color(one_image((0, 0), (0, -6)))  # -5.5
    ignored = one_image((0, 0), (90, 90))
    ignored["label"][0, 0, 1] = 65535
    assert not has_color(ignored)


def test_the_rule_of_dropping():
    """An image is kept if its ranges of a and b sum to 5 or more, whatever its mean."""
    assert not has_range_of_color(one_image((30, 30), (32, 32)))
    assert has_range_of_color(one_image((30, 30), (33, 32)))
    assert has_range_of_color(one_image((0, 0), (3, -2)))
    ignored = one_image((0, 0), (90, 90))
    ignored["label"][0, 0, 1] = 65535
    assert not has_range_of_color(ignored)
    ignored["label"][:] = 65535
    assert not has_range_of_color(ignored)


def test_the_rules_differ():
    """A toned image has color only by one rule, a faint one only by the other."""
    toned, faint = one_image((20, 20), (21, 21)), one_image((-4, 0), (4, 0))
    assert has_color(toned) and not has_range_of_color(toned)
    assert has_range_of_color(faint) and not has_color(faint)


def test_a_gray_copy_of_a_photograph():
    """A desaturated photograph is gray by both rules; the photograph itself by neither."""
    photograph = np.asarray(next(iter(sample_crops(1, 64))).image)
    gray = np.repeat(photograph.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    batch = labeled([photograph, gray], ab_lattice())
    assert has_color(batch).tolist() == [True, False]
    assert has_range_of_color(batch).tolist() == [True, False]


def test_dropping_keeps_the_others():
    """Only the colorful images of a batch are kept, with all arrays, possibly none."""
    batch = made_up_batch(n=3)
    batch["ab"][1] = 0
    left = drop_gray_images(batch)
    assert set(left) == set(batch)
    assert all(torch.equal(left[name], batch[name][[0, 2]]) for name in batch)
    batch["ab"][:] = 0
    assert len(drop_gray_images(batch)["label"]) == 0
    ignored = filled_up(drop_gray_images(batch), batch, 1)
    assert set(ignored) == set(batch) and len(ignored["lightness"]) == 1
    assert not known_pixels(ignored).any()


@pytest.mark.parametrize("colorful", [0, 1, 2])
def test_dropping_fills_up_with_other_images(colorful):
    """The image in color comes first; the added image is another one, without a label."""
    batch = made_up_batch(n=3)
    batch["ab"][[i for i in range(3) if i != colorful]] = 0
    filled = filled_up(drop_gray_images(batch), batch, 2)
    assert torch.equal(filled["label"][0], batch["label"][colorful])
    assert known_pixels(filled).flatten(1).any(dim=1).tolist() == [True, False]
    assert not torch.equal(filled["lightness"][1], batch["lightness"][colorful])
    assert any(torch.equal(filled["lightness"][1], image) for image in batch["lightness"])
    assert filled_up(batch, batch, 2) is batch


@pytest.mark.parametrize("gray", ["mask", "drop", "keep"])
def test_masked_pixels_have_weight_0(gray):
    """Ignored pixels always have weight 0, gray images if they are masked."""
    batch = made_up_batch()
    batch["ab"][0] = torch.randint(-5, 5, batch["ab"][0].shape, dtype=torch.int8)
    batch["label"][1, 0, 0] = 65535
    expected = torch.ones(2, 6, 6)
    expected[1, 0, 0] = 0
    if gray == "mask":
        expected[0] = 0
    plain = PixelWeights(ab_lattice(), gray=gray)(batch)
    torch.testing.assert_close(plain, expected)
    for weighed_by in ("bin", "expectation"):
        weights = PixelWeights(ab_lattice(), np.full(313, 2.0), weighed_by, gray)
        torch.testing.assert_close(weights(batch), 2 * expected)


@pytest.mark.parametrize("kind", SPECS)
def test_weights_by_bin_and_by_expectation(kind):
    """A pixel has the weight of its hard bin, or the mean of all weights under its target."""
    quantizer, batch = quantizer_of(kind), made_up_batch()
    weights = np.random.default_rng(0).uniform(0.1, 6, len(quantizer.centers))
    by_bin = PixelWeights(quantizer, weights)(batch)
    np.testing.assert_allclose(by_bin, weights[batch["label"].numpy()], rtol=1e-6)
    by_expectation = PixelWeights(quantizer, weights, "expectation")(batch)
    target = dense_targets(quantizer, batch).movedim(1, -1).numpy()
    np.testing.assert_allclose(by_expectation, target @ weights, rtol=1e-5)


@pytest.mark.parametrize("kind", ["ab313", "hc-1d"])
@pytest.mark.parametrize("weighed_by", ["bin", "expectation"])
def test_weights_by_lightness(kind, weighed_by):
    """A pixel has the weight that a plain loop finds in the row of its level; one row is plain."""
    quantizer, batch = quantizer_of(kind), made_up_batch(stride=4)
    rows = np.random.default_rng(0).uniform(0.1, 6, (5, len(quantizer.centers)))
    weights = PixelWeights(quantizer, rows, weighed_by)(batch)
    of_rows = [PixelWeights(quantizer, row, weighed_by)(batch) for row in rows]
    lightness = batch["lightness"].tolist()
    for image, row, column in np.ndindex(weights.shape):
        level = 5 * lightness[image][4 * row][4 * column] // 256
        assert weights[image, row, column] == of_rows[level][image, row, column]
    assert torch.equal(PixelWeights(quantizer, rows[:1], weighed_by)(batch), of_rows[0])


def test_weights_of_other_bins_are_refused():
    """Weights for another number of bins are an error that names both numbers."""
    with pytest.raises(InputError, match="300 weights for the 313 bins"):
        PixelWeights(ab_lattice(), np.ones(300))
