"""Whether a source can be read where it was sent to: another machine may not have its folder."""

from __future__ import annotations

from ..errors import BadImage, InputError
from ..places import is_url
from .reader import ImageReader
from .source import Source

TRIED = 5  # images; some may have gone since they were listed


class ReadingTask:
    """A task that reads images; see `colorprep.engine.Checked`."""

    reader: ImageReader

    def check(self) -> None:
        """Check that images can be read in this process; see `check_readable`."""
        check_readable(self.reader.source)


def check_readable(source: Source) -> None:
    """Check that images can be read in this process, by reading one.

    Raises
    ------
    InputError
        If none of a few images can be read.
    """
    n_images = len(source.keys)
    why: Exception | None = None
    for index in sorted({number * n_images // TRIED for number in range(TRIED)}):
        try:
            source.read(index)
        except (BadImage, InputError) as error:
            why = why or error
        else:
            return
    if why is not None:
        raise InputError(
            f"the images of {source.shown} cannot be read there ({why}); {_how(source)}"
        )


def _how(source: Source) -> str:
    if is_url(source.shown):
        return "give all workers the network, credentials and packages that it takes"
    return "mount it under the same path on all workers, or put the images into an object store"
