"""Claims about recognition: what classifiers see, which classes they know, what is refused."""

import numpy as np
import pytest
import torch
from classifiers import LENGTH, Channels, Regions, write_classifier
from PIL import Image
from PIL.Image import Resampling
from skimage import data

from colorprep.errors import InputError
from colorprep.training import classifier
from colorprep.training.judging.recognition import (
    imagenet_classes,
    middle_view,
    packaged_recognizer,
    recognizer_in_file,
)

CLASSES = ["a", "b", "c", "d", "e"]


def test_a_classifier_sees_the_middle():
    """Its picture is cut and resized as Pillow does it."""
    coffee = data.coffee()
    square = Image.fromarray(coffee).crop((100, 0, 500, 400))
    expected = square.resize((256, 256), Resampling.BILINEAR).crop((16, 16, 240, 240))
    seen = middle_view(coffee)
    assert seen.shape == (1, 3, 224, 224) and seen.dtype == torch.float32
    levels = torch.round(255 * seen[0]).movedim(0, -1).numpy().astype(np.uint8)
    np.testing.assert_array_equal(levels, np.asarray(expected))


def test_a_file_gives_its_networks_scores(tmp_path):
    """The rank of a class is that of its output for what the network sees."""
    recognizer = recognizer_in_file(write_classifier(tmp_path / "regions.pt"), CLASSES)
    cat = data.chelsea()
    with torch.no_grad():
        expected = Regions()(middle_view(cat))[0].numpy()
    np.testing.assert_array_equal(recognizer.scores(cat), expected)
    order = np.argsort(-expected)
    assert [recognizer.rank(cat, class_id) for class_id in order] == list(range(LENGTH))
    assert (recognizer.kind, recognizer.name, recognizer.tops) == ("file", "regions.pt", (1,))


def test_another_number_of_classes_is_refused(tmp_path):
    """Both numbers are named, and what to give."""
    path = write_classifier(tmp_path / "regions.pt")
    with pytest.raises(InputError, match="5 scores, but --classes names 2 classes; give --classes"):
        recognizer_in_file(path, ["a", "b"])
    with pytest.raises(InputError, match="5 scores, but ImageNet has 1,000 classes; give"):
        recognizer_in_file(path, None)


def test_scores_that_are_not_finite_are_refused(tmp_path):
    """They have no rank."""

    class Divided(Channels):
        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            """Return infinity for what is black."""
            return 0.1 / pictures.mean(dim=(2, 3))

    torch.jit.script(Divided()).save(tmp_path / "divided.pt")
    recognizer = recognizer_in_file(tmp_path / "divided.pt", ["r", "g", "b"])
    with pytest.raises(Exception, match="not finite"):
        recognizer.rank(np.zeros((9, 9, 3), np.uint8), 0)


def test_the_packaged_classifier_knows_imagenets_classes():
    """Its ids are ranks of sorted synsets: a cat and an espresso have theirs."""
    pytest.importorskip(classifier.PACKAGE)
    recognizer, classes = packaged_recognizer(), imagenet_classes()
    assert len(set(classes)) == 1000 and list(classes) == sorted(classes) == [*recognizer.classes]
    assert recognizer.tops == (1, 5)
    assert recognizer.rank(data.coffee(), classes.index("n07920052")) == 0
    cats = [classes.index(synset) for synset in ("n02123045", "n02123159", "n02124075")]
    assert sorted(recognizer.rank(data.chelsea(), cat) for cat in cats)[0] == 0
