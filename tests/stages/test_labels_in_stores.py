"""Claims about labels in object stores: the files of a local folder, made with few requests."""

import itertools
import multiprocessing
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import fsspec
import pytest
from changing import picture, replace_quietly
from fsspec.implementations.memory import MemoryFileSystem
from object_stores import objects
from relabeling import labels_of

from colorprep import InputError, OutputError, OutputExists, Reporter
from colorprep.engine import ThreadEngine
from colorprep.places import Url
from colorprep.shards import map_digests
from colorprep.stages.labels import shards as shards_module
from colorprep.stages.labels.stage import LabelsParams, run
from colorprep.stages.source import ImageParams
from colorprep.stages.verify.stage import VerifyParams
from colorprep.stages.verify.stage import run as run_verify
from colorprep.storage import sizes_in
from colorprep.workspace import Workspace

FORMS = {"shards": {}, "maps": {"format": "npy"}}
N_SHARDS = 3
N_FIRST = 2 + 3  # the mark, the plan, and the shards that are sent at once
numbers = itertools.count()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Stores are asked again at once."""
    monkeypatch.setattr("colorprep.retrying.PAUSES", (0,))


@pytest.fixture
def memory():
    """A URL in memory that no other test uses."""
    return f"memory://bucket/labels{next(numbers)}"


@pytest.fixture
def asked(monkeypatch):
    """What the store is asked for: pairs of a method and a path."""
    found = []
    for name in ("find", "cat_file", "info", "put_file", "rm_file"):
        real = getattr(MemoryFileSystem, name)

        def spy(self, *paths, real=real, name=name, **options):
            found.append((name, paths[-1]))
            return real(self, *paths, **options)

        monkeypatch.setattr(MemoryFileSystem, name, spy)
    return found


def labels_at(url, images, workspace, reporter=None, **values):
    """Label 16 x 16 pixels into a store, in shards of three images."""
    options = {"size": 16, "shard_size": 3, **values}
    params = LabelsParams(ImageParams(images, workers=1), output=url, **options)
    return run(params, workspace, reporter or Reporter())


def failing_after(n_files, error):
    """Return a `put_file` that fails after some files."""
    left = itertools.count()

    def put(self, *paths, real=MemoryFileSystem.put_file, **options):
        if next(left) >= n_files:
            raise error
        return real(self, *paths, **options)

    return put


@pytest.mark.parametrize("form", FORMS)
def test_the_files_are_those_of_a_folder(images, workspace, memory, form):
    """Made, extended, made again for a changed image, damaged and repaired: the same bytes."""
    options = FORMS[form]
    (images / "n01" / "bad.png").write_bytes(b"no image")
    expected = labels_of(images, workspace, **options)
    labels_at(memory, images, workspace, **options)
    assert objects(memory) == expected
    picture(20).save(images / "n02" / "new.bmp")
    replace_quietly(images / "n01" / "2.bmp")
    expected = labels_of(images, workspace, extend=True, **options)
    labels_at(memory, images, workspace, extend=True, **options)
    assert objects(memory) == expected
    kept = [name for name in expected if name.endswith((".h5", ".npy"))]
    fsspec.filesystem("memory").pipe_file(f"{memory}/{kept[1]}", b"damaged")
    params = VerifyParams(memory, images=ImageParams(images, workers=1))
    (problem,) = run_verify(params, workspace, Reporter()).problems
    assert str(problem.path) == f"{memory}/{kept[1]}" and "/tmp" not in problem.what
    repairing = VerifyParams(memory, deep=True, repair=True, images=params.images)
    result = run_verify(repairing, workspace, Reporter())
    assert result.sound and result.n_compared == 8 and len(result.repaired) == 1
    assert objects(memory) == expected


@pytest.mark.parametrize("form", FORMS)
def test_overwriting_removes_labels_alone(images, workspace, memory, form):
    """--overwrite leaves files that are not labels; without it they are refused."""
    fsspec.filesystem("memory").pipe_file(f"{memory}/notes.txt", b"mine")
    with pytest.raises(OutputExists, match=f"{memory} contains files that are not labels"):
        labels_at(memory, images, workspace, **FORMS[form])
    labels_at(memory, images, workspace, overwrite=True)
    labels_at(memory, images, workspace, overwrite=True, **FORMS[form])
    kept = objects(memory)
    assert kept.pop("notes.txt") == b"mine"
    expected = labels_of(images, workspace, **FORMS[form])
    assert kept == {name: data for name, data in expected.items() if name != ".colorprep"}


def test_a_finished_folder_takes_one_listing(images, workspace, memory, asked):
    """Resuming reads each sidecar once, and looks at no shard."""
    labels_at(memory, images, workspace)
    asked.clear()
    result = labels_at(memory, images, workspace)
    assert result.n_done_before == N_SHARDS
    assert [name for name, _ in asked].count("find") == 1
    sidecars = [path for name, path in asked if "shard-" in path]
    assert len(sidecars) == len(set(sidecars)) == N_SHARDS
    assert sidecars == [path for name, path in asked if path.endswith("json") and "shard-" in path]
    assert len(asked) <= 1 + N_SHARDS + 6  # the plan, the manifest, skipped.csv


def test_labels_of_a_store_that_stops_are_continued(images, workspace, memory, monkeypatch):
    """The message says that the same command continues; it keeps the finished shards."""
    expected = labels_of(images, workspace)
    secret = memory.replace("://", "://me:secret@")
    with monkeypatch.context() as patch:
        patch.setattr(MemoryFileSystem, "put_file", failing_after(4, TimeoutError("no me:secret")))
        with pytest.raises(OutputError, match="did not answer.*same command again") as caught:
            labels_at(secret, images, workspace)
    assert "secret" not in str(caught.value)
    there = objects(secret)
    assert there.keys() >= {".colorprep", "plan.json"} and "manifest.json" not in there
    assert all(expected[name] == data for name, data in there.items())
    labels_at(secret, images, workspace)
    assert objects(secret) == expected


@pytest.mark.parametrize("pause", [0, 1000])
def test_maps_of_a_store_that_stops_are_continued(images, workspace, memory, monkeypatch, pause):
    """Maps that the journal names are kept, and the others are made again."""
    monkeypatch.setattr(map_digests, "PAUSE", pause)
    monkeypatch.setattr(ThreadEngine, "chunk_images", 1)
    expected = labels_of(images, workspace, format="npy")
    with monkeypatch.context() as patch:
        patch.setattr(MemoryFileSystem, "put_file", failing_after(7, TimeoutError("no answer")))
        with pytest.raises(OutputError, match="did not answer"):
            labels_at(memory, images, workspace, format="npy")
    recorded = [f"{memory}/{key}.npy" for key in map_digests.read_map_digests(Url(memory))]
    written = fsspec.filesystem("memory").modified
    before = {path: written(path) for path in recorded}
    assert bool(before) == (pause == 0)
    labels_at(memory, images, workspace, format="npy")
    assert objects(memory) == expected
    assert {path: written(path) for path in recorded} == before


def test_uploads_overlap_with_labeling(images, workspace, memory, monkeypatch):
    """A store that is slower than labeling receives a few shards at once, and no more."""
    uploads = threading.Barrier(shards_module.UPLOADS + 1)
    under_way, most = set(), []

    def put(self, path, to, real=MemoryFileSystem.put_file, **options):
        under_way.add(to)
        most.append(sum(name.endswith(".h5") for name in under_way))
        if len(most) <= N_FIRST and to.endswith(".h5"):
            uploads.wait(60)
        real(self, path, to, **options)
        under_way.discard(to)

    monkeypatch.setattr(MemoryFileSystem, "put_file", put)
    with ThreadPoolExecutor(1) as executor:
        labels = executor.submit(labels_at, memory, images, workspace, shard_size=1)
        uploads.wait(60)  # until as many shards are on their way
        labels.result()
    assert max(most) == shards_module.UPLOADS
    monkeypatch.undo()
    assert objects(memory) == labels_of(images, workspace, shard_size=1)


def test_refused_outputs(images, workspace, memory, monkeypatch):
    """A store that cannot be written to is refused before an image is labeled."""
    monkeypatch.setattr(shards_module.LabelChunk, "__call__", None)
    no_credentials = type("NoCredentialsError", (Exception,), {})  # as that of S3's client
    for error in (PermissionError("Forbidden"), no_credentials("not found")):
        monkeypatch.setattr(MemoryFileSystem, "put_file", failing_after(0, error))
        with pytest.raises(OutputError, match=f"no permission to write to {memory}"):
            labels_at(memory, images, workspace)
    others = "only those of object stores are written to"
    refused = {"https://a.org/x": others, "sftp://host/x": others, "s3://": "names no bucket"}
    for url, why in refused.items():
        with pytest.raises(OutputError, match=why):
            labels_at(url, images, workspace)
    with pytest.raises(InputError, match="is a URL, .*give only the path: /labels"):
        labels_at("file:///labels", images, workspace)


def test_one_process_of_a_workspace_labels(images, workspace, memory):
    """A second one is refused, since stores have no locks."""
    outcome = []

    class Second(Reporter):
        def note(self, message):
            with pytest.raises(OutputError, match=f"{memory} is being labeled by process"):
                labels_at(memory, images, workspace)
            outcome.append("refused")

    labels_at(memory, images, workspace, Second())
    assert outcome
    assert list(workspace.root.glob(".lock*")) == []


def test_the_command_says_where(images, colorprep, memory):
    """Text and JSON name the URL; --dry-run speaks of the store, and writes nothing there."""
    common = ["labels", "--dir", images, "--size", 16, "--workers", 1]
    dry = colorprep(*common, "--dry-run", "-o", memory)
    assert "in the store: about" in dry.stdout and not objects(memory)
    assert f"{memory}: 7 images labeled" in colorprep(*common, "-o", memory).stdout
    assert f'"path": "{memory}"' in colorprep("verify", memory, "--json").stdout


def _label_in_s3(url, images, root):
    labels_at(url, images, Workspace(root), shard_size=1)


def test_killed_in_mid_upload(images, workspace, s3, tmp_path):
    """SIGKILL while shards are sent: each object is whole, and a resume makes the same bytes."""
    expected = labels_of(images, workspace, shard_size=1)
    for n_before in (1, 3):
        process = multiprocessing.get_context("fork").Process(
            target=_label_in_s3, args=(s3, images, tmp_path)
        )
        process.start()
        while process.is_alive() and sum(".h5" in name for name in sizes_in(Url(s3))) < n_before:
            time.sleep(0.005)
        process.kill()
        process.join()
        assert all(expected[name] == data for name, data in objects(s3).items())
        assert "manifest.json" not in objects(s3)
    labels_at(s3, images, workspace, shard_size=1)
    assert objects(s3) == expected


def test_a_bucket_that_is_missing(images, workspace, s3):
    """The message says that the bucket must be made first."""
    with pytest.raises(OutputError, match="make the bucket first"):
        labels_at("s3://no-such-bucket-here/labels", images, workspace)
