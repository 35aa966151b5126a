"""Writing the built-in photographs."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from ..stages import sample
from .calls import called
from .options import SampleOptions, absolute, check_keywords


def write_sample(
    output: str | Path, *, progress: bool = False, **options: Unpack[SampleOptions]
) -> Path:
    """Write crops of the built-in photographs, as `colorprep sample` does.

    Parameters
    ----------
    output : str or Path
        A new or empty folder.
    progress : bool
        Draw a bar.
    **options
        Those of `colorprep sample`, see `colorprep.api.options.SampleOptions`.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OutputExists
        If the folder is not empty.

    Examples
    --------
    >>> import colorprep as cp
    >>> photographs = cp.write_sample("photographs", count=20, size=32)
    >>> cp.find_images(photographs)
    FolderSource(photographs, 20 images)
    """
    check_keywords("write_sample", options, SampleOptions)
    with called(progress) as call:
        params = sample.SampleParams(absolute(output), **options)
        sample.run(params, call.workspace, call.reporter)
    return Path(output)
