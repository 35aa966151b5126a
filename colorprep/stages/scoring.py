"""Scoring the images of a source, in a separate pass or within another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from numpy.typing import NDArray

from ..balance.prior import Prior
from ..curriculum.scoring import SCORE_SIZE, ImageScorer
from ..images.reader import ReadImage
from ..images.skip import Skip
from ..images.source import Source
from ..progress import Reporter
from ..scorebook import ScoreBook, open_book
from ..workspace import Workspace
from .passes import EachImage, open_passes
from .source import ImageParams, image_reader

LEAST_SIDE = 192  # pixels left on the shorter side of a photograph that is decoded smaller

Scores = dict[int, NDArray[Any]]
"""Scores of some images of a source, by index."""


class Scoring(NamedTuple):
    """How another pass scores images in addition to its own work.

    Attributes
    ----------
    scorer : ImageScorer or None
        None if there is nothing to score.
    keep : callable
        Receives the scores of each chunk.
    """

    scorer: ImageScorer | None = None
    keep: Callable[[Scores], object] = lambda scores: None


NOTHING_TO_SCORE = Scoring()


@contextmanager
def scoring_beside(
    source: Source,
    images: ImageParams,
    prior: Prior | None,
    workspace: Workspace,
    reporter: Reporter,
) -> Iterator[Scoring]:
    """Let a pass over images of `SCORE_SIZE` add the scores that are not known yet.

    They are of images that were decoded whole, so that the pass must leave out reduced ones.
    """
    with open_scores(source, images, prior, workspace, reporter) as book:
        missing = book.missing("rgbvar" if prior is None else "surprise")
        yield Scoring(ImageScorer(prior), book.add) if missing else NOTHING_TO_SCORE


@contextmanager
def open_scores(
    source: Source,
    images: ImageParams,
    prior: Prior | None,
    workspace: Workspace,
    reporter: Reporter,
    reduced: bool = False,
) -> Iterator[ScoreBook]:
    """Open the known scores of a source's images; see `open_book`.

    Parameters
    ----------
    images : ImageParams
        Gives the rules of decoding.
    prior : Prior or None
        For the score surprise.
    reporter : Reporter
        Receives a warning for each page that cannot be read.
    reduced : bool
        Whether large files are decoded smaller.
    """
    rules = f"icc {images.icc}, orientation {images.orientation}, damaged {images.damaged}"
    if reduced:
        rules += ", reduced"
    digest = "" if prior is None else prior.digest
    with open_book(workspace.root, source, rules, digest) as book:
        for path in book.unread:
            reporter.warn(
                f"{workspace.shown(path)} is damaged or of another version, so the images in it "
                "are scored again; delete it to end this warning"
            )
        yield book


def score_missing(
    book: ScoreBook,
    score: str,
    source: Source,
    images: ImageParams,
    prior: Prior | None,
    reduced: bool,
    reporter: Reporter,
) -> list[Skip]:
    """Score the images whose score is missing in the book, and add them.

    Returns
    -------
    list of Skip
        Images that cannot be read.
    """
    missing = book.missing(score)
    if not missing:
        return []
    least_side = LEAST_SIDE if reduced else None
    reader = image_reader(source, SCORE_SIZE, images, least_side=least_side)
    task = EachImage(reader, _Score(ImageScorer(prior)))
    skipped: list[Skip] = []
    with open_passes(images, reporter) as passes, passes.each(task, missing, "scoring") as results:
        for done in results:
            book.add(dict(done.made))
            skipped += done.skipped
    return skipped


@dataclass(frozen=True)
class _Score:
    scorer: ImageScorer

    def __call__(self, image: ReadImage) -> tuple[int, NDArray[Any]]:
        return image.index, self.scorer(image.pixels, image.reduced)
