"""Claims about passes over images."""

import gc
import pickle
import threading
from functools import partial

import numpy as np
import pytest
from PIL import Image

from colorprep.engine import Chunk, ThreadEngine
from colorprep.errors import ColorprepError
from colorprep.images.opening import find_images
from colorprep.images.reader import ImageReader
from colorprep.progress import Reporter
from colorprep.stages.passes import Done, EachImage, Passes, check_strict, open_passes
from colorprep.stages.source import ImageParams


class Progress(Reporter):
    """Records progress."""

    def __init__(self):
        self.tracked, self.steps, self.open = [], [], 0

    def track(self, total, unit, title):
        """Keep the total and the steps."""
        self.tracked.append((total, unit, title))
        return self

    def __enter__(self):
        self.open += 1
        return lambda n, detail="": self.steps.append(n)

    def __exit__(self, *error):
        self.open -= 1


class Quarantining(ThreadEngine):
    """An engine that quarantines one image."""

    def __init__(self, index):
        super().__init__(1)
        self.index = index

    def run(self, task, chunks):
        """Run chunks, with the image in quarantine."""
        return super().run(task, (Chunk(b.indices, frozenset([self.index])) for b in chunks))


def described(prefix, image):
    """Something that is made of an image."""
    return f"{prefix}{image.key}", image.pixels.shape


def own_indices(chunk):
    """A task that returns its chunk's indices."""
    return list(chunk.indices)


def threads_of_engines():
    """The threads that engines have now."""
    return [one for one in threading.enumerate() if one.name.startswith("colorprep")]


@pytest.fixture
def progress():
    """A reporter that keeps progress."""
    return Progress()


@pytest.fixture
def reader(tmp_path):
    """A reader of eight images, of which two are bad."""
    for name in "acdefg":
        Image.fromarray(np.full((9, 9, 3), ord(name), np.uint8)).save(tmp_path / f"{name}.png")
    for name in "bh":
        (tmp_path / f"{name}.jpg").write_bytes(b"\xff\xd8nothing")
    return ImageReader(find_images(tmp_path), 8)


def test_results_come_in_order_and_progress_adds_up(progress):
    """Whatever the size of chunks, progress ends at the number of images, in steps of chunks."""
    passes = Passes(ThreadEngine(3), progress)
    with passes.each(own_indices, range(5, 15), "counting", 4) as results:
        assert list(results) == [[5, 6, 7, 8], [9, 10, 11, 12], [13, 14]]
    assert progress.tracked == [(10, "images", "counting")]
    assert progress.steps == [4, 4, 2] and progress.open == 0


def test_the_engine_chooses_the_size_of_chunks(progress):
    """Without a size, chunks are as large as the engine likes them."""
    with Passes(ThreadEngine(2), progress).each(own_indices, range(70), "counting") as results:
        assert [len(indices) for indices in results] == [32, 32, 6]


def test_groups_keep_their_results(progress):
    """No chunk has images of two groups, and a group without images has no results."""
    groups = {"a": [3, 1, 2], "b": [], "c": [9], "d": [4, 5]}
    passes = Passes(ThreadEngine(2), progress)
    with passes.each_group(own_indices, groups.values(), "counting", 2) as results:
        found = {name: list(part) for name, part in zip(groups, results, strict=True)}
    assert found == {"a": [[3, 1], [2]], "b": [], "c": [[9]], "d": [[4, 5]]}
    assert progress.tracked == [(6, "images", "counting")] and progress.steps == [2, 1, 1, 2]


def test_no_images_need_no_work(progress):
    """A pass over nothing ends at once."""
    with Passes(ThreadEngine(2), progress).each(own_indices, [], "counting") as results:
        assert list(results) == []
    assert progress.steps == []


def test_something_is_made_of_each_image(reader, silent):
    """Made and skipped images are apart, and each in order."""
    task = EachImage(reader, partial(described, "image "))
    n_images = len(reader.source.keys)
    with Passes(ThreadEngine(2), silent).each(task, range(n_images), "making", 3) as results:
        done = list(results)
    made = [one for part in done for one in part.made]
    skipped = [skip.key for part in done for skip in part.skipped]
    assert skipped == ["b.jpg", "h.jpg"]
    assert made == [(f"image {name}.png", (8, 8, 3)) for name in "acdefg"]


def test_it_pickles(reader):
    """A copy from another process makes the same."""
    task = EachImage(reader, partial(described, ""))
    chunk = Chunk(range(len(reader.source.keys)))
    copy = pickle.loads(pickle.dumps(task))
    assert copy(chunk) == task(chunk) != Done([], [])


def test_quarantined_images_are_skipped_unread(reader, silent):
    """What killed workers is not read again, and counts as skipped."""
    task = EachImage(reader, partial(described, ""))
    with Passes(Quarantining(0), silent).each(task, [0], "making") as results:
        (done,) = results
    assert [(skip.key, skip.reason) for skip in done.skipped] == [
        (reader.source.keys[0], "kills-workers")
    ]


def test_strict_passes_fail_at_the_first_skipped_image(reader, progress):
    """Only if they are strict, and the result can have skipped images."""
    task = EachImage(reader, partial(described, ""))
    indices = range(len(reader.source.keys))
    with (
        pytest.raises(ColorprepError, match=r"^b\.jpg cannot be used .*--strict"),
        Passes(ThreadEngine(2), progress, strict=True).each(task, indices, "making", 1) as results,
    ):
        list(results)
    assert progress.open == 0
    with Passes(ThreadEngine(2), progress, strict=True).each(own_indices, [1], "x") as results:
        assert list(results) == [[1]]


def test_the_engine_stops_if_the_consumer_fails(progress):
    """Although the traceback of the error still refers to the results."""
    error = None
    begun = []
    passes = Passes(ThreadEngine(2), progress)
    try:
        with passes.each(begun.append, range(10_000), "counting", 1) as results:
            next(results)
            raise ValueError("the consumer fails")
    except ValueError as caught:
        error = caught
    assert error is not None and threads_of_engines() == []
    assert len(begun) < 10 and progress.open == 0
    gc.collect()
    assert len(begun) < 10


def test_an_error_of_a_task_ends_the_pass(progress):
    """It reaches the consumer, and no thread stays."""
    with (
        pytest.raises(ZeroDivisionError),
        Passes(ThreadEngine(2), progress).each(
            lambda chunk: 1 // chunk.indices[0], [1, 0, 1], "counting", 1
        ) as results,
    ):
        list(results)
    assert threads_of_engines() == [] and progress.open == 0


def test_parameters_open_passes(silent):
    """Workers and strictness are those of the parameters."""
    with open_passes(ImageParams(workers=3, strict=True), silent) as passes:
        assert passes.engine.workers == 3 and passes.strict and passes.reporter is silent


def test_strictness(reader):
    """Skipped images count only if strict."""
    skipped = EachImage(reader, np.shape)(Chunk([reader.source.keys.index("b.jpg")])).skipped
    check_strict(skipped, False)
    check_strict([], True)
    with pytest.raises(ColorprepError, match=r"b\.jpg"):
        check_strict(skipped, True)
