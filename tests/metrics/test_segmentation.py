"""Claims about the scores of segments: they are scikit-learn's."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, jaccard_score
from sklearn.metrics import confusion_matrix as sklearn_confusion

from colorprep import InputError
from colorprep.metrics.segmentation import confusion_matrix, segment_scores


@pytest.fixture(scope="module")
def maps():
    """Targets of 21 classes, some void and some classes absent, and predictions, uint8."""
    generator = np.random.default_rng(0)
    target = generator.choice([0, 1, 2, 5, 15, 255], p=[0.5, 0.2, 0.1, 0.1, 0.05, 0.05], size=4000)
    guess = generator.choice([0, 1, 2, 5, 7], size=4000)
    prediction = np.where(generator.random(4000) < 0.6, target, guess)
    prediction[target == 255] = 7
    shape = (2, 40, 50)
    return target.astype(np.uint8).reshape(shape), prediction.astype(np.uint8).reshape(shape)


@pytest.mark.filterwarnings("ignore:y_pred contains classes")
def test_scores_equal_sklearn(maps):
    """All four scores, void pixels left out, are those of scikit-learn."""
    found = confusion_matrix(*maps, 21)
    true, predicted = (each[maps[0] != 255] for each in maps)
    np.testing.assert_array_equal(found, sklearn_confusion(true, predicted, labels=range(21)))
    scores = segment_scores(found)
    assert scores.pixel_accuracy == pytest.approx((true == predicted).mean())
    assert scores.class_accuracy == pytest.approx(balanced_accuracy_score(true, predicted))
    occurring = np.union1d(true, predicted)
    iou = {
        average: jaccard_score(true, predicted, labels=occurring, average=average, zero_division=0)
        for average in ("macro", "weighted")
    }
    assert scores.mean_iou == pytest.approx(iou["macro"])
    assert scores.frequency_weighted_iou == pytest.approx(iou["weighted"])


def test_the_scores_of_a_set_are_of_the_summed_matrices(maps):
    """Matrices of images add up to that of all pixels."""
    each = [
        confusion_matrix(target, prediction, 21) for target, prediction in zip(*maps, strict=True)
    ]
    np.testing.assert_array_equal(sum(each), confusion_matrix(*maps, 21))


def test_without_pixels_there_are_no_scores():
    """Where all targets are void, every score is NaN."""
    target = np.full((3, 3), 255)
    assert np.isnan(segment_scores(confusion_matrix(target, np.zeros((3, 3), int), 4))).all()


def test_classes_out_of_range_are_refused():
    """A class that would be counted as another pair of classes is an error."""
    with pytest.raises(InputError, match=r"classes 0 to 1 are expected in the target, got 0 to 2"):
        confusion_matrix(np.array([0, 2]), np.array([0, 1]), 2)
    with pytest.raises(InputError, match="in the prediction"):
        confusion_matrix(np.array([0, 1]), np.array([0, 3]), 2)
