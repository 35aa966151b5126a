"""Claims about what goes wrong while labels are made: nothing is lost, nothing is half-written."""

import os
import random
import resource
import shutil
import signal
import threading
import time
import warnings
from contextlib import contextmanager
from dataclasses import replace

import pytest
from distributed import LocalCluster
from folders import contents

from colorprep import ColorprepError, InputError, OutputError, OutputExists, Reporter
from colorprep.images.folder import FolderSource, folder_source
from colorprep.shards.reader import open_labels
from colorprep.stages import source as images_stage
from colorprep.stages.labels.stage import LabelsParams, run
from colorprep.stages.source import ImageParams
from colorprep.workspace import Workspace


def params_for(folder, **values):
    """Labels in many small shards."""
    images = ImageParams(
        folder, **{k: values.pop(k) for k in {"workers", "scheduler"} & set(values)}
    )
    return LabelsParams(images, **{"size": 64, "shard_size": 3, **values})


@pytest.fixture(scope="module")
def expected(photographs, tmp_path_factory):
    """The output of an undisturbed run."""
    workspace = Workspace(tmp_path_factory.mktemp("undisturbed"))
    return contents(run(params_for(photographs), workspace, Reporter()).folder)


def in_child(work):
    """Run a function in a forked process; return the process's id."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except OutputError as error:
            code = 42 if "room" in str(error) else 43
        finally:
            os._exit(code)
    return child


def wait_for(child):
    """Return how a child ended: its exit code, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("form", ["h5", "npy"])
def test_killed_at_random_points(photographs, workspace, silent, form):
    """After each of four kills the same command resumes; the bytes are those of a quiet run."""
    params = params_for(photographs, format=form, workers=1, output="disturbed")
    quiet, duration = {}, 0.0
    for name in ("warm", "quiet"):
        start = time.perf_counter()
        calm = params_for(photographs, format=form, workers=1, output=name)
        quiet = contents(run(calm, workspace, silent).folder)
        duration = time.perf_counter() - start
    disturbed = workspace.path("disturbed")
    draw = random.Random(0)
    n_killed = 0
    while n_killed < 4:
        child = in_child(lambda: run(params, workspace, silent))
        time.sleep(draw.uniform(0, duration))
        os.kill(child, signal.SIGKILL)
        if wait_for(child) == 0:  # it was quicker: begin again
            assert contents(disturbed) == quiet
            shutil.rmtree(disturbed)
            continue
        n_killed += 1
        left = contents(disturbed) if disturbed.exists() else {}
        assert all(data == quiet[name] for name, data in left.items() if ".tmp" not in name)
    run(params, workspace, silent)
    assert contents(disturbed) == quiet


def test_finished_shards_are_not_made_again(photographs, workspace, silent, expected):
    """Only missing shards are written; the others keep their mtime."""
    folder = run(params_for(photographs), workspace, silent).folder
    (folder / "shard-00003.h5").unlink()
    (folder / "shard-00007.json").unlink()
    (folder / "manifest.json").unlink()
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("shard-*.h5")}
    result = run(params_for(photographs), workspace, silent)
    after = {path.name: path.stat().st_mtime_ns for path in folder.glob("shard-*.h5")}
    assert {name for name in after if after[name] != before.get(name)} == {
        "shard-00003.h5",
        "shard-00007.h5",
    }
    assert result.n_done_before == 12 and contents(folder) == expected


@pytest.mark.usefixtures("quick_workers")
def test_a_worker_killed_in_a_cluster(photographs, workspace, silent, expected):
    """A dask worker that is killed in the middle costs nothing but time."""
    killed = []
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:

        def kill():
            while not list(workspace.path("labels").glob("shard-*.h5")):
                time.sleep(0.001)
            process = cluster.workers[0].process.process.pid
            os.kill(process, signal.SIGKILL)
            killed.append(process)

        killer = threading.Thread(target=kill)
        killer.start()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it may have been killed between two batches
            run(params_for(photographs, scheduler=cluster.scheduler_address), workspace, silent)
        killer.join()
    assert killed and contents(workspace.path("labels")) == expected


@pytest.mark.parametrize("room", [15_000, 3_000, 700])
def test_no_room(photographs, workspace, silent, expected, room):
    """A full disk is a clear error without a damaged shard; with room, the run resumes."""

    def work():
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        run(params_for(photographs), workspace, silent)

    assert wait_for(in_child(work)) == 42
    for name, data in contents(workspace.path("labels")).items():
        assert data == expected[name]
    run(params_for(photographs), workspace, silent)
    assert contents(workspace.path("labels")) == expected


def test_an_output_that_may_not_be_written(photographs, silent, tmp_path):
    """A folder without permission to write is a clear error."""
    place = tmp_path / "read-only"
    place.mkdir()
    for folder in (photographs.parent, photographs, tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(0o755)
    place.chmod(0o555)

    def work():
        if os.geteuid() == 0:
            os.seteuid(65534)  # nobody
        run(params_for(photographs), Workspace(place), silent)

    assert wait_for(in_child(work)) == 43
    assert not list(place.iterdir())


def test_a_source_that_goes_away(photographs, workspace, silent, tmp_path, monkeypatch, expected):
    """A source that vanishes is one error, not a thousand skips; once it is back, labels resume."""
    source, away = tmp_path / "train", tmp_path / "away"
    shutil.copytree(photographs, source)
    read = FolderSource.read

    def vanishing(self, index):
        if index == 20 and source.exists():
            source.rename(away)
        return read(self, index)

    monkeypatch.setattr(FolderSource, "read", vanishing)
    with pytest.raises(InputError, match="disappeared"):
        run(params_for(source), workspace, silent)
    monkeypatch.undo()
    away.rename(source)
    run(params_for(source), workspace, silent)
    assert contents(workspace.path("labels")) == expected


def test_an_interrupt_leaves_whole_shards(photographs, workspace, silent, expected, monkeypatch):
    """Ctrl-C leaves only whole shards, and the same command resumes."""
    read = FolderSource.read

    def interrupting(self, index):
        if index == 20:
            raise KeyboardInterrupt
        return read(self, index)

    monkeypatch.setattr(FolderSource, "read", interrupting)
    with pytest.raises(KeyboardInterrupt):
        run(params_for(photographs), workspace, silent)
    monkeypatch.undo()
    left = contents(workspace.path("labels"))
    assert "plan.json" in left and "manifest.json" not in left
    assert all(data == expected[name] for name, data in left.items())
    run(params_for(photographs), workspace, silent)
    assert contents(workspace.path("labels")) == expected


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        ({"size": 32}, "size: 64 there, 32 requested"),
        ({"shard_size": 4}, "shard-size: 3 there, 4 requested"),
        ({"shuffle": 1}, "shuffle: none there, 1 requested"),
        ({"fit": "crop"}, "fit: stretch there, crop requested"),
        ({"format": "npy"}, "format: h5 there, npy requested"),
    ],
)
def test_changed_settings_are_refused(photographs, workspace, silent, changed, difference):
    """The message shows the difference; nothing is changed without --overwrite."""
    folder = run(params_for(photographs), workspace, silent).folder
    before = contents(folder)
    with pytest.raises(OutputExists, match=difference):
        run(params_for(photographs, **changed), workspace, silent)
    assert contents(folder) == before
    run(params_for(photographs, overwrite=True, **changed), workspace, silent)
    assert contents(folder) != before


def test_changed_images_are_refused_or_added(photographs, workspace, silent, tmp_path):
    """New images need --extend, which adds shards and touches none of the old ones."""
    source = tmp_path / "train"
    shutil.copytree(photographs, source)
    moved = sorted(source.rglob("*.jpg"))[5:25:4]
    for path in moved:
        path.rename(tmp_path / path.name)
    params = params_for(source)
    folder = run(params, workspace, silent).folder
    before = contents(folder)
    for path in moved:
        (tmp_path / path.name).rename(path)
    (source / "zoo").mkdir()
    shutil.copy(moved[0], source / "zoo" / "new.jpg")
    with pytest.raises(OutputExists, match="35 files there, 41 in the source.*--extend"):
        run(params, workspace, silent)
    result = run(params_for(source, extend=True), workspace, silent)
    after = contents(folder)
    shards = [name for name in before if name.startswith("shard")]
    assert all(after[name] == before[name] for name in shards)
    assert result.n_images == 41 and result.n_shards == 12 + 2
    labels = open_labels(folder)
    keys = [key for shard in labels.shards for key in shard.keys]
    assert len(keys) == len(set(keys)) == 41
    classes = labels.manifest["classes"]
    assert classes[-1] == "zoo"
    for shard in labels.shards:
        assert [classes[i] for i in shard.arrays["class_id"]] == [
            k.split("/")[0] for k in shard.keys
        ]
    assert contents(run(params, workspace, silent).folder) == after
    (folder / "shard-00002.h5").unlink()
    (folder / "shard-00013.json").unlink()
    assert contents(run(params_for(source, extend=True), workspace, silent).folder) == after


def test_shuffled_shards(photographs, workspace, silent):
    """A seed gives a random order, the same each time and for any number of workers."""
    plain = open_labels(run(params_for(photographs, output="plain"), workspace, silent).folder)
    made = []
    for seed, workers in ((7, 1), (7, 4), (8, 2)):
        params = params_for(photographs, shuffle=seed, workers=workers, output=f"s{len(made)}")
        made.append(run(params, workspace, silent).folder)
    assert contents(made[0]) == contents(made[1])
    orders = [[key for s in open_labels(folder).shards for key in s.keys] for folder in made]
    whole = [key for shard in plain.shards for key in shard.keys]
    assert sorted(orders[0]) == sorted(orders[2]) == whole
    assert len({tuple(order) for order in (orders[0], orders[2], whole)}) == 3


def test_more_than_one_worker_option_is_refused(photographs):
    """Threads, a scheduler and a cluster of processes exclude each other."""
    with pytest.raises(InputError, match="--workers and --cluster"):
        ImageParams(photographs, workers=2, cluster=2)


def test_nothing_is_written_without_an_engine(photographs, workspace, silent, monkeypatch):
    """If no scheduler answers, the folder stays as it was."""
    monkeypatch.setattr("colorprep.engine.cluster.CONNECT_SECONDS", 0.3)
    with pytest.raises(InputError, match="no dask scheduler answers"):
        run(params_for(photographs, scheduler="tcp://127.0.0.1:9"), workspace, silent)
    assert not workspace.path("labels").exists()


@pytest.mark.parametrize("form", ["h5", "npy"])
def test_a_plan_of_which_nothing_is_made_is_replaced(images, workspace, silent, form):
    """Other settings are refused from the first shard or map on, and not before."""
    first, other = (LabelsParams(ImageParams(images), size=size, format=form) for size in (8, 16))
    folder = run(first, workspace, silent).folder
    plan = (folder / "plan.json").read_bytes()
    (folder / "manifest.json").unlink()
    with pytest.raises(OutputExists, match="other settings"):
        run(other, workspace, silent)
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "plan.json").write_bytes(plan)
    run(other, workspace, silent)
    made = contents(folder)
    shutil.rmtree(folder)
    run(other, workspace, silent)
    assert made == {name: data for name, data in contents(folder).items() if name in made}


def test_leftovers_of_dead_processes_go(photographs, workspace, silent, expected):
    """Temporary files of processes that are gone are removed, those of living ones are not."""
    child = in_child(lambda: None)
    wait_for(child)
    folder = run(params_for(photographs), workspace, silent).folder
    dead, living = (folder / f".shard-00000.h5.{number}.tmp" for number in (child, os.getpid()))
    dead.touch()
    living.touch()
    run(params_for(photographs), workspace, silent)
    assert not dead.exists() and living.exists()
    living.unlink()
    assert contents(folder) == expected


def test_a_damaged_plan_is_taken_from_the_manifest(photographs, workspace, silent, expected):
    """Either plan.json or manifest.json is enough to resume; without both it is an error."""
    folder = run(params_for(photographs), workspace, silent).folder
    plan, manifest = folder / "plan.json", folder / "manifest.json"
    for damaged in (plan, manifest):
        damaged.write_bytes(expected[damaged.name][:100])
        run(params_for(photographs), workspace, silent)
        assert manifest.read_bytes() == expected["manifest.json"]
    plan.write_text("{")
    manifest.write_text("{")
    with pytest.raises(ColorprepError, match=r"manifest\.json is damaged"):
        run(params_for(photographs), workspace, silent)


@pytest.mark.usefixtures("quick_workers")
def test_stages_close_their_cluster(photographs, workspace, silent, expected, monkeypatch):
    """With --cluster, the processes are started, used and gone afterwards."""
    opened = []
    original = images_stage.open_engine

    def spying(params):
        opened.append(params.cluster)
        return original(params)

    monkeypatch.setattr("colorprep.stages.passes.open_engine", spying)
    params = LabelsParams(ImageParams(photographs, cluster=2), size=64, shard_size=3)
    run(params, workspace, silent)
    assert opened == [2] and contents(workspace.path("labels")) == expected


@pytest.mark.usefixtures("quick_workers")
def test_an_image_that_kills_workers_is_skipped_by_name(
    photographs, workspace, recorder, monkeypatch
):
    """The image is named and skipped after the third death; all others are labeled."""

    class Deadly:  # a local class is sent to the workers by value
        name, skipped = "train", ()

        def __init__(self, source):
            self.source, self.keys = source, source.keys
            self.sizes, self.stamps = source.sizes, source.stamps

        def read(self, index):
            if index == 17:
                os.kill(os.getpid(), signal.SIGKILL)
            return self.source.read(index)

    source = Deadly(folder_source(photographs))
    monkeypatch.setattr("colorprep.stages.labels.stage.open_source", lambda *_, **__: source)
    params = LabelsParams(ImageParams(photographs, cluster=1), size=64, shard_size=8)
    with pytest.warns(UserWarning, match="died"):
        result = run(params, workspace, recorder)
    assert [(skip.key, skip.reason) for skip in result.skipped] == [
        (source.keys[17], "kills-workers")
    ]
    assert result.n_images == 39
    assert any(source.keys[17] in text for text in recorder.warnings)


@pytest.mark.parametrize("form", ["h5", "npy"])
def test_two_processes_do_not_label_into_one_folder(photographs, workspace, silent, form):
    """The second is refused, also with --overwrite, and the first finishes as if alone."""
    params = params_for(photographs, format=form, workers=1)
    refused = []

    class Intruding(Reporter):
        @contextmanager
        def track(self, total, unit, title):
            def advance(n, detail=""):
                if not refused:
                    message = f"labels is being labeled by process {os.getpid()}"
                    with pytest.raises(OutputError, match=message):
                        run(replace(params, size=32, overwrite=True), workspace, silent)
                    refused.append(True)

            yield advance

    folder = run(params, workspace, Intruding()).folder
    alone = run(replace(params, output="alone"), workspace, silent).folder
    assert refused and contents(folder) == contents(alone)
