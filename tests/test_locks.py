"""Claims about locks: one process at a time, until it ends, however it ends."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading

import pytest

from colorprep import OutputError, OutputExists
from colorprep.locks import LOCK, in_turn, sole_process

HOLDER = """
import sys, time
from pathlib import Path
from colorprep.locks import sole_process
from colorprep.progress import Reporter
with sole_process(Path(sys.argv[1]), "trained", Reporter()):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of a folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "x")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_process_is_refused_by_number(tmp_path, holder, silent):
    """The message names the folder and the process, which keeps its lock."""
    message = (
        rf"{tmp_path}/x is being trained by process {holder.pid}; wait until it ends, or stop it"
    )
    with pytest.raises(OutputError, match=message), sole_process(tmp_path / "x", "trained", silent):
        pass
    assert (tmp_path / "x" / LOCK).exists()


def test_a_dead_process_keeps_no_lock(tmp_path, holder, silent):
    """After SIGKILL the lock file is left, and locks nothing."""
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "x" / LOCK).exists()
    with sole_process(tmp_path / "x", "trained", silent):
        assert (tmp_path / "x" / LOCK).read_text().split()[0] == str(os.getpid())
    assert not (tmp_path / "x" / LOCK).exists()


def test_a_holder_on_another_machine_is_named(tmp_path, silent):
    """In folders shared by machines, the message names the machine of the process."""
    with sole_process(tmp_path, "labeled", silent):
        (tmp_path / LOCK).write_text("7 elsewhere\n")
        refused = pytest.raises(OutputError, match="labeled by process 7 on elsewhere;")
        with refused, sole_process(tmp_path, "labeled", silent):
            pass


def test_folders_left_empty_are_removed(tmp_path, silent):
    """A new folder is removed if nothing was written to it; one with a file stays."""
    folder = tmp_path / "runs" / "x"
    with pytest.raises(ZeroDivisionError), sole_process(folder, "trained", silent):
        assert folder.is_dir()
        raise ZeroDivisionError
    assert not (tmp_path / "runs").exists()
    with sole_process(folder, "trained", silent):
        (folder / "log.csv").touch()
    assert [path.name for path in folder.iterdir()] == ["log.csv"]


def test_a_new_folder_must_be_new(tmp_path, silent):
    """With `new`, an existing folder is refused; a file of that name always is."""
    refused = pytest.raises(FileExistsError)
    with refused, sole_process(tmp_path, "trained", silent, new=True):
        pass
    (tmp_path / "file").touch()
    refused = pytest.raises(OutputExists, match="file is a file, not a folder")
    with refused, sole_process(tmp_path / "file", "trained", silent):
        pass


@pytest.mark.parametrize("how", [sole_process, in_turn])
def test_one_at_a_time(tmp_path, silent, how):
    """Of many threads that lock, unlock and remove the file, no two hold the lock together."""
    inside, most, entered = [], [], []

    def work():
        for _ in range(30):
            try:
                lock = (
                    how(tmp_path / "x", "trained", silent)
                    if how is sole_process
                    else how(tmp_path / "x")
                )
                with lock:
                    inside.append(1)
                    most.append(len(inside))
                    entered.append(1)
                    inside.pop()
            except OutputError:
                pass

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert len(entered) == 180 if how is in_turn else len(entered) > 0


def test_a_file_system_without_locks_is_a_warning(tmp_path, recorder, monkeypatch):
    """The work is done, and the user knows that nothing guards it."""

    def without(descriptor, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", without)
    with sole_process(tmp_path / "x", "trained", recorder):
        pass
    assert "does not support locks" in recorder.warnings[0] and not (tmp_path / "x").exists()
