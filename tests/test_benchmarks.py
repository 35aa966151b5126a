"""The statistics of the benchmarks, and their tables; nothing is measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from figures import cost, ratios_of, start_up, unsettled
from intervals import coverage, median_interval
from passes import FIGURES, with_baselines
from photographs import fair_order
from processes import ProcessError, Usage, run_process
from records import Record, Round, read_record, write_record
from tables import BEGIN, END, tables, verdict, with_tables

RECORD = Path(__file__).parents[1] / "docs" / "benchmarks" / "passes.json"
PAGE = RECORD.parents[1] / "performance.md"


def runs(per_image: float, start: float = 2) -> list[Usage]:
    """Return runs on 250 and 2,000 images, on two threads that are always busy."""
    walls = [start + n_images * per_image for n_images in (250, 2000)]
    return [Usage(n, wall, 2 * wall, 300) for n, wall in zip((250, 2000), walls, strict=True)]


def rounds(decode: float = 0.001) -> list[Round]:
    """Return seven rounds, of which the first is disturbed."""
    quiet: Round = {
        "decode": runs(decode, start=0.1),
        "prior": runs(0.00125),
        "other:prior": runs(0.0025),
        "three-prior": [Usage(3, 0.9, 0.8, 200)],
    }
    return [{**quiet, "prior": runs(0.01)}, *[quiet] * 6]


def record() -> Record:
    """Return the record of these rounds."""
    return Record(
        date="2026-01-02 03:04 UTC",
        measured={"this": "0123456789", "other": "abcdef0123"},
        machine={"processor": "P", "cores": "2", "memory": "8 GiB", "system": "Linux"},
        versions={"python": "3.11"},
        images={"photographs": "250 and 2000 of 0.2 megapixels"},
        threads=2,
        load=0.1,
        rounds=rounds(),
    )


def test_interval_of_a_median_covers_it_as_often_as_stated() -> None:
    """Seven values: the smallest to the largest; ten: the second ones; five have no interval."""
    assert coverage(7, 1) == 1 - 2 / 2**7
    assert coverage(10, 2) == pytest.approx(0.9785, abs=1e-4)  # tables of the sign test
    assert median_interval([7, 1, 3, 2, 5, 6, 4])[:3] == (4, 1, 7)
    assert median_interval(range(10))[:3] == (4.5, 1, 8)
    assert median_interval([3, 1, 2])[:3] == (2, 1, 3)


def test_start_up_does_not_count() -> None:
    """What a pass costs whatever the number of images is taken off."""
    assert cost(runs(0.002, start=5), "wall") == pytest.approx(0.002)
    assert cost(runs(0.002, start=5), "processor") == pytest.approx(0.004)
    assert start_up(runs(0.002, start=5), "wall") == pytest.approx(5)
    assert cost([Usage(3, 0.9, 0.8, 200)], "wall") == 0.9
    assert cost(runs(-0.001), "wall") > 0  # noise, not a negative cost


def test_a_disturbed_round_does_not_move_the_median() -> None:
    """Ratios are taken within rounds, and their median is that of the quiet ones."""
    assert median_interval(ratios_of(rounds(), "decode", "prior", "wall")).median == 0.8


def test_rounds_go_on_for_what_is_wide() -> None:
    """Passes whose figures are narrow need no more rounds; of seven, each counts."""
    assert unsettled(rounds()) == {"prior", "decode", "other:prior"}
    assert unsettled(rounds()[1:]) == set()


def test_tables_state_commit_machine_date_and_verdict(tmp_path: Path) -> None:
    """The same from the record in memory and from its file."""
    path = tmp_path / "run.json"
    write_record(record(), path)
    text = tables(read_record(path))
    assert text == tables(record())
    assert "Commit 0123456789, 2026-01-02 03:04 UTC, on P (2 cores, 8 GiB, Linux" in text
    speed = "0.8 (0.1 to 0.8, wide)"
    figure = f"prior, native size / decoding alone | {speed} | {speed} | 7"
    assert f"{figure} | >= 0.75 | met, not surely |" in text
    assert "| prior, native size | 800 | 1.25 | 2.5 | 2.00 | 4.00 | 300 |" in text
    assert "seconds of prior of three images | 0.9 (0.9 to 0.9) | 0.8 (0.8 to 0.8) | 7" in text
    assert "| speed / that of abcdef0123 |" in text


def test_the_page_has_the_tables_of_its_record() -> None:
    """The tables in docs are those that the benchmark makes of the record beside them."""
    assert with_tables(f"a\n{BEGIN}\nold\n{END}\nb", "new") == f"a\n{BEGIN}\n\nnew\n\n{END}\nb"
    page = PAGE.read_text()
    assert with_tables(page, tables(read_record(RECORD))) == page


def test_a_pass_brings_its_baselines_along() -> None:
    """But not the slow ones of published systems."""
    assert with_baselines(["prior"]) == ["decode", "prior"]
    assert with_baselines(["published-prior"]) == ["published-prior"]


def test_few_files_are_a_fair_sample(tmp_path: Path) -> None:
    """Any first files are of small and large ones alike."""
    for size in range(64):
        (tmp_path / f"{size:02}").write_bytes(bytes(size))
    first = [path.stat().st_size for path in fair_order(sorted(tmp_path.iterdir()))[:8]]
    assert sum(first) / 8 == pytest.approx(31.5, abs=4)


def test_a_failed_process_is_an_error_that_shows_what_it_said() -> None:
    """The message by which an unknown option is distinguished from other failures."""
    with pytest.raises(ProcessError, match="no such place"):
        run_process(["sh", "-c", "echo no such place >&2; exit 3"], 0)
    assert run_process(["true"], 5).n_images == 5


def test_few_rounds_leave_a_doubt() -> None:
    """Three rounds have no interval of 95%, however alike they are."""
    prior = FIGURES[0]
    assert verdict(prior, [median_interval([0.8] * 7)] * 2) == "met"
    assert verdict(prior, [median_interval([0.8] * 3)] * 2) == "met, not surely"
    assert verdict(prior, [median_interval([0.7] * 7), median_interval([0.8] * 7)]) == "missed"
    assert verdict(prior, [median_interval([0.7] * 6 + [0.8])] * 2) == "missed, not surely"


def test_a_cost_below_the_noise_proves_nothing() -> None:
    """A pass that seems to cost nothing on so few images is not taken for a fast one."""
    noisy: list[Round] = [{"decode": runs(0.001), "prior": runs(-0.001)}] * 7
    text = tables(replace(record(), rounds=noisy))
    assert "| too few images to tell |" in text
