"""The versions of what results depend on, and how those of two machines differ."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from PIL import features

from .. import __version__

Versions = Mapping[str, str | None]

DECODERS = ("pillow", "simplejpeg", "tifffile", "pillow-heif", "pillow-jxl-plugin")
LIBRARIES = ("libjpeg_turbo", "webp", "avif")  # that Pillow was built with
OTHERS = ("numpy", "numba", "torch")


@cache
def versions_here() -> dict[str, str | None]:
    """Return the versions of colorprep, decoders and other packages; None for what is missing."""
    libraries = {f"{name} of Pillow": features.version(name) for name in LIBRARIES}
    packages = {name: _installed(name) for name in (*DECODERS, *OTHERS)}
    return {"colorprep": __version__} | packages | libraries


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def differences(there: Versions, here: Versions) -> dict[str, str]:
    """Return how versions differ, in words, by name.

    Examples
    --------
    >>> differences({"pillow": "11.3.0", "numba": None}, {"pillow": "12.0.0", "numba": None})
    {'pillow': 'pillow 11.3.0 in place of 12.0.0'}
    """
    return {
        name: f"{_named(name, there.get(name))} in place of {known or 'none'}"
        for name, known in here.items()
        if there.get(name) != known
    }


def _named(name: str, known: str | None) -> str:
    return f"no {name}" if known is None else f"{name} {known}"


def decides(name: str) -> bool:
    """Return whether other versions of this may give other results."""
    return name not in OTHERS
