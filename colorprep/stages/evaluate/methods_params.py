"""The parameters of a comparison of several methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ...errors import InputError
from ...report.themes import Theme
from .params import EvaluateParams

METHODS_OWN = {"original", "colorized", "checkpoint", "suffix", "match", "temperature", "features"}
SHOWABLE = (
    "auc",
    "psnr",
    "ssim",
    "ciede2000",
    "mse_ab",
    "colorfulness_delta",
    "colorfulness_abs_delta",
    "bin_accuracy",
)
"""Metrics of single images, by which pictures can be chosen; LPIPS is one if it is measured."""


@dataclass(frozen=True)
class MethodsParams:
    """Parameters of a comparison of several methods on the same images.

    Attributes
    ----------
    methods : mapping of str to EvaluateParams
        By the method's name, in the order of the tables: what would judge it alone. They differ in
        their pictures or checkpoints only; for a checkpoint the folder of ``images`` holds the
        originals, for pictures ``original`` does.
    baseline : str or None
        The method that the others are compared with; None for the first.
    show_by : str
        The metric by which the pictures of the page are chosen.
    theme : {"light", "dark", "auto"}
        Of the page; ``auto`` follows the reader's setting.
    """

    methods: Mapping[str, EvaluateParams]
    baseline: str | None = None
    show_by: str = "ciede2000"
    theme: Theme = "auto"

    def __post_init__(self) -> None:
        """Reject methods that cannot be compared, before any image is read."""
        if len(self.methods) < 2:
            raise InputError("a comparison needs two methods or more")
        if self.baseline is not None and self.baseline not in self.methods:
            raise InputError(
                f"--baseline: there is no method {self.baseline}; the methods are "
                f"{', '.join(self.methods)}"
            )
        for name, one in self.methods.items():
            if one.trees is not None:
                raise InputError("--write-pictures goes with one method only")
            if _shared(one) != _shared(self.first):
                raise InputError(
                    f"{name} is judged otherwise than {self.against}; methods are compared on the "
                    "same originals, in the same way"
                )
        if self.show_by not in self.showable:
            raise InputError(
                f"--show-by takes {', '.join(self.showable)}; got {self.show_by!r}"
                + (", which needs --weights alexnet=..." if self.show_by == "lpips" else "")
            )

    @property
    def first(self) -> EvaluateParams:
        """The parameters of the first method."""
        return next(iter(self.methods.values()))

    @property
    def against(self) -> str:
        """The name of the baseline."""
        return self.baseline or next(iter(self.methods))

    @property
    def showable(self) -> tuple[str, ...]:
        """The metrics by which pictures can be chosen."""
        return (*SHOWABLE, "lpips") if "alexnet" in self.first.weights else SHOWABLE


def _shared(params: EvaluateParams) -> dict[str, Any]:
    """Return the parameters that all methods share."""
    shared = {
        field.name: getattr(params, field.name)
        for field in fields(params)
        if field.name not in METHODS_OWN
    }
    images = shared.pop("images")
    shared |= {field.name: getattr(images, field.name) for field in fields(images)}
    return shared | {"folder": params.original or images.folder}
