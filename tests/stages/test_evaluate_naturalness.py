"""Claims about `evaluate --naturalness`: colors judged by a prior, or by those of classes."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from colorprep.errors import InputError
from colorprep.metrics.protocol import protocol_hash, protocol_line
from colorprep.progress import Reporter
from colorprep.stages import evaluate, prior
from colorprep.stages.evaluate import EvaluateParams, MethodsParams
from colorprep.stages.source import ImageParams
from colorprep.workspace import Workspace

CLASSES = ("red", "green", "blue")
METHODS = ("gray", "other", "same")


def write(folder, name, number, pixels):
    """Write a picture of a class."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(folder / name / f"{number}.png")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Gray images, a third of them of their class's color, pictures by three methods, and priors.

    The methods color nothing, in the colors of another class, and as the originals are.
    """
    workspace, random = Workspace(tmp_path_factory.mktemp("natural")), np.random.default_rng(0)
    for channel, name in enumerate(CLASSES):
        for number in range(3):
            gray = np.repeat(random.integers(90, 120, (12, 9, 1)), 3, axis=2).astype(np.uint8)
            own, other = gray.copy(), gray.copy()
            own[:4, :, channel] += 80
            other[:4, :, (channel + 1) % 3] += 80
            pictures = {"originals": own, "gray": gray, "other": other, "same": own}
            for folder, pixels in pictures.items():
                write(workspace.root / folder, name, number, pixels)
    images = ImageParams(workspace.root / "originals")
    prior.run(prior.PriorParams(images, by_class=True), workspace, Reporter())
    return workspace


def params_of(method, **values):
    """Parameters that judge the pictures of a method."""
    return EvaluateParams(original="originals", colorized=method, output="out", **values)


def test_the_prior_of_a_class_knows_its_colors(made, silent):
    """The whole prior does not; gray is likelier than the originals under both."""
    by_whole, by_class = (
        {
            method: evaluate.run(params_of(method, naturalness=judge), made, silent).measured
            for method in METHODS
        }
        for judge in ("prior.npz", "priors")
    )
    for found in (by_whole, by_class):
        assert found["gray"]["naturalness_over_original"].low > 0.1
        assert found["same"]["naturalness_delta"].mean == 0
        assert found["same"]["naturalness"] == found["gray"]["naturalness_original"]
    assert abs(by_whole["other"]["naturalness_over_original"].mean) < 0.2
    assert by_class["other"]["naturalness_over_original"].high < -1
    over = by_class["other"]["naturalness_over_original"].mean
    assert by_class["other"]["naturalness_delta"].mean == pytest.approx(-over)


def test_it_joins_the_table_of_methods(made, silent):
    """Neither way is better, but closer to the originals is."""
    methods = {name: params_of(name, naturalness="priors") for name in METHODS}
    comparison = evaluate.run_methods(MethodsParams(methods), made, silent).findings.comparison
    assert {"naturalness", "naturalness_delta"} <= set(comparison.metrics)
    assert "naturalness_original" in comparison.of_originals
    assert comparison.differences["same"]["naturalness_delta"].high < 0  # than gray, the first


def test_the_prior_is_part_of_the_protocol(made, silent):
    """Its digest, the bins and the floor; without one, the line is as ever."""
    whole = evaluate.run(params_of("gray", naturalness="prior.npz"), made, silent)
    facts = json.loads(whole.figures.read_text())["naturalness_by"]
    assert whole.protocol.endswith(
        f" naturalness=mean-ln(p),nats-per-pixel,ab313,p:{facts['digest'][:8]},floor:uniform-0.001"
    )
    by_class = evaluate.run(params_of("gray", naturalness="priors"), made, silent)
    assert ",ab313,class:top,class-priors:" in by_class.protocol
    assert json.loads(by_class.figures.read_text())["naturalness_by"]["n_priors"] == 3
    plain = evaluate.run(params_of("gray"), made, silent)
    assert plain.protocol == protocol_line(None, "convert", "apply", plain.balance.name, {})
    assert protocol_hash(plain.protocol) != whole.protocol_hash
    assert "naturalness" not in plain.figures.read_text()


def test_class_priors_know_where_classes_are_from(made, workspace, silent):
    """Their rule is taken unless another is given."""
    images = ImageParams(made.root, list=workspace.root / "list.txt")
    keys = [f"{folder}/{name}/0.png" for folder in ("gray", "same") for name in CLASSES]
    (workspace.root / "list.txt").write_text("\n".join(keys))
    prior.run(prior.PriorParams(images, by_class=True, class_from="parent"), workspace, silent)
    judged = params_of(made.root / "gray", naturalness="priors")
    judged = replace(judged, original=made.root / "originals")
    assert "class:parent," in evaluate.run(judged, workspace, silent).protocol


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"naturalness": "gray"}, "gray has no class priors.*prior --by-class"),
        ({"naturalness": "priors", "class_from": "name"}, "no prior of the class ''.*blue, green"),
    ],
    ids=str,
)
def test_what_cannot_judge_is_refused(made, silent, values, message):
    """The message says what to do."""
    with pytest.raises(InputError, match=message):
        evaluate.run(params_of("gray", **values), made, silent)


def test_images_without_a_folder_have_no_class(made, silent):
    """Those directly in the source are told so, not that a prior is missing."""
    params = params_of("gray/red", naturalness="priors")
    with pytest.raises(InputError, match=r"0\.png has no class.*--naturalness prior\.npz"):
        evaluate.run(replace(params, original="originals/red"), made, silent)


def test_a_rule_of_classes_needs_who_asks_for_them():
    """Before anything is opened."""
    with pytest.raises(InputError, match="goes with --classifier or --naturalness"):
        params_of("gray", class_from="parent")
