"""`colorprep train`: train a colorizer from label shards.

What needs torch is imported on first use, so that mistakes in options and paths show at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .early_checks import check_inputs as check_inputs
from .params import TrainParams as TrainParams

if TYPE_CHECKING:
    from .dry_run import forecast as forecast
    from .stage import TrainResult as TrainResult
    from .stage import run as run

_MODULES = {"forecast": ".dry_run", "TrainResult": ".stage", "run": ".stage"}


def __getattr__(name: str) -> Any:
    """Import what needs torch."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name], __name__), name)
