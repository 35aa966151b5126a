"""Claims about examples: those in docstrings run, public names have one, those in docs parse."""

import ast
import doctest
import importlib
import re
import shlex
from pathlib import Path

import click
import pytest

import colorprep
from colorprep.cli.main import cli

ROOT = Path(colorprep.__file__).parent
PAGES = [ROOT.parent / "README.md", *sorted((ROOT.parent / "docs").glob("*.md"))]


def module_of(path):
    """The name of the module that a file holds."""
    parts = ["colorprep", *path.relative_to(ROOT).with_suffix("").parts]
    return ".".join(parts).removesuffix(".__init__")


EXAMPLES = sorted(module_of(path) for path in ROOT.rglob("*.py") if ">>> " in path.read_text())


def public_names():
    """Each public name and the room that it is from."""
    for node in ast.parse((ROOT / "__init__.pyi").read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((alias.name, node.module.partition(".")[0]) for alias in node.names)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run(name, tmp_path, monkeypatch, small_fits):
    """Every example of a module prints what it says; pytest shows those that do not."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("colorprep.quantize.mixture.FIT_POINTS", small_fits)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "colorprep":
            raise
        pytest.skip(f"needs {error.name}, which is not installed")
    result = doctest.testmod(module)
    assert result.attempted and not result.failed


def test_public_names_have_examples():
    """Every public function and class shows how it is used, or names one that does."""
    names = [name for name, room in public_names() if room != "errors"]
    docs = {name: " ".join(getattr(colorprep, name).__doc__.split()) for name in names}
    without = {name: doc for name, doc in docs.items() if ">>> " not in doc}
    elsewhere = [re.search(r"[Ss]ee `(\w+)` for an example", doc) for doc in without.values()]
    assert all(elsewhere), without.keys()
    assert all(">>> " in docs[found[1]] for found in elsewhere)


def test_help_names_what_there_is():
    """The package's own help names public names only."""
    table = colorprep.__doc__.partition("Examples")[0]
    named = set(table.split("`")[1::2]) - {"colorprep", "encode", "encode_soft", "run", "stages"}
    assert len(named) > 20 and named <= {name for name, _ in public_names()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_docs_parse(page):
    """Commands in examples exist and take these arguments; nothing is run."""
    for line in re.findall(r"^(?:    |\$ )colorprep (.+)$", page.read_text(), re.MULTILINE):
        words, command = shlex.split(line, comments=True), cli
        while isinstance(command, click.Group):
            name, command, words = command.resolve_command(click.Context(command), words)
        assert command.make_context(name, words)
