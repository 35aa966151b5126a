"""Objectives by name: a loss of the table, or several of them at once.

====================  ========================================  ==============================
name                  is                                        shared layers learn from
====================  ========================================  ==============================
``siggraph17-class``  ``l1`` times 20 / 110, and ``coarse-ce``  ``coarse-ce``
``siggraph17-reg``    the same                                  ``l1``
====================  ========================================  ==============================

Published is 10 times the sum of the errors of a and b, in units of 110 CIELAB units, beside the
cross-entropy. Both heads learn in both, but the layers that they share from one of them.

References
----------
colorization-pytorch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import InputError
from ...quantize.quantizer import Quantizer
from ..models.outputs import AB_UNIT
from .pixel_losses import LossOptions
from .terms import LOSSES, Objective, make_term, saturation_term


@dataclass(frozen=True)
class Composite:
    """An objective of several losses.

    Attributes
    ----------
    scales : mapping of str to float
        The factor of each loss; the head of the first one gives the colors.
    trunk_head : str or None
        See `terms.Objective`.
    """

    scales: Mapping[str, float]
    trunk_head: str | None = None


_SIGGRAPH17 = {"l1": 2 * 10.0 / AB_UNIT, "coarse-ce": 1.0}

COMPOSITES = {
    "siggraph17-class": Composite(_SIGGRAPH17, "coarse-bins"),
    "siggraph17-reg": Composite(_SIGGRAPH17, "ab"),
}


def make_objective(
    name: str,
    quantizer: Quantizer,
    options: LossOptions = LossOptions(),  # noqa: B008
    sizes: Mapping[str, int] | None = None,
    *,
    scale: float = 1.0,
    saturation: float = 0.0,
) -> Objective:
    """Return an objective.

    Parameters
    ----------
    name : str
        Of `COMPOSITES` or `terms.LOSSES`.
    sizes : mapping of str to int, optional
        Other sizes of the labels, see `models.spec.NetworkSpec`.
    scale : float
        The factor of a single loss.
    saturation : float
        The weight of missing saturation; 0 leaves it out.

    Raises
    ------
    InputError
        If the loss does not fit the quantizer or its options, or predicts no ab to saturate.
    """
    composite = COMPOSITES.get(name, Composite({name: scale}))
    terms = [make_term(loss, quantizer, options, each) for loss, each in composite.scales.items()]
    if saturation:
        if not any(term.kind.head == "ab" for term in terms):
            fitting = [loss for loss, kind in LOSSES.items() if kind.head == "ab"]
            raise InputError(
                f"--saturation is for losses of ab, not for {name}; choose --loss "
                f"{', '.join([*fitting, *COMPOSITES])}"
            )
        terms.append(saturation_term(quantizer, options, saturation))
    return Objective(terms, quantizer, sizes, composite.trunk_head)
