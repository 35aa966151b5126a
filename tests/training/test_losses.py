"""Claims about the losses: their formulas, exact weights, and refused combinations."""

import math

import numpy as np
import pytest
import torch
from batches import SIZES, SPECS, dense_targets, made_up_batch, quantizer_of
from steps import loss_of, objective_of, trainer_of
from torch.nn import functional

from colorprep import InputError, ab_lattice, rebalancing_weights, weight_matrix
from colorprep.training.losses.pixel_losses import LossOptions, logit_shift
from colorprep.training.losses.terms import LOSSES, make_term
from colorprep.training.models import make_model
from colorprep.training.models.outputs import channels_of

KINDS = {"hue-chroma": "hc-1d"}  # quantizers of losses that are not for ab313


def outputs_for(name, quantizer, dtype=torch.float32, side=6):
    """Random outputs of the right number of channels."""
    head = LOSSES[name].head
    n = channels_of([head], quantizer, SIZES)[head]
    shape = (2, n) if head == "classes" else (2, n, side, side)
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=dtype)


def some_prior(quantizer):
    """A prior with some empty bins."""
    prior = np.random.default_rng(1).gamma(0.3, size=len(quantizer.centers))
    prior[::9] = 0
    return prior / prior.sum()


@pytest.mark.parametrize("weighed_by", ["bin", "expectation"])
@pytest.mark.parametrize("kind", SPECS)
def test_rebalanced_cross_entropy(kind, weighed_by):
    """It is the mean over pixels of w times torch's dense cross-entropy, in value and gradient."""
    quantizer, batch = quantizer_of(kind), made_up_batch()
    weights = np.random.default_rng(0).uniform(0.1, 6, len(quantizer.centers))
    target = dense_targets(quantizer, batch)
    weight = torch.from_numpy(weights).float()[batch["label"].long()]
    if weighed_by == "expectation":
        weight = torch.einsum("bqhw,q->bhw", target, torch.from_numpy(weights).float())
    ours = outputs_for("soft-ce", quantizer).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    value = loss_of("soft-ce", quantizer, LossOptions(weights, weighed_by))(ours, batch)
    expected = (weight * functional.cross_entropy(theirs, target, reduction="none")).mean()
    value.backward()
    expected.backward()
    torch.testing.assert_close(value, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", ["gmm", "hc-grid", "ab313"])
def test_divergence_from_posteriors(kind):
    """Kl is torch's kl_div, averaged over all elements as in colorizer-fcn, times the bins."""
    quantizer, batch = quantizer_of(kind), made_up_batch()
    logits = outputs_for("kl", quantizer)
    value = loss_of("kl", quantizer)(logits, batch)
    target = dense_targets(quantizer, batch)
    each = functional.kl_div(torch.log_softmax(logits, dim=1), target, reduction="none")
    torch.testing.assert_close(value, each.mean() * len(quantizer.centers), atol=1e-5, rtol=1e-5)
    perfect = loss_of("kl", quantizer)(target.log().clamp(min=-200), batch)
    torch.testing.assert_close(perfect, torch.tensor(0.0), atol=1e-5, rtol=0)


def test_the_matrix():
    """Matrix is -mean sum_c T[y, c] log softmax(z)_c; rows of ignored pixels are zero."""
    quantizer, batch = ab_lattice(), made_up_batch(n_bins=313)
    batch["label"][0, 2] = 65535
    prior = some_prior(quantizer)
    weights = rebalancing_weights(prior).weights
    ours = outputs_for("matrix", quantizer, torch.float64).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    matrix = np.vstack([weight_matrix(prior, quantizer), np.zeros(314)])
    rows = np.where(batch["label"].numpy() == 65535, 313, batch["label"].numpy())
    target = torch.from_numpy(matrix[rows]).movedim(-1, 1)
    expected = -(target * torch.log_softmax(theirs, dim=1)).sum(dim=1).mean()
    value = loss_of("matrix", quantizer, LossOptions(weights, gray="keep"))(ours, batch)
    value.backward()
    expected.backward()
    torch.testing.assert_close(value, expected, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-8, rtol=1e-5)
    assert (ours.grad[0, :, 2] == 0).all() and (ours.grad[:, 313] >= 0).all()


def test_hard_bins():
    """hard-ce is torch's cross-entropy with one more channel, over all pixels."""
    quantizer, batch = ab_lattice(), made_up_batch(n_bins=313)
    batch["label"][0, 2] = 65535
    logits = outputs_for("hard-ce", quantizer)
    label = batch["label"].long()
    total = functional.cross_entropy(logits, label, ignore_index=65535, reduction="sum")
    assert logits.shape[1] == 314
    torch.testing.assert_close(loss_of("hard-ce", quantizer)(logits, batch), total / 72)


def test_hue_and_chroma():
    """hue-chroma is the sum of torch's two cross-entropies, of the bin of hue and of chroma."""
    quantizer = quantizer_of("hc-1d")
    batch = made_up_batch(n_bins=256)
    logits = outputs_for("hue-chroma", quantizer)
    label = batch["label"].long()
    expected = functional.cross_entropy(logits[:, :16], label % 16)
    expected = expected + functional.cross_entropy(logits[:, 16:], label // 16)
    torch.testing.assert_close(loss_of("hue-chroma", quantizer)(logits, batch), expected)


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("l1", lambda e: np.abs(e).mean(axis=-1)),
        ("l2", lambda e: (e**2).mean(axis=-1)),
        ("huber", lambda e: np.where(np.abs(e) < 1, e**2 / 2, np.abs(e) - 0.5).mean(axis=-1)),
        ("l12", lambda e: np.minimum(np.abs(e).mean(axis=-1), 0.1 * (e**2).mean(axis=-1))),
    ],
)
def test_regression(name, formula):
    """Regression is its formula of the error in CIELAB units, at valid pixels."""
    quantizer, batch = ab_lattice(), made_up_batch()
    batch["label"][0, 1:3] = 65535
    near = (batch["ab"].movedim(-1, 1) + 0.5) / 110
    spread = torch.tensor([0.001, 0.1]).reshape(2, 1, 1, 1)
    outputs = near + spread * outputs_for(name, quantizer)
    error = 110 * outputs.movedim(1, -1).numpy() - (batch["ab"].numpy() + 0.5)
    expected = np.where(batch["label"].numpy() == 65535, 0.0, formula(error)).mean()
    value = loss_of(name, quantizer)(outputs, batch)
    np.testing.assert_allclose(value, expected, rtol=1e-4)


def test_pictures():
    """rgb-l1 is the mean |e| of R, G and B from 0 to 1, at every stride-th pixel."""
    batch = made_up_batch(stride=2)
    batch["label"][0, 1] = 65535
    outputs = torch.rand((2, 3, 12, 12)) * 2 - 1
    truth = batch["rgb"].movedim(-1, 1) / 255
    error = ((outputs + 1) / 2 - truth).abs()[:, :, ::2, ::2].mean(dim=1)
    error[0, 1] = 0
    value = loss_of("rgb-l1", ab_lattice())(outputs, batch)
    torch.testing.assert_close(value, error.mean())


def test_segments_and_classes():
    """They are torch's cross-entropies; void pixels and images of no class count 0."""
    quantizer, batch = ab_lattice(), made_up_batch()
    batch["segments"][0, 2], batch["class_id"][1] = 255, -1
    logits = outputs_for("segments", quantizer)
    total = functional.cross_entropy(
        logits, batch["segments"].long(), ignore_index=255, reduction="sum"
    )
    torch.testing.assert_close(loss_of("segments", quantizer)(logits, batch), total / 72)
    logits = outputs_for("classes", quantizer)
    first = functional.cross_entropy(logits[:1], batch["class_id"][:1].long())
    torch.testing.assert_close(loss_of("classes", quantizer)(logits, batch), first / 2)


def test_squared_error_is_reported_in_lab_units():
    """An error of 3 in both a and b everywhere is reported as 3."""
    batch = made_up_batch()
    outputs = (batch["ab"].movedim(-1, 1) + 3.5) / 110
    value = loss_of("l2", ab_lattice())(outputs, batch)
    assert math.isclose(LOSSES["l2"].display(value.item()), 3.0, rel_tol=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_are_those_of_finite_differences(name):
    """In float64, the slope along a random direction is the gradient's."""
    quantizer = quantizer_of(KINDS.get(name, "ab313"))
    batch = made_up_batch(n_bins=len(quantizer.centers))
    loss = loss_of(name, quantizer)
    outputs = outputs_for(name, quantizer, torch.float64).requires_grad_()
    loss(outputs, batch).backward()
    way = torch.randn(outputs.shape, dtype=torch.float64)
    with torch.no_grad():
        ends = [loss(outputs + step * way, batch) for step in (1e-7, -1e-7)]
    slope = (ends[0] - ends[1]) / 2e-7
    torch.testing.assert_close((outputs.grad * way).sum(), slope, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", [name for name in LOSSES if LOSSES[name].takes_weights])
def test_weights_multiply_the_gradient_exactly(name):
    """The gradient at a pixel is w times the one without weights, bit for bit for w = 4."""
    quantizer = quantizer_of(KINDS.get(name, "ab313"))
    batch = made_up_batch(n_bins=len(quantizer.centers), side=8)
    weights = np.random.default_rng(0).choice([0.25, 1.0, 4.0], len(quantizer.centers))
    gradients = []
    for options in (LossOptions(), LossOptions(weights)):
        outputs = outputs_for(name, quantizer, side=8).requires_grad_()
        loss_of(name, quantizer, options)(outputs, batch).backward()
        gradients.append(outputs.grad)
    factor = torch.from_numpy(weights).float()[batch["label"].long()]
    assert torch.equal(gradients[1], gradients[0] * factor[:, None])


def test_weights_go_through_the_whole_training_step():
    """A step moves each parameter by the sum over pixels of w times the pixel's gradient."""
    quantizer, batch = ab_lattice(), made_up_batch(n=1, side=4, stride=4)
    batch["label"][:] = torch.arange(16).reshape(1, 4, 4)
    weights = np.ones(313)
    weights[6] = 4.0
    kept, moves = [], []

    def keep(layer, inputs, logits):
        logits.retain_grad()
        kept.append(logits)

    for given in (None, weights):
        model = make_model("tiny", 313, seed=0)
        torch.nn.init.normal_(model.score.weight, generator=torch.Generator().manual_seed(0))
        start = [parameter.detach().clone() for parameter in model.parameters()]
        model.score.register_forward_hook(keep)
        objective = objective_of("soft-ce", quantizer, LossOptions(given))
        trainer_of(model, objective, optimizer="sgd", momentum=0.0).take_step(batch, 1.0)
        moves.append([p.detach() - s for p, s in zip(model.parameters(), start, strict=True)])
    plain, weighted = (outputs.grad for outputs in kept)
    factor = torch.ones(1, 1, 4, 4)
    factor[0, 0, 1, 2] = 4.0
    assert plain[0, :, 1, 2].abs().max() > 0
    assert torch.equal(weighted, factor * plain)
    model = make_model("tiny", 313, seed=0)
    torch.nn.init.normal_(model.score.weight, generator=torch.Generator().manual_seed(0))
    alone = make_term("soft-ce", quantizer).pixel_loss
    expected = [torch.zeros_like(parameter) for parameter in model.parameters()]
    for pixel in range(16):
        losses = alone(model(batch["lightness"][:, None] / 127.5 - 1.0), batch)
        gradients = torch.autograd.grad(losses.flatten()[pixel], list(model.parameters()))
        for total, gradient in zip(expected, gradients, strict=True):
            total -= weights[pixel] * gradient / 16
    for move, total in zip(moves[1], expected, strict=True):
        torch.testing.assert_close(move, total, atol=1e-6, rtol=1e-4)
    assert not torch.allclose(moves[0][0], moves[1][0])


def test_the_mean_is_over_all_pixels():
    """Twice the weights give twice the loss, and masked pixels count as pixels of loss 0."""
    quantizer, batch = ab_lattice(), made_up_batch()
    logits = outputs_for("soft-ce", quantizer)
    plain = loss_of("soft-ce", quantizer)(logits, batch)
    twice = loss_of("soft-ce", quantizer, LossOptions(np.full(313, 2.0)))(logits, batch)
    torch.testing.assert_close(twice, 2 * plain)
    half = {name: tensor[:1] for name, tensor in batch.items()}
    batch["label"][1] = 65535
    first = loss_of("soft-ce", quantizer)(logits[:1], half)
    torch.testing.assert_close(loss_of("soft-ce", quantizer)(logits, batch), first / 2)


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in ("segments", "classes")])
def test_masked_pixels_have_no_gradient(name):
    """Gray images and ignored pixels have no gradient; all other pixels have one."""
    quantizer = quantizer_of(KINDS.get(name, "ab313"))
    batch = made_up_batch()
    batch["ab"][0] = torch.randint(-5, 5, batch["ab"][0].shape, dtype=torch.int8)
    batch["label"][1, 0, 0] = 65535
    outputs = outputs_for(name, quantizer).requires_grad_()
    loss_of(name, quantizer)(outputs, batch).backward()
    touched = outputs.grad.abs().sum(dim=1) > 0
    expected = torch.ones(2, 6, 6, dtype=torch.bool)
    expected[0] = expected[1, 0, 0] = False
    assert torch.equal(touched, expected)


@pytest.mark.parametrize("name", ["soft-ce", "kl"])
@pytest.mark.parametrize("tau", [0.0, 0.7, 1.0])
def test_logit_adjustment(name, tau):
    """It is the plain loss of z + tau log p; at tau = 0, the same bits."""
    quantizer, batch = ab_lattice(), made_up_batch()
    prior = some_prior(quantizer)
    options = LossOptions(prior=prior, logit_adjust=tau)
    logits = outputs_for(name, quantizer)
    value = loss_of(name, quantizer, options)(logits, batch)
    filled = np.where(prior > 0, prior, prior[prior > 0].min())
    shift = torch.from_numpy(tau * np.log(filled)).float()[:, None, None]
    expected = loss_of(name, quantizer)(logits + shift, batch)
    torch.testing.assert_close(value, expected)
    if tau == 0:
        assert torch.equal(value, loss_of(name, quantizer)(logits, batch))


def test_logit_adjustment_by_lightness():
    """It is the plain loss of logits to which each pixel's own level adds tau log p."""
    quantizer, batch = ab_lattice(), made_up_batch()
    priors = np.random.default_rng(1).dirichlet(np.ones(313), 3)
    logits = outputs_for("soft-ce", quantizer)
    options = LossOptions(prior=priors, logit_adjust=0.7)
    shifted = logits.clone()
    for image, row, column in np.ndindex(batch["lightness"].shape):
        level = 3 * int(batch["lightness"][image, row, column]) // 256
        shifted[image, :, row, column] += torch.from_numpy(0.7 * np.log(priors[level])).float()
    expected = loss_of("soft-ce", quantizer)(shifted, batch)
    torch.testing.assert_close(loss_of("soft-ce", quantizer, options)(logits, batch), expected)


def test_the_shift_is_the_logarithm_of_the_prior():
    """At tau = 1, adjusted uniform logits give the prior; everything is finite."""
    prior = np.array([0.5, 0.3, 0.2, 0.0])
    shift = logit_shift(prior, 1.0)
    np.testing.assert_allclose(np.exp(shift[:3]), prior[:3])
    assert shift[3] == shift[2]


@pytest.mark.parametrize(
    ("name", "kind", "options", "message"),
    [
        ("l3", "ab313", {}, "unknown loss 'l3'; choose soft-ce"),
        ("matrix", "kmeans", {}, "lattice.*kmeans"),
        ("matrix", "gmm", {}, "lattice.*gmm"),
        ("matrix", "ab313", {"weighed_by": "expectation"}, "hard bins only"),
        ("hue-chroma", "ab313", {}, "hc-1d.*ab313"),
        ("l2", "gmm", {}, "ab quantizer.*gmm"),
        ("l1", "ab313", {"weights": np.ones(313)}, "l1 takes no rebalancing weights"),
        (
            "hue-chroma",
            "hc-1d",
            {"prior": np.ones(256), "logit_adjust": 1.0},
            "not for hue-chroma",
        ),
        ("soft-ce", "ab313", {"logit_adjust": 1.0}, "prior over the 313 bins"),
        ("soft-ce", "ab313", {"prior": np.ones(300), "logit_adjust": 1.0}, "over the 313 bins"),
        (
            "soft-ce",
            "ab313",
            {"weights": np.ones(313), "prior": np.ones(313), "logit_adjust": 1.0},
            "choose one",
        ),
    ],
)
def test_combinations_that_do_not_fit_are_refused(name, kind, options, message):
    """Losses, quantizers and options that do not fit are errors that name alternatives."""
    with pytest.raises(InputError, match=message):
        make_term(name, quantizer_of(kind), LossOptions(**options))
