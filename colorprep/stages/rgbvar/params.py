"""The options of `colorprep rgbvar`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from ...curriculum.scoring import SCORES
from ...errors import InputError
from ...finite import check_finite
from ...report.figures.figure_style import DEFAULT_STYLE, WIDTH, FigureFormat, FigureStyle
from ..source import ImageParams

PICTURE_ENDINGS = ("jpg", *get_args(FigureFormat))
SCORE_NAMES = tuple(name.replace("_", "-") for name in SCORES)


@dataclass(frozen=True)
class RgbvarParams:
    """Parameters of `colorprep rgbvar`.

    Attributes
    ----------
    ranks : tuple of int, or None
        First and last rank of the curriculum, counted from 1, both included.
    output : str, Path or None
        Folder of the lists; None for ``lists/``.
    score : str
        One of `SCORE_NAMES`.
    min_score : float or None
        The curriculum consists of the images with at least this score.
    stratify : bool
        Whether every prefix of the ranking should hold the colors in the proportions of the whole.
    montages : tuple of int
        Each montage shows 100 images from one of these ranks on, counted from 1.
    fast : bool
        Whether large JPEG files may be decoded from a part of their coefficients.
    prior : str, Path or None
        What ``surprise`` is measured against; None for the workspace's ``prior.npz``.
    style : FigureStyle
        Of the montages, which are JPEG without a format or size, and of the curve of scores.
    """

    images: ImageParams = field(default_factory=ImageParams)
    ranks: tuple[int, int] | None = None
    output: str | Path | None = None
    score: str = "rgbvar"
    min_score: float | None = None
    stratify: bool = False
    montages: tuple[int, ...] = ()
    fast: bool = False
    prior: str | Path | None = None
    style: FigureStyle = DEFAULT_STYLE

    def __post_init__(self) -> None:
        """Reject parameters that do not fit together, before any image is read."""
        check_finite(self)
        if self.score not in SCORE_NAMES:
            raise InputError(f"unknown score {self.score!r}; choose from {', '.join(SCORE_NAMES)}")
        if self.ranks is not None and self.min_score is not None:
            raise InputError("a curriculum is chosen by ranks or by --min-score; give one of them")
        if not self.montages:
            self.style.refuse_unused("--montage")
        self.style.refuse_narrow(WIDTH)

    @property
    def stem(self) -> str:
        """The beginning of the lists' names."""
        return f"{self.score}-stratified" if self.stratify else self.score


def parse_ranks(text: str) -> tuple[int, int]:
    """Parse a range START-END of ranks, counted from 1, both included.

    Raises
    ------
    InputError
        If the text is not a range.

    Examples
    --------
    >>> parse_ranks("1000-100100")
    (1000, 100100)
    """
    match = re.fullmatch(r"\s*(\d+)\s*-\s*(\d+)\s*", text)
    if match is None:
        raise InputError(f"a range must be START-END, such as 1000-100100; got {text!r}")
    start, end = int(match[1]), int(match[2])
    if not 1 <= start <= end:
        raise InputError(f"a range counts from 1, and START must not exceed END; got {text!r}")
    return start, end
