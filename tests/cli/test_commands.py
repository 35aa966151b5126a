"""Claims about the command line: help, exit codes, streams, JSON."""

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from colorprep.cli.main import COMMANDS, cli

ROOT = Path(__file__).resolve().parents[2]


def every_command():
    """Every command by its words, those of groups included."""
    commands = {name: cli.get_command(None, name) for name in COMMANDS}
    groups = {name: made for name, made in commands.items() if isinstance(made, click.Group)}
    inner = {
        f"{name} {subname}": command
        for name, made in groups.items()
        for subname, command in made.commands.items()
    }
    return commands | inner


EVERY = every_command()


@pytest.mark.parametrize("name", EVERY)
def test_every_command_has_help_with_examples(colorprep, name):
    """Help says what the command does, gives two examples, and explains every own option."""
    result = colorprep(*name.split(), "--help")
    assert result.exit_code == 0
    assert len(re.findall(rf"^    colorprep {name}", result.stdout, re.MULTILINE)) >= 2
    if not isinstance(EVERY[name], click.Group):
        for option in ("--workspace", "--quiet", "--json", "--log-file"):
            assert option in result.stdout
    assert EVERY[name].get_short_help_str(80).endswith(".")


def test_train_takes_every_option_of_the_library():
    """Each option of the five groups is one of the command, with its default and its choices."""
    from colorprep.training.options import all_options

    made = {param.name: param for param in EVERY["train"].params}
    for name, option in all_options().items():
        if name != "use_weights":  # --no-weights
            assert option.option in made[name].opts
            assert made[name].default in (option.default, None) or option.default == ()
    assert "no_weights" in made and list(made["model"].type.choices)[0] == "small"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name):
    """The README names every command."""
    assert f"colorprep {name}" in (ROOT / "README.md").read_text()


def test_short_help_fits_the_terminal(colorprep):
    """The list of commands fits 80 columns without cutting a sentence."""
    for words in ([], ["lists"]):
        result = colorprep(*words, "--help")
        assert result.exit_code == 0 and "..." not in result.stdout.replace("[ARGS]...", "")


def test_version(colorprep):
    """--version prints the version."""
    import colorprep as package

    assert package.__version__ in colorprep("--version").stdout


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["prior", "--nonsense"],
        ["prior", "--quantizer", "ab312"],
        ["prior", "--quantizer", "hc-grid", "--components", "200"],
        ["prior", "--quantizer", "gmm", "--smooth", "lattice"],
        ["prior", "--by-class", "--name", "cat"],
        ["prior", "--sigma", "wide"],
        ["prior", "--size", "0"],
        ["weights", "--lambda", "2"],
        ["weights", "--zero-bins", "skip"],
        ["labels", "--size", "native"],
        ["rgbvar", "--range", "7-3"],
        ["lists"],
        ["lists", "random"],
        ["lists", "random", "0"],
        ["lists", "split", "--val", "0", "--test", "0"],
        ["lists", "split", "--val", "0.5", "--test", "0.5"],
        ["lists", "subtract", "a.txt"],
        ["lists", "merge", "a.txt", "--form", "prefixed"],
        ["train", "--weights", "w.npz", "--no-weights"],
        ["train", "--val", "1"],
        ["train", "--val", "-0.1"],
        ["train", "--curriculum", "a.txt"],
        ["train", "--curriculum", "a.txt:0"],
        ["train", "--curriculum", "a.txt:2,"],
        ["train", "--curriculum", "a.txt:2", "--epochs", "3"],
        ["train", "--curriculum", "a.txt:2", "--list", "b.txt"],
        ["train", "--rare-color"],
        ["train", "--prior", "prior.npz"],
        ["train", "--max-images", "0"],
        ["plot", "-o", "runs/a/log.csv"],
        ["plot", "a", "b", "c", "d", "e", "f", "g"],
        ["colorize"],
        ["verify"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2(colorprep, words):
    """Invalid options are wrong usage, reported on stderr."""
    result = colorprep(*words)
    assert result.exit_code == 2
    assert result.stdout == "" and "Error" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["prior"], "--dir"),
        (["prior", "--dir", "nowhere"], "no folder"),
        (["labels", "--dir", "nowhere"], "no folder"),
        (["rgbvar"], "--dir"),
        (["lists", "tiny"], "--dir"),
        (["lists", "merge", "nowhere.txt"], "nowhere.txt"),
        (["weights"], "colorprep prior"),
        (["train"], "colorprep labels"),
        (["plot"], "colorprep train"),
        (["plot", "nowhere"], "nowhere"),
        (["probe"], "colorprep labels"),
        (["colorize", "x.jpg"], "colorprep train"),
        (["info", "nowhere"], "nowhere"),
        (["export", "nowhere.npz"], "nowhere.npz"),
        (["export", "nowhere.pt"], "nowhere.pt"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_failures_exit_with_1_and_say_what_to_do(colorprep, words, message):
    """A failed command says why and what to do, in one line on stderr, without a traceback."""
    result = colorprep(*words)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert message in result.stderr and "Traceback" not in result.stderr


def test_results_go_to_stdout_and_progress_to_stderr(colorprep, photographs):
    """Progress on stderr is lines where there is no terminal; --quiet silences it."""
    loud = colorprep("prior", "--dir", photographs)
    assert "prior.npz: 313 bins" in loud.stdout and "weights 0." in loud.stdout
    assert re.search(r"counting colors: 40 of 40 images, [\d,.]+/s\n", loud.stderr)
    quiet = colorprep("prior", "--dir", photographs, "-q")
    assert quiet.stdout == loud.stdout and quiet.stderr == ""


def test_json_is_one_object(colorprep, photographs):
    """With --json stdout is one object with stable keys."""
    result = colorprep("prior", "--dir", photographs, "--json", "-q")
    facts = json.loads(result.stdout)
    assert facts["n_images"] == 40 and facts["skipped"] == []
    assert set(facts["safety"]) == {
        "smallest",
        "largest",
        "effective_share",
        "gray_before",
        "gray_after",
        "empty_bins",
    }
    for words in (["labels", "--size", "32"], ["rgbvar"], ["weights"], ["info", "prior.npz"]):
        assert json.loads(colorprep(*words, "--json", "-q").stdout)


def test_log_file(colorprep, photographs, tmp_path):
    """--log-file records messages with their time, even those that --quiet hides."""
    colorprep("labels", "--dir", photographs, "--size", "32", "-q", "--log-file", "run.log")
    text = (tmp_path / "run.log").read_text()
    assert re.search(r"^\d{4}-\d\d-\d\d .* INFO no prior.npz here", text, re.MULTILINE)


def test_read_only_output_is_a_clear_error(colorprep, photographs, tmp_path):
    """An output that cannot be written names the file and leaves nothing half-written."""
    (tmp_path / "prior.npz").mkdir()
    result = colorprep("prior", "--dir", photographs)
    assert result.exit_code == 1 and "prior.npz" in result.stderr
    assert "Traceback" not in result.stderr
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".tmp")]


def test_interruption_exits_with_130(colorprep, photographs, monkeypatch):
    """Ctrl-C ends with 130 and without a traceback."""
    from colorprep.stages import prior

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(prior, "run", interrupted)
    result = colorprep("prior", "--dir", photographs)
    assert result.exit_code == 130 and "interrupted" in result.stderr


def test_it_runs_as_a_module():
    """`python -m colorprep` is the command."""
    command = [sys.executable, "-m", "colorprep", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("colorprep")


def parameters_of_commands():
    """The dataclasses that commands make from their options, by the command's name."""
    from colorprep.stages import (
        audit,
        colorize,
        evaluate,
        labels,
        lists,
        plot,
        prior,
        report,
        rgbvar,
        sample,
        verify,
        weights,
    )
    from colorprep.stages.source import ImageParams

    return {
        "audit": (audit.AuditParams, ImageParams),
        "colorize": (colorize.ColorizeParams,),
        "evaluate": (evaluate.EvaluateParams, ImageParams),
        "labels": (labels.LabelsParams, ImageParams),
        "lists random": (lists.DrawParams,),
        "lists split": (lists.SplitParams,),
        "plot": (plot.PlotParams,),
        "prior": (prior.PriorParams, ImageParams),
        "report": (report.ReportParams, ImageParams),
        "rgbvar": (rgbvar.RgbvarParams, ImageParams),
        "sample": (sample.SampleParams,),
        "verify": (verify.VerifyParams, ImageParams),
        "weights": (weights.WeightsParams,),
    }


def test_defaults_are_those_of_the_library():
    """Where the command line states a default, the function it calls has the same."""
    compared = 0
    for name, kinds in parameters_of_commands().items():
        fields = {each.name: each.default for kind in kinds for each in dataclasses.fields(kind)}
        for option in EVERY[name].params:
            stated = isinstance(option.default, str | int | float) and not option.is_flag
            if option.name in fields and stated:
                assert option.default == fields[option.name], f"{name} {option.opts}"
                compared += 1
    assert compared > 20
