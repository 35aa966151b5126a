"""Claims about galleries."""

import numpy as np

from colorprep.report.gallery import gallery


def test_galleries_keep_the_aspect():
    """Photographs are fitted into squares, side by side."""
    wide, tall = np.full((10, 40, 3), 255, np.uint8), np.full((40, 10, 3), 255, np.uint8)
    picture = np.asarray(gallery([[wide, tall]], ["wide", "tall"], tile=80))
    white = (picture == 255).all(axis=2)
    assert white[:, : picture.shape[1] // 2].any(axis=0).sum() >= 80
    assert white[40:, picture.shape[1] // 2 :].any(axis=0).sum() == 20
