"""Claims about soft cross-entropy by gathering: value and gradient are those of the dense form."""

import numpy as np
import pytest
import torch
from batches import SPECS, dense_targets, made_up_batch, quantizer_of
from torch.nn import functional

from colorprep.training.losses.cross_entropy import soft_cross_entropy
from colorprep.training.losses.targets import SoftTargetTable


def some_targets(n_bins=7, n_entries=3):
    """Random targets of pixels, in which a bin may occur twice."""
    generator = torch.Generator().manual_seed(0)
    bins = torch.randint(0, n_bins, (2, 4, 5, n_entries), generator=generator)
    probs = torch.rand(bins.shape, generator=generator, dtype=torch.float64)
    return bins, probs / probs.sum(dim=-1, keepdim=True)


def some_logits(n_bins=7, dtype=torch.float64):
    """Random logits for them."""
    generator = torch.Generator().manual_seed(1)
    return 3 * torch.randn(2, n_bins, 4, 5, generator=generator, dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("kind", SPECS)
def test_equals_the_dense_form(kind, memory_format):
    """Value and gradient are those of torch's cross-entropy with dense targets, to 1e-5."""
    quantizer = quantizer_of(kind)
    batch, n_bins = made_up_batch(), len(quantizer.centers)
    weight = torch.rand(2, 6, 6)
    torch.manual_seed(0)
    ours = 3 * torch.randn(2, n_bins, 6, 6).to(memory_format=memory_format)
    theirs = ours.clone().requires_grad_()
    ours.requires_grad_()
    losses = soft_cross_entropy(ours, *SoftTargetTable(quantizer)(batch))
    target = dense_targets(quantizer, batch)
    expected = functional.cross_entropy(theirs, target, reduction="none")
    torch.testing.assert_close(losses, expected, atol=1e-5, rtol=1e-5)
    (weight * losses).sum().backward()
    (weight * expected).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-5, rtol=1e-5)


def test_gradient_is_that_of_finite_differences():
    """In float64, the gradient is the slope of the value in every logit."""
    bins, probs = some_targets()
    logits = some_logits().requires_grad_()
    scale = torch.rand(2, 4, 5, dtype=torch.float64)
    (scale * soft_cross_entropy(logits, bins, probs)).sum().backward()
    step = 1e-5
    slopes = torch.empty_like(logits)
    with torch.no_grad():
        for at in np.ndindex(*logits.shape):
            ends = []
            for way in (step, -step):
                moved = logits.clone()
                moved[at] += way
                ends.append((scale * soft_cross_entropy(moved, bins, probs)).sum())
            slopes[at] = (ends[0] - ends[1]) / (2 * step)
    torch.testing.assert_close(logits.grad, slopes, atol=1e-8, rtol=1e-6)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(dtype):
    """Logits of half precision give the float32 loss and gradient of the same numbers."""
    bins, probs = some_targets()
    half = some_logits(dtype=dtype).requires_grad_()
    full = half.detach().float().requires_grad_()
    losses, expected = (soft_cross_entropy(z, bins, probs.float()) for z in (half, full))
    assert losses.dtype == torch.float32
    torch.testing.assert_close(losses, expected, atol=1e-5, rtol=1e-5)
    losses.sum().backward()
    expected.sum().backward()
    torch.testing.assert_close(half.grad, full.grad.to(dtype))


def test_under_autocast():
    """After a convolution under autocast, the loss is float32, and weights get gradients."""
    bins, probs = some_targets()
    convolution = torch.nn.Conv2d(7, 7, 1)
    with torch.autocast("cpu", torch.bfloat16):
        logits = convolution(some_logits(dtype=torch.float32))
        value = soft_cross_entropy(logits, bins, probs.float()).mean()
    value.backward()
    assert (logits.dtype, value.dtype) == (torch.bfloat16, torch.float32)
    assert convolution.weight.grad.abs().max() > 0


def test_extreme_logits_stay_finite():
    """Logits of 1000 and -1000 do not overflow."""
    bins, probs = some_targets()
    logits = (1000 * some_logits(dtype=torch.float32).sign()).requires_grad_()
    losses = soft_cross_entropy(logits, bins, probs.float())
    losses.sum().backward()
    assert losses.isfinite().all() and logits.grad.isfinite().all()


def test_second_backward_passes_are_refused():
    """A second backward pass and a derivative of the gradient are errors, not wrong numbers."""
    bins, probs = some_targets()
    logits = some_logits().requires_grad_()
    value = soft_cross_entropy(logits, bins, probs).mean()
    with pytest.raises(RuntimeError, match="no second derivative"):
        torch.autograd.grad(value, logits, create_graph=True)
    value.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="inplace"):
        value.backward()
