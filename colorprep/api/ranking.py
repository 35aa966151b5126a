"""Ranking images by a score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from ..errors import BadImage, InputError
from ..places import Places
from ..stages import rgbvar
from ..stages.rgbvar.ranking import Ranking as StageRanking
from ..stages.source import ImageParams, image_reader
from .calls import called
from .options import RankOptions, check_keywords, chosen

if TYPE_CHECKING:  # matplotlib is slow to import
    from ..report.notebook import RankedImage

SHOWN = 5
TILE = 96  # pixels


@dataclass(frozen=True, eq=False, repr=False)
class Ranking(StageRanking):
    """Images in order of a score, which shows its first images in a notebook.

    `rank_images` returns it; see `rank_images` for an example.

    Attributes
    ----------
    score : str
        The name of the score.
    images : ImageParams
        Where the images are and how they are read.
    """

    score: str
    images: ImageParams

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.order)

    def __repr__(self) -> str:
        high, low = self.scores.max(), self.scores.min()
        return f"Ranking({self.score}, {len(self):,} images, {high:.4g} to {low:.4g})"

    def _repr_html_(self) -> str:
        from ..report.notebook import ranking_html

        return ranking_html(repr(self), list(self._first()))

    def _first(self) -> Iterator[RankedImage]:
        """Read the first images."""
        from ..report.notebook import RankedImage

        reader = image_reader(self.source, TILE, self.images, "crop")
        shown = zip(self.order[:SHOWN].tolist(), self.scores[:SHOWN].tolist(), strict=True)
        for index, score in shown:
            try:
                pixels = reader.read(index).pixels
            except BadImage:  # such as one that was deleted since
                pixels = None
            yield RankedImage(self.source.keys[index], score, pixels)


def rank_images(
    source: Places,
    *,
    progress: bool = False,
    workspace: str | Path | None = None,
    **options: Unpack[RankOptions],
) -> Ranking:
    """Rank images from the most to the least colorful, as `colorprep rgbvar` does.

    Parts of the ranking are slices of its keys, and can be given to other functions as `list`.

    Parameters
    ----------
    source : str, Path or sequence of these
        A folder, an archive or a URL of images, or several archives.
    progress : bool
        Draw a bar.
    workspace : str, Path or None
        A folder in which scores are kept, so that images need not be read again, and lists.
    **options
        Those of `colorprep rgbvar`, see `colorprep.api.options.RankOptions`.

    Raises
    ------
    InputError
        If no image could be read, there is no such score, or no prior for ``surprise``.
    ArtifactError
        If the file of the prior is missing or damaged.

    Examples
    --------
    >>> import colorprep as cp
    >>> photographs = cp.write_sample("photographs", count=10, size=32)
    >>> ranking = cp.rank_images(photographs)
    >>> ranking
    Ranking(rgbvar, 10 images, 3607 to 4.889)
    >>> ranking.keys[0]
    'retina/retina-000.jpg'
    >>> cp.count_prior(photographs, list=ranking.keys[:3])
    Prior(ab313, 313 bins, 3 images, 3,072 pixels, 5.21 bits)
    """
    check_keywords("rank_images", options, RankOptions)
    with called(progress, workspace) as call:
        images = call.images(source, options)
        given = chosen(options, rgbvar.RgbvarParams)
        if (prior := options.get("prior")) is not None:
            given["prior"] = call.prior_file(prior)
        params = rgbvar.RgbvarParams(images, **given)
        if params.score == "surprise" and prior is None and workspace is None:
            raise InputError("surprise is measured against a prior; give prior=count_prior(...)")
        ranking = rgbvar.run(params, call.workspace, call.reporter).ranking
    return Ranking(**vars(ranking), score=params.score, images=images)
