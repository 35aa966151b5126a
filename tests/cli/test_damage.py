"""Claims about damaged artifacts: every command that reads one names it and the fault."""

import json
import random

import pytest
from click.testing import CliRunner

from colorprep.cli.main import cli

TRAIN = "train --model tiny --epochs 1 --batch-size 8 --val 0.2 --device cpu".split()


@pytest.fixture(scope="module")
def command(photographs, tmp_path_factory):
    """The command line, in a workspace with labels, a run, and its exported network."""
    root = tmp_path_factory.mktemp("damage")

    def call(*words):
        return CliRunner().invoke(cli, [*map(str, words), "-C", str(root)])

    for words in (
        ["labels", "--dir", photographs, "--size", 32, "--shard-size", 12],
        [*TRAIN, "-o", "runs/a"],
        ["export", "runs/a", "-o", "exported"],
    ):
        assert call(*words).exit_code == 0
    call.root = root
    call.photograph = next(photographs.rglob("*.jpg"))
    return call


def flipped(data, seed):
    """Flip a bit in each of 30 bytes at random."""
    draw, changed = random.Random(seed), bytearray(data)
    for _ in range(30):
        changed[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def without_a_row(data):
    """A table without its last row."""
    return data[: data.rstrip().rfind(b"\n") + 1]


RESUME, INFO = ["train", "--resume", "-o", "runs/a", "--device", "cpu"], ["info", "runs/a"]
PLOT, EXPORT = ["plot", "runs/a"], ["export", "runs/a", "-o", "again"]
ANEW = ["train", "--steps", "1", "--model", "tiny", "--device", "cpu", "-o", "runs/b"]
READERS = {
    "runs/a/config.json": [RESUME, INFO, PLOT],
    "runs/a/log.csv": [RESUME],
    "runs/a/last.pt": [RESUME, ["info", "runs/a/last.pt"]],
    "runs/a/best.pt": [RESUME, EXPORT, ["info", "runs/a/best.pt"], ["colorize"]],
    "labels/manifest.json": [ANEW, ["info", "labels"], ["verify", "labels"]],
    "labels/shard-00001.h5": [["verify", "labels"]],
    "exported/model.json": [["info", "exported"]],
    "exported/model.safetensors": [["info", "exported/model.safetensors"]],
}
DAMAGES = {
    "cut": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "not text": lambda data: b"\xff\xfe" + data,
    "flipped": lambda data: flipped(data, 0),
    "a list": lambda data: b"[]",
    "an empty object": lambda data: b"{}",
    "nested without end": lambda data: b"[" * 100_000,
}


@pytest.mark.parametrize("name", READERS)
def test_damage_is_told_with_the_file(command, name):
    """Truncated, empty, overwritten or of another kind: exit 1 and a message, no traceback."""
    path = command.root / name
    sound = path.read_bytes()
    for damage, change in DAMAGES.items():
        if name.endswith(".json") and damage == "flipped":
            continue  # a letter of a name may well change without a trace
        path.write_bytes(change(sound))
        for words in READERS[name]:
            given = [command.photograph, "--device", "cpu"] if words == ["colorize"] else []
            done = command(*words, *given)
            assert isinstance(done.exception, SystemExit), (damage, words, done.exception)
            assert done.exit_code == 1, (damage, words, done.output)
            assert path.name in done.output, (damage, words, done.output)
    path.write_bytes(sound)
    assert command(*RESUME).exit_code == 0


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("log.csv", without_a_row, "lacks rows: it ends at step"),
        (
            "log.csv",
            lambda data: data.replace(b"train_loss", b"loss"),
            "train_loss is missing",
        ),
        ("log.csv", lambda data: data[:-2] + b"x\n", "line 2 is damaged"),
        ("log.csv", lambda data: data.replace(b"\n1,", b"\n" + b"9" * 30 + b","), "is damaged"),
        ("best.pt", None, "is missing, the network of step"),
        ("log.csv", None, "lacks rows: it ends at step 0"),
    ],
)
def test_a_run_without_a_part_is_not_resumed(command, name, change, message):
    """Missing or broken files are named; nothing else in the run is changed."""
    path = command.root / "runs" / "a" / name
    sound = path.read_bytes()
    path.unlink()
    if change is not None:
        path.write_bytes(change(sound))
    done = command(*RESUME)
    assert done.exit_code == 1 and message in done.output and name in done.output
    path.write_bytes(sound)


def test_options_of_another_kind_are_damage(command):
    """Invalid values in config.json are an error that names the file."""
    path = command.root / "runs" / "a" / "config.json"
    sound = path.read_bytes()
    for name, value in {"batch_size": "x", "epochs": [], "held_out": None, "schedule": 3}.items():
        config = json.loads(sound)
        config["options"][name] = value
        path.write_text(json.dumps(config))
        done = command(*RESUME)
        assert isinstance(done.exception, SystemExit) and "config.json" in done.output, done.output
    path.write_bytes(sound)
