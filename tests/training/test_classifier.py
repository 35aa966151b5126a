"""Claims about frozen classifiers: what they see, and what they return."""

import pickle

import numpy as np
import pytest
import torch
from classifiers import LENGTH, Regions, write_classifier
from skimage import data

from colorprep.errors import ArtifactError, ColorprepError
from colorprep.images.resizing import middle_square, resize
from colorprep.quantize.labeling import lightness_of
from colorprep.training import classifier as module
from colorprep.training.classifier import FrozenClassifier, classifier_picture, open_classifier
from colorprep.training.models.efficientnet_lite import EfficientNetLite0

LEVELS = np.random.default_rng(0).integers(0, 256, (3, 32, 32)).astype(np.uint8)


@pytest.fixture
def packaged():
    """The packaged classifier; the test skips where its package is not installed."""
    pytest.importorskip(module.PACKAGE)
    return open_classifier(None)


def test_efficientnet_has_the_published_size():
    """4,652,008 parameters, and 42,065 statistics of its batch norms."""
    network = EfficientNetLite0().eval()
    assert sum(each.numel() for each in network.parameters()) == 4_652_008
    assert sum(each.numel() for each in network.state_dict().values()) == 4_694_073
    shapes = {}
    for block in (0, 1, 3, 5, 8, 11, 15):
        network._blocks[block].register_forward_hook(
            lambda layer, given, out, block=block: shapes.update({block: tuple(out.shape[1:])})
        )
    with torch.no_grad():
        assert network(torch.zeros((1, 3, 224, 224))).shape == (1, 1000)
    assert [shapes[block] for block in sorted(shapes)] == [
        (16, 112, 112), (24, 56, 56), (40, 28, 28), (80, 14, 14), (112, 14, 14), (192, 7, 7),
        (320, 7, 7),
    ]  # fmt: skip


def test_a_classifier_sees_gray_from_0_to_1():
    """The picture has three equal channels, black and white at the ends of lightness."""
    picture = classifier_picture(LEVELS[0])
    assert picture.shape == (1, 3, 224, 224) and picture.dtype == torch.float32
    assert torch.equal(picture[:, 0], picture[:, 1]) and torch.equal(picture[:, 0], picture[:, 2])
    ends = [float(classifier_picture(np.full((4, 4), level, np.uint8)).max()) for level in (0, 255)]
    assert ends == [0.0, 1.0]
    gray = np.repeat(np.arange(0, 224, dtype=np.uint8)[:, None, None], 224, axis=1).repeat(3, 2)
    levels = 255.0 * classifier_picture(lightness_of(gray))[0, 0].numpy()
    assert np.abs(levels - gray[..., 0]).max() <= 1.51  # a step of lightness is up to 3 levels


@pytest.mark.parametrize("name", ["regions.pt", "regions.pt2"])
def test_files_give_their_networks_outputs(tmp_path, name):
    """TorchScript and torch.export files return what the network returns, also once pickled."""
    classifier = open_classifier(write_classifier(tmp_path / name))
    assert classifier.length == LENGTH and classifier.name == name
    with torch.no_grad():
        expected = [Regions()(classifier_picture(levels))[0].half().numpy() for levels in LEVELS]
    with module.threads_restored():
        np.testing.assert_array_equal(classifier.of_each(LEVELS), expected)
    again = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(again(LEVELS[0]), expected[0])


def test_a_file_that_changes_is_refused(tmp_path):
    """What a task was made with is what its workers use."""
    first = open_classifier(write_classifier(tmp_path / "a.pt"))
    write_classifier(first.file, seed=1)
    second = open_classifier(first.file)
    assert second.digest != first.digest
    module._network.cache_clear()
    with pytest.raises(ArtifactError, match="has changed"):
        first(LEVELS[0])


class Wrong(torch.nn.Module):
    """Returns a map, or infinity for white pictures."""

    def __init__(self, map_: bool) -> None:
        super().__init__()
        self.map = map_

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return it."""
        return pictures if self.map else 1e6 * pictures.mean(dim=(2, 3))


@pytest.mark.parametrize("map_", [True, False])
def test_wrong_outputs_are_refused(tmp_path, map_):
    """Features are finite float16 in one row."""
    torch.jit.script(Wrong(map_)).save(tmp_path / "wrong.pt")
    with pytest.raises(ArtifactError, match="wrong.pt.*float32, RGB from 0 to 1"):
        open_classifier(tmp_path / "wrong.pt")


@pytest.mark.parametrize("name", ["no.pt", "no.pt2"])
def test_other_files_are_refused(tmp_path, name):
    """A missing file, and one that holds something else."""
    with pytest.raises(ArtifactError, match="there is no file"):
        open_classifier(tmp_path / name)
    (tmp_path / name).write_bytes(b"no network")
    with pytest.raises(ArtifactError, match="cannot be loaded"):
        open_classifier(tmp_path / name)


def test_a_missing_package_is_named(monkeypatch):
    """The message has the command that installs it."""
    monkeypatch.setattr(module, "PACKAGE", "no_such_package")
    with pytest.raises(ColorprepError, match="colorprep\\[classifier\\]"):
        open_classifier(None)


def test_the_packaged_classifier_knows_gray_photographs(packaged: FrozenClassifier):
    """A cat is a cat and a cup of coffee an espresso, without their colors."""
    cats, espresso = range(281, 286), [967]
    for photograph, classes in ((data.chelsea(), cats), (data.coffee(), espresso)):
        features = packaged(lightness_of(resize(middle_square(photograph), 256)))
        assert int(features.argmax()) in classes
        assert float(features.sum(dtype=np.float64)) == pytest.approx(1.0, abs=1e-3)
