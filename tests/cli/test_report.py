"""Claims about the command `report`: its lines, its JSON, its errors."""

import json

import pytest

ANCHORS = {
    *("prior", "smoothing", "weights", "lambda", "classes", "lightness", "uncertainty"),
    *("round_trip", "ranking", "lists", "audit", "skipped"),
    *("training", "probes", "sweep", "evaluation", "methods", "provenance"),
}


@pytest.fixture
def counted(colorprep, photographs):
    """A workspace with a prior."""
    assert colorprep("prior", "--dir", photographs, "-q").exit_code == 0


@pytest.mark.usefixtures("counted")
def test_lines(colorprep, tmp_path):
    """The page, the folder of figures, and what would fill the empty sections."""
    result = colorprep(*"report --figures figures --dpi 50 -o pages/one.html -q".split())
    assert result.exit_code == 0, result.stderr
    first, second, rest = result.stdout.splitlines()
    assert "pages/one.html: 7 sections, 0." in first and first.endswith("MB")
    assert second.endswith("figures/: 8 figures")
    assert len(list((tmp_path / "figures").glob("*.png"))) == 8
    assert rest.startswith("not made yet: classes (`colorprep prior --by-class`), ")
    assert rest.count("`colorprep ") == 12
    assert (tmp_path / "pages" / "one.html").stat().st_size < 1_000_000


@pytest.mark.usefixtures("counted", "without_charts")
def test_json(colorprep, tmp_path):
    """One object: the page, its size, which sections it has, and the numbers of each."""
    result = colorprep("report", "--compare", "prior.npz", "--json", "-q")
    facts = json.loads(result.stdout)
    others = {"report", "bytes", "figures", "sections", "comparison", "replaced", "passed_over"}
    assert set(facts) == {*others, *ANCHORS}
    assert facts["bytes"] == (tmp_path / "report.html").stat().st_size
    assert facts["sections"]["round-trip"] is True and facts["sections"]["classes"] is False
    assert facts["classes"] is None
    assert facts["comparison"]["jensen_shannon"] == facts["comparison"]["total_variation"] == 0
    assert set(facts["round_trip"]) == {"n_images", "n_pixels", "hard", "soft", "annealed"}
    assert set(facts["round_trip"]["hard"]) == {"mean", "median", "percentile_95"}
    assert [row["lambda"] for row in facts["lambda"]["table"]] == [0, 0.25, 0.5, 0.75, 0.9, 1]
    assert json.loads(colorprep("report", "--json", "-q").stdout)["comparison"] is None


def test_without_a_prior(colorprep):
    """It says how to make one."""
    result = colorprep("report")
    assert result.exit_code == 1 and "colorprep prior --dir" in result.stderr
