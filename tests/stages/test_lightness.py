"""Claims about levels of lightness: their counts are exact, and each is weighed like the whole."""

import json
import re

import numpy as np
import pytest
from scipy.spatial import cKDTree
from skimage import color
from skimage.io import imread

from colorprep import (
    ArtifactError,
    InputError,
    QuantizerSpec,
    Reporter,
    Workspace,
    ab_lattice,
    load_prior,
    load_weights,
)
from colorprep.artifacts import load_arrays, save_prior
from colorprep.balance.lightness import LightnessLevel, level_edges, level_table, probs_by_level
from colorprep.balance.prior import Prior, smoothed_probs
from colorprep.color.hue_chroma import rgb_to_hue_chroma_lightness
from colorprep.quantize.tables import cell_bins
from colorprep.stages.info import run as run_info
from colorprep.stages.prior.stage import PriorParams, run
from colorprep.stages.source import ImageParams
from colorprep.stages.train.objective import read_rebalancing
from colorprep.stages.verify.stage import VerifyParams
from colorprep.stages.verify.stage import run as verify
from colorprep.stages.weights import WeightsParams
from colorprep.stages.weights import run as weigh
from colorprep.training.options import ObjectiveOptions


def counted(few, workspace, **options):
    """The prior of a few photographs, as written."""
    params = PriorParams(ImageParams(few, workers=options.pop("workers", 2)), **options)
    return run(params, workspace, Reporter()).whole.path


@pytest.fixture(scope="module")
def five(few, tmp_path_factory):
    """A workspace with a prior of five levels of lightness."""
    workspace = Workspace(tmp_path_factory.mktemp("five"))
    counted(few, workspace, by_lightness=5)
    return workspace


@pytest.mark.parametrize("name", ["ab313", "hc-1d"])
def test_counts_equal_an_independent_count(name, few, five, workspace, silent):
    """Bins in five ranges of the rounded L of scikit-image; levels add up to the whole."""
    if name != "ab313":
        five = workspace
        counted(few, five, spec=QuantizerSpec(name, 12), by_lightness=5)
    prior = load_prior(five.path("prior.npz"))
    rgb = np.concatenate([imread(path).reshape(-1, 3) for path in few.rglob("*.jpg")])
    lab = color.rgb2lab(rgb)
    if name == "ab313":
        bins = cKDTree(prior.quantizer.centers).query(lab[:, 1:])[1]
    else:
        bins = prior.quantizer.encode(rgb_to_hue_chroma_lightness(rgb)[:, :2])
    levels = (np.rint(2.55 * lab[:, 0]) * 5 / 256).astype(int)
    expected = np.zeros((5, len(prior.counts)), np.int64)
    np.add.at(expected, (levels, bins), 1)
    np.testing.assert_array_equal([level.counts for level in prior.levels], expected)
    np.testing.assert_array_equal(sum(level.counts for level in prior.levels), prior.counts)
    np.testing.assert_array_equal(sum(level.cells for level in prior.levels), prior.cells)
    assert verify(VerifyParams("prior.npz"), five, silent).sound


def test_the_whole_stays_what_it_is(few, five, workspace):
    """All other entries are those without levels; the bytes are the same on one thread and two."""
    arrays, meta = load_arrays(five.path("prior.npz"), "")
    plain, plain_meta = load_arrays(counted(few, workspace), "")
    assert meta == plain_meta
    assert all(arrays[name].tobytes() == plain[name].tobytes() for name in plain)
    assert set(arrays) - set(plain) == {"level_counts", "level_probs", "level_cells"}
    alone = counted(few, workspace, by_lightness=5, workers=1)
    assert alone.read_bytes() == five.path("prior.npz").read_bytes()


def test_one_level_is_the_whole(few, workspace, silent):
    """A single level has the bytes of the whole, in prior and weights, also of every class."""
    params = PriorParams(ImageParams(few), by_class=True, bootstrap=20, by_lightness=1)
    result = run(params, workspace, silent)
    assert result.whole.prior.bootstrap.shape == (20, 313)
    for path in (result.whole.path, *result.classes.values()):
        prior, _ = load_arrays(path, "")
        weights, _ = load_arrays(path.with_name("weights.npz"), "")
        for arrays, level, whole in (
            (prior, "level_counts", "counts"),
            (prior, "level_probs", "probs"),
            (prior, "level_cells", "ab_counts"),
            (weights, "level_weights", "weights"),
            (weights, "level_probs", "probs"),
        ):
            assert arrays[level].shape == (1, *arrays[whole].shape)
            assert arrays[level].tobytes() == arrays[whole].tobytes()


@pytest.fixture
def dark(workspace):
    """A workspace with a prior of made-up cells in two of four levels, the darker ones."""
    generator, bins, quantizer = np.random.default_rng(0), cell_bins(ab_lattice()), ab_lattice()
    known = bins < 313
    levels = []
    for n_pixels in (3000, 200, 0, 0):
        cells = np.zeros(65536, np.int64)
        cells[known] = generator.multinomial(n_pixels, generator.dirichlet(np.ones(known.sum())))
        counts = np.bincount(bins[known], cells[known], 313).astype(np.int64)
        cells = cells.reshape(256, 256)
        probs = smoothed_probs(quantizer, counts, cells, "soft") if n_pixels else np.zeros(313)
        levels.append(LightnessLevel(counts, probs, cells))
    counts, cells = (sum(getattr(level, name) for level in levels) for name in ("counts", "cells"))
    probs = smoothed_probs(quantizer, counts, cells, "soft")
    prior = Prior(quantizer, counts, probs, cells, levels=tuple(levels))
    save_prior(workspace.path("prior.npz"), prior)
    return workspace


@pytest.mark.parametrize("policy", ["uniform", "floor", "drop"])
def test_weights_of_levels(dark, silent, policy):
    """Each level's weights have mean 1 under its prior; without a pixel, they are the whole's."""
    result = weigh(WeightsParams(zero_bins=policy, mix=0.3), dark, silent)
    weights, _ = load_weights(result.path)
    assert result.weights.n_levels == len(weights.levels) == 4
    for level, counted in zip(
        weights.levels, load_prior(dark.path("prior.npz")).levels, strict=True
    ):
        assert level.probs @ level.weights == pytest.approx(1, abs=1e-12)
        if not counted.n_pixels:
            np.testing.assert_array_equal(level.weights, weights.weights)
        else:
            mixed = 0.7 * level.probs + 0.3 / 313
            if policy == "uniform":
                expected = 1 / mixed / (level.probs / mixed).sum()
                np.testing.assert_allclose(level.weights, expected, rtol=1e-12)
    assert not np.array_equal(weights.levels[0].weights, weights.levels[1].weights)
    assert verify(VerifyParams("weights.npz"), dark, silent).sound


def test_training_reads_what_it_asks_for(dark, silent):
    """Weights or a prior of all levels with --by-lightness, else those of the whole."""
    weigh(WeightsParams(), dark, silent)
    prior = load_prior(dark.path("prior.npz"))

    def used(**options):
        return read_rebalancing(ObjectiveOptions(**options), dark, prior.quantizer, silent)

    assert used().weights.shape == (313,)
    levels = load_weights(dark.path("weights.npz"))[0].levels
    weights = used(by_lightness=True).weights
    np.testing.assert_array_equal(weights, [level.weights for level in levels])
    probs = used(by_lightness=True, logit_adjust=1.0).prior
    np.testing.assert_array_equal(probs, probs_by_level(prior.levels, prior.probs))
    np.testing.assert_array_equal(probs[2:], [prior.probs, prior.probs])
    assert used(logit_adjust=1.0).prior.shape == (313,)


def test_what_has_no_levels_is_refused(workspace, silent):
    """Training by lightness needs levels; the message names the file and the command."""
    quantizer, ones = ab_lattice(), np.ones(313, np.int64)
    prior = Prior(quantizer, ones, ones / 313, np.zeros((256, 256), np.int64))
    save_prior(workspace.path("prior.npz"), prior)
    weigh(WeightsParams(), workspace, silent)
    for options in ({}, {"logit_adjust": 1.0}):
        objective = ObjectiveOptions(by_lightness=True, **options)
        with pytest.raises(ArtifactError, match=r"\.npz has no levels.*--by-lightness"):
            read_rebalancing(objective, workspace, quantizer, silent)
    with pytest.raises(InputError, match="--by-lightness is for weights"):
        ObjectiveOptions(by_lightness=True, use_weights=False)


def test_info_describes_levels(dark, silent):
    """Every level has its bounds and pixels, and how it differs if it has any."""
    weigh(WeightsParams(), dark, silent)
    levels = run_info("prior.npz", dark, silent)["levels_of_lightness"]
    assert [level["n_pixels"] for level in levels] == [3000, 200, 0, 0]
    assert levels[0]["jensen_shannon"] < levels[1]["jensen_shannon"]
    assert set(levels[3]) == {"low", "high", "n_pixels", "share"}
    assert run_info("weights.npz", dark, silent)["levels_of_lightness"] == 4
    json.dumps(levels)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda a: a["level_counts"].__setitem__((0, 5), 99_999), "level 0.*other numbers"),
        (lambda a: a.update(level_cells=a["level_cells"][:, ::-1]), "do not add up"),
        (
            lambda a: a.update(level_probs=a["level_probs"][[1, 0, 2, 3]]),
            "level 0.*smoothed by soft",
        ),
        (lambda a: a["level_probs"].__setitem__((1, 5), 0.5), "sum to"),
        (lambda a: a.update(level_probs=a["level_probs"][:2]), "not for the same levels"),
        (lambda a: a.pop("level_cells"), "not for the same levels"),
    ],
)
def test_changed_levels_are_wrong(dark, silent, change, what):
    """Counts, cells and probabilities of levels must agree with each other and the whole."""
    path = dark.path("prior.npz")
    arrays, meta = load_arrays(path, "")
    change(arrays)
    np.savez(path, meta=json.dumps(meta), **arrays)
    problems = verify(VerifyParams(path), dark, silent).problems
    assert any(re.search(what, problem.what) for problem in problems)


@pytest.mark.parametrize("n_levels", [-1, 257])
def test_other_numbers_of_levels_are_refused(n_levels):
    """There are 1 to 256 levels."""
    with pytest.raises(InputError, match="from 1 to 256"):
        PriorParams(by_lightness=n_levels)


@pytest.mark.parametrize("n_levels", [1, 3, 10, 256])
def test_levels_are_equal_and_in_order(n_levels):
    """Levels hold as many values as possible alike, and edges lie half between two values."""
    table = level_table(n_levels)
    sizes = np.bincount(table, minlength=n_levels)
    assert (np.diff(table.astype(int)) >= 0).all() and np.ptp(sizes) <= 1
    values = np.arange(256) / 2.55
    np.testing.assert_array_equal(np.digitize(values, level_edges(n_levels)[1:-1]), table)
