"""Artifacts, lists and reports in a store are those of a folder, and are read from there."""

from itertools import count

import fsspec
import pytest
from click.testing import CliRunner
from resuming import PARAMS, Looking

from colorprep import InputError, find_images
from colorprep.cli.main import cli
from colorprep.places import Url
from colorprep.shards import cache
from colorprep.stages.train.stage import run
from colorprep.storage import read_bytes, sizes_in

numbers = count()


@pytest.fixture
def store():
    """A URL in memory that no other test uses."""
    return f"memory://artifacts{next(numbers)}"


@pytest.fixture
def call(tmp_path):
    """Calls a command in an empty workspace, and returns its output."""

    def called(line):
        result = CliRunner().invoke(cli, [*line.split(), "-C", str(tmp_path), "-q"])
        assert result.exit_code == 0, result.output
        return result.output

    return called


def test_files_are_those_of_a_folder(few, store, call, tmp_path):
    """The same commands write the same bytes to a folder and to a store, and read them again."""
    for place in (store, "."):
        call(f"prior --dir {few} --size 16 -o {place}/all.npz")
        call(f"weights {place}/all.npz --alpha 0.5 --matrix {place}/m.npy -o {place}/half.npz")
        call(f"rgbvar --dir {few} --range 1-4 -o {place}/lists")
        call(f"lists random 3 --list {place}/lists/rgbvar-1-4.txt -o {place}/lists/three.txt")
        call(f"lists subtract {place}/lists/rgbvar.txt {place}/lists/three.txt -o {place}/rest.txt")
    names = sorted(sizes_in(Url(store)))
    assert len(names) == 10
    for name in names:
        if not name.endswith(".colorprep"):
            assert read_bytes(Url(store) / name) == (tmp_path / name).read_bytes(), name
    assert "bins without probability: " in call(f"info {store}/half.npz")
    assert call(f"info {store}/all.npz") == call("info all.npz")
    assert call(f"info {store}/rest.txt") == call("info rest.txt")
    assert "sound" in call(f"verify {store}/half.npz")
    assert call(f"export {store}/all.npz -o of-store") == call("export all.npz -o of-store")
    assert f"{store}/rest.txt" in call(f"lists random 2 --dir {few} -o {store}/rest.txt")


@pytest.mark.usefixtures("without_svg")
def test_a_report_in_a_store(few, store, call, tmp_path):
    """The page of a store shows a prior there, with its weights, and compares with another."""
    call(f"prior --dir {few} --size 16 -o {store}/all.npz")
    call(f"prior --dir {few} --size 8 -o {store}/small.npz")
    prior = f"--prior {store}/all.npz --compare {store}/small.npz"
    call(f"report {prior} --dir {few} -o {store}/report.html")
    page = read_bytes(Url(store) / "report.html").decode()
    assert page.rstrip().endswith("</html>")
    assert all(name in page for name in ("all.npz", "all-weights.npz", "small.npz"))


def test_class_priors_are_beside_their_prior(few, store, call, tmp_path):
    """Those of parts in folders of a store add up to those of a prior in the workspace."""
    said = call(f"prior --dir {few} --size 16 --by-class")
    assert "\npriors/: 8 class priors" in said
    keys = find_images(few).keys
    for number, part in enumerate((keys[:3], keys[3:])):
        (tmp_path / "part.txt").write_text("\n".join(part))
        to = f"{store}/j{number}/prior.npz"
        bins = f"{store}/j0/prior.npz" if number else "ab313"
        counting = f"--list part.txt --quantizer {bins} --size 16 --by-class"
        said = call(f"prior --dir {few} {counting} -o {to}")
        assert f"{store}/j{number}/priors/: {len(part)} class priors" in said
    call(f"prior --merge {store}/j*/prior.npz --by-class -o {store}/prior.npz")
    paths = sorted(tmp_path.glob("priors/*/*.npz"))
    assert len(paths) == 16
    for path in paths:
        name = path.relative_to(tmp_path).as_posix()
        assert read_bytes(Url(store) / name) == path.read_bytes(), name


def test_missing_files_and_places_that_are_not_written_to(few, store, call, colorprep):
    """Messages name the URL, and come before the work."""
    for words in ("info", "verify"):
        result = colorprep(words, f"{store}/no.npz")
        assert result.exit_code == 1 and "there is no file" in result.output
        assert f"{store}/no.npz" in result.output
    result = colorprep("prior", "--dir", few, "-o", "https://example.org/prior.npz")
    assert result.exit_code == 1 and "cannot write to https://example.org/p" in result.output
    result = colorprep("prior", "--dir", few, "--list", f"{store}/no.txt")
    assert result.exit_code == 1 and f"there is no list {store}/no.txt" in result.output


def test_a_training_that_loses_its_store(ready, recorder, store, monkeypatch, tmp_path):
    """The message says how to resume; the resumed run continues with the labels of the store."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    fsspec.filesystem("memory").put(f"{ready.root}/labels/", f"{store}/labels", recursive=True)
    size = max(path.stat().st_size for path in ready.path("labels").glob("*.h5"))
    params = PARAMS.replace(
        shards=f"{store}/labels", cache=2.5 * size / 1e9, epochs=1, output="runs/a"
    )

    def fail(*_):
        raise InputError("the store did not answer for it")

    with monkeypatch.context() as patch:
        looking = Looking(lambda: patch.setattr(cache, "read_range", fail))
        with pytest.raises(InputError, match=r"did not answer.*--resume -o .*runs/a"):
            run(params, ready, looking)
    done = run(params.replace(resume=True), ready, recorder)
    assert done.records[-1].step == 10
    assert any("exceed the cache" in x and "windows of 1 shard," in x for x in recorder.notes)
