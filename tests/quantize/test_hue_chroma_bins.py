"""Claims about separate bins of hue and chroma."""

import numpy as np
import pytest

from colorprep import InputError, hue_chroma_bins


def test_labels_are_those_of_colorizer_fcn(some_colors):
    """32 edges give hue labels up to 30; only pure colors get the top chroma bin."""
    from colorprep import rgb_to_hue_chroma_lightness

    bins = hue_chroma_bins(32)
    colors = rgb_to_hue_chroma_lightness(some_colors)[:, :2]
    chroma, hue = np.divmod(bins.encode(colors), 32)
    np.testing.assert_array_equal(hue, np.digitize(colors[:, 0], bins.hue_edges) - 1)
    assert hue.max() == 30
    np.testing.assert_array_equal(chroma == 31, colors[:, 1] == 1.0)


def test_centers_encode_to_themselves():
    """Each bin's center is in that bin; hue 1 is hue 0."""
    bins = hue_chroma_bins(10)
    labels = bins.encode(bins.centers)
    proper = np.arange(100) % 10 < 9
    np.testing.assert_array_equal(labels[proper], np.arange(100)[proper])
    np.testing.assert_array_equal(labels[~proper], np.arange(100)[~proper] - 9)


def test_labels_are_one_hot():
    """The soft label is the hard one."""
    bins = hue_chroma_bins(8)
    soft = bins.encode_soft(np.array([[0.2, 0.3], [0.9, 0.0]]))
    assert soft.weights.shape == (2, 1) and (soft.weights == 1).all()


def test_useless_numbers_are_refused():
    """One edge makes no bin, and 256 edges overflow the label."""
    for components in (1, 256):
        with pytest.raises(InputError, match="2 to 255"):
            hue_chroma_bins(components)
