"""The versions of the packages that a result depends on, as artifacts record them."""

from functools import cache
from importlib.metadata import version

from .. import __version__


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of colorprep and of packages that a result depends on."""
    return {"colorprep": __version__, **{name: _version(name) for name in packages}}


@cache
def _version(package: str) -> str:
    return version(package)  # which reads files; by class, there are many priors
