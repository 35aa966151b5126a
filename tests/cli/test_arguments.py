"""Claims about arguments that every command refuses: repeated, not finite, a URL as a path."""

import json
import re
import shutil
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner
from run_folders import some_rows, write_run

from colorprep.cli.main import COMMANDS, cli
from colorprep.errors import UrlGiven
from colorprep.places import local_path
from colorprep.stages.labels import stage as labels
from colorprep.workspace import Workspace


def walk(name, command):
    """Yield a command and its subcommands, by their words."""
    yield name, command
    for inner, one in getattr(command, "commands", {}).items():
        yield from walk(f"{name} {inner}", one)


EVERY = [found for name in COMMANDS for found in walk(name, cli.get_command(None, name))]
OPTIONS = [
    (name, command, param)
    for name, command in [("", cli), *EVERY]
    for param in command.params
    if isinstance(param, click.Option)
]
COMMANDS_WITH_OPTIONS = [("", cli), *EVERY]
SINGLE = [found for found in OPTIONS if not (found[2].is_flag or found[2].multiple)]
FLOATS = [found for found in OPTIONS if isinstance(found[2].type, click.types.FloatParamType)]


def by_name(value):
    """A short name of an option for test ids; commands go by their own."""
    if isinstance(value, click.Option):
        return max(value.opts, key=len)
    return "" if isinstance(value, click.Command) else None


def values_of(option):
    """Two values that an option takes."""
    if isinstance(option.type, click.Choice):
        return [str(option.type.choices[0])] * 2
    if isinstance(option.type, click.types.FloatParamType):
        return ["0.25", "0.5"]
    if option.type.name in ("integer", "integer range", "N|native", "N,N,..."):
        return ["32", "33"]
    special = {"class_from": ["top", "parent"], "figure_size": ["3.5", "7x5"]}
    return special.get(option.name, ["a", "b"])


def positional(command):
    """Words for the required arguments of a command."""
    return ["7" for param in command.params if isinstance(param, click.Argument) and param.required]


def options_of(command, among):
    """The options of a command among some of all commands."""
    return [option for _, made, option in among if made is command]


@pytest.mark.parametrize(("name", "command"), COMMANDS_WITH_OPTIONS, ids=by_name)
def test_an_option_of_one_value_is_taken_once(name, command):
    """A second value is refused, however both are written, even if it equals the first."""
    for option in options_of(command, SINGLE):
        check_taken_once(name, command, option)


def check_taken_once(name, command, option):
    """Give an option twice, in three ways."""
    first, second = values_of(option)
    long, short = max(option.opts, key=len), min(option.opts, key=len)
    words = positional(command)
    firsts, seconds = [first] * option.nargs, [second] * option.nargs
    command.make_context(name, [*words, long, *firsts])
    joined = f"{long}={second}" if long.startswith("--") else f"{long}{second}"
    joined = [joined, *seconds[1:]]
    for again, last in (([short, *seconds], seconds), (joined, seconds), ([long, *firsts], firsts)):
        with pytest.raises(click.UsageError) as error:
            command.make_context(name, [*words, long, *firsts, *again])
        given = f"{' '.join(firsts)}, {' '.join(last)}"
        assert error.value.message == f"{long} is given twice ({given}); give it once"


def test_giving_it_twice_is_wrong_usage(colorprep):
    """It exits with 2, also in a group of commands."""
    for words in (["prior", "--list", "a", "--list", "b"], ["lists", "tiny", "-o", "a", "-o", "a"]):
        result = colorprep(*words)
        assert result.exit_code == 2 and "is given twice" in result.stderr


@pytest.mark.parametrize(("name", "command"), COMMANDS_WITH_OPTIONS, ids=by_name)
def test_flags_and_lists_may_be_repeated_but_not_contradicted(name, command):
    """The same flag twice is harmless; a flag and its opposite are refused."""
    for option in options_of(command, OPTIONS):
        check_repeated(name, command, option)


def check_repeated(name, command, option):
    """Repeat a flag or a list; contradict a flag."""
    if option.multiple:
        value = values_of(option)[0]
        command.make_context(name, [*positional(command), *[option.opts[0], value] * 2])
    elif option.is_flag and option.name not in ("help", "version"):
        words = [*positional(command), option.opts[0]]
        assert command.make_context(name, [*words, option.opts[0]]).params[option.name] is True
    if option.secondary_opts:
        opposite = option.secondary_opts[0]
        with pytest.raises(click.UsageError, match=f"{opposite} exclude each other"):
            command.make_context(name, [*words, opposite])


def test_the_walk_reaches_what_it_should():
    """The test covers commands in groups and options of every kind."""
    names = {name for name, *_ in SINGLE}
    assert {"prior", "lists random", "lists split", "train"} <= names
    assert {option.name for *_, option in FLOATS} >= {"lowpass", "learning_rate", "min_score"}
    assert {option.name for *_, option in OPTIONS if option.multiple} >= {"allowed", "multipliers"}


def test_help_is_given_whatever_else_is_wrong(colorprep):
    """--help wins over an option given twice."""
    assert colorprep("prior", "--list", "a", "--list", "b", "--help").exit_code == 0


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
@pytest.mark.parametrize(("name", "command", "option"), FLOATS, ids=by_name)
def test_numbers_are_finite(name, command, option, value):
    """Values that are not finite are wrong usage for every float option."""
    rest = ["0.5"] * (option.nargs - 1)
    words = [*positional(command), f"{max(option.opts, key=len)}={value}", *rest]
    with pytest.raises(click.BadParameter):
        command.make_context(name, words)


@pytest.mark.parametrize(
    "words",
    [
        ["prior", "--quantizer", "hc-grid", "--sigma", "nan"],
        ["prior", "--quantizer", "hc-grid", "--sigma", "inf"],
        ["train", "--val", "nan"],
        ["train", "--lr-of", "score=nan"],
        ["train", "--lr-of", "score=inf"],
    ],
    ids=" ".join,
)
def test_numbers_within_words_are_finite(colorprep, words):
    """So are numbers within the text of an option."""
    result = colorprep(*words)
    assert result.exit_code == 2 and words[-1].rpartition("=")[2] in result.stderr


URL = "s3://user:secret@bucket/x"


@pytest.mark.parametrize(
    "words",
    [
        ["audit", "-o", URL],
        ["train", "-o", URL],
        ["plot", URL],
        ["plot", "run", "-o", f"{URL}.png"],
        ["colorize", "x.jpg", "--checkpoint", URL],
        ["evaluate", "--checkpoint", URL],
        ["evaluate", "--original", "a", "--colorized", "b", "-o", URL],
        ["report", "--figures", URL],
        ["export", f"{URL}.pt"],
        ["export", "prior.npz", "-o", URL],
        ["demo", "--out", URL],
        ["sample", URL],
        ["info", "prior.npz", "--log-file", URL],
    ],
    ids=" ".join,
)
def test_a_url_is_no_local_path(colorprep, counted, words):
    """Runs, pictures and tables are local: a URL is refused before any work."""
    before = sorted(counted.rglob("*"))
    result = colorprep(*words)
    assert result.exit_code == 2 and result.stdout == ""
    assert re.search(r"s3://bucket/x(\.p\w+)? is a URL", result.stderr)
    assert "aws s3" in result.stderr
    assert "secret" not in result.stderr
    assert sorted(counted.rglob("*")) == before


@pytest.fixture(scope="module")
def three(photographs, tmp_path_factory):
    """A workspace with the prior of three photographs, a list of them, and a run."""
    folder = tmp_path_factory.mktemp("three")
    keys = [path.relative_to(photographs).as_posix() for path in photographs.rglob("*.jpg")]
    (folder / "a.txt").write_text("".join(f"{key}\n" for key in sorted(keys)[:3]))
    write_run(folder / "run", some_rows(3))
    words = ["prior", "-C", folder, "--dir", photographs, "--list", "a.txt", "--size", "32", "-q"]
    assert CliRunner().invoke(cli, list(map(str, words))).exit_code == 0
    return folder


@pytest.fixture
def counted(three, tmp_path):
    """A copy of that workspace."""
    return shutil.copytree(three, tmp_path, dirs_exist_ok=True)


def test_the_workspace_is_a_local_folder(tmp_path, monkeypatch):
    """-C refuses URLs too."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["prior", "-C", "gs://bucket/x"])
    assert result.exit_code == 2 and "gs://bucket/x is a URL" in result.stderr
    assert not list(tmp_path.iterdir())


def test_scripts_are_refused_as_well(workspace, silent, tmp_path):
    """From Python too, even if the URL was turned into a Path."""
    for place in (Path("s3://bucket/labels"), "FILE:///labels"):
        with pytest.raises(UrlGiven, match="is a URL"):
            labels.run(labels.LabelsParams(output=place), workspace, silent)
        with pytest.raises(UrlGiven):
            Workspace(place)
    with pytest.raises(UrlGiven):
        Workspace("s3://bucket/labels")
    assert not list(tmp_path.iterdir())


def test_paths_that_look_a_little_like_urls_are_paths():
    """Colons, drive letters or double slashes alone do not make a URL."""
    for path in ("a:b", "C:/x", "a//b", "/s3://x", "2024-01-01T10:00/x"):
        assert local_path(path) == Path(path)
    with pytest.raises(UrlGiven, match="give only the path: /a/b"):
        local_path("file:///a/b")


@pytest.mark.parametrize(
    "words",
    [
        ["prior", "--dir", "photos"],
        ["prior", "--dir", "photos", "--list", "list.txt"],
        ["lists", "merge", "list.txt"],
        ["weights", "vector.npy"],
        ["labels", "--dir", "photos", "--prior", "vector.npy"],
        ["train", "--shards", "photos"],
        ["plot", "photos"],
        ["colorize", "--checkpoint", "photos", "x.jpg"],
        ["evaluate", "--original", "photos", "--colorized", "photos"],
        ["verify", "photos"],
        ["info", "list.txt"],
        ["export", "vector.npy"],
    ],
    ids=" ".join,
)
def test_a_path_of_the_current_folder_is_recognized_under_c(tmp_path, monkeypatch, words):
    """If a file is here but not under -C, the message names the path to it."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "list.txt").write_text("a.jpg\n")
    (tmp_path / "vector.npy").write_bytes(b"")
    (tmp_path / "a" / "ws").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, [*words, "-C", "a/ws"])
    assert result.exit_code == 1 and "in the current folder: give ../../" in result.stderr
    reached = result.stderr.partition("give ")[2].partition(",")[0]
    assert (tmp_path / "a" / "ws" / reached).exists()


def test_what_is_not_given_is_looked_for_in_the_workspace_alone(tmp_path, photographs, monkeypatch):
    """A prior.npz in the current folder is not that of the workspace."""
    (tmp_path / "prior.npz").write_bytes(b"")
    (tmp_path / "ws").mkdir()
    monkeypatch.chdir(tmp_path)
    words = ["labels", "-C", "ws", "--dir", str(photographs), "--size", "32"]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0 and "labeling with ab313" in result.stderr


def test_json_tells_what_was_replaced(colorprep, counted, photographs):
    """A replaced artifact is reported on stderr, even if quiet, and in JSON."""
    again = colorprep("weights", "-q", "--json")
    assert json.loads(again.stdout)["replaced"] == [] and again.stderr == ""
    other = colorprep("prior", "--dir", photographs, "--size", "32", "-q", "--json")
    first, second = json.loads(other.stdout)["replaced"]
    assert first["path"].endswith("prior.npz") and "3 images over ab313" in first["what"]
    assert second["path"].endswith("weights.npz") and "lambda 0.5" in second["what"]
    assert other.stderr.count("replaced") == 2


def test_an_output_that_repeats_the_workspace_is_wrong_usage(tmp_path, monkeypatch):
    """`-C out -o out/x.npz` names the mistake, and writes nothing."""
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["weights", "-C", "out", "-o", "out/x.npz"])
    assert result.exit_code == 2 and "would be out/out/x.npz; give -o x.npz" in result.stderr
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("words", [["verify", "labels"], ["sweep", "run"]], ids=" ".join)
def test_a_folder_without_its_option_is_explained(words):
    """Commands with a path of another kind take the images by --dir alone, and say so."""
    done = CliRunner().invoke(cli, [*words, "train/"])
    assert done.exit_code == 2
    assert "unexpected extra argument (train/); a folder of images is given by --dir" in done.output


def test_images_are_given_as_an_argument_or_by_dir(photographs, tmp_path):
    """Both give the same prior; both at once are wrong usage."""

    def prior(*words):
        common = ["--size", "8", "-q", "--json", "-o"]
        return CliRunner().invoke(cli, ["-C", str(tmp_path), "prior", *words, *common, "p.npz"])

    folder = str(photographs)
    first = prior(folder)
    assert first.exit_code == 0, first.output
    written = (tmp_path / "p.npz").read_bytes()
    assert prior("--dir", folder).exit_code == 0
    assert (tmp_path / "p.npz").read_bytes() == written
    both = prior(folder, "--dir", folder)
    assert both.exit_code == 2 and "give them once" in both.output


def test_the_workspace_is_given_before_or_after_the_command(tmp_path):
    """-C before the command is that of the command; twice is wrong usage."""
    before = CliRunner().invoke(cli, ["-C", str(tmp_path / "no"), "info"])
    after = CliRunner().invoke(cli, ["info", "-C", str(tmp_path / "no")])
    assert before.exit_code == 2 and before.output == after.output
    twice = CliRunner().invoke(cli, ["-C", "a", "info", "-C", "b"])
    assert twice.exit_code == 2 and "--workspace is given twice (a, b)" in twice.output
    within = CliRunner().invoke(cli, ["-C", str(tmp_path / "no"), "lists", "tiny"])
    assert within.exit_code == 2 and "no such folder" in within.output


def completed(words, incomplete):
    """The kinds and values that a shell is offered after some words."""
    found = ShellComplete(cli, {}, "colorprep", "_COLORPREP_COMPLETE").get_completions(
        words, incomplete
    )
    return {(item.type, item.value) for item in found}


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["prior"], "file"),
        (["prior", "--dir"], "file"),
        (["verify"], "file"),
        (["train", "--shards"], "file"),
        (["-C"], "dir"),
        (["info", "-C"], "dir"),
    ],
)
def test_shells_complete_paths(words, kind):
    """Arguments and options that take a path are completed by files and folders, -C by folders."""
    assert completed(words, "tr") == {(kind, "tr")}


def test_shells_complete_names():
    """So are commands, options and choices."""
    assert ("plain", "prior") in completed(["-C", "ws"], "pr")
    assert ("plain", "--dir") in completed(["prior"], "--d")
    assert ("plain", "none") in completed(["prior", "--smooth"], "n")
    assert completed(["prior", "--quantizer"], "g") == {("plain", "gmm")}
    assert completed(["prior", "--quantizer"], "fi") == {("file", "fi")}
    assert completed(["train", "--recipe"], "zh") == {("plain", "zhang2016")}
    assert completed(["evaluate", "--show-by"], "ps") == {("plain", "psnr")}
