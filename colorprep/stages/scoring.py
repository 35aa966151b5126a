"""Scoring the images of a source, in a pass of its own or beside another one's work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from numpy.typing import NDArray

from ..balance.prior import Prior
from ..curriculum.scoring import SCORE_SIZE, ImageScorer
from ..engine import Batch, batches_of
from ..images.reader import ImageReader
from ..images.skip import Skip
from ..images.source import Source
from ..progress import Reporter
from ..scorebook import ScoreBook, open_book
from ..workspace import Workspace
from .source import ImageParams, check_strict, image_reader, open_engine

Scores = dict[int, NDArray[Any]]
"""Scores of some images of a source, by their indices."""


@dataclass
class ScoredBatch:
    """What became of a batch of images."""

    scores: Scores = field(default_factory=dict)
    skipped: list[Skip] = field(default_factory=list)


@dataclass(frozen=True)
class ScoreBatch:
    """Scores a batch of images; can be sent to other processes."""

    reader: ImageReader
    scorer: ImageScorer

    def __call__(self, batch: Batch) -> ScoredBatch:
        """Return what became of the images of a batch."""
        done = ScoredBatch()
        for image in self.reader.read_all(batch):
            if isinstance(image, Skip):
                done.skipped.append(image)
            else:
                done.scores[image.index] = self.scorer(image.pixels, image.reduced)
        return done


class Scoring(NamedTuple):
    """How another pass scores images beside its own work.

    Attributes
    ----------
    scorer : ImageScorer or None
        None where there is nothing to score.
    keep : callable
        Is given the scores of each batch.
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
    """Keep the scores of a pass over images of `SCORE_SIZE`, as far as they are not known yet.

    Parameters
    ----------
    source : Source
    images : ImageParams
    prior : Prior or None
    workspace : Workspace
    reporter : Reporter

    Yields
    ------
    Scoring
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
    source : Source
    images : ImageParams
        Whose rules of decoding count.
    prior : Prior or None
        For the score surprise.
    workspace : Workspace
    reporter : Reporter
        Receives a warning for each page that cannot be read.
    reduced : bool
        Whether large files are decoded smaller.

    Yields
    ------
    ScoreBook
    """
    rules = f"icc {images.icc}, orientation {images.orientation}, damaged {images.damaged}"
    if reduced:
        rules += ", reduced"
    digest = "" if prior is None else prior.digest
    with open_book(workspace.root, source, rules, digest) as book:
        for path in book.unread:
            reporter.warn(
                f"{workspace.shown(path)} is damaged or of a newer version, so the images in it "
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
    """Score the images of which a score is not known, and write it into the book.

    Parameters
    ----------
    book : ScoreBook
    score : str
    source : Source
    images : ImageParams
    prior : Prior or None
    reduced : bool
    reporter : Reporter

    Returns
    -------
    list of Skip
        Images that cannot be read.
    """
    missing = book.missing(score)
    if not missing:
        return []
    reader = replace(image_reader(source, SCORE_SIZE, images), reduced=reduced)
    task = ScoreBatch(reader, ImageScorer(prior))
    skipped: list[Skip] = []
    with (
        open_engine(images) as engine,
        reporter.track(len(missing), "images", "scoring") as advance,
        closing(engine.run(task, batches_of(missing, engine.batch_images))) as results,
    ):
        for done in results:
            check_strict(done.skipped, images)
            book.add(done.scores)
            skipped += done.skipped
            advance(len(done.scores) + len(done.skipped))
    return skipped
