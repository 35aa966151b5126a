"""Claims about `colorize`."""

import io
import json
import os
import zipfile

import numpy as np
import packing
import pytest
from awkward_images import FATES, build, deep_png, picture, srgb_of, wide_gamut_profile
from colorful_network import save_network
from PIL import Image

from colorprep import ArtifactError, InputError, decode, rgb_to_lab
from colorprep.stages.colorize.stage import ColorizeParams, run


@pytest.fixture
def ready(workspace):
    """A workspace with a network."""
    save_network(workspace.path("runs/a/best.pt"))
    return workspace


def pixels_of(path):
    """The pixels of an image file, as colorprep reads them."""
    return decode(path.read_bytes())


def lightness_apart(picture_path, pixels):
    """The largest difference in lightness between a picture and its photograph."""
    colored = pixels_of(picture_path)
    assert colored.shape == pixels.shape
    return np.abs(rgb_to_lab(colored)[..., 0] - rgb_to_lab(pixels)[..., 0]).max()


def test_pictures_of_a_folder(ready, silent, photographs, tmp_path):
    """Pictures have the folders, the sizes and, to 0.3, the lightness of their photographs."""
    result = run(ColorizeParams([photographs]), ready, silent)
    assert result.checkpoint == tmp_path / "runs" / "a" / "best.pt"
    found = sorted(photographs.rglob("*.jpg"))
    keys = [path.relative_to(photographs).with_suffix(".png") for path in found]
    assert result.written == [tmp_path / "colorized" / key for key in keys]
    for photograph, written in list(zip(found, result.written, strict=True))[::7]:
        assert lightness_apart(written, pixels_of(photograph)) < 0.3
        assert np.ptp(pixels_of(written), axis=2).max() > 50
    assert [path.name for path in tmp_path.rglob(".*")] == [".colorprep"]


def test_real_photographs_keep_their_lightness(ready, silent, shared):
    """The lightness of real photographs is kept to 0.3, even with the strongest colors."""
    chosen = sorted((shared / "images" / "imagenet").glob("*/*.JPEG"))[::50]
    result = run(ColorizeParams(chosen, temperature=0.1), ready, silent)
    assert len(result.written) == len(chosen) == 5
    by_stem = {path.stem: path for path in chosen}
    for written in result.written:
        assert lightness_apart(written, pixels_of(by_stem[written.stem])) < 0.3


@pytest.mark.parametrize(
    ("spec", "outputs"),
    [
        ("ab313", "bins"),
        ("ab313", "bins-and-ignored"),
        ("ab313", "ab"),
        ("hc-grid", "bins"),
        ("hc-1d", "bins"),
        ("hc-1d", "hue-and-chroma"),
    ],
)
def test_every_kind_of_network_colorizes(workspace, recorder, photographs, spec, outputs):
    """All kinds of bins and channels give color at the same lightness.

    A temperature that a network of colors does not use is a warning.
    """
    save_network(workspace.path("some.pt"), spec, outputs)
    photograph = min(photographs.rglob("*.jpg"))
    params = ColorizeParams([photograph], "some.pt", temperature=0.3)
    (written,) = run(params, workspace, recorder).written
    assert lightness_apart(written, pixels_of(photograph)) < 0.3
    assert np.ptp(pixels_of(written), axis=2).max() > 10
    unused = [each for each in recorder.warnings if "the temperature changes nothing" in each]
    assert len(unused) == (outputs == "ab")


def test_a_list_narrows_a_folder(ready, silent, photographs, tmp_path):
    """Only its photographs are colored; a single photograph needs no list."""
    first, *_, last = sorted(photographs.rglob("*.jpg"))
    keys = [path.relative_to(photographs) for path in (first, last)]
    (tmp_path / "two.txt").write_text("".join(f"{key.as_posix()}\n" for key in keys))
    result = run(ColorizeParams([photographs], list="two.txt"), ready, silent)
    assert result.written == [tmp_path / "colorized" / key.with_suffix(".png") for key in keys]
    with pytest.raises(InputError, match="is a single one; leave --list out"):
        run(ColorizeParams([first], list="two.txt"), ready, silent)


def test_awkward_photographs(ready, silent, tmp_path):
    """Lightness is kept for all pixels, sizes and names; bad files are skipped with reasons."""
    build(tmp_path / "images")
    (tmp_path / "images" / "unreadable.jpg").unlink()  # which root may read
    result = run(ColorizeParams(["images"]), ready, silent)
    fates = {key: fate for key, fate in FATES.items() if key != "unreadable.jpg"}
    reasons = {f"{tmp_path}/images/{key}": fate for key, fate in fates.items() if fate}
    assert {skip.key: skip.reason for skip in result.skipped} == reasons
    good = sorted(key for key, fate in fates.items() if fate is None)
    assert len(result.written) == len(good)
    for key, written in zip(good, result.written, strict=True):
        assert lightness_apart(written, pixels_of(tmp_path / "images" / key)) < 0.3, key


def test_gray_comes_in_many_kinds(ready, silent, tmp_path):
    """A gray photograph gives the same picture as L, LA, RGB, palette or 16 bits."""
    gray = picture()[..., 0]
    image = Image.fromarray(gray)
    for mode in ("L", "LA", "RGB", "RGBA"):
        image.convert(mode).save(tmp_path / f"{mode}.png")
    colormap = Image.fromarray(gray, "P")
    colormap.putpalette([level for level in range(256) for _ in range(3)])
    colormap.save(tmp_path / "P.png")
    (tmp_path / "deep.png").write_bytes(deep_png(gray.astype(np.uint16) * 257))
    names = ["L.png", "LA.png", "RGB.png", "RGBA.png", "P.png", "deep.png"]
    first, *others = map(pixels_of, run(ColorizeParams(names), ready, silent).written)
    assert np.ptp(first, axis=2).max() > 50
    for other in others:
        np.testing.assert_array_equal(other, first)


def test_color_of_the_input_is_not_looked_at(ready, silent, tmp_path):
    """Photographs of equal lightness give the same hues, whatever their colors."""
    gray = picture()[..., :1].repeat(3, axis=2)
    Image.fromarray(gray).save(tmp_path / "gray.png")
    (alone,) = run(ColorizeParams(["gray.png"]), ready, silent).written
    pixels = pixels_of(alone)
    Image.fromarray(pixels).save(tmp_path / "color.png")
    (again,) = run(ColorizeParams(["color.png"]), ready, silent).written
    apart = rgb_to_lab(pixels_of(again)) - rgb_to_lab(pixels)
    # Lightness was rounded in between, which moves the network's input by a level of 255.
    assert np.abs(apart).mean() < 1.0


def test_orientation_is_applied(ready, silent, tmp_path):
    """A photograph that EXIF rotates comes out upright, and is not rotated twice."""
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = Image.fromarray(picture())
    lying.save(tmp_path / "turned.png", exif=exif)
    lying.transpose(Image.Transpose.ROTATE_270).save(tmp_path / "upright.png")
    turned, upright = run(ColorizeParams(["turned.png", "upright.png"]), ready, silent).written
    assert turned.read_bytes() == upright.read_bytes()
    with Image.open(turned) as written:
        assert written.size == (lying.height, lying.width)
        assert 0x0112 not in written.getexif()


def test_profiles_are_applied(ready, silent, tmp_path):
    """The lightness of a wide-gamut photograph in sRGB is kept, and the picture says sRGB."""
    profile = wide_gamut_profile()
    Image.fromarray(picture()).save(tmp_path / "wide.png", icc_profile=profile)
    (written,) = run(ColorizeParams(["wide.png"]), ready, silent).written
    assert lightness_apart(written, srgb_of(profile, picture())) < 0.3
    assert lightness_apart(written, picture()) > 1.0
    with Image.open(written) as opened:
        assert opened.info == {"srgb": 0}


def test_temperature(ready, silent, photographs):
    """The lower the temperature, the stronger the colors; it must be above 0."""
    photograph, chroma = min(photographs.rglob("*.jpg")), []
    for temperature in (0.1, 1.0, 10.0):
        params = ColorizeParams([photograph], temperature=temperature)
        (written,) = run(params, ready, silent).written
        chroma.append(np.hypot(*rgb_to_lab(pixels_of(written))[..., 1:].T).mean())
    assert chroma[0] > chroma[1] > chroma[2]
    for temperature in (0.0, float("nan")):
        with pytest.raises(InputError, match="above 0|finite"):
            ColorizeParams([photograph], temperature=temperature)


def test_workers_change_nothing(ready, silent, photographs):
    """One thread and four write the same bytes, over those of an earlier run."""
    chosen, contents = sorted(photographs.rglob("*.jpg"))[:8], []
    for workers in (1, 4):
        result = run(ColorizeParams(chosen, workers=workers), ready, silent)
        contents.append([path.read_bytes() for path in result.written])
    assert contents[0] == contents[1]


def test_archives_are_as_folders(ready, silent, tmp_path):
    """A folder, its archive and its URL give the same pictures in the same folders."""
    (tmp_path / "photos" / "x").mkdir(parents=True)
    Image.fromarray(picture()).save(tmp_path / "photos" / "x" / "one.png")
    (tmp_path / "photos" / "bad.jpg").write_text("no")
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for key in ("x/one.png", "bad.jpg"):
            archive.write(tmp_path / "photos" / key, key)
    url = f"file://{tmp_path}/photos"
    contents = []
    for given in ("photos", "photos.zip", url):
        result = run(ColorizeParams([given]), ready, silent)
        assert result.written == [tmp_path / "colorized" / "x" / "one.png"]
        shown = given if given == url else f"{tmp_path}/{given}"
        assert [skip[:2] for skip in result.skipped] == [(f"{shown}/bad.jpg", "not-an-image")]
        contents.append(result.written[0].read_bytes())
    assert contents[0] == contents[1] == contents[2]


def test_nothing_is_written_over(ready, silent, tmp_path):
    """A photograph is never replaced by a picture, nor one picture by another."""
    for name in ("x.png", "x.jpg", "in/y.jpg", "y.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(picture()).save(tmp_path / name)
    before = {path: path.read_bytes() for path in tmp_path.rglob("?.*g")}
    for inputs in (["x.png"], ["in", "y.png"], [f"file://{tmp_path}"]):
        with pytest.raises(InputError, match="is one of the photographs"):
            run(ColorizeParams(inputs, output="."), ready, silent)
    with pytest.raises(InputError, match="no file or folder"):
        run(ColorizeParams(["z.png"]), ready, silent)
    assert {path: path.read_bytes() for path in tmp_path.rglob("?.*g")} == before
    assert not (tmp_path / "colorized").exists()


def test_which_network(workspace, silent, tmp_path):
    """A file, a run's folder, or the newest run is used; without a run it is an error."""
    Image.fromarray(picture()).save(tmp_path / "x.png")
    with pytest.raises(InputError, match="colorprep train"):
        run(ColorizeParams(["x.png"]), workspace, silent)
    for age, name in enumerate(("b", "a", "c")):
        path = workspace.path(f"runs/{name}/best.pt")
        save_network(path)
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    for given, expected in ((None, "b"), ("runs/a", "a"), ("runs/c/best.pt", "c")):
        result = run(ColorizeParams(["x.png"], given), workspace, silent)
        assert result.checkpoint == workspace.path(f"runs/{expected}/best.pt")
    with pytest.raises(ArtifactError, match="no checkpoint"):
        run(ColorizeParams(["x.png"], "nowhere.pt"), workspace, silent)
    with pytest.raises(InputError, match="warp"):
        run(ColorizeParams(["x.png"], device="warp"), workspace, silent)


def test_bad_photographs_are_named(ready, recorder, tmp_path):
    """A bad photograph is skipped; if all are bad, it is an error."""
    (tmp_path / "bad.jpg").write_text("no")
    Image.fromarray(picture()).save(tmp_path / "good.png")
    result = run(ColorizeParams(["bad.jpg", "good.png"]), ready, recorder)
    assert len(result.written) == 1
    assert [skip[:2] for skip in result.skipped] == [(f"{tmp_path}/bad.jpg", "not-an-image")]
    assert f"skipped {tmp_path}/bad.jpg: not-an-image" in recorder.warnings[0]
    with pytest.raises(InputError, match="no image could be read"):
        run(ColorizeParams(["bad.jpg"]), ready, recorder)


def test_a_picture_of_a_name_that_is_too_long_is_skipped(ready, recorder, tmp_path):
    """If a picture's name is too long for the file system, only that photograph is skipped."""
    stream = io.BytesIO()
    Image.new("RGB", (9, 9), "navy").save(stream, "PNG")
    names = ["a.png", "n" * 251 + ".png", "n" * 252 + ".png"]
    path = packing.write_tar(tmp_path / "x.tar", *[(name, stream.getvalue()) for name in names])
    result = run(ColorizeParams([path]), ready, recorder)
    assert [written.name for written in result.written] == names[:2]
    (skip,) = result.skipped
    assert (skip.key, skip.reason) == (str(path / names[2]), "bad-name")
    assert "its name has 256 bytes" in skip.detail


def test_command_line(colorprep, ready, tmp_path):
    """The command writes to the given folder, and reports it in text and in JSON."""
    Image.fromarray(picture()).save(tmp_path / "x.jpg")
    shown = colorprep("colorize", tmp_path / "x.jpg", "-o", "out", "--temperature", "0.2", "-q")
    assert (
        shown.exit_code == 0 and shown.stdout == f"{tmp_path}/out/x.png\n{tmp_path}/out/sheet.jpg\n"
    )
    words = ("--checkpoint", "runs/a", "--device", "cpu", "--workers", "1", "--json", "-q")
    facts = json.loads(colorprep("colorize", tmp_path / "x.jpg", *words).stdout)
    assert facts == {
        "checkpoint": f"{tmp_path}/runs/a/best.pt",
        "run": None,
        "step": None,
        "total_steps": None,
        "finished": None,
        "written": [f"{tmp_path}/colorized/x.png"],
        "kept": [],
        "sheets": [f"{tmp_path}/colorized/sheet.jpg"],
        "skipped": [],
        "passed_over": {},
        "replaced": [],
    }
    assert colorprep("colorize").exit_code == 2


def test_pictures_are_kept_if_nothing_has_changed(ready, recorder, tmp_path):
    """A picture is made again if it, its network, settings or photograph changed."""
    for name in ("a", "b", "c"):
        Image.fromarray(picture()).save(tmp_path / f"{name}.jpg")
    inputs = ["a.jpg", "b.jpg", "c.jpg"]
    first = run(ColorizeParams(inputs), ready, recorder)
    record = tmp_path / "colorized" / "colorized.jsonl"
    text, made = record.read_text(), [path.read_bytes() for path in first.written]
    assert [json.loads(line)["name"] for line in text.splitlines()] == ["a.png", "b.png", "c.png"]

    def kept(**params):
        """Which pictures are kept by another run."""
        result = run(ColorizeParams(**{"inputs": inputs} | params), ready, recorder)
        assert result.written == first.written
        return [path.stem for path in result.kept]

    assert first.kept == [] and kept() == ["a", "b", "c"] and record.read_text() == text
    assert "kept 3 pictures already made from the same photographs" in recorder.notes[-1]
    first.written[0].write_bytes(b"changed")
    first.written[1].unlink()
    assert kept() == ["c"] and [path.read_bytes() for path in first.written] == made
    Image.fromarray(picture()[::-1]).save(tmp_path / "b.jpg")
    assert kept() == ["a", "c"]
    assert kept(temperature=0.1) == [] and kept() == []
    save_network(ready.path("runs/a/best.pt"), outputs="ab")
    assert kept() == []


def test_a_record_that_is_cut_short_is_no_obstacle(ready, silent, tmp_path):
    """An incomplete line, and lines of other programs, are ignored."""
    Image.fromarray(picture()).save(tmp_path / "a.jpg")
    Image.fromarray(picture()).save(tmp_path / "b.jpg")
    run(ColorizeParams(["a.jpg"]), ready, silent)
    record = tmp_path / "colorized" / "colorized.jsonl"
    record.write_text("[]\n{}\n" + record.read_text() + '{"name": "b.png", "pic')
    result = run(ColorizeParams(["a.jpg", "b.jpg"]), ready, silent)
    assert [path.stem for path in result.kept] == ["a"]
    assert len(record.read_text().splitlines()) == 2


def test_photographs_that_share_a_stem(ready, recorder, tmp_path):
    """Their pictures keep the endings in their names; a single one has its plain name."""
    for name in ("in/x.png", "in/x.jpg", "in/y.jpg", "other/x.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(picture()).save(tmp_path / name)
    result = run(ColorizeParams(["in"]), ready, recorder)
    names = ["x.jpg.png", "x.png.png", "y.png"]
    assert [path.name for path in result.written] == names and not result.skipped
    assert "2 photographs, such as" in recorder.notes[0]
    result = run(ColorizeParams(["in", "other"]), ready, recorder)
    assert [path.name for path in result.written] == names
    ((name, reason, why),) = result.skipped
    assert (name, reason) == (f"{tmp_path}/other/x.jpg", "same-name")
    assert f"replace that of {tmp_path}/in/x.jpg; use another -o" in why
