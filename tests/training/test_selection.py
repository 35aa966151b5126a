"""Claims about held-out images and curricula."""

import pytest

from colorprep.training.data.curriculum import Curriculum, CurriculumStage, split_keys


def test_split_depends_on_the_key_alone():
    """An image stays on its side when others are added or removed; fractions are as requested."""
    keys = [f"class/{i}.jpg" for i in range(4000)]
    training, validation = split_keys(keys, 0.05)
    assert sorted(training + validation) == sorted(keys)
    assert 0.035 < len(validation) / 4000 < 0.065
    half = split_keys(keys[::2], 0.05)[1]
    assert set(half) == set(validation) & set(keys[::2])


def test_split_of_few_keys():
    """At least one image is held out if the fraction is above 0, and at least one is left."""
    assert [len(part) for part in split_keys(["a", "b"], 0.01)] == [1, 1]
    assert [len(part) for part in split_keys(["a", "b"], 0.99)] == [1, 1]
    assert split_keys(["a", "b"], 0.0) == (["a", "b"], [])
    assert split_keys(["a"], 0.5) == (["a"], []) or split_keys(["a"], 0.5) == ([], ["a"])


@pytest.mark.parametrize(("epoch", "stage"), [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (99, 2)])
def test_stages_follow_each_other(epoch, stage):
    """Each stage has its epochs, and the last one has no end."""
    stages = [CurriculumStage(("a",), 2), CurriculumStage(("b",), 1), CurriculumStage(None, 2)]
    curriculum = Curriculum(tuple(stages))
    assert curriculum.n_epochs == 5
    assert curriculum.stage_for(epoch) == stage
