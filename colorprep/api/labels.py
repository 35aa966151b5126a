"""Making folders of labels."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from ..balance.prior import Prior
from ..places import Places
from ..shards.reader import LabelFolder, open_labels
from ..stages import labels
from .calls import called
from .options import LabelOptions, absolute, check_keywords, chosen


def make_labels(
    source: Places,
    prior: Prior | str | Path | None,
    output: str | Path,
    *,
    progress: bool = False,
    workspace: str | Path | None = None,
    **options: Unpack[LabelOptions],
) -> LabelFolder:
    """Label every image and write shards for training, as `colorprep labels` does.

    The same call again continues after an interrupt, and labels changed images again.

    Parameters
    ----------
    source : str, Path or sequence of these
        A folder, an archive or a URL of images, or several archives.
    prior : Prior, str, Path or None
        Its bins label, those of a prior.npz or a bare .npy; None for the 313 bins, or with a
        workspace for those of its prior.
    output : str or Path
        The folder to write.
    progress : bool
        Draw a bar.
    workspace : str, Path or None
        A folder in which scores and digests of the images are kept.
    **options
        Those of `colorprep labels`, see `colorprep.api.options.LabelOptions`.

    Returns
    -------
    LabelFolder
        For `ShardDataset`, or to read its arrays.

    Raises
    ------
    OutputExists
        If the folder contains something else, or labels of other images or settings.
    OutputError
        If another process labels into the folder, or there is no room or permission to write.
    InputError
        If no image could be read, or the options do not fit together.

    Examples
    --------
    >>> import colorprep as cp
    >>> photographs = cp.write_sample("photographs", count=10, size=32)
    >>> prior = cp.count_prior(photographs)
    >>> labels = cp.make_labels(photographs, prior, "labels", size=32)
    >>> labels
    LabelFolder(labels, ab313, 10 images, shards: 1)
    >>> labels.shards[0].arrays["label"].shape
    (10, 8, 8)
    >>> len(cp.ShardDataset(labels, labels.keys[:4]))
    4
    """
    check_keywords("make_labels", options, LabelOptions)
    with called(progress, workspace) as call:
        params = labels.LabelsParams(
            call.images(source, options),
            prior=None if prior is None else call.prior_file(prior),
            output=absolute(output),
            **chosen(options, labels.LabelsParams),
        )
        folder = labels.run(params, call.workspace, call.reporter).folder
    return open_labels(folder)
