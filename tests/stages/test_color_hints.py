"""Claims about color hints: `colorize --hints`, `colorize --entropy` and `sweep`."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from colorful_network import save_network
from hinted import quartered_pictures, save_hinted_network
from PIL import Image

from colorprep import InputError, Workspace, decode, rgb_to_lab
from colorprep.metrics.pairs import psnr
from colorprep.stages import sweep
from colorprep.stages.colorize import ColorizeParams
from colorprep.stages.colorize import run as colorize
from colorprep.stages.evaluate import EvaluateParams
from colorprep.stages.evaluate.comparing import open_originals, stored_pictures
from colorprep.stages.report.results import read_sweep
from colorprep.stages.source import ImageParams
from colorprep.training.checkpoint import load_checkpoint
from colorprep.training.judging.hint_sweep import PUBLISHED_COUNTS
from colorprep.training.prediction import colorize_photograph

HEADER = "x,y,radius,color\n"


@pytest.fixture(scope="module")
def hinted(tmp_path_factory):
    """A workspace with a network that takes hints, and pictures."""
    workspace = Workspace(tmp_path_factory.mktemp("hinted"))
    save_hinted_network(workspace.path("runs/a/best.pt"))
    for folder, names in (("in", "abc"), ("colors", "12345678")):
        workspace.path(folder).mkdir()
        for name, pixels in zip(names, quartered_pictures(), strict=False):
            Image.fromarray(pixels).save(workspace.path(folder) / f"{name}.png")
    Image.new("L", (96, 64), 145).save(workspace.path("gray.png"))
    return workspace


def test_a_hint_of_red_colors_its_place(hinted, silent):
    """On a gray photograph it moves the colors there towards red, and not far away."""
    workspace = hinted
    workspace.path("red.csv").write_text(HEADER + "21,14,9,#c03020\n")
    made = []
    for hints, output in ((None, "without"), ("red.csv", "with"), ("red.csv", "again")):
        params = ColorizeParams(["gray.png"], hints=hints, output=output)
        made.append(colorize(params, workspace, silent).written[0].read_bytes())
    assert made[1] == made[2]
    plain, red = (rgb_to_lab(decode(picture))[..., 1:] for picture in made[:2])
    moved = red - plain
    assert (moved[10:19, 17:26].mean(axis=(0, 1)) > (15.0, 8.0)).all()
    assert np.abs(moved[40:, 60:]).max() < 4.0


def test_hints_of_each_photograph(hinted, recorder):
    """A folder has a table for some of them; a changed table remakes its own picture only."""
    workspace, folder = hinted, hinted.path("hints")
    folder.mkdir()
    (folder / "a.csv").write_text(HEADER + "3,4,2,#20c030\n")

    def made(hints="hints"):
        """The pictures, and the names of those that were kept."""
        result = colorize(ColorizeParams(["in"], hints=hints, output="each"), workspace, recorder)
        return [path.read_bytes() for path in result.written], [p.stem for p in result.kept]

    plain, _ = made(hints=None)
    first, kept = made()
    assert kept == ["b", "c"] and first[1:] == plain[1:] and first[0] != plain[0]
    assert made() == (first, ["a", "b", "c"])
    (folder / "b.csv").write_text("x,y,radius,a,b\r\n3,4,2,-40,40\r\n", encoding="utf-8-sig")
    assert made()[1] == ["a", "c"]
    (folder / "d.csv").write_text(HEADER + "1,1,0,#ffffff\n")
    with pytest.raises(InputError, match="d.csv belongs to no photograph; rename it to one of"):
        made()
    (folder / "d.csv").unlink()
    (folder / "c.csv").write_text(HEADER + "\n5,32,9,#ffffff\n")
    with pytest.raises(InputError, match=r"c.csv, line 3: .* outside of c.png, of 32 x 32 pixels"):
        made()


def test_hints_that_cannot_be_used(hinted, silent, tmp_path):
    """Missing, empty and undecodable files are refused, and networks that take no hints."""
    workspace = hinted
    workspace.path("nothing").mkdir()
    workspace.path("bytes.csv").write_bytes(b"\xff\xfe\x00")
    for given, why in (
        ("lost.csv", "no file or folder"),
        ("nothing", "has no hints"),
        ("bytes.csv", "not a text file"),
    ):
        with pytest.raises(InputError, match=why):
            colorize(ColorizeParams(["gray.png"], hints=given), workspace, silent)
    save_network(tmp_path / "best.pt")
    with pytest.raises(InputError, match="the network tiny takes no hints"):
        params = ColorizeParams(["gray.png"], tmp_path / "best.pt", hints="red.csv")
        colorize(params, workspace, silent)
    with pytest.raises(InputError, match="the network tiny takes no hints"):
        sweep.run(sweep.SweepParams(ImageParams("in"), tmp_path / "best.pt"), workspace, silent)


def test_maps_of_entropy(hinted, silent, tmp_path):
    """They lie beside the pictures and are kept with them; a regression has none."""
    params = ColorizeParams(["in"], entropy=True, output="maps")
    first = colorize(params, hinted, silent)
    maps = [hinted.path(f"maps/{name}.entropy.png") for name in "abc"]
    assert first.entropy_maps == maps and first.kept == []
    for path in maps:
        with Image.open(path) as picture:
            assert picture.width >= 640 and picture.height > picture.width
    maps[1].unlink()
    assert [path.stem for path in colorize(params, hinted, silent).kept] == ["a", "c"]
    assert maps[1].exists()
    judged = EvaluateParams(original="in", colorized="maps")
    originals = open_originals(judged, hinted, silent)
    compared = stored_pictures(judged, originals, hinted, silent)
    assert compared.unpaired == []
    save_network(tmp_path / "ab.pt", outputs="ab")
    with pytest.raises(InputError, match="predicts ab, not a distribution over bins"):
        colorize(replace(params, checkpoint=tmp_path / "ab.pt"), hinted, silent)
    Image.new("L", (8, 8)).save(tmp_path / "a.entropy.jpg")
    inputs = ["in", tmp_path / "a.entropy.jpg"]
    with pytest.raises(InputError, match="would replace another picture"):
        colorize(replace(params, inputs=inputs), hinted, silent)


def test_psnr_rises_with_the_number_of_hints(hinted, silent):
    """Each further hint helps; the figures are those of pictures, whatever the workers."""
    counts, tables = (0, 4, 64), []
    for workers in (1, 2):
        images = ImageParams("colors", workers=workers)
        params = sweep.SweepParams(images, counts=counts, size=32, output=f"sweep{workers}")
        result = sweep.run(params, hinted, silent)
        tables.append(result.table.read_text())
    assert tables[0] == tables[1]
    means = [mean.mean for mean in result.psnr.values()]
    assert list(result.psnr) == list(counts) and result.n_images == 8
    assert all(np.diff(means) > 0.5)
    header, *rows = csv.reader(tables[0].splitlines())
    assert header == ["key", *map(str, counts)]
    values = np.array([row[1:] for row in rows], float)
    np.testing.assert_allclose(values.mean(axis=0), means)
    errors = [mean.standard_error for mean in result.psnr.values()]
    np.testing.assert_allclose(errors, values.std(axis=0, ddof=1) / np.sqrt(8))
    checkpoint = load_checkpoint(hinted.path("runs/a/best.pt"))
    for pixels, value in zip(quartered_pictures(), values[:, 0], strict=True):
        # Without hints it is the picture of `colorize`, but for colors outside of sRGB.
        assert psnr(colorize_photograph(checkpoint, pixels), pixels) == pytest.approx(
            value, abs=0.1
        )


def test_the_published_numbers_of_hints():
    """There are 26, from 0 to 501."""
    assert PUBLISHED_COUNTS == (
        *(0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 63, 79, 100, 126, 158, 200, 251),
        *(316, 398, 501),
    )  # fmt: skip


def test_command_line_and_reference(colorprep, hinted, tmp_path):
    """Either orientation of a reference is drawn; one that could be either is refused."""
    published = np.random.default_rng(0).normal(25.0, 3.0, (9, 26))
    np.save(hinted.path("by-image.npy"), published)
    np.save(hinted.path("by-count.npy"), published.T)
    np.save(hinted.path("square.npy"), np.ones((26, 26)))
    run, place = hinted.path("runs/a"), hinted.path("in")
    words = ("sweep", run, "--dir", place, "--counts", "0,10", "--size", "32", "-q")
    found = []
    for name in ("by-image", "by-count"):
        shown = colorprep(*words, "--reference", hinted.path(f"{name}.npy"), "--json")
        facts = json.loads(shown.stdout)
        found.append(facts["reference"])
        assert len(facts["psnr"]) == 2 and facts["n_images"] == 3
    assert found[0] == found[1]
    assert [each["mean"] for each in found[0]] == pytest.approx(published.mean(axis=0).tolist())
    written = json.loads((tmp_path / "sweep/sweep.json").read_text())
    assert written["schema"] == "colorprep.sweep/1" and written["reference"] == found[0]
    means = read_sweep(Workspace(tmp_path)).facts["psnr"]
    assert means == {str(each["hints"]): each["mean"] for each in written["psnr"]}
    with Image.open(tmp_path / "sweep/sweep.png") as curve:
        assert curve.width == 840
    for name in ("square.npy", "lost.npy", "red.csv"):
        assert colorprep(*words, "--reference", hinted.path(name)).exit_code == 1
    assert "PSNR" in colorprep(*words).stdout.splitlines()[0]
    for counts in ("10,0", "-1,2", "1,1", "many", ""):
        assert colorprep("sweep", run, "--counts", counts).exit_code == 2
