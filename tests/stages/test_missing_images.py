"""Claims about images that are gone, skipped or out of reach when labels are made again."""

import pytest
from changing import picture, put_bitmaps
from folders import contents
from relabeling import FORMS, labels_of, place_of, verified

from colorprep import OutputExists
from colorprep.errors import BadImage
from colorprep.images.folder import FolderSource


def test_images_that_are_gone_are_named(images, workspace, recorder):
    """Without --extend they are an error; with it their labels stay, with a warning."""
    labels_of(images, workspace)
    (images / "n01" / "0.bmp").unlink()
    with pytest.raises(OutputExists, match=r"1 image is gone: n01/0\.bmp"):
        labels_of(images, workspace)
    labels_of(images, workspace, recorder, extend=True)
    assert any("n01/0.bmp" in text and "are kept" in text for text in recorder.warnings)


@pytest.mark.parametrize("form", ["plain", "maps"])
def test_other_images_of_the_same_names_are_refused(images, workspace, tmp_path, form):
    """If all images differ, finished labels are replaced only with --overwrite."""
    before = labels_of(images, workspace, **FORMS[form])
    for number, path in enumerate(put_bitmaps(tmp_path / "other" / "train")):
        picture(70 + number).save(path)
    other = tmp_path / "other" / "train"
    with pytest.raises(OutputExists, match="none of the 7 images .* is the same"):
        labels_of(other, workspace, **FORMS[form])
    assert contents(workspace.path("labels")) == before
    fresh = labels_of(other, workspace, output="fresh", **FORMS[form])
    assert labels_of(other, workspace, overwrite=True, **FORMS[form]) == fresh


@pytest.mark.parametrize("form", ["plain", "maps"])
def test_skipped_images_are_watched_too(images, workspace, recorder, form):
    """A bad image replaced by a good one of equal size is labeled, and vice versa."""
    good = images / "n01" / "2.bmp"
    whole = good.read_bytes()
    good.write_bytes(b"?" * len(whole))
    labels_of(images, workspace, **FORMS[form])
    assert verified(workspace).sound
    good.write_bytes(whole)
    (problem,) = verified(workspace).problems
    assert "n01/2.bmp was skipped, but can be labeled now" in problem.what
    again = labels_of(images, workspace, recorder, **FORMS[form])
    assert again == labels_of(images, workspace, output="good", **FORMS[form])
    good.write_bytes(b"!" * len(whole))
    again = labels_of(images, workspace, recorder, **FORMS[form])
    assert again == labels_of(images, workspace, output="bad", **FORMS[form])
    assert b"n01/2.bmp,not-an-image" in again["skipped.csv"]


@pytest.mark.parametrize("form", ["plain", "maps"])
def test_an_image_out_of_reach_keeps_its_labels(images, workspace, recorder, form, monkeypatch):
    """Labels of a file that cannot be read at the moment are kept, with a warning."""
    before = labels_of(images, workspace, **FORMS[form])
    (images / "n01" / "2.bmp").touch()

    def denied(self, index, real=FolderSource.read):
        if self.keys[index] == "n01/2.bmp":
            raise BadImage("unreadable", "Permission denied")
        return real(self, index)

    monkeypatch.setattr(FolderSource, "read", denied)
    assert labels_of(images, workspace, recorder, **FORMS[form]) == before
    assert any("n01/2.bmp" in text and "stay" in text for text in recorder.warnings)


def test_an_image_that_can_be_read_at_last_is_labeled(images, workspace, silent, monkeypatch):
    """Images that were skipped for lack of permission are tried again."""
    with monkeypatch.context() as patched:

        def denied(self, index, real=FolderSource.read):
            if index == 2:
                raise BadImage("unreadable", "Permission denied")
            return real(self, index)

        patched.setattr(FolderSource, "read", denied)
        assert b"unreadable" in labels_of(images, workspace)["skipped.csv"]
    assert labels_of(images, workspace) == labels_of(images, workspace, output="fresh")


def test_an_archive_that_is_replaced_while_it_is_read(images, tmp_path):
    """Positions in the old archive are not read in the new one."""
    from packing import archive_source

    from colorprep import InputError

    source = archive_source(place_of(images, "tar", tmp_path))
    (images / "n01" / "0.bmp").unlink()
    (tmp_path / "train.tar").unlink()
    place_of(images, "tar", tmp_path)
    with pytest.raises(InputError, match="has changed since its images were listed"):
        source.read(0)
