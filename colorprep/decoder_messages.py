"""Messages of the libraries that decode images: kept from stderr, logged on demand.

They warn of sizes, odd tags and the like, thousands of times in a large folder. If an image cannot
be used, the reason why it is skipped says so; the other messages do not affect pixels.
"""

from __future__ import annotations

import logging
import re
import warnings
from pathlib import Path

LIBRARIES = ("PIL", "tifffile", "pillow_heif", "pillow_jxl")
_MODULES = rf"({'|'.join(LIBRARIES)})(\.|$)"
_IN_OUR_NAME = "Pillow doesn't support 16 bit floats"  # by pillow_jxl, which blames its caller


def keep_quiet() -> None:
    """Keep the decoding libraries' warnings and log records of this process from stderr."""
    warnings.filterwarnings("ignore", module=_MODULES)
    warnings.filterwarnings("ignore", message=_IN_OUR_NAME)
    for name in LIBRARIES:
        library = logging.getLogger(name)
        if not library.handlers:  # else records go to stderr if logging is not set up
            library.addHandler(logging.NullHandler())


def log_to(handler: logging.Handler) -> None:
    """Send the decoding libraries' log records to a handler, and let their warnings be shown.

    Parameters
    ----------
    handler : logging.Handler
    """
    warnings.filterwarnings("default", module=_MODULES)
    for name in LIBRARIES:
        logging.getLogger(name).handlers = [handler]


def is_by_decoder(filename: str) -> bool:
    """Return whether a warning raised in this file comes from a decoding library."""
    return re.match(_MODULES, Path(filename).parent.name) is not None
