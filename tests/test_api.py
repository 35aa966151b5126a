"""Claims about the functions of Python: they are what the commands are, and they fit together."""

import inspect
import re
from pathlib import Path
from typing import get_type_hints
from xml.etree import ElementTree

import numpy as np
import pytest
import whole_api

import colorprep as cp
from colorprep.api import options
from colorprep.cli.main import cli

pytestmark = pytest.mark.filterwarnings(
    "ignore:photographs. passed over", "ignore:bootstrap intervals"
)

# Options of commands that functions have in another form, or that make no sense for them.
ANYWHERE = {"workspace", "source", "quiet", "as_json", "log_file", "dry_run", "folders"}
ANYWHERE |= {"theme", "figure_format", "no_title", "figure_size", "dpi"}  # `Prior.plot`
RENAMED = {"list_": "list", "no_follow": "follow", "smoothing": "smooth"}
INSTEAD = {
    "prior": {"name", "by_class", "class_from", "merge", "parts", "plot"},  # `a + b`; the stage
    "labels": {"format", "prior", "output"},  # arguments; maps are for LabelMapDataset
    "rgbvar": {"ranks", "top", "min_score", "montages"},  # slices of the ranking
    "sample": {"out"},
}
KEYWORDS = {
    "prior": options.PriorOptions,
    "labels": options.LabelOptions,
    "rgbvar": options.RankOptions,
    "sample": options.SampleOptions,
}


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """A folder of ten small photographs, and a file that is no image."""
    folder = cp.write_sample(tmp_path_factory.mktemp("api") / "photographs", count=10, size=32)
    (folder / "notes.txt").write_text("not an image")
    return folder


@pytest.fixture(scope="module")
def prior(photographs):
    """Their prior."""
    with pytest.warns(UserWarning, match="passed over 1 file: 1 .txt"):
        return cp.count_prior(photographs)


def test_every_function_takes_what_its_neighbor_returns(photographs, prior, tmp_path, capfd):
    """A script with all public names runs, and its results show themselves in one short line."""
    results = [*whole_api.results_of_files(photographs, tmp_path)]
    results += whole_api.results_of_arrays(prior)
    assert len(whole_api.caught()) == 6
    for result in results:
        for each in result if type(result) in (list, tuple) else [result]:
            if not isinstance(each, np.ndarray | dict):
                assert len(repr(each)) < 200 and "\n" not in repr(each), repr(each)
    assert "counting colors: 100%" in capfd.readouterr().err


def test_the_script_has_every_public_name():
    """The script that mypy checks leaves no public name out."""
    used = set(re.findall(r"\bcp\.(\w+)", Path(whole_api.__file__).read_text()))
    assert used == {name for name in dir(cp) if not name.startswith("_")}


@pytest.mark.parametrize("command", KEYWORDS)
def test_keywords_are_named_like_options(command):
    """Each option of a command is a keyword argument, but for those that are named above."""
    names = {param.name for param in cli.get_command(None, command).params}
    wanted = {RENAMED.get(name, name) for name in names - ANYWHERE - INSTEAD[command]}
    renamed = {"prior"} if command == "rgbvar" else set()  # the workspace's, for the command
    assert set(get_type_hints(KEYWORDS[command])) == wanted | renamed


def test_nothing_is_written_but_what_is_named(photographs, prior, tmp_path, monkeypatch):
    """Without a workspace, a function leaves no prior, score or index behind."""
    monkeypatch.chdir(tmp_path)
    cp.count_prior(photographs, quantizer=prior, output="a/prior.npz")
    cp.rank_images(photographs)
    assert sorted(map(str, Path().rglob("*.*"))) == ["a/prior.npz", "a/weights.npz"]


def test_a_workspace_is_that_of_the_commands(photographs, prior, tmp_path):
    """With a workspace, functions leave what the commands leave, and use it."""
    cp.count_prior(photographs, workspace=tmp_path)
    assert cp.load_prior(tmp_path / "prior.npz").digest == prior.digest
    ranking = cp.rank_images(photographs, score="surprise", workspace=tmp_path)
    assert (tmp_path / "lists/surprise.txt").read_text().split() == ranking.keys
    with pytest.raises(cp.InputError, match="no folder .*missing"):
        cp.rank_images(photographs, workspace=tmp_path / "missing")


def test_warnings_are_at_the_line_of_the_caller(photographs):
    """A warning names the file that called the function, not one of colorprep."""
    with pytest.warns(UserWarning, match="passed over") as caught:
        cp.rank_images(photographs)
    assert caught[0].filename == inspect.getfile(inspect.currentframe())


def test_a_prior_is_shown_as_a_map_with_its_line(prior):
    """In a notebook, a prior is a drawing with a description, in the notebook's colors."""
    html = prior._repr_html_()
    drawing, line = ElementTree.fromstring(f"<body>{html}</body>")
    assert "jp-content-font-color1" in drawing.get("style") and line.text == repr(prior)
    assert drawing.find("svg/title").text == "How often each of 313 bins occurs"
    assert html.startswith(prior.plot()._repr_html_())
    assert "--text: #1c1e24" in prior.plot("light")._repr_html_()


def test_a_ranking_shows_its_first_images(tmp_path):
    """In a notebook, a ranking is a table of five images; one that is gone has no picture."""
    folder = cp.write_sample(tmp_path / "<b>", count=10, size=32)
    ranking = cp.rank_images(folder)
    folder.joinpath(ranking.keys[0]).unlink()
    table = ElementTree.fromstring(ranking._repr_html_())
    caption, _, first, *others = table
    assert caption.text == repr(ranking) and len(others) == 4
    assert first.find(".//img") is None and all(row.find(".//img") is not None for row in others)
    assert [row[2].text for row in (first, *others)] == ranking.keys[:5]


def test_wrong_arguments_are_refused(photographs, prior):
    """A misspelled keyword, bins and their options, and priors over other bins are refused."""
    with pytest.raises(TypeError, match="'component'; did you mean 'components'?"):
        cp.count_prior(photographs, component=8)
    with pytest.raises(cp.InputError, match="sigma_ab does not go with the bins of a prior"):
        cp.count_prior(photographs, quantizer=prior, sigma_ab=2.0)
    counts = np.ones(529, np.int64)
    other = cp.Prior(cp.ab529(), counts, counts / 529, prior.cells)
    with pytest.raises(cp.InputError, match="list of keys is empty"):
        cp.count_prior(photographs, list=[])
    with pytest.raises(cp.InputError, match="give prior="):
        cp.rank_images(photographs, score="surprise")
    with pytest.raises(cp.InputError, match="different bins"):
        cp.compare_priors(prior, other)
    with pytest.raises(cp.InputError, match="cannot be compared"):
        cp.compare_priors(prior, np.ones(9))
    with pytest.raises(cp.ArtifactError, match="no file nowhere.npz"):
        cp.rebalancing_weights("nowhere.npz")
