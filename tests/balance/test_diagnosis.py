"""Claims about the diagnosis of priors of unknown origin."""

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter1d, uniform_filter1d
from scipy.signal import savgol_filter
from skimage.color import rgb2lab

from colorprep.balance.diagnosis import diagnose_prior, unexplained_mass
from colorprep.balance.histogram import count_cells
from colorprep.balance.published_shape import published_shape, shape_divergences
from colorprep.balance.smoothing import lattice_probs, soft_probs
from colorprep.errors import InputError
from colorprep.quantize.ab import ab529, ab_lattice
from colorprep.quantize.tables import ab_cells, cell_middles

BINS = ab_lattice()
FILTERS = {
    "gaussian 0.7": lambda probs: gaussian_filter1d(probs, 0.7),
    "gaussian 1.5": lambda probs: gaussian_filter1d(probs, 1.5),
    "box 3": lambda probs: uniform_filter1d(probs, 3),
    "box 5": lambda probs: uniform_filter1d(probs, 5),
    "savitzky-golay 5": lambda probs: np.maximum(savgol_filter(probs, 5, 2), 0),
    "savitzky-golay 11": lambda probs: np.maximum(savgol_filter(probs, 11, 3), 0),
}
ROUNDINGS = {
    "half-bin-shift": np.floor,
    "truncated": lambda scaled: np.trunc(scaled + 0.5),
}


def cells_of(paths):
    """Pixels per ab cell of each photograph, scaled down."""
    counts = []
    for path in paths:
        with Image.open(path) as image:
            image.draft("RGB", (128, 128))
            small = image.convert("RGB")
        small.thumbnail((128, 128))
        counts.append(count_cells([np.asarray(small)], ab_cells()))
    return np.array(counts)


def binned(cells, rounding=lambda scaled: np.floor(scaled + 0.5), quantizer=BINS):
    """An unsmoothed prior, its bins formed by a rounding of ab / 10."""
    held = np.flatnonzero(cells)
    bins = quantizer.encode(10 * rounding(cell_middles("ab")[held] / 10))
    counts = np.bincount(bins, cells[held], len(quantizer.centers))
    return counts / counts.sum()


def smoothed(cells):
    """A prior smoothed as the published one is."""
    return soft_probs(BINS, cells.reshape(256, 256))


def codes(probs):
    """What is found, and how certain it is."""
    return [(finding.code, finding.severity) for finding in diagnose_prior(probs)]


def floats_to_255(path):
    """A prior counted from floats 0..255 where 0..1 are expected."""
    with Image.open(path) as image:
        image.draft("RGB", (64, 64))
        pixels = np.asarray(image.convert("RGB").resize((64, 64)), np.float64)
    ab = rgb2lab(pixels)[..., 1:]  # of scikit-image, which takes them as they are
    return np.bincount(BINS.encode(ab).ravel(), minlength=313)


@pytest.fixture(scope="session")
def imagenet(shared):
    """Pixels per ab cell of 250 photographs."""
    return cells_of(sorted((shared / "images" / "imagenet").glob("*/*.*")))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("zhang_prior_probs", []),
        ("foamliu_prior_prob", []),
        ("foamliu_prior_prob_smoothed", [("index-smoothing", "wrong")]),
        ("nilboy_prior_probs", [("unreachable-mass", "wrong")]),
        ("seed000_posterior_prob", [("half-bin-shift", "suspected")]),
    ],
)
def test_published_priors_have_their_known_defects(published, name, expected):
    """Each published prior is found to have its known defect, and no other."""
    assert codes(published(name)) == expected


def test_shape_is_that_of_the_published_prior(published):
    """The model of the published prior's shape is within a total variation of 0.02 of it."""
    probs = published("zhang_prior_probs")
    shape = published_shape()
    assert shape.sum() == pytest.approx(1)
    assert 0.5 * np.abs(shape - probs / probs.sum()).sum() < 0.02


def test_shape_itself_is_sound():
    """The modeled shape has no findings, over 313 bins and over 529."""
    assert codes(published_shape()) == codes(published_shape(529)) == []


def test_photographs_pass(photographs):
    """Priors of the built-in photographs, single and together, are never called wrong."""
    cells = cells_of(sorted(photographs.rglob("*.jpg")))
    for counts in [*cells[::4], cells.sum(axis=0)]:
        for probs in (binned(counts), smoothed(counts)):
            assert codes(probs) == []


def test_narrow_subjects_pass(imagenet):
    """Single photographs, and the greenest, bluest, ... of 250, pass unsmoothed and smoothed."""
    pixels = imagenet.sum(axis=1, keepdims=True)
    tint = imagenet @ cell_middles("ab") / pixels
    subjects = list(imagenet[::20])
    for angle in np.radians(range(0, 360, 90)):
        order = np.argsort(-tint @ [np.cos(angle), np.sin(angle)])
        subjects += [imagenet[order[:count]].sum(axis=0) for count in (10, 50)]
    for counts in subjects:
        for probs in (binned(counts), smoothed(counts)):
            assert codes(probs) == []


def test_gray_and_uniform_pass():
    """A prior of gray pictures only passes, and so does a uniform one."""
    gray = np.zeros(313)
    gray[120] = 1
    assert codes(gray) == codes(np.ones(313)) == []


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_uniform_share_is_understood(imagenet, share):
    """With a uniform distribution mixed in, an honest prior passes and a damaged one does not."""
    probs = binned(imagenet.sum(axis=0))
    assert codes((1 - share) * probs + share / 313) == []
    damaged = gaussian_filter1d(probs, 1.5)
    assert codes((1 - share) * damaged + share / 313) == [("index-smoothing", "wrong")]


@pytest.mark.parametrize("sigma", [0.5, 0.75, 1.0, 1.5])
def test_smoothing_over_the_plane_passes(imagenet, sigma):
    """A Gaussian over the lattice is not mistaken for smoothing along the index, however wide."""
    probs = lattice_probs(binned(imagenet.sum(axis=0)), BINS.centers, 10, sigma)
    assert codes(probs) == []
    assert unexplained_mass(probs / probs.sum()) == 0


def test_floats_to_255_are_wrong(shared):
    """Colors 0..255 used as 0..1 are found in every single photograph."""
    paths = sorted((shared / "images" / "bsds").rglob("*.*"))[::8]
    for path in paths:
        assert codes(floats_to_255(path))[0] == ("unreachable-mass", "wrong")


@pytest.mark.parametrize("name", FILTERS)
def test_smoothing_along_the_index_is_wrong(imagenet, name):
    """Every filter along the index is found, on an unsmoothed and on a smoothed prior."""
    counts = imagenet.sum(axis=0)
    for probs in (binned(counts), smoothed(counts)):
        assert codes(FILTERS[name](probs)) == [("index-smoothing", "wrong")]


@pytest.mark.parametrize("code", ROUNDINGS)
def test_wrong_rounding_is_suspected(imagenet, code):
    """Bins formed by rounding down, or toward zero, are suspected, with their likelihood."""
    probs = binned(imagenet.sum(axis=0), ROUNDINGS[code])
    for suspect in (probs, lattice_probs(probs, BINS.centers, 10)):
        (finding,) = diagnose_prior(suspect)
        assert (finding.code, finding.severity) == (code, "suspected")
        assert finding.log_likelihood_ratio > 0.03


def test_wrong_order_with_its_peak_off_gray_is_wrong():
    """In an order that moves its peak off gray, the published shape is certainly wrong."""
    by_b = np.lexsort(BINS.centers.T)
    assert ("bin-order", "wrong") in codes(published_shape()[by_b])
    assert ("bin-order", "wrong") in codes(published_shape()[::-1])


def test_square_of_529_bins_read_the_other_way_is_suspected():
    """The transposed square keeps its peak at gray, so its order is only suspected."""
    transposed = published_shape(529).reshape(23, 23).T.ravel()
    assert codes(transposed) == [("bin-order", "suspected")]


def test_529_bins_are_diagnosed(imagenet):
    """Priors over the full square pass when honest, and are found when smoothed as a list."""
    probs = binned(imagenet.sum(axis=0), quantizer=ab529())
    assert codes(probs) == []
    assert codes(gaussian_filter1d(probs, 1.2)) == [("index-smoothing", "wrong")]


def test_divergence_of_the_shape_from_itself_is_small():
    """The modeled shape is nearer to the intact shape than to any defective one."""
    divergences = shape_divergences(published_shape())
    assert min(divergences, key=divergences.get) == "intact"
    assert divergences["intact"] < 0.02


@pytest.mark.parametrize(
    "probs", [np.ones(312), np.full(313, np.nan), np.zeros(313), -np.ones(313)]
)
def test_non_priors_are_rejected(probs):
    """Another number of bins, and values that are not probabilities, are rejected."""
    with pytest.raises(InputError, match="313 or 529|finite"):
        diagnose_prior(probs)
