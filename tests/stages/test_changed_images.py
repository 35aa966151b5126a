"""Claims about images replaced after labeling: each is noticed and labeled again."""

import json
import os
import shutil

import pytest
from changing import picture, put_bitmaps, replace_quietly
from folders import contents
from relabeling import FORMS, labels_of, place_of, verified

from colorprep import OutputExists, Reporter
from colorprep.images.digests import image_digest
from colorprep.images.folder import FolderSource
from colorprep.quantize.spec import QuantizerSpec
from colorprep.stages.labels import stage as labels_stage
from colorprep.stages.prior.stage import PriorParams
from colorprep.stages.prior.stage import run as run_prior
from colorprep.stages.source import ImageParams

KINDS = ["folder", "tar", "tar.gz", "zip-stored", "zip", "memory"]


@pytest.fixture
def reads(monkeypatch):
    """The keys of all files that are read from folders, and of all images that are labeled."""
    read, labeled = [], []

    def spy_read(self, index, real=FolderSource.read):
        read.append(self.keys[index])
        return real(self, index)

    monkeypatch.setattr(FolderSource, "read", spy_read)
    for name in ("LabelChunk", "WriteMaps"):
        real = getattr(labels_stage, name)

        def spy(self, chunk, real=real.__call__):
            labeled.extend(self.reader.source.keys[index] for index in chunk.indices)
            return real(self, chunk)

        monkeypatch.setattr(real, "__call__", spy)
    return read, labeled


@pytest.mark.parametrize("form", FORMS)
def test_a_replaced_image_is_labeled_again(images, workspace, recorder, form, reads):
    """At equal size and mtime, only its shard or map is made again, as if from scratch."""
    options = FORMS[form]
    labels_of(images, workspace, **options)
    replace_quietly(images / "n01" / "2.bmp")
    assert verified(workspace, deep=False).sound
    (problem,) = verified(workspace).problems
    assert "n01/2.bmp has changed since it was labeled" in problem.what and "label" in problem.what
    reads[1].clear()
    again = labels_of(images, workspace, recorder, **options)
    n_images = {"maps": 1, "shuffled": 1}.get(form, 3)
    assert len(reads[1]) == n_images and "n01/2.bmp" in reads[1]
    kept = "map" if form == "maps" else "shard"
    expected = f"1 image changed since it was labeled: n01/2.bmp; its {kept} is made again"
    assert expected in recorder.warnings
    assert again == labels_of(images, workspace, output="fresh", **options)
    result = verified(workspace)
    assert result.sound and not result.problems and result.n_compared == 7


@pytest.mark.parametrize(
    ("kind", "form"), [*((kind, "plain") for kind in KINDS), ("tar", "maps"), ("memory", "maps")]
)
def test_in_every_kind_of_source(images, workspace, recorder, tmp_path, kind, form):
    """A replaced image is noticed in folders, archives and object stores."""
    options = FORMS[form]
    before = labels_of(place_of(images, kind, tmp_path), workspace, **options)
    replace_quietly(images / "n02" / "3.bmp")
    place = place_of(images, kind, tmp_path)
    assert "n02/3.bmp" in verified(workspace).problems[0].what
    again = labels_of(place, workspace, recorder, **options)
    assert any("changed since it was labeled: n02/3.bmp" in text for text in recorder.warnings)
    assert again != before and again == labels_of(images, workspace, output="fresh", **options)


@pytest.mark.parametrize("form", ["plain", "maps"])
def test_an_unchanged_folder_is_recognized_by_stat_alone(images, workspace, recorder, form, reads):
    """A finished run reads no files; touched files are read once, but not labeled again."""
    before = labels_of(images, workspace, **FORMS[form])
    times = {path: path.stat().st_mtime_ns for path in workspace.path("labels").rglob("*.[hn]*")}
    read, labeled = reads
    read.clear()
    labeled.clear()
    assert labels_of(images, workspace, recorder, **FORMS[form]) == before
    assert read == [] and labeled == []
    for name in ("0", "2"):
        (images / "n01" / f"{name}.bmp").touch()
    assert labels_of(images, workspace, recorder, **FORMS[form]) == before
    assert sorted(read) == ["n01/0.bmp", "n01/2.bmp"] and labeled == []
    read.clear()
    assert labels_of(images, workspace, recorder, **FORMS[form]) == before
    assert read == [] and recorder.warnings == []
    assert times == {path: path.stat().st_mtime_ns for path in times}


def test_notes_are_a_memory_only(images, workspace, recorder, reads, tmp_path):
    """Without notes, or in a copy elsewhere, bytes are compared, and nothing is labeled again."""
    before = labels_of(images, workspace)
    read, labeled = reads
    read.clear()
    labeled.clear()
    shutil.rmtree(workspace.path("seen"))
    assert labels_of(images, workspace, recorder) == before and len(read) == 7
    shutil.copytree(images, tmp_path / "copy")
    assert labels_of(tmp_path / "copy", workspace, recorder) == before and len(read) == 14
    (tmp_path / "copy").rename(tmp_path / "moved")
    assert labels_of(tmp_path / "moved", workspace, recorder) == before and len(read) == 14
    page = next(workspace.path("seen").iterdir())
    page.write_bytes(b"no page")
    assert labels_of(images, workspace, recorder) == before
    assert labeled == [] and recorder.warnings == []


def test_twins_of_the_same_instant_are_distinguished(workspace, tmp_path, recorder):
    """A folder that replaces one whose files have the same times and sizes is noticed."""
    old, new = put_bitmaps(tmp_path / "train"), put_bitmaps(tmp_path / "new")
    picture(50).save(new[4])
    for path in (*old, *new):
        os.utime(path, ns=(10**18, 10**18))
    labels_of(tmp_path / "train", workspace)
    (tmp_path / "train").rename(tmp_path / "old")
    (tmp_path / "new").rename(tmp_path / "train")
    labels_of(tmp_path / "train", workspace, recorder)
    assert ["1 image changed" in text for text in recorder.warnings] == [True]


@pytest.mark.parametrize("form", ["plain", "shuffled", "maps"])
def test_other_sizes_are_like_other_bytes(images, workspace, recorder, form):
    """An image replaced by one of another size is labeled again, and the plan records it."""
    labels_of(images, workspace, **FORMS[form])
    picture(7, side=40).save(images / "n01" / "0.bmp")
    replace_quietly(images / "n02" / "5.bmp")
    again = labels_of(images, workspace, recorder, **FORMS[form])
    assert any("2 images changed since they were labeled: n01/0.bmp, n02/5.bmp" in text
               for text in recorder.warnings)  # fmt: skip
    assert again == labels_of(images, workspace, output="fresh", **FORMS[form])


@pytest.mark.parametrize(
    ("form", "side"), [("plain", 24), ("shuffled", 24), ("maps", 24), ("plain", 40), ("maps", 40)]
)
def test_an_image_changed_between_kill_and_resume(images, workspace, recorder, form, side):
    """Finished labels of a killed run are made again if their image changed meanwhile."""
    labels_of(images, workspace, **FORMS[form])
    folder = workspace.path("labels")
    for name in ("manifest.json", "shard-00002.json", "n02/5.bmp.npy"):
        (folder / name).unlink(missing_ok=True)
    if form == "maps":
        (folder / "digests.csv").rename(folder / "digests.csv.tmp")
        with (folder / "digests.csv.tmp").open("a") as stream:
            stream.write("n02/3.bm")
    for path in (images / "n01" / "2.bmp", images / "n02" / "5.bmp"):
        picture(33, side).save(path)
    again = labels_of(images, workspace, recorder, **FORMS[form])
    assert any("changed since" in text for text in recorder.warnings)
    assert again == labels_of(images, workspace, output="fresh", **FORMS[form])


def test_a_map_that_nothing_vouches_for_is_made_again(images, workspace, silent):
    """A map written just before a kill, before its image was recorded, is not trusted."""
    before = labels_of(images, workspace, format="npy")
    folder = workspace.path("labels")
    (folder / "manifest.json").unlink()
    table = (folder / "digests.csv").read_text().splitlines(keepends=True)
    (folder / "digests.csv").unlink()
    (folder / "digests.csv.tmp").write_text("".join(table[1:4]))
    maps = sorted(folder.rglob("*.npy"))
    maps[-1].write_bytes(maps[0].read_bytes())
    assert labels_of(images, workspace, format="npy") == before


@pytest.mark.parametrize("form", ["plain", "shuffled", "maps"])
def test_extending_sees_changed_images(images, workspace, recorder, form):
    """With --extend old images that changed are made again in their old shards."""
    options = FORMS[form]
    labels_of(images, workspace, **options)
    picture(60).save(images / "n01" / "new.bmp")
    replace_quietly(images / "n01" / "4.bmp")
    picture(7, side=40).save(images / "n02" / "1.bmp")
    with pytest.raises(OutputExists, match=r"1 image is new: n01/new\.bmp.*--extend"):
        labels_of(images, workspace, **options)
    again = labels_of(images, workspace, recorder, extend=True, **options)
    assert any("n01/4.bmp, n02/1.bmp" in text for text in recorder.warnings)
    assert verified(workspace).sound and verified(workspace).n_compared == 8
    assert labels_of(images, workspace, **options) == again
    replace_quietly(images / "n01" / "new.bmp", seed=61)
    assert labels_of(images, workspace, recorder, **options) != again
    assert verified(workspace).sound


@pytest.mark.parametrize("form", ["plain", "maps"])
def test_labels_of_an_earlier_version_still_serve(images, workspace, recorder, form, reads):
    """Without digests labels resume, extend and verify; --deep sees what changed."""
    labels_of(images, workspace, **FORMS[form])
    folder = workspace.path("labels")
    for path in folder.glob("shard-*.json"):
        facts = json.loads(path.read_text())
        del facts["digests"]
        path.write_text(json.dumps(facts, indent=2) + "\n")
    (folder / "digests.csv").unlink(missing_ok=True)
    for name in ("plan.json", "manifest.json"):
        facts = json.loads((folder / name).read_text())
        facts.pop("labels_digest", None)
        (folder / name).write_text(json.dumps(facts, indent=2) + "\n")
    reads[1].clear()
    labels_of(images, workspace, recorder, **FORMS[form])
    assert any("7 images were labeled by an earlier version" in text for text in recorder.notes)
    assert reads[1] == [] and verified(workspace).sound
    picture(60).save(images / "n02" / "new.bmp")
    reads[1].clear()
    labels_of(images, workspace, extend=True, **FORMS[form])
    assert len(reads[1]) == 1 and verified(workspace).sound
    replace_quietly(images / "n01" / "2.bmp")
    assert any("n01/2.bmp now gives other values" in p.what for p in verified(workspace).problems)
    picture(8, side=40).save(images / "n01" / "2.bmp")
    with pytest.raises(OutputExists, match="earlier version"):
        labels_of(images, workspace, **FORMS[form])
    again = labels_of(images, workspace, overwrite=True, **FORMS[form])
    assert again == labels_of(images, workspace, output="fresh", **FORMS[form])


def test_sidecars_hold_the_digest_of_each_file(images, workspace):
    """The digest of an image's bytes is in the sidecar, and in digests.csv for maps."""
    made = labels_of(images, workspace)
    digests = {}
    for name in made:
        if name.startswith("shard") and name.endswith("json"):
            digests |= json.loads(made[name])["digests"]
    expected = {
        path.relative_to(images).as_posix(): image_digest(path.read_bytes())
        for path in images.rglob("*.bmp")
    }
    assert digests == expected
    table = labels_of(images, workspace, format="npy", output="maps")["digests.csv"].decode()
    assert table == "key,digest\n" + "".join(f"{k},{expected[k]}\n" for k in sorted(expected))
    # Published: the XXH3 digest of nothing, of the reference implementation.
    assert image_digest(b"") == "99aa06d3014798d86001c324468d497f"


def test_labels_of_hue_and_chroma(images, workspace):
    """Bins of hue and chroma are compared too."""
    run_prior(PriorParams(ImageParams(images), QuantizerSpec("hc-grid", 25)), workspace, Reporter())
    labels_of(images, workspace)
    assert verified(workspace).sound
    replace_quietly(images / "n02" / "1.bmp")
    (problem,) = verified(workspace).problems
    assert "n02/1.bmp has changed" in problem.what
    assert verified(workspace, repair=True).sound
    assert contents(workspace.path("labels")) == labels_of(images, workspace, output="fresh")


def test_what_verify_lists(images, workspace):
    """Unfinished shards take one line, strays are named, and the checks made are reported."""
    labels_of(images, workspace, shard_size=1)
    folder = workspace.path("labels")
    for number in (1, 2, 4, 5):
        for ending in ("h5", "json"):
            (folder / f"shard-{number:05d}.{ending}").unlink()
    shutil.copy(folder / "shard-00000.h5", folder / "shard-00009.h5")
    found = verified(workspace)
    unfinished, stray = found.problems
    assert "4 of 7 shards are not made yet: shard-00001, shard-00002" in unfinished.what
    assert stray.path.name == "shard-00009.h5" and stray.severity == "suspected"
    assert found.n_compared == 3 and not found.sound
    assert verified(workspace, repair=True).sound and (folder / "shard-00009.h5").exists()


def test_verify_says_what_it_checked(images, colorprep):
    """Without --deep it says that images were not read, with --deep how many were."""
    colorprep("labels", "--dir", images, "--size", 16)
    assert "only the files were checked" in colorprep("verify", "labels").stdout
    done = colorprep("verify", "labels", "--deep")
    assert "sound; 7 images labeled again and compared" in done.stdout
    assert json.loads(colorprep("verify", "labels", "--deep", "--json").stdout)["n_compared"] == 7
