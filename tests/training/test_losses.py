"""Claims about the loss: it is soft cross-entropy, and the weights act."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from colorprep import QuantizerSpec, ab_lattice, make_quantizer
from colorprep.quantize.tables import cell_middles, hue_chroma_cells
from colorprep.training.loop import train_step
from colorprep.training.losses import RebalancedLoss, soft_cross_entropy


def some_batch(space="ab", n=2, side=6):
    """A batch of colorful cells with made-up labels."""
    generator = np.random.default_rng(0)
    ab = generator.integers(-60, 60, (n, side, side, 2)).astype(np.int8)
    hc = generator.integers(0, 256, (n, side, side, 2)).astype(np.uint8)
    label = generator.integers(0, 16, (n, side, side)).astype(np.int32)
    batch = {"ab": ab, "label": label, "hc": hc}
    return {name: torch.from_numpy(array) for name, array in batch.items()}


@pytest.fixture(
    params=[
        QuantizerSpec(),
        QuantizerSpec("ab:20", neighbors=5),
        QuantizerSpec("gmm", 16),
        QuantizerSpec("hc-grid", 16),
        QuantizerSpec("hc-1d", 16),
    ],
    ids=lambda spec: spec.name,
)
def quantizer(request):
    """One quantizer of each kind."""
    counts = np.bincount(hue_chroma_cells(), minlength=65536).reshape(256, 256)
    return make_quantizer(request.param, counts)


def test_equals_dense_soft_cross_entropy(quantizer):
    """Value and gradient are those of torch's cross-entropy with dense soft targets."""
    batch = some_batch()
    n_bins = len(quantizer.centers)
    if quantizer.space == "ab":
        cell = (batch["ab"].long()[..., 0] + 128) * 256 + batch["ab"].long()[..., 1] + 128
    else:
        cell = batch["hc"].long()[..., 0] * 256 + batch["hc"].long()[..., 1]
    middles = cell_middles(quantizer.space)[cell.numpy().ravel()]
    dense = quantizer.encode_soft(middles).dense(n_bins).reshape(*cell.shape, n_bins)
    target = torch.from_numpy(dense).float().movedim(-1, 1)
    torch.manual_seed(0)
    ours = torch.randn(2, n_bins, 6, 6, requires_grad=True)
    theirs = ours.detach().clone().requires_grad_()
    value = RebalancedLoss(quantizer)(ours, batch)
    expected = functional.cross_entropy(theirs, target)
    value.backward()
    expected.backward()
    torch.testing.assert_close(value, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-6, rtol=1e-4)


def test_weights_multiply_the_gradient():
    """With weights, the gradient at a pixel is w of its bin times the one without."""
    quantizer = ab_lattice()
    weights = np.random.default_rng(0).uniform(0.1, 6, 313)
    batch = some_batch()
    torch.manual_seed(0)
    logits = torch.randn(2, 313, 6, 6, dtype=torch.float64)
    gradients = []
    for loss in (RebalancedLoss(quantizer), RebalancedLoss(quantizer, weights)):
        z = logits.clone().requires_grad_()
        loss(z, batch).backward()
        gradients.append(z.grad)
    factor = torch.from_numpy(weights.astype(np.float32))[batch["label"].long()]
    torch.testing.assert_close(gradients[1], gradients[0] * factor[:, None].double())


def test_weights_multiply_the_step():
    """Under plain SGD a pixel's step, through the whole training step, is w times as long."""
    quantizer = ab_lattice()
    weights = np.full(313, 1.0)
    weights[7] = 3.5
    steps = []
    for given in (None, weights):
        torch.manual_seed(0)
        model = torch.nn.Conv2d(1, 313, 1)
        before = [parameter.detach().clone() for parameter in model.parameters()]
        batch = some_batch(n=1, side=1)
        batch["label"][:] = 7
        batch["lightness"] = torch.full((1, 1, 1), 200, dtype=torch.uint8)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        train_step(model, RebalancedLoss(quantizer, given), optimizer, batch)
        steps.append([p.detach() - b for p, b in zip(model.parameters(), before, strict=True)])
    for plain, weighted in zip(*steps, strict=True):
        assert plain.abs().max() > 0
        torch.testing.assert_close(weighted, 3.5 * plain)


def test_images_without_color_are_masked():
    """A gray image has no gradient; ignored pixels have none either; the mean is over all."""
    batch = some_batch()
    batch["ab"][0] = torch.randint(-5, 5, batch["ab"][0].shape, dtype=torch.int8)
    batch["label"][1, 0, 0] = 65535
    loss = RebalancedLoss(ab_lattice(), np.ones(313))
    expected = torch.ones(2, 6, 6)
    expected[0] = 0
    expected[1, 0, 0] = 0
    torch.testing.assert_close(loss.pixel_weights(batch), expected)
    logits = torch.randn(2, 313, 6, 6, requires_grad=True)
    loss(logits, batch).backward()
    touched = logits.grad.abs().sum(dim=1) > 0
    assert torch.equal(touched, expected.bool())


def test_weighted_mean_is_not_divided_by_the_weights():
    """Twice the weights is twice the loss."""
    logits, index = torch.randn(1, 5, 2, 2), torch.zeros(1, 1, 2, 2, dtype=torch.long)
    target, weight = torch.ones(1, 1, 2, 2), torch.full((1, 2, 2), 2.0)
    plain = soft_cross_entropy(logits, index, target)
    torch.testing.assert_close(soft_cross_entropy(logits, index, target, weight), 2 * plain)
