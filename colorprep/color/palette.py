"""The palette of PASCAL VOC, which paints classes in colors that are easy to tell apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def voc_palette() -> NDArray[np.uint8]:
    """Return the colors of 256 classes.

    Returns
    -------
    ndarray of shape (256, 3), uint8
        sRGB. Bits 0, 1 and 2 of an index are the highest bits of red, green and blue, bits 3, 4
        and 5 the second highest, and so on. Class 0, the background, is black; 255, void, is cream.

    Examples
    --------
    >>> voc_palette()[[0, 1, 15, 255]].tolist()
    [[0, 0, 0], [128, 0, 0], [192, 128, 128], [224, 224, 192]]
    """
    index = np.arange(256)
    palette = np.zeros((256, 3), np.uint8)
    for bit in range(8):
        level, channel = divmod(bit, 3)
        palette[:, channel] |= (((index >> bit) & 1) << (7 - level)).astype(np.uint8)
    return palette
