"""Claims about `audit`: what it finds among real photographs, and what it writes."""

import csv
import json
import os
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from awkward_images import FATES, build
from folders import contents
from PIL import Image
from toning import TONINGS, toned_file

from colorprep import ColorprepError, InputError, decode, find_images
from colorprep.curriculum.scoring import ImageScorer
from colorprep.engine import Chunk
from colorprep.stages import rgbvar
from colorprep.stages.audit.findings import NOTES, REASONS
from colorprep.stages.audit.inspection import Inspector
from colorprep.stages.audit.stage import AuditParams, run
from colorprep.stages.report.results import read_audit
from colorprep.stages.source import ImageParams
from colorprep.workspace import Workspace

GRAY_FILES = {"hook", "projectile", "rifle", "switch", "viaduct"}


def table_of(result):
    """The rows of the table by key."""
    with result.table.open(newline="") as stream:
        return {row["key"]: row for row in csv.DictReader(stream)}


def reasons_of(result):
    """The reasons of each image."""
    return {
        key: set(filter(None, row["reasons"].split(";"))) for key, row in table_of(result).items()
    }


def real_files(shared, *folders):
    """The files of real images, in order."""
    roots = [shared / "images" / name for name in folders]
    return [path for root in roots for path in sorted(root.rglob("*.[jJ]*"))]


def save(folder, name, image, **options):
    """Save an image, making its folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)


@pytest.fixture
def mixed(photographs, tmp_path):
    """Twelve photographs in four classes, with duplicates, a gray, a toned and a tiny one."""
    folder = tmp_path / "mixed"
    for number, path in enumerate(sorted(photographs.rglob("*.jpg"))[::3][:12]):
        save(folder, f"class-{number % 4}/{number:02}.jpg", Image.open(path), quality=90)
    first = Image.open(folder / "class-0/00.jpg")
    (folder / "class-1/same-bytes.jpg").write_bytes((folder / "class-0/00.jpg").read_bytes())
    save(folder, "class-1/same-pixels.png", first)
    save(folder, "class-2/smaller.jpg", first.resize((64, 64)), quality=70)
    gray = Image.open(folder / "class-3/03.jpg").convert("L")
    save(folder, "class-3/gray-copy.jpg", gray)
    save(folder, "lonely/tiny.png", first.crop((5, 5, 36, 90)))
    return folder


def test_gray_and_toned_photographs(shared, workspace, silent):
    """None of 50 photographs is called gray or toned; at least 95% of 50 toned ones are."""
    draw = np.random.default_rng(20161010)
    pool = [
        path
        for path in real_files(shared, "imagenet", "bsds")
        if path.stem.partition("_")[2] not in GRAY_FILES
    ]
    folder = workspace.path("photographs")
    for name in ("left", *TONINGS):
        (folder / name).mkdir(parents=True)
    chosen = [pool[i] for i in draw.permutation(len(pool))[:100]]
    for number, path in enumerate(chosen):
        if number < 50:
            (folder / "left" / f"{path.stem}.jpg").symlink_to(path)
        else:
            kind = TONINGS[number % 4]
            data = toned_file(decode(path.read_bytes()), kind, draw)
            (folder / kind / f"{path.stem}.jpg").write_bytes(data)
    found = reasons_of(run(AuditParams(ImageParams(folder)), workspace, silent))
    called = {key for key, reasons in found.items() if reasons & {"gray", "toned"}}
    left = {key for key in found if key.startswith("left/")}
    assert len(found) == 100 and len(left) == 50
    assert len(called & left) <= 1
    assert len(called - left) >= 48
    assert all("duplicate" not in reasons for reasons in found.values())


@pytest.mark.slow
def test_duplicates_among_all_images(shared, workspace, silent):
    """Resized, compressed and cropped copies are found, and no two of 917 images are confused."""
    draw = np.random.default_rng(20170731)
    folder = workspace.path("images")
    files = real_files(shared, "bsds", "cifar", "imagenet")
    for kind in ("image", "resized", "compressed", "cut"):
        (folder / kind).mkdir(parents=True)
    for number, path in enumerate(files):
        name = f"{number:03}.jpg"
        (folder / "image" / name).symlink_to(path)
        if number % 8:
            continue
        image = Image.open(path).convert("RGB")
        width, height = image.size
        scale = draw.uniform(0.5, 1.5)
        smaller = (round(width * scale), round(height * scale))
        image.resize(smaller, Image.Resampling.BICUBIC).save(folder / "resized" / name)
        image.save(folder / "compressed" / name, quality=60)
        sides = 0.03 * draw.permutation([1, 1, *draw.integers(0, 2, 2)])
        left, top, right, bottom = np.rint(sides * [width, height, width, height]).tolist()
        box = (left, top, width - right, height - bottom)
        image.crop(box).save(folder / "cut" / name, quality=85)
    result = run(AuditParams(ImageParams(folder)), workspace, silent)
    sets: dict[str, set[str]] = {}
    numbers = {key: row["set"] for key, row in table_of(result).items()}
    for key, number in numbers.items():
        if number:
            sets.setdefault(number, set()).add(Path(key).name)
    assert all(len(pictures) == 1 for pictures in sets.values()), "a false pair"
    for kind in ("resized", "compressed", "cut"):
        copies = [key for key in numbers if key.startswith(f"{kind}/")]
        found = [
            numbers[key] != "" and numbers[key] == numbers[f"image/{Path(key).name}"]
            for key in copies
        ]
        assert len(copies) == 115 and np.mean(found) >= 0.95, kind


def test_reasons(mixed, workspace, silent):
    """Each flawed image has its reasons, and the others have none."""
    found = reasons_of(run(AuditParams(ImageParams(mixed)), workspace, silent))
    assert {key: reasons for key, reasons in found.items() if reasons} == {
        "class-1/same-bytes.jpg": {"duplicate"},
        "class-1/same-pixels.png": {"duplicate"},
        "class-2/smaller.jpg": {"duplicate"},
        "class-3/gray-copy.jpg": {"gray", "duplicate"},
        "lonely/tiny.png": {"tiny"},
    }


def test_lists_hold_the_keys_that_stay_and_go(mixed, workspace, silent):
    """Each image is in keep.txt or drop.txt, and the lists can be read again."""
    result = run(AuditParams(ImageParams(mixed)), workspace, silent)
    keep, drop = (path.read_text().splitlines() for path in (result.keep, result.drop))
    assert sorted([*keep, *drop]) == sorted(find_images(mixed).keys)
    assert drop == sorted(key for key, reasons in reasons_of(result).items() if reasons)
    again = run(AuditParams(ImageParams(mixed, list=result.keep)), workspace, silent)
    assert again.summary["n_dropped"] == 0 and again.summary["n_images"] == len(keep)


def test_the_color_photograph_stays(mixed, workspace, silent):
    """Of duplicates, an unflawed one stays, then the most colorful, then the first key."""
    rows = table_of(run(AuditParams(ImageParams(mixed)), workspace, silent))
    assert rows["class-3/gray-copy.jpg"]["stays"] == "class-3/03.jpg"
    assert rows["class-0/00.jpg"]["stays"] == "class-0/00.jpg"
    first = Image.open(mixed / "class-0/00.jpg")
    vivid = np.clip(np.asarray(first).astype(float) * [1.0, 0.9, 0.6], 0, 255).astype(np.uint8)
    save(mixed, "zoo/more-color.png", Image.fromarray(vivid))
    rows = table_of(run(AuditParams(ImageParams(mixed)), workspace, silent))
    score = {key: float(rows[key]["rgbvar"]) for key in ("zoo/more-color.png", "class-0/00.jpg")}
    assert rows["class-0/00.jpg"]["stays"] == max(score, key=score.get)


def test_notes(mixed, workspace, silent):
    """Equal pixels are exact duplicates, other copies near ones; shape and ink are noted."""
    picture = Image.open(mixed / "class-1/01.jpg")
    save(mixed, "notes/ink.jpg", picture.rotate(180).convert("CMYK"))
    save(mixed, "notes/long.png", picture.resize((400, 120)).rotate(90, expand=True))
    frame = Image.new("RGB", (96, 140), "black")
    frame.paste(picture.transpose(Image.Transpose.TRANSPOSE), (0, 20))
    save(mixed, "notes/framed.png", frame)
    rows = table_of(run(AuditParams(ImageParams(mixed)), workspace, silent))
    notes = {key: set(row["notes"].split(";")) for key, row in rows.items()}
    for key in ("class-0/00.jpg", "class-1/same-bytes.jpg", "class-1/same-pixels.png"):
        assert "exact-double" in notes[key]
    assert "near-double" in notes["class-2/smaller.jpg"]
    assert notes["notes/ink.jpg"] == {"cmyk"} and rows["notes/ink.jpg"]["cmyk"] == "1"
    assert notes["notes/long.png"] == {"extreme-shape"}
    assert notes["notes/framed.png"] == {"border"}
    assert float(rows["notes/framed.png"]["border"]) == pytest.approx(44 / 140, abs=0.01)


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_each_reason_can_be_allowed(mixed, workspace, silent, reason):
    """An allowed reason drops no image, and is a note instead."""
    (mixed / "class-0/broken.jpg").write_bytes(b"\xff\xd8\xff")
    sepia = toned_file(
        np.asarray(Image.open(mixed / "class-2/02.jpg")), "sepia", np.random.default_rng(0)
    )
    (mixed / "class-2/sepia.jpg").write_bytes(sepia)
    params = AuditParams(ImageParams(mixed), allowed=(reason,))
    result = run(params, workspace, silent)
    rows = table_of(result)
    noted = {key for key, row in rows.items() if reason in row["notes"].split(";")}
    assert noted and not any(reason in row["reasons"].split(";") for row in rows.values())
    keep = set(result.keep.read_text().splitlines())
    assert {key for key in noted if not rows[key]["reasons"]} <= keep
    assert result.summary["allowed"] == [reason]
    assert list(result.summary["reasons"]) == [name for name in REASONS if name != reason]


def test_unknown_reasons_are_refused():
    """A misspelled reason is rejected before an image is read."""
    with pytest.raises(InputError, match="grey"):
        AuditParams(allowed=("grey",))


def test_leaks(mixed, workspace, recorder):
    """A picture on both sides of the validation list is a leak; two copies on one side are not."""
    listed = workspace.path("val.txt")
    listed.write_text("mixed/class-1/same-bytes.jpg 3\nclass-2/smaller.jpg\nnowhere.jpg\n")
    params = AuditParams(ImageParams(mixed), validation=listed)
    result = run(params, workspace, recorder)
    leaking = {key for key, row in table_of(result).items() if "leak" in row["notes"]}
    assert leaking == {
        "class-0/00.jpg",
        "class-1/same-bytes.jpg",
        "class-1/same-pixels.png",
        "class-2/smaller.jpg",
    }
    assert result.summary["n_leaks"] == 1
    assert result.summary["leaks"] == [
        {
            "validation": ["class-1/same-bytes.jpg", "class-2/smaller.jpg"],
            "training": ["class-0/00.jpg", "class-1/same-pixels.png"],
        }
    ]
    assert any("nowhere.jpg" in text for text in recorder.warnings)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_awkward_images(workspace, silent):
    """Every bad image is listed as corrupt with what was found; the good ones are read."""
    folder = workspace.path("awkward")
    build(folder)
    bad = {name for name, reason in FATES.items() if reason is not None}
    if os.access(folder / "unreadable.jpg", os.R_OK):
        bad -= {"unreadable.jpg"}
    result = run(AuditParams(ImageParams(folder)), workspace, silent)
    rows = table_of(result)
    assert set(rows) == set(FATES)
    assert {key for key, row in rows.items() if "corrupt" in row["reasons"]} == bad
    assert all(rows[key]["error"].startswith(f"{FATES[key]}: ") for key in bad)
    assert rows["gray.jpg"]["reasons"].startswith("gray")
    assert rows["wide.png"]["notes"].split(";")[-1] == "extreme-shape"
    assert rows["adobe-rgb.jpg"]["profile"] == "wide"
    assert sum(result.summary["errors"].values()) == len(bad)


def test_nothing_but_bad_images(workspace, silent):
    """A source without a good image gives an audit that says so, not an error."""
    save(workspace.path("bad"), "a.jpg", Image.new("RGB", (9, 9)))
    (workspace.path("bad") / "a.jpg").write_bytes(b"")
    result = run(AuditParams(ImageParams("bad")), workspace, silent)
    assert result.summary["reasons"]["corrupt"] == result.summary["n_dropped"] == 1
    assert result.keep.read_text() == "" and result.drop.read_text() == "a.jpg\n"


def test_strict(workspace, silent):
    """With --strict a bad image fails the audit, and nothing is written."""
    save(workspace.path("bad"), "a.png", Image.new("RGB", (9, 9)))
    (workspace.path("bad") / "b.jpg").write_bytes(b"")
    with pytest.raises(ColorprepError, match=r"b\.jpg"):
        run(AuditParams(ImageParams("bad", strict=True)), workspace, silent)
    assert not workspace.path("audit").exists()


def test_same_bytes_whoever_works(mixed, tmp_path, silent, scheduler):
    """Tables, lists, pictures and summary do not depend on threads or processes."""
    written = []
    for name, images in (
        ("one", ImageParams(mixed, workers=1)),
        ("three", ImageParams(mixed, workers=3)),
        ("cluster", ImageParams(mixed, scheduler=scheduler)),
    ):
        workspace = Workspace(tmp_path / name)
        workspace.root.mkdir()
        run(AuditParams(images), workspace, silent)
        files = contents(workspace.root)
        written.append({key: data for key, data in files.items() if key != "workspace.json"})
    assert written[0] == written[1] == written[2]
    assert {re.sub(r"^scores/\w+", "scores/page", key) for key in written[0]} == {
        "audit/.colorprep",
        "lists/.colorprep",
        "scores/.colorprep",
        "scores/page.npz",
        "audit/audit.csv",
        "audit/classes.csv",
        "audit/summary.json",
        "audit/gray.jpg",
        "audit/duplicate.jpg",
        "audit/tiny.jpg",
        "lists/keep.txt",
        "lists/drop.txt",
    }


def test_scores_are_shared(mixed, workspace, silent, monkeypatch):
    """After an audit no image is scored again, by rgbvar or by another audit."""
    table = run(AuditParams(ImageParams(mixed)), workspace, silent).table.read_bytes()

    def refuse(*_):
        pytest.fail("scored again")

    monkeypatch.setattr(ImageScorer, "__call__", refuse)
    ranked = rgbvar.run(rgbvar.RgbvarParams(ImageParams(mixed)), workspace, silent)
    assert len(ranked.ranking.keys) == 17
    assert run(AuditParams(ImageParams(mixed)), workspace, silent).table.read_bytes() == table


def test_tasks_survive_pickling(mixed):
    """A pickled inspector makes the same records."""
    task = Inspector(find_images(mixed), "convert", "apply")
    chunk = Chunk(range(5))
    here, there = task(chunk), pickle.loads(pickle.dumps(task))(chunk)
    np.testing.assert_array_equal(here.records, there.records)


def test_classes(mixed, workspace, silent):
    """classes.csv counts the images of each folder and those that stay; empty ones are named."""
    result = run(AuditParams(ImageParams(mixed)), workspace, silent)
    text = result.classes.read_text().splitlines()
    assert text[0] == "class,images,kept"
    assert text[1:] == ["class-0,3,3", "class-1,5,3", "class-2,4,3", "class-3,4,3", "lonely,1,0"]
    assert result.summary["classes"]["emptied"] == ["lonely"]
    assert result.summary["classes"]["kept"] == {"smallest": 0, "median": 3, "largest": 3}


def test_pictures(mixed, workspace, silent):
    """A sheet shows what a reason drops; one that drops nothing now leaves no old sheet behind."""
    result = run(AuditParams(ImageParams(mixed)), workspace, silent)
    assert list(result.sheets) == ["gray", "duplicate", "tiny"]
    assert read_audit(workspace).facts["n_kept"] == result.summary["n_kept"]
    for path in result.sheets.values():
        assert Image.open(path).width == 10 * 126 + 6
    (mixed / "lonely/tiny.png").unlink()
    again = run(AuditParams(ImageParams(mixed)), workspace, silent)
    assert "tiny" not in again.sheets and not result.sheets["tiny"].exists()


def test_the_summary_tells_rules_and_versions(mixed, workspace, silent):
    """summary.json is the result's summary, with the rules and versions."""
    result = run(AuditParams(ImageParams(mixed, icc="ignore")), workspace, silent)
    summary = json.loads(result.summary_path.read_text())
    assert summary == json.loads(json.dumps(result.summary))
    assert summary["schema"] == "colorprep.audit/1"
    assert summary["decoding"] == {"icc": "ignore", "orientation": "apply"}
    assert set(summary["reasons"]) == set(REASONS) and set(summary["notes"]) == set(NOTES)
    assert summary["rules"]["gray"]["max_chroma"] == 4.0
    assert set(summary["versions"]) == {"colorprep", "numba", "numpy", "pillow", "simplejpeg"}


def test_images_are_not_touched(mixed, workspace, silent):
    """Nothing is deleted or changed."""
    before = contents(mixed)
    run(AuditParams(ImageParams(mixed)), workspace, silent)
    assert contents(mixed) == before
