"""Claims about `report`: its numbers are right, and it is the same everywhere."""

import hashlib
import json
import re

import numpy as np
import pytest
from reports import facts_of
from results import write_results

from colorprep import (
    QuantizerSpec,
    Reporter,
    load_prior,
    load_weights,
    rebalancing_weights,
    weight_safety,
)
from colorprep.balance.comparison import compare_priors
from colorprep.balance.weights import gray_bins
from colorprep.images.folder import folder_source
from colorprep.images.reader import ImageReader
from colorprep.images.source import index_of
from colorprep.quantize.round_trip import round_trip_errors
from colorprep.report.figures.figure_style import DEFAULT_STYLE, FigureStyle
from colorprep.stages.prior import stage as prior
from colorprep.stages.report.photographs import evenly_spaced
from colorprep.stages.report.stage import ReportParams, run
from colorprep.stages.rgbvar import stage as rgbvar
from colorprep.stages.source import ImageParams

ANCHORS = [
    "prior",
    "smoothing",
    "weights",
    "lambda",
    "classes",
    "uncertainty",
    "round-trip",
    "ranking",
    "lists",
    "audit",
    "skipped",
    "training",
    "probes",
    "sweep",
    "evaluation",
    "methods",
    "provenance",
]
RESULTS = {"audit", "training", "probes", "sweep", "evaluation", "methods"}

KINDS = [
    QuantizerSpec("gmm", 4),
    QuantizerSpec("kmeans", 20),
    QuantizerSpec("hc-grid", 25),
    QuantizerSpec("hc-1d", 6),
]


@pytest.fixture(scope="module")
def result(complete):
    """The report on it."""
    return run(ReportParams(), complete, Reporter())


def test_sections_and_their_numbers(complete, result):
    """Every section exists, and shows what the artifacts contain."""
    facts = facts_of(result)
    assert list(facts) == [anchor for anchor in ANCHORS if anchor not in RESULTS]
    assert {one.anchor for one in result.missing} == {"lightness", "comparison", *RESULTS}
    whole = load_prior(complete.path("prior.npz"))
    used = load_weights(complete.path("weights.npz"))[0]
    gray = gray_bins(whole.quantizer.centers, "ab")
    assert facts["prior"]["n_images"] == 40 and facts["prior"]["digest"] == whole.digest
    assert facts["prior"]["gray_share"] == pytest.approx(whole.probs[gray].sum())
    safety = weight_safety(used, gray)
    assert facts["weights"]["gray_after"] == pytest.approx(safety.gray_after)
    assert facts["classes"]["n_classes"] == 10 and len(facts["classes"]["most_different"]) == 10
    assert facts["uncertainty"]["n_replicates"] == 20
    assert facts["ranking"]["n_images"] == 40 and facts["ranking"]["ranks"] == [1, 5, 21, 29]
    assert facts["skipped"] == {"prior": {}, "labels": {}}
    assert facts["lists"] == {"rgbvar.txt": 40}
    html = result.path.read_text()
    assert result.n_bytes == len(html.encode()) and "Color report of train" in html
    assert json.dumps(facts)


def test_the_table_over_lambda(complete, result):
    """The table shows the effect of weights at each lambda, or why there are none."""
    table = facts_of(result)["lambda"]["table"]
    whole = load_prior(complete.path("prior.npz"))
    gray = gray_bins(whole.quantizer.centers, "ab")
    assert [row["lambda"] for row in table] == [0, 0.25, 0.5, 0.75, 0.9, 1]
    assert "infinite" in table[0]["error"]
    for row in table[1:]:
        safety = weight_safety(rebalancing_weights(whole.probs, row["lambda"]), gray)
        assert {name: row[name] for name in vars(safety)} == vars(safety)
    assert table[-1]["effective_share"] == pytest.approx(1)


def test_the_round_trip_of_these_images(complete, result, photographs):
    """The errors are those of a grid of pixels of each image, up to 200 images."""
    facts = facts_of(result)["round-trip"]
    reader = ImageReader(folder_source(photographs))
    rows = np.arange(64) * 96 // 64
    grids = [reader.read(index).pixels[rows][:, rows].reshape(-1, 3) for index in range(40)]
    pixels = np.concatenate(grids)
    errors = round_trip_errors(load_prior(complete.path("prior.npz")).quantizer, pixels)
    assert (facts["n_images"], facts["n_pixels"]) == (40, len(pixels))
    for name, values in errors._asdict().items():
        assert facts[name]["mean"] == pytest.approx(values.mean())
        assert facts[name]["percentile_95"] == pytest.approx(np.quantile(values, 0.95))


def test_same_inputs_same_bytes(result, changeable, silent):
    """The page does not depend on workers, its path, or figures beside it."""
    params = ReportParams(ImageParams(workers=1), output="again.html", figures="figures")
    again = run(params, changeable, silent)
    assert result.path.read_bytes() == again.path.read_bytes()
    names = [path.name for path in again.figures]
    assert len(names) == 12 and names[:2] == ["prior.png", "smoothing.png"]


def test_provenance(complete, result):
    """The digests are those of the files, and the page says if the prior counted these images."""
    facts = facts_of(result)["provenance"]
    assert list(facts) == ["prior", "weights", "labels", "ranking", "images", "page"]
    for name in ("prior", "weights", "labels", "ranking"):
        content = complete.path(facts[name]["file"]).read_bytes()
        assert facts[name]["sha256"] == hashlib.sha256(content).hexdigest()
    assert facts["weights"]["prior_digest"] == facts["prior"]["digest"]
    assert facts["images"]["same_names_and_sizes"] is True
    assert facts["images"]["digest"] == facts["prior"]["source"]["digest"]
    html = result.path.read_text().replace("<wbr>", "")
    assert all(one["sha256"] in html for one in facts.values() if "sha256" in one)
    assert '<th scope="row">same_names_and_sizes</th><td>yes</td>' in html
    assert '<th scope="row">n_shards</th><td class="number">1</td>' in html


def test_no_place_and_no_date(complete, result, photographs):
    """The page names the source, but contains no path and no date."""
    html = result.path.read_text()
    assert str(photographs.parent) not in html and str(complete.root) not in html
    assert not re.search(r"20\d\d-\d\d-\d\d|http", re.sub('base64,[^"]+', "", html))


@pytest.mark.usefixtures("without_charts")
def test_a_prior_is_enough(workspace, few, silent):
    """Missing artifacts are named with the command that makes them; weights come from the prior."""
    prior.run(prior.PriorParams(ImageParams(few)), workspace, silent)
    workspace.path("weights.npz").unlink()
    result = run(ReportParams(), workspace, silent)
    readings = {section.anchor: section.reading for section in result.sections}
    commands = {one.anchor: one.command for one in result.missing}
    assert set(commands) == {*ANCHORS, "lightness", "comparison"} - set(readings)
    assert commands["classes"] == "colorprep prior --by-class"
    assert commands["training"] == "colorprep train"
    assert "no `weights.npz`" in readings["weights"]
    whole = load_prior(workspace.path("prior.npz"))
    largest = rebalancing_weights(whole.probs, 0.5).weights.max()
    assert facts_of(result)["weights"]["largest"] == pytest.approx(largest)


@pytest.mark.parametrize("spec", KINDS, ids=lambda spec: spec.name)
@pytest.mark.usefixtures("without_svg")
def test_every_quantizer(workspace, few, recorder, silent, spec):
    """All sections work for every kind of bins; all figures are written, whatever their size."""
    figures = "figures" if spec.name == "gmm" else None
    (workspace.root / "some.txt").write_text("\n".join(folder_source(few).keys[:4]))
    images = ImageParams(few, list="some.txt")
    prior.run(prior.PriorParams(images, spec, by_class=True, bootstrap=4), workspace, silent)
    rgbvar.run(rgbvar.RgbvarParams(images), workspace, silent)
    name = next(workspace.path("priors").glob("*/prior.npz"))
    style = FigureStyle(size=(3.5, 2.5)) if figures else DEFAULT_STYLE
    params = ReportParams(compare=name, figures=figures, style=style)
    result = run(params, workspace, recorder)
    facts = facts_of(result)
    assert facts["comparison"]["jensen_shannon"] > 0
    assert facts["round-trip"]["soft"]["mean"] <= facts["round-trip"]["hard"]["mean"] + 1e-9
    if figures:
        assert len(result.figures) == 13
        assert all(path.stat().st_size > 5000 for path in result.figures)
        assert any("higher than --figure-size" in note for note in recorder.notes)


@pytest.mark.usefixtures("without_charts")
def test_a_published_prior(complete, silent, shared, published):
    """A bare .npy is compared bin by bin, and its known faults are named."""
    for name, codes in (("zhang_prior_probs", []), ("nilboy_prior_probs", ["unreachable-mass"])):
        path = shared / "reference" / f"{name}.npy"
        result = run(ReportParams(compare=path), complete, silent)
        facts = facts_of(result)["comparison"]
        expected = compare_priors(load_prior(complete.path("prior.npz")).probs, published(name))
        assert facts["jensen_shannon"] == pytest.approx(expected.jensen_shannon)
        assert facts["total_variation"] == pytest.approx(expected.total_variation)
        first = facts["bins"][0]
        assert first["share"] - first["share_there"] == pytest.approx(
            expected.differences[np.argmax(np.abs(expected.differences))]
        )
        assert [one["code"] for one in facts["findings"]][: len(codes)] == codes
        assert str(shared) not in result.path.read_text()


@pytest.mark.usefixtures("without_charts")
def test_what_other_commands_found(changeable, silent):
    """Skipped and odd images are counted by reason; results of networks are as in their files."""
    write_results(changeable.root)
    changeable.path("labels/skipped.csv").write_text(
        "key,reason,detail\na,empty,0 bytes\nb,empty,0\n"
    )
    audit = "key,reasons,notes\na,gray;duplicate,border\nb,,\nc,gray,\n"
    changeable.path("audit/audit.csv").write_text(audit)
    result = run(ReportParams(), changeable, silent)
    facts, html = facts_of(result), result.path.read_text()
    assert list(facts) == ANCHORS
    assert facts["skipped"] == {
        "prior": {},
        "labels": {"empty": 2},
        "audit": {"border": 1, "duplicate": 1, "gray": 2},
    }
    assert facts["audit"]["n_kept"] == 37 and facts["audit"]["emptied"] == ["b"]
    fault = "the held-out loss has not fallen since step 100"
    runs = facts["training"]["runs"]
    assert runs["first"]["faults"] == ["not finished: 400 of 1,000 steps", fault]
    assert runs["second"]["faults"] == [fault] and runs["second"]["steps"] == 1000
    assert facts["probes"]["runs"]["a"]["block5"]["value"] == 0.5
    assert facts["sweep"]["psnr"] == {"0": 24, "1": 25, "10": 34}
    assert facts["evaluation"]["psnr"]["mean"] == 24.25
    assert facts["methods"]["n_excluding_zero"] == 1 and "[+0.50, +1.50] *</td>" in html
    assert html.count('alt="Samples of') == 2 and html.count('alt="The worst and') == 1
    assert {*RESULTS} <= set(facts["provenance"])
    assert "a file of 0 bytes" in html and "another image of the same picture stays" in html


def test_names_of_folders_are_data(changeable, silent):
    """A class name may look like markup or a formula."""
    first = sorted(changeable.path("priors").glob("*/prior.npz"))[0].parent
    first.rename(first.with_name("<b>$x^{$"))
    html = run(ReportParams(), changeable, silent).path.read_text()
    assert "<b>" not in html and html.count("&lt;b&gt;$x^{$") >= 2


def test_samples_are_evenly_spaced():
    """A sample takes images at even distances, the same ones every time."""
    assert evenly_spaced(3, 200).tolist() == [0, 1, 2]
    assert evenly_spaced(250, 5).tolist() == [0, 50, 100, 150, 200]
    assert evenly_spaced(0, 5).tolist() == []


def test_keys_are_found():
    """The index of a key among sorted ones is found, or None."""
    keys = ["a", "b/c", "d"]
    assert [index_of(keys, key) for key in ("a", "b/c", "b", "e")] == [0, 1, None, None]


@pytest.mark.slow
def test_the_page_is_small(shared, workspace, silent, published):
    """For 250 photographs, each in its own class, the page has less than 3 MB."""
    images = ImageParams(shared / "images" / "imagenet")
    params = prior.PriorParams(images, size=64, by_class=True, bootstrap=20)
    prior.run(params, workspace, silent)
    rgbvar.run(rgbvar.RgbvarParams(images, fast=True), workspace, silent)
    compare = shared / "reference" / "zhang_prior_probs.npy"
    result = run(ReportParams(compare=compare), workspace, silent)
    assert result.n_bytes == result.path.stat().st_size < 3_000_000
    facts = facts_of(result)
    assert facts["classes"]["n_classes"] == 250 and facts["round-trip"]["n_images"] == 200
    # Measured on these photographs before; the published grid's decoding error is of this size.
    assert facts["round-trip"]["hard"]["mean"] == pytest.approx(2.84, abs=0.1)
    assert facts["round-trip"]["soft"]["mean"] == pytest.approx(0.19, abs=0.02)


@pytest.mark.usefixtures("without_charts")
def test_few_images_tell_little(workspace, few, recorder):
    """Replicates of eight images give a warning, and so do the intervals."""
    prior.run(prior.PriorParams(ImageParams(few), bootstrap=20), workspace, recorder)
    assert any("intervals of only 8 images are too narrow" in text for text in recorder.warnings)
    assert (
        "With so few images the intervals"
        in run(ReportParams(), workspace, recorder).path.read_text()
    )


@pytest.mark.usefixtures("without_charts")
def test_a_reference_is_judged_as_verify_does(complete, silent, tmp_path):
    """A vector that does not sum to 1 is reported on the page too."""
    np.save(tmp_path / "x7.npy", 7 * load_prior(complete.path("prior.npz")).probs)
    result = run(ReportParams(compare=tmp_path / "x7.npy"), complete, silent)
    assert "it sums to 7" in result.path.read_text()
