"""Soft cross-entropy by gathering: logits over Q bins against targets with few entries.

For a pixel with logits z and a target of probabilities t_k on bins i_k, summing to 1,

    -sum_q t_q log softmax(z)_q  =  logsumexp(z) - sum_k t_k z[i_k],

so the target is never written out over all bins, and its derivative is softmax(z) - t: the
exponentials of the forward pass, scaled in place, with t subtracted from a few of them. Beside the
logits this takes one buffer of their size, which becomes the gradient.
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
        Of any memory format; half precision is computed with in float32.
    bins : Tensor of shape (B, h, w, k), int64
        Bins with a target; a bin may be there more than once.
    probs : Tensor of shape (B, h, w, k)
        Their probabilities, summing to 1 over k; 0 where there are fewer than k bins.

    Returns
    -------
    Tensor of shape (B, h, w), float32, or float64 where the logits are
        Nats.

    Notes
    -----
    The backward pass computes the gradient in the buffer that the forward pass kept, so it can be
    taken once: a second one, and derivatives of the gradient, are errors of autograd. Gradients
    go to the logits alone, not to the targets.
    """
    return cast(Tensor, _SoftCrossEntropy.apply(logits, bins, probs))  # type: ignore[no-untyped-call]


class _SoftCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, bins: Tensor, probs: Tensor) -> Tensor:
        bins, probs = bins.movedim(-1, 1), probs.movedim(-1, 1)
        largest = logits.amax(dim=1, keepdim=True)
        # float16 and bfloat16 meet a float32 here, so that the difference is one too.
        largest = largest.to(torch.promote_types(logits.dtype, torch.float32))
        exponentials = torch.sub(logits, largest).exp_()
        total = exponentials.sum(dim=1)
        chosen = (probs * logits.gather(1, bins)).sum(dim=1)
        ctx.save_for_backward(exponentials, total, bins, probs)
        ctx.dtype = logits.dtype
        return total.log() + largest.squeeze(1) - chosen

    @staticmethod
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor, None, None]:
        if torch.is_grad_enabled():  # it is with create_graph=True alone
            raise RuntimeError("soft_cross_entropy has no second derivative")
        exponentials, total, bins, probs = ctx.saved_tensors
        gradient = exponentials.mul_((scale / total).unsqueeze(1))
        gradient.scatter_add_(1, bins, (probs * -scale.unsqueeze(1)).to(gradient.dtype))
        return gradient.to(ctx.dtype), None, None
