"""Claims about the house: imports go down only, and every room keeps to its work."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from click.testing import CliRunner
from PIL import Image

import colorprep
from colorprep.cli.main import cli

ROOT = Path(colorprep.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

# A room may import from itself and from those below it.
BELOW = {
    "errors": set(),
    "progress": {"places"},
    "printable": set(),
    "interrupts": set(),
    "decoder_messages": set(),
    "places": {"errors"},
    "finite": {"errors"},
    "compiling": set(),
    "color": {"errors", "compiling"},
    "quantize": {"errors", "finite", "compiling", "color"},
    "balance": {"errors", "compiling", "color", "quantize"},
    "curriculum": {"errors", "color", "quantize", "balance"},
    "audit": {"errors", "compiling", "color"},
    "metrics": {"errors", "color", "quantize", "balance"},
    "marks": set(),
    "retrying": set(),
    "stores": {"errors", "places", "retrying"},
    "storage": {"errors", "places", "retrying", "stores"},
    "atomic": {"errors", "marks", "places", "storage"},
    "workspace": {"errors", "atomic", "places"},
    "runs": {"errors", "workspace"},
    "rendering": {"color", "images", "quantize"},
    "locks": {"errors", "atomic", "marks", "places", "progress"},
    "engine": {"errors", "decoder_messages"},
    "images": {
        "color",
        "printable",
        "errors",
        "compiling",
        "engine",
        "marks",
        "atomic",
        "places",
        "retrying",
        "storage",
        "stores",
    },
    "artifacts": {"errors", "atomic", "places", "storage", "color", "quantize", "balance"},
    "scorebook": {"errors", "atomic", "artifacts", "images", "curriculum"},
    "seen": {"errors", "atomic", "artifacts", "images"},
    "shards": {
        "errors",
        "printable",
        "locks",
        "marks",
        "places",
        "storage",
        "engine",
        "atomic",
        "artifacts",
        "images",
        "quantize",
        "color",
        "curriculum",
    },
    "training": {
        "errors",
        "printable",
        "compiling",
        "finite",
        "places",
        "storage",
        "atomic",
        "artifacts",
        "images",
        "balance",
        "quantize",
        "color",
        "rendering",
        "shards",
        "metrics",
    },
    "report": {"errors", "printable", "color", "quantize", "balance", "metrics"},
}
BELOW["stages"] = {*BELOW, "progress", "interrupts"}
BELOW["api"] = {*BELOW, "stages"}
BELOW["cli"] = {*BELOW, "stages"} - {"api"}

# Slow or special packages, and the only rooms that import them.
ONLY_IN = {
    "numba": {"compiling", "images", "training"},  # vectors of pixels; typed lists
    "llvmlite": {"compiling", "images"},
    "torch": {"training"},
    "torchmetrics": {"training"},
    "safetensors": {"training"},
    "dask": {"engine"},
    "distributed": {"engine"},
    "fsspec": {"images", "stores"},
    "pyarrow": {"images", "shards"},
    "xxhash": {"images"},
    "click": {"cli"},
    "h5py": {"shards"},
    "matplotlib": {"report", "api"},  # the latter names the type of a figure only
    "jinja2": {"report"},
    "markupsafe": {"report"},
    "tqdm": {"cli", "api"},
}
PURE = {"color", "quantize", "balance", "curriculum", "audit", "metrics"}


def room_of(path):
    """The room that a file belongs to."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def module_of(path):
    """The name of the module that a file holds."""
    parts = ["colorprep", *path.relative_to(ROOT).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path):
    """The names of all modules that a file imports anywhere in it, relative ones resolved."""
    package = ["colorprep", *path.relative_to(ROOT).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_imports_go_down_only():
    """No room imports one above it, and no package where it does not belong."""
    for path in FILES:
        room = room_of(path)
        if room in ("__init__", "__main__"):
            continue
        for name in imports_of(path):
            first, *rest = name.split(".")
            if first == "colorprep" and rest and rest[0] != "__version__":
                assert rest[0] == room or rest[0] in BELOW[room], f"{path} imports {name}"
            elif first in ONLY_IN:
                assert room in ONLY_IN[first], f"{path} imports {name}"


def test_no_module_imports_one_that_imports_it():
    """There is no import circle, be it at the top, in functions or for types alone."""
    paths = {module_of(path): path for path in FILES}
    imported = {
        module: {name for name in imports_of(path) if name in paths} - {module}
        for module, path in paths.items()
    }
    try:
        tuple(TopologicalSorter(imported).static_order())
    except CycleError as error:
        raise AssertionError(" imports ".join(error.args[1])) from None


def test_pure_rooms_touch_nothing():
    """The numeric core knows no path, no clock, no global random state and no print."""
    outside = {"os", "pathlib", "io", "time", "datetime", "random", "shutil", "tempfile"}
    for path in (path for path in FILES if room_of(path) in PURE):
        names = {name.partition(".")[0] for name in imports_of(path)}
        assert not names & outside, path
        nodes = ast.walk(ast.parse(path.read_text()))
        called = {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}
        assert not called & {"open", "print", "input"}, path
        drawn = {name for name in called if name.startswith("np.random")}
        assert drawn <= {"np.random.default_rng"}, path


def test_modules_say_what_lives_in_them():
    """Every module opens with its purpose; files and functions stay of a readable size."""
    for path in FILES:
        tree = ast.parse(path.read_text())
        assert ast.get_docstring(tree), path
        assert len(path.read_text().splitlines()) <= 400, path
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                length = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                assert length <= 50, f"{path}: {node.name} has {length} lines"
                arguments = [*node.args.args, *node.args.kwonlyargs]
                given = [each for each in arguments if each.arg not in ("self", "cls")]
                # A command's arguments are its options.
                most = 20 if room_of(path) == "cli" else 7
                assert len(given) <= most, f"{path}: {node.name} has {len(given)} parameters"


def test_public_names_can_be_imported():
    """Everything that the public API promises is there, documented."""
    names = [name for name in dir(colorprep) if not name.startswith("_")]
    assert len(names) > 30
    for name in names:
        assert getattr(colorprep, name).__doc__, name


def test_help_is_light():
    """Asking for help imports none of the heavy packages."""
    code = (
        "import sys; from click.testing import CliRunner; from colorprep.cli.main import cli; "
        "from colorprep.cli.main import COMMANDS; names = [[name] for name in COMMANDS]; "
        "names += [['lists', name] for name in cli.get_command(None, 'lists').commands]; "
        "ask = lambda name: CliRunner().invoke(cli, [*name, '--help'], catch_exceptions=False); "
        "assert not any(ask(name).exit_code for name in names); "
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"torch", "numba", "dask", "distributed", "fsspec", "sklearn", "skimage", "scipy"}
    heavy |= {"numpy", "h5py", "jinja2", "matplotlib", "safetensors"}
    assert not heavy & set(done.stdout.split())


def test_small_jobs_are_light(tmp_path):
    """Counting, labeling and scoring photographs import nothing that they do not use.

    The first time, loops may have to be compiled, which takes more of numba and SciPy.
    """
    Image.new("RGB", (8, 8), "teal").save(tmp_path / "a.jpg")
    jobs = [[name, str(tmp_path), "-C", str(tmp_path)] for name in ("prior", "rgbvar", "labels")]
    for job in jobs:
        assert not CliRunner().invoke(cli, job).exit_code
    code = (
        "import sys; from click.testing import CliRunner; from colorprep.cli.main import cli; "
        f"assert not any(CliRunner().invoke(cli, job).exit_code for job in {jobs}); "
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"torch", "dask", "fsspec", "sklearn", "skimage", "matplotlib", "pandas", "pyarrow"}
    heavy |= {"scipy.linalg", "scipy.sparse", "scipy.spatial", "numba.np.linalg", "numpy.f2py"}
    assert not heavy & set(done.stdout.split())
