"""Claims about spectra: nothing is lost, gray comes first, names are shown as they are."""

import numpy as np
import pytest

from colorprep import ab_lattice, hue_chroma_bins, hue_chroma_grid, rgb_to_lab
from colorprep.balance.weights import gray_bins
from colorprep.report.figures.spectrum import draw_spectra, spectrum


@pytest.mark.parametrize(
    "quantizer", [ab_lattice(), hue_chroma_grid(25), hue_chroma_bins(6)], ids=lambda q: q.name
)
def test_shares_add_up(quantizer):
    """The sectors hold all of a distribution, the first of them what is near-gray."""
    probs = np.random.default_rng(0).dirichlet(np.ones(len(quantizer.centers)))
    shares, colors = spectrum(quantizer, probs)
    assert shares.sum() == pytest.approx(1)
    gray = gray_bins(quantizer.centers, quantizer.space)
    assert shares[0] == pytest.approx(probs[gray].sum())
    assert colors.min() >= 0 and colors.max() <= 1


def test_a_sector_has_the_mean_color_of_its_bins():
    """A sector with one bin in it has that bin's color; its place is by hue."""
    quantizer = ab_lattice()
    probs = np.zeros(313)
    probs[quantizer.encode(np.array([[40.0, 30.0]]))] = 1.0
    shares, colors = spectrum(quantizer, probs)
    sector = int(np.argmax(shares))
    assert shares[sector] == 1 and sector == 1 + int((np.degrees(np.arctan2(30, 40)) + 10) // 10)
    np.testing.assert_allclose(rgb_to_lab(colors[sector])[1:], [40, 30], atol=0.1)


def test_names_are_no_formulas():
    """Names of folders are drawn as they are, long ones shortened."""
    quantizer = ab_lattice()
    probs = np.full(313, 1 / 313)
    rows = [("$a^{$", probs), ("a name of more than sixteen letters", probs)]
    figure = draw_spectra(quantizer, rows, "share")
    figure.canvas.draw()
    names = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert names == ["$a^{$", "a name of more …"]
