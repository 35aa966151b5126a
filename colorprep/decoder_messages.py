"""Messages of the libraries that decode images: kept off stderr, logged on demand.

For a large folder they give thousands of warnings, of sizes, odd tags and so on. If an image cannot
be used, it is skipped with a reason; the other messages do not affect pixels.
"""

from __future__ import annotations

import logging
import re
import warnings
from pathlib import Path

LIBRARIES = ("PIL", "tifffile", "pillow_heif", "pillow_jxl")
_MODULES = rf"({'|'.join(LIBRARIES)})(\.|$)"
_IN_OUR_NAME = "Pillow doesn't support 16 bit floats"  # by pillow_jxl, but attributed to its caller


def keep_quiet() -> None:
    """Keep the decoding libraries' warnings and log records in this process off stderr."""
    warnings.filterwarnings("ignore", module=_MODULES)
    warnings.filterwarnings("ignore", message=_IN_OUR_NAME)
    for name in LIBRARIES:
        library = logging.getLogger(name)
        if not library.handlers:  # without any, Python prints records to stderr
            library.addHandler(logging.NullHandler())


def log_to(handler: logging.Handler) -> None:
    """Send the decoding libraries' log records to a handler, and show their warnings."""
    warnings.filterwarnings("default", module=_MODULES)
    for name in LIBRARIES:
        logging.getLogger(name).handlers = [handler]


def is_by_decoder(filename: str) -> bool:
    """Return whether a warning raised in this file comes from a decoding library."""
    return re.match(_MODULES, Path(filename).parent.name) is not None
