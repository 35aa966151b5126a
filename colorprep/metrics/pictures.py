"""The errors of pictures that the CIFAR models and the Places models were published with.

The CIFAR models report sums over the 32 x 32 x 3 numbers of an image, in [0, 1]: for their cGAN, on
the 10,000 images of the test set, a mean L1 of 187.784 and L2 of 26.2302, that is a MAE of 0.06113
and a MSE of 0.008538. The PSNR of this MSE is 20.7 dB; the mean PSNR of single images is higher.
The Places models report the mean squared error of (ab + 128) / 255 with its standard error. Theirs
is of the means of batches, and includes the losses of JPEG files; here it is of images.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats, rgb_to_lab
from .pairs import mse_ab, psnr


class PictureErrors(NamedTuple):
    """Errors of a picture against its original, both 8-bit sRGB.

    Attributes
    ----------
    mae, mse : float
        Mean absolute and mean squared error of RGB in [0, 1].
    psnr : float
        In dB; infinite for equal images.
    l1, l2 : float
        Sums of the absolute and of the squared errors over all pixels and channels, RGB in [0, 1].
    mse_ab : float
        Mean squared error of (ab + 128) / 255.
    """

    mae: float
    mse: float
    psnr: float
    l1: float
    l2: float
    mse_ab: float


class MeanError(NamedTuple):
    """The mean of an error over images.

    Attributes
    ----------
    mean : float
        Over the images whose error is finite; NaN if there are none.
    standard_error : float
        sqrt(var / n), var with n - 1 degrees of freedom; NaN for fewer than two images.
    n : int
        Images that count.
    """

    mean: float
    standard_error: float
    n: int


def picture_errors(prediction: NDArray[np.uint8], original: NDArray[np.uint8]) -> PictureErrors:
    """Compare a picture with its original.

    Parameters
    ----------
    prediction, original : ndarray of shape (H, W, 3), uint8

    Examples
    --------
    >>> original = np.full((32, 32, 3), 100, np.uint8)
    >>> errors = picture_errors(original + np.uint8(51), original)
    >>> round(errors.mae, 6), round(errors.l1, 3), round(errors.l2, 2), round(errors.psnr, 2)
    (0.2, 614.4, 122.88, 13.98)
    """
    error = (prediction.astype(np.float64) - original) / 255.0
    absolute, squared = np.abs(error), error**2
    ab, ab_original = (rgb_to_lab(image)[..., 1:] for image in (prediction, original))
    return PictureErrors(
        mae=float(absolute.mean()),
        mse=float(squared.mean()),
        psnr=psnr(prediction, original),
        l1=float(absolute.sum()),
        l2=float(squared.sum()),
        mse_ab=mse_ab(ab, ab_original),
    )


def mean_error(values: Floats) -> MeanError:
    """Return the mean of an error over images, with its standard error.

    Parameters
    ----------
    values : ndarray of shape (n,), float64
        Of each image.

    Examples
    --------
    >>> mean_error(np.array([1.0, 3.0, np.inf]))
    MeanError(mean=2.0, standard_error=1.0, n=2)
    """
    finite = values[np.isfinite(values)]
    n = len(finite)
    if n < 2:
        return MeanError(float(finite[0]) if n else math.nan, math.nan, n)
    return MeanError(float(finite.mean()), float(np.sqrt(finite.var(ddof=1) / n)), n)


def summarize_errors(errors: Sequence[PictureErrors]) -> dict[str, MeanError]:
    """Return the means of the errors of one picture or more, by the names of their fields."""
    return {
        name: mean_error(np.array(values))
        for name, values in zip(PictureErrors._fields, zip(*errors, strict=True), strict=True)
    }


def psnr_of(mse: float) -> float:
    """Return the PSNR in dB of a mean squared error of RGB in [0, 1], infinite for 0.

    Examples
    --------
    >>> round(psnr_of(0.008538), 2)
    20.69
    """
    return -10.0 * math.log10(mse) if mse > 0 else math.inf


def error_table(rows: Mapping[str, Mapping[str, MeanError]]) -> list[str]:
    """Return the lines of a table of means, for people to read.

    Parameters
    ----------
    rows : mapping of str to mapping of str to MeanError
        What `summarize_errors` returns, by the name of each row; one row or more.

    Returns
    -------
    list of str
        A header and a line for each row. The standard error of ``mse_ab`` follows it; ``psnr of
        mse`` is the PSNR of the mean MSE.
    """
    cells = [["", *PictureErrors._fields[:-1], "psnr of mse", "mse_ab", "s.e."]]
    for name, means in rows.items():
        shown = [_shown(means[field].mean) for field in PictureErrors._fields[:-1]]
        last = means["mse_ab"]
        errors = [_shown(last.mean), _shown(last.standard_error, 2)]
        cells.append([name, *shown, _shown(psnr_of(means["mse"].mean)), *errors])
    return aligned(cells)


def _shown(figure: float, digits: int = 6) -> str:
    """Return a figure, or a dash if it is unknown."""
    return "-" if math.isnan(figure) else f"{figure:.{digits}g}"


def aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows of a table as lines, the first column to the left, the others to the right.

    Parameters
    ----------
    cells : sequence of sequence of str
        Of each row; all rows have as many.
    """
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join([first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]).rstrip()
        for first, *others in cells
    ]
