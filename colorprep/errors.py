"""Every error that colorprep raises on purpose.

The tree::

    ColorprepError
    ├── InputError       a value, option, folder or list that cannot be used (also a ValueError)
    │   └── UrlGiven     a URL in place of a local path
    ├── ArtifactError    a colorprep file that is missing, damaged, foreign, or does not fit another
    ├── TrainingError    a training run that cannot continue
    ├── OutputExists     an existing output that is not overwritten unless requested
    ├── OutputError      an output that cannot be written: no room, not allowed, or in use
    │   └── UnusableName one whose name the file system does not allow
    └── BadImage         one image that cannot be used; stages skip it and list the reason

A message says what was wrong, in which file, what was expected, and what to do next. Errors are
turned into text and exit codes in one place only, `colorprep.cli.main`.
"""

from __future__ import annotations


class ColorprepError(Exception):
    """Root of all errors raised on purpose by colorprep."""


class InputError(ColorprepError, ValueError):
    """A value, option, folder or list that cannot be used."""


class UrlGiven(InputError):
    """A URL in place of a local path."""


class ArtifactError(ColorprepError):
    """A colorprep file that is missing, damaged, foreign, or does not fit another."""


class TrainingError(ColorprepError):
    """A training run that cannot continue."""


class OutputExists(ColorprepError):
    """An existing output that is not overwritten unless requested."""


class OutputError(ColorprepError):
    """An output that cannot be written: no room, not allowed, or in use by another process."""


class UnusableName(OutputError):
    """An output whose name the file system does not allow.

    Parameters
    ----------
    why : str
        What is wrong with its name, in words.
    """

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"cannot write {path}: {why}; rename it")
        self.path = path
        self.why = why

    def __reduce__(self) -> tuple[type[UnusableName], tuple[str, str]]:
        """Pickle path and reason, so that the error can be sent between processes."""
        return type(self), (self.path, self.why)


class BadImage(ColorprepError):
    """One image that cannot be used.

    Parameters
    ----------
    reason : str
        A reason code of `colorprep.images.skip.REASONS`.
    detail : str
        What exactly was found, in words.

    Examples
    --------
    >>> str(BadImage("too-small", "3 x 2 pixels"))
    'too-small: 3 x 2 pixels'
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type[BadImage], tuple[str, str]]:
        """Pickle reason and detail, so that the error can be sent between processes."""
        return type(self), (self.reason, self.detail)
