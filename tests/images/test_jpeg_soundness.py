"""Claims about damaged JPEG files: they are skipped, and what harms no pixel is not."""

import io

import numpy as np
import pytest
from jpeg_damage import (
    END,
    FORMS,
    TEXT,
    cut,
    jpeg,
    oddities,
    overwritten,
    scans,
    without_interval,
    without_scan,
)
from PIL import Image

from colorprep import BadImage, decode
from colorprep.images import decoding
from colorprep.images.decoding import Scratch, possible_reduction
from colorprep.images.jpeg import jpeg_facts
from colorprep.images.jpeg_scans import lacks_scans
from colorprep.images.jpeg_soundness import flaw_of


def reason_of(data, **options):
    """Why a file is skipped; None if it is read."""
    try:
        decode(data, **options)
    except BadImage as error:
        return error.reason
    return None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("quality", [30, 90])
def test_sound_files_are_walked_to_their_end(form, quality):
    """Every block of a sound file is found, however it is coded."""
    data = jpeg(form, quality)
    assert flaw_of(data) is None
    facts = jpeg_facts(data)
    assert facts is not None and not lacks_scans(data, facts)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fraction", [0.05, 0.3, 0.7, 0.95])
def test_a_cut_scan_is_found_whatever_follows(form, fraction):
    """With an end mark, another marker or nothing after the cut, the file is skipped."""
    data = cut(jpeg(form), fraction)
    assert reason_of(data) == "damaged"
    assert reason_of(data[:-2] + b"\xff\xfe\0\4..") in ("truncated", "damaged")
    assert reason_of(data[:-2]) == "truncated"
    assert reason_of(data[:-2] + b"\xff\xd3" + END) == "damaged"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fraction", [0.05, 0.3, 0.7, 0.95])
@pytest.mark.parametrize("kind", ["zeros", "noise", "text"])
def test_overwritten_data_is_found(form, fraction, kind):
    """A thousand bytes of zeros, noise or text within the scans are noticed."""
    noise = np.random.default_rng(3).integers(0, 256, 1000).astype(np.uint8).tobytes()
    by = {"zeros": bytes(1000), "noise": noise, "text": TEXT * 12}[kind][:1000]
    sound = jpeg(form)
    data = overwritten(sound, fraction, by)
    kept = decode_or_none(data)
    if kept is not None and np.array_equal(kept, decode(sound)):
        pytest.fail("the damage should change a pixel")
    assert reason_of(data) in ("damaged", "truncated")


def decode_or_none(data):
    """Return the pixels that decoders make of a file; None if they refuse it."""
    try:
        return decode(data, damaged="keep")
    except BadImage:
        return None


@pytest.mark.parametrize("form", ["restarts", "progressive-restarts"])
@pytest.mark.parametrize("number", [0, 3, 5])
def test_a_dropped_restart_interval_is_found(form, number):
    """The number of a restart marker shows that the interval before it is missing."""
    assert reason_of(without_interval(jpeg(form), number)) == "damaged"


def test_eight_dropped_restart_intervals_are_found():
    """Their numbers are right again, but there are too few."""
    data = jpeg("restarts")
    for _ in range(8):
        data = without_interval(data, 0)
    assert reason_of(data) == "damaged"


def test_every_scan_counts():
    """Without any one of its scans a progressive file is skipped, though decoders do not warn."""
    data = jpeg("progressive")
    n_scans = len(scans(data))
    assert n_scans > 5
    for number in range(n_scans):
        assert reason_of(without_scan(data, number)) == "damaged", number
    first, last = scans(data)[0][1], scans(data)[-1]
    assert reason_of(data[:first] + END) == "damaged"
    assert reason_of(data[:first]) == "truncated"
    assert reason_of(data[: last[1]]) is None


@pytest.mark.parametrize("form", FORMS)
def test_oddities_that_harm_no_pixel_are_taken(form):
    """Stray bytes, fill bytes, odd segments and missing end marks do not affect the pixels."""
    sound = jpeg(form)
    expected = decode(sound)
    for what, data in oddities(sound).items():
        if form == "inks" and what in ("stray bytes before a marker", "JFIF of an unknown version"):
            continue
        np.testing.assert_array_equal(decode(data), expected, err_msg=what)


@pytest.mark.parametrize("form", ["baseline", "progressive", "restarts", "gray"])
def test_all_ways_of_decoding_agree(form):
    """Reduced, into scratch memory, with or without profile: the same files are skipped."""
    sound = jpeg(form)
    noise = np.random.default_rng(3).integers(0, 256, 300).astype(np.uint8).tobytes()
    files = [cut(sound, 0.5), overwritten(sound, 0.4, noise), *oddities(sound).values()]
    for data in files:
        expected = reason_of(data)
        for options in ({"reduction": 2}, {"reduction": 8}, {"scratch": Scratch()}):
            assert reason_of(data, **options) == expected
        assert reason_of(data, icc="ignore", orientation="ignore") == expected
    assert decode(files[2], reduction=2).shape == decode(sound, reduction=2).shape


def test_fast_scoring_skips_what_is_damaged():
    """A large file, which --fast decodes smaller, is skipped there as well."""
    stream = io.BytesIO()
    Image.open(io.BytesIO(jpeg())).resize((1200, 900)).save(stream, "JPEG")
    data = cut(stream.getvalue(), 0.6)
    assert possible_reduction(data, 192) == 4
    assert reason_of(data, reduction=4) == "damaged"


@pytest.mark.parametrize("form", FORMS)
def test_damaged_files_are_kept_on_demand(form):
    """With --damaged keep the pixels are those that Pillow makes of the file."""
    data = cut(jpeg(form), 0.5)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    np.testing.assert_array_equal(decode(data, damaged="keep"), expected)
    assert reason_of(data[:-2], damaged="keep") == "truncated"


def test_sound_files_are_not_walked(monkeypatch):
    """A file that libjpeg does not warn of is not walked."""
    monkeypatch.setattr(decoding, "flaw_of", lambda *_: pytest.fail("a second look"))
    for form in ("baseline", "progressive", "restarts", "gray"):
        decode(jpeg(form))


def test_a_coding_that_cannot_be_walked_is_left_to_the_decoder():
    """With arithmetic coding, the warning of the decoder decides."""
    data = bytearray(jpeg())
    data[data.index(b"\xff\xc0") + 1] = 0xC9
    assert flaw_of(bytes(data)) is None
    flaw = flaw_of(bytes(data), "Corrupt JPEG data: bad arithmetic code")
    assert flaw is not None and flaw.reason == "damaged"


def test_real_photographs_are_sound(shared):
    """Each of the real photographs is walked to its end."""
    files = sorted((shared / "images" / "imagenet").rglob("*.*"))[::5]
    assert len(files) == 50
    assert [path.name for path in files if flaw_of(path.read_bytes())] == []
