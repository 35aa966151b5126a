"""Claims about `labels` and `verify`: interrupts, resuming, clusters, dry runs."""

import json
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from colorprep.cli.main import cli


def interruptible():
    """Restore Ctrl-C, which shells make background processes ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupt_exits_130_and_the_same_command_goes_on(photographs, tmp_path):
    """Ctrl-C in the middle leaves only complete shards, and says how to continue."""
    command = [sys.executable, "-m", "colorprep", "labels", "--dir", str(photographs)]
    command += ["--size", "1024", "--shard-size", "1", "--workers", "1", "-C", str(tmp_path)]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=interruptible)
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("labels/*.json"))) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, text = running.communicate(timeout=60)
    assert running.returncode == 130, text
    assert "run the command again to continue" in text
    done = sorted(path.name for path in tmp_path.glob("labels/shard-*"))
    assert done and not (tmp_path / "labels" / "manifest.json").exists()
    assert not list(tmp_path.glob("labels/.*.tmp"))
    again = CliRunner().invoke(cli, command[3:])
    assert again.exit_code == 0
    assert "40 images" in again.stdout and "already exist" in again.stderr


def test_dry_run_of_labels_and_prior(colorprep, photographs, tmp_path):
    """Both estimate time, memory, disk and skips, as text and as JSON, and write nothing."""
    for name in ("labels", "prior"):
        done = colorprep(name, "--dir", photographs, "--dry-run")
        assert done.exit_code == 0, done.output
        for word in ("40 images", "images/s", "memory", "disk", "skipped: none"):
            assert word in done.stdout
        facts = json.loads(colorprep(name, "--dry-run", "--json", "-q").stdout)
        assert facts["n_images"] == 40 and facts["disk"]["as asked"] > 0
    assert [path.name for path in tmp_path.iterdir()] == ["workspace.json"]


def test_verify_exits_as_it_says(colorprep, photographs, tmp_path):
    """Sound artifacts exit 0, wrong ones 1 with the file named, repaired ones 0."""
    assert colorprep("labels", "--dir", photographs, "--size", 32).exit_code == 0
    done = colorprep("verify", "labels")
    assert done.exit_code == 0 and "sound" in done.stdout
    shard = tmp_path / "labels" / "shard-00000.h5"
    shard.write_bytes(shard.read_bytes()[:-1])
    done = colorprep("verify", "labels")
    assert done.exit_code == 1 and "shard-00000.h5" in done.stdout and "1 problem" in done.stdout
    facts = json.loads(colorprep("verify", "labels", "--json").stdout)
    assert not facts["sound"] and facts["problems"][0]["severity"] == "wrong"
    done = colorprep("verify", "labels", "--repair")
    assert done.exit_code == 0 and "repaired" in done.stdout
    assert colorprep("verify", "nothing").exit_code == 1


def test_verify_of_a_foreign_prior(colorprep, published, tmp_path):
    """A wrong prior exits 1 with its reason; computing weights from it warns."""
    import numpy as np

    np.save(tmp_path / "wrong.npy", published("nilboy_prior_probs"))
    np.save(tmp_path / "right.npy", published("zhang_prior_probs"))
    done = colorprep("verify", "wrong.npy")
    assert done.exit_code == 1 and "no sRGB color" in done.stdout
    assert colorprep("verify", "right.npy").exit_code == 0
    assert "no sRGB color" in colorprep("weights", "wrong.npy").stderr
    assert "warning" not in colorprep("weights", "right.npy", "-o", "r.npz").stderr


def test_changed_settings_exit_1_with_the_difference(colorprep, photographs):
    """The difference is shown, and what to do."""
    colorprep("labels", "--dir", photographs, "--size", 32)
    done = colorprep("labels", "--size", 64)
    assert done.exit_code == 1 and "size: 32 there, 64 requested" in done.stderr
    assert "--overwrite" in done.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--workers", 2, "--cluster", 2],
        ["--extend", "--overwrite"],
        ["--format", "npy", "--soft", 3],
        ["--format", "npy", "--fit", "crop"],
        ["--lowpass", 0.5],
        ["--scheduler", "nowhere", "--cluster", 1],
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(colorprep, photographs, options):
    """Invalid options are refused with exit code 2, before an image is read."""
    done = colorprep("labels", "--dir", photographs, *options)
    assert done.exit_code == 2, done.output


def test_a_scheduler_that_is_not_there(colorprep, photographs, monkeypatch):
    """The address is named, and how to start one."""
    monkeypatch.setattr("colorprep.engine.cluster.CONNECT_SECONDS", 1)
    done = colorprep("labels", "--dir", photographs, "--scheduler", "tcp://127.0.0.1:9")
    assert done.exit_code == 1 and "tcp://127.0.0.1:9" in done.stderr
