"""Soft cross-entropy by gathering: logits over Q bins against targets with few entries.

For a pixel with logits z and a target of probabilities t_k on bins i_k, summing to 1,

    -sum_q t_q log softmax(z)_q  =  logsumexp(z) - sum_k t_k z[i_k],

so the target is never expanded to all bins, and the gradient is softmax(z) - t: the exponentials of
the forward pass, scaled in place, with t subtracted from a few of them. In addition to the logits
this takes one buffer of their size, which becomes the gradient.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor


def soft_cross_entropy(logits: Tensor, bins: Tensor, probs: Tensor) -> Tensor:
    """Return each pixel's cross-entropy with its soft target.

    Parameters
    ----------
    logits : Tensor of shape (B, Q, h, w)
        In any memory format; half precision is computed in float32.
    bins : Tensor of shape (B, h, w, k), int64
        The bins of the target; a bin may occur more than once.
    probs : Tensor of shape (B, h, w, k)
        Their probabilities, summing to 1 over k; 0 for unused entries.

    Returns
    -------
    Tensor of shape (B, h, w), float32, or float64 for logits in float64
        In nats.

    Notes
    -----
    The backward pass computes the gradient in the buffer of the forward pass, so it can run only
    once; a second pass and derivatives of the gradient are errors of autograd. Only the logits get
    gradients, not the targets.

    Examples
    --------
    >>> logits = torch.zeros(1, 4, 1, 1)
    >>> bins, probs = torch.tensor([[[[0, 2]]]]), torch.tensor([[[[0.75, 0.25]]]])
    >>> round(soft_cross_entropy(logits, bins, probs).item(), 4)  # ln 4
    1.3863
    """
    return cast(Tensor, _SoftCrossEntropy.apply(logits, bins, probs))  # type: ignore[no-untyped-call]


class _SoftCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, bins: Tensor, probs: Tensor) -> Tensor:
        bins, probs = bins.movedim(-1, 1), probs.movedim(-1, 1)
        largest = logits.amax(dim=1, keepdim=True)
        # With a float32 maximum, differences of float16 and bfloat16 logits are float32, too.
        largest = largest.to(torch.promote_types(logits.dtype, torch.float32))
        exponentials = torch.sub(logits, largest).exp_()
        total = exponentials.sum(dim=1)
        chosen = (probs * logits.gather(1, bins)).sum(dim=1)
        ctx.save_for_backward(exponentials, total, bins, probs)
        ctx.dtype = logits.dtype
        return total.log() + largest.squeeze(1) - chosen

    @staticmethod
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor, None, None]:
        if torch.is_grad_enabled():  # only with create_graph=True
            raise RuntimeError("soft_cross_entropy has no second derivative")
        exponentials, total, bins, probs = ctx.saved_tensors
        gradient = exponentials.mul_((scale / total).unsqueeze(1))
        gradient.scatter_add_(1, bins, (probs * -scale.unsqueeze(1)).to(gradient.dtype))
        return gradient.to(ctx.dtype), None, None
