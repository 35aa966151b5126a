"""`colorprep sample`: write the built-in photographs as a folder of JPEG files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..atomic import replacing
from ..errors import OutputExists
from ..images.sample import QUALITY, sample_crops
from ..progress import Reporter
from ..workspace import Workspace


@dataclass(frozen=True)
class SampleParams:
    """Parameters of `colorprep sample`; see `colorprep.images.sample.sample_crops`."""

    output: str | Path
    count: int = 240
    size: int = 256
    seed: int = 0


def run(params: SampleParams, workspace: Workspace, reporter: Reporter) -> list[Path]:
    """Write crops of the built-in photographs, into one folder for each photograph.

    Returns
    -------
    list of Path
        The written files.

    Raises
    ------
    OutputExists
        If the folder is not empty.
    InputError
        If the count or the size is below 1.
    """
    folder = workspace.path(params.output)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputExists(f"{folder} exists and is not an empty folder; choose another name")
    written = []
    crops = sample_crops(params.count, params.size, params.seed)
    with reporter.track(params.count, "images", "writing photographs") as advance:
        for crop in crops:
            path = folder / crop.key
            with replacing(path, is_photograph=True) as temporary:
                crop.image.save(temporary, "JPEG", quality=QUALITY, subsampling="4:4:4")
            written.append(path)
            advance(1)
    return written
