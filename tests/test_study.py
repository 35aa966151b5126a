"""The study of rebalancing and curricula: its intervals, the order of its runs, its report."""

import csv
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from colorprep.metrics.methods import excludes_zero
from colorprep.metrics.resampling import measure_difference

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
KEYS = [f"{number}.jpg" for number in range(300)]
SEEDS = range(5)


@pytest.fixture(scope="module")
def study():
    """The script, imported from its folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        import study

        yield study
        for name in ("study", "study_report", "rebalancing", "run"):
            sys.modules.pop(name, None)


@pytest.fixture
def shown(study: ModuleType) -> ModuleType:
    """The module of its report."""
    return study.study_report


def simulated(of_seeds: float, of_photographs: float, of_both: float) -> np.ndarray:
    """Return 100 studies of mean 0, given the standard deviations of their parts."""
    random = np.random.default_rng(0)
    return (
        of_seeds * random.normal(size=(100, 5, 1))
        + of_photographs * random.normal(size=(100, 1, len(KEYS)))
        + of_both * random.normal(size=(100, 5, len(KEYS)))
    )


def share_that_holds(shown: ModuleType, truth: float, values: np.ndarray) -> float:
    """Return in how many studies the interval holds a value."""
    means = shown.two_way_means(KEYS, SEEDS, values, np.ones(len(KEYS)))
    intervals = [measure_difference(row - truth, len(SEEDS)) for row in means]
    return sum(not excludes_zero(each) for each in intervals) / len(intervals)


def test_intervals_hold_the_true_mean_though_seeds_and_photographs_vary(shown):
    """Whichever of them varies."""
    for spread in ((1.0, 0.0, 0.0), (0.0, 15.0, 0.0), (1.0, 10.0, 5.0)):
        assert share_that_holds(shown, 0.0, simulated(*spread)) >= 0.9


def test_intervals_exclude_what_is_far_away(shown):
    """They are not so wide that they hold everything."""
    assert share_that_holds(shown, 9.0, simulated(1.0, 10.0, 5.0)) < 0.1


def test_means_are_weighted_by_photograph(shown):
    """The first of the means is that of the study itself."""
    values = np.stack([np.arange(6.0).reshape(2, 3), np.ones((2, 3))])
    means = shown.two_way_means(KEYS[:3], [0, 1], values, np.array([1.0, 0.0, 3.0]))
    assert means[:, 0].tolist() == [3.0, 1.0]


def test_a_seed_of_all_arms_comes_before_the_next_seed(study):
    """A study that is stopped early is balanced."""
    runs = list(study.rounds())
    assert runs[0] == ("plain", 0)
    assert [seed for _, seed in runs] == sorted(seed for _, seed in runs)
    assert len({*runs}) == len(study.ARMS) * len(study.SEEDS)


def test_all_arms_take_the_same_steps(study):
    """Curricula have whole batches, so that epochs of halves add up."""
    batch = int(study.NETWORK[study.NETWORK.index("--batch-size") + 1])
    whole = 10 * study.PER_CLASS
    assert whole == 2 * study.HALF
    for options in study.ARMS.values():
        if "--curriculum" in options:
            first, then = options[-1].split(",")
            sizes = ((first, study.HALF), (then, whole))
        else:
            sizes = ((f":{options[1]}", whole),)
        epochs = [(int(stage.rpartition(":")[2]), n // batch) for stage, n in sizes]
        assert sum(n * steps for n, steps in epochs) == 2400


def write_results(study: ModuleType, shown: ModuleType, out: Path) -> None:
    """Write a complete round, and a result of the next one."""
    random = np.random.default_rng(0)
    for place, (arm, seed) in enumerate(study.rounds()):
        if place > len(study.ARMS):
            return
        table = out / "evaluation" / f"{arm}-{seed}" / shown.TABLE
        table.parent.mkdir(parents=True)
        with table.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["key", *shown.COLUMNS])
            rows.writerows([key, *random.random(len(shown.COLUMNS))] for key in KEYS[:20])
        result = shown.result_path(out, arm, seed)
        result.parent.mkdir(exist_ok=True)
        result.write_text(json.dumps({"commit": "abc"}))


def test_only_missing_runs_are_made_and_complete_rounds_reported(study, shown, tmp_path):
    """A run is complete once it has its result; a round, once all arms are."""
    write_results(study, shown, tmp_path)
    assert study.missing(tmp_path)[0] == (list(study.ARMS)[1], 1)
    text = shown.report(tmp_path, list(study.ARMS), SEEDS, study.COMPARISONS, tmp_path)
    assert "1 of 5 seeds, 20 photographs, commit abc" in text
    assert all(f"| {arm} - {baseline} |" in text for arm, baseline in study.COMPARISONS)
    assert (tmp_path / "study-light.png").stat().st_size > 10_000
    assert (tmp_path / "study-dark.png").exists()


def test_a_folder_of_another_protocol_is_refused(study, tmp_path):
    """The same protocol is continued, without preparing anything again."""
    (tmp_path / "protocol.json").write_text(json.dumps({"seeds": [0]}))
    with pytest.raises(SystemExit, match="another protocol"):
        study.begin(tmp_path, tmp_path)
    (tmp_path / "protocol.json").write_text(json.dumps(study.protocol()))
    study.begin(tmp_path, tmp_path)
