"""Claims about the score book: no score is lost, and none is given to another image."""

import numpy as np
import pytest

from colorprep.curriculum.scoring import ImageScores
from colorprep.images.folder import folder_source
from colorprep.scorebook import FOLDER, open_book


@pytest.fixture
def source(photographs):
    """Forty photographs."""
    return folder_source(photographs)


def scores(value):
    """Scores that are recognized by their value."""
    row = np.zeros((), ImageScores)
    row["rgbvar"], row["surprise"] = value, value
    return row


def test_written_scores_are_found_again(source, tmp_path):
    """Scores are found for their images; those of the others are missing."""
    with open_book(tmp_path, source, "rules", "prior") as book:
        book.add({3: scores(3.0), 7: scores(7.0)})
    with open_book(tmp_path, source, "rules", "prior") as again:
        assert again.scores["rgbvar"][[3, 7]].tolist() == [3.0, 7.0]
        assert again.missing("rgbvar") == [n for n in range(40) if n not in (3, 7)]


def test_pages_add_up(source, tmp_path):
    """Each pass adds a page, and an interrupted pass writes the scores it had."""
    with open_book(tmp_path, source, "rules") as book:
        book.add({n: scores(1.0) for n in range(30)})
    with pytest.raises(KeyboardInterrupt), open_book(tmp_path, source, "rules") as book:
        book.add({n: scores(2.0) for n in range(30, 35)})
        raise KeyboardInterrupt
    assert len(list((tmp_path / FOLDER).glob("*.npz"))) == 2
    with open_book(tmp_path, source, "rules") as book:
        assert book.known.sum() == 35


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
def test_surprise_belongs_to_a_prior(source, tmp_path, order):
    """Under another prior surprise is unknown, whichever page is read first; the rest is known."""
    for prior in order:
        with open_book(tmp_path, source, "rules", prior) as book:
            book.add({0: scores(1.0 if prior == "old" else 2.0)})
    with open_book(tmp_path, source, "rules", "new") as book:
        assert book.scores["surprise"][0] == 2.0
    with open_book(tmp_path, source, "rules", "third") as book:
        assert 0 in book.missing("surprise") and 0 not in book.missing("rgbvar")


def test_a_damaged_page_is_ignored(source, tmp_path):
    """If a page cannot be read, its images are scored again."""
    with open_book(tmp_path, source, "rules") as book:
        book.add({0: scores(1.0)})
    (page,) = (tmp_path / FOLDER).glob("*.npz")
    page.write_bytes(page.read_bytes()[:100])
    with open_book(tmp_path, source, "rules") as book:
        assert not book.known.any()


def test_scores_of_an_older_definition_are_ignored(source, tmp_path, monkeypatch):
    """When the schema goes up, images are scored again."""
    with open_book(tmp_path, source, "rules") as book:
        book.add({0: scores(1.0)})
    monkeypatch.setattr("colorprep.scorebook.SCHEMA", "colorprep.scores/2")
    with open_book(tmp_path, source, "rules") as book:
        assert not book.known.any() and len(book.unread) == 1


def test_images_without_a_time_of_change_are_not_kept(source, tmp_path):
    """If a source does not know when a file changed, its scores are not kept."""
    source.stamps[5] = 0
    try:
        with open_book(tmp_path, source, "rules") as book:
            book.add({5: scores(1.0), 6: scores(1.0)})
        with open_book(tmp_path, source, "rules") as book:
            assert book.known.tolist() == [n == 6 for n in range(40)]
    finally:
        source.stamps[5] = 1
