"""`colorprep colorize`: color photographs with a trained network.

What needs torch is imported on first use, so that mistakes in options and paths show at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .early_checks import check_inputs as check_inputs
from .params import ColorizeParams as ColorizeParams

if TYPE_CHECKING:
    from .stage import ColorizeResult as ColorizeResult
    from .stage import run as run

_IN_STAGE = ("ColorizeResult", "run")


def __getattr__(name: str) -> Any:
    """Import what needs torch."""
    if name not in _IN_STAGE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(".stage", __name__), name)
