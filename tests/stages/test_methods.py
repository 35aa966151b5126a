"""Claims about several methods in one comparison: on which images, and in which files."""

import csv
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from colorprep import ColorprepError, InputError, Workspace
from colorprep.metrics.methods import BETTER
from colorprep.progress import Reporter
from colorprep.stages import info
from colorprep.stages.evaluate import EvaluateParams, MethodsParams, run, run_methods
from colorprep.stages.evaluate.methods_files import comparison_of
from colorprep.stages.evaluate.networks import Networks
from colorprep.stages.source import ImageParams

N = 6


def write_folders(root):
    """Write six originals, the pictures of two methods, and those of a third as pix2pix does."""
    generator = np.random.default_rng(0)
    for number in range(N):
        original = generator.integers(0, 256, 3) + generator.integers(-40, 41, (24, 20, 3))
        gray = original.mean(axis=2, keepdims=True)
        colors = {"a": 0.7, "b": 0.5, "c": 0.2}
        pictures = {name: gray + share * (original - gray) for name, share in colors.items()}
        pictures["c"] = pictures["c"] + generator.normal(0, 9, original.shape)
        for name, pixels in {"gt": original, **pictures}.items():
            path = root / name / f"{number}{'_fake_B' if name == 'c' else ''}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)
    Image.open(root / "c" / "0_fake_B.png").save(root / "c" / "0_real_A.png")
    return root


@pytest.fixture
def folders(tmp_path):
    """The folders, to be changed."""
    return write_folders(tmp_path)


def params_of(**values):
    """Parameters to compare the three methods."""
    methods = {
        "a": EvaluateParams(original="gt", colorized="a", **values),
        "b": EvaluateParams(original="gt", colorized="b", **values),
        "c|_%": EvaluateParams(original="gt", colorized="c", suffix="_fake_B", **values),
    }
    return MethodsParams(methods, baseline="b")


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """The comparison of the three methods."""
    workspace = Workspace(write_folders(tmp_path_factory.mktemp("methods")))
    return run_methods(params_of(), workspace, Reporter())


def test_metrics_are_those_of_each_method_alone(compared, folders, workspace, silent):
    """To the last digit; the differences are those of the means, and the baseline has none."""
    comparison = compared.findings.comparison
    for name, params in params_of().methods.items():
        assert comparison.measured[name] == run(params, workspace, silent).measured
    assert list(comparison.differences) == ["a", "c|_%"]
    for name, found in comparison.differences.items():
        assert set(found) <= set(BETTER) and len(found) == 15
        for metric, one in found.items():
            means = [comparison.measured[each][metric].mean for each in (name, "b")]
            assert one.mean == pytest.approx(means[0] - means[1], abs=1e-12)
    assert comparison.marked("a", "ciede2000") and comparison.marked("c|_%", "psnr")


def test_every_format_has_the_same_table(compared):
    """Numbers read back from CSV and JSON exactly; Markdown and LaTeX escape names."""
    comparison, files = compared.findings.comparison, compared.files
    facts = json.loads(files.facts.read_text(encoding="utf-8"))
    assert facts["protocol"] == compared.findings.protocol and facts["n_images"] == N
    assert facts["baseline"] == "b" and facts["better"]["psnr"] == "higher"
    assert facts["better"]["chroma_ab"] is None and comparison_of(facts) == comparison
    with files.table.open(newline="") as stream:
        rows = {(row["metric"], row["method"]): row for row in csv.DictReader(stream)}
    assert len(rows) == 3 * len(comparison.metrics)
    for (metric, name), row in rows.items():
        found = facts["methods"][name]
        assert float(row["mean"]) == found["metrics"][metric]["mean"]
        difference = found["differences"].get(metric)
        assert row["difference"] == ("" if difference is None else str(difference["mean"]))
        assert row["excludes_zero"] in ("", str(int(comparison.marked(name, metric))))
    markdown = files.markdown.read_text(encoding="utf-8")
    assert r"c\|_%" in markdown and "| psnr ↑" in markdown and facts["protocol"] in markdown
    marked = f"{facts['n_excluding_zero']} of 30 paired differences to b are marked *"
    assert marked in markdown and "chance would mark about 1.5" in markdown
    assert facts["sources"] == {
        "originals": "gt",
        "methods": {"a": "pictures in a", "b": "pictures in b", "c|_%": "pictures in c"},
        "auc_balanced": "balanced by the originals' own colors",
    }
    latex = files.latex.read_text(encoding="utf-8")
    assert r"c|\_\%" in latex and r"mse\_ab $\downarrow$" in latex and r"\toprule" in latex
    assert "\n- b: pictures in b\n" in markdown and "\n% b: pictures in b\n" in latex
    for table in re.findall(r"(?s)\\midrule\n(.*?)\\bottomrule", latex):
        assert len({line.count(" & ") for line in table.splitlines()}) == 1


def test_info_tells_the_means(compared, workspace, silent):
    """By metric and method, of the folder as of its JSON."""
    facts = info.run(compared.files.facts, workspace, silent)
    measured = compared.findings.comparison.measured
    assert facts == info.run(compared.files.facts.parent, workspace, silent)
    assert facts["what"] == "a comparison of 3 methods on 6 images" and facts["left_out"] == 0
    assert facts["metrics"][0] == {
        "metric": "auc",
        **{name: found["auc"].mean for name, found in measured.items()},
    }


def test_metrics_of_images(compared):
    """A line for each image and method."""
    with compared.files.images.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["key"], row["method"]) for row in rows[:4]] == [
        ("0.png", "a"),
        ("0.png", "b"),
        ("0.png", "c|_%"),
        ("1.png", "a"),
    ]
    psnr = compared.findings.columns["a"]["psnr"].tolist()
    assert [float(row["psnr"]) for row in rows if row["method"] == "a"] == psnr


def test_the_page_shows_the_same_images_side_by_side(compared):
    """By method, with keys and metrics; nothing is loaded from elsewhere, and nothing runs."""
    page = compared.files.page.read_text(encoding="utf-8")
    assert page.count("<img ") == 3 * 3 * 5  # kinds, images of each; original, gray and methods
    worst = int(np.argmax(np.mean([one["ciede2000"] for one in columns_of(compared)], axis=0)))
    assert page.index(f"{worst}.png, original") == min(
        page.index(f"{n}.png, original") for n in range(N) if f"{n}.png, original" in page
    )
    assert "ciede2000 " in page and "psnr " in page
    assert "<script" not in page and "http" not in page and "c|_%" in page


def columns_of(compared):
    """The metrics of images, method by method."""
    return compared.findings.columns.values()


def test_only_images_that_all_methods_have(folders, workspace, recorder):
    """What a method lacks, or cannot be read, is compared by none, and is named."""
    (folders / "a" / "1.png").unlink()
    (folders / "b" / "2.png").write_bytes((folders / "b" / "2.png").read_bytes()[:60])
    (folders / "gt" / "4.png").write_bytes(b"nothing")
    result = run_methods(params_of(), workspace, recorder)
    assert result.findings.keys == ["0.png", "3.png", "5.png"]
    left_out = {skip.key: skip for skip in result.findings.left_out}
    assert left_out["1.png"].detail == "a: a has no image of this path"
    assert left_out["2.png"].detail.startswith("b: its picture 2.png")
    assert not left_out["4.png"].detail.startswith(("a", "b", "c"))
    assert "left out 1 image: a: a has no image of this path: 1.png" in recorder.warnings
    assert any("passed over 1 image without" in note for note in recorder.notes)
    facts = json.loads(result.files.facts.read_text())
    assert facts["warnings"] and facts["warnings"] == recorder.warnings
    assert all(warning in result.files.markdown.read_text() for warning in facts["warnings"])
    assert {one["key"] for one in facts["left_out"]} == {"1.png", "2.png", "4.png"}
    with pytest.raises(ColorprepError, match="--strict"):
        run_methods(params_of(images=ImageParams(strict=True)), workspace, recorder)


def test_methods_without_a_common_image(folders, workspace, silent):
    """It is an error that names the methods."""
    for number in range(N):
        (folders / "ab"[number % 2] / f"{number}.png").unlink()
    with pytest.raises(InputError, match=r"no original has a picture of each of a, b, c"):
        run_methods(params_of(), workspace, silent)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"baseline": "z"}, "there is no method z; the methods are a, b"),
        ({"show_by": "mean_iou"}, "--show-by takes auc, psnr"),
        ({"show_by": "lpips"}, "needs --weights alexnet"),
        ({"methods": {}}, "two methods or more"),
        ({"methods": {"a": "gt", "b": "gt"}, "trees": "pictures"}, "one method only"),
        ({"methods": {"a": "gt", "b": "other"}}, "b is judged otherwise than a"),
    ],
    ids=str,
)
def test_what_cannot_be_compared_is_refused(change, message):
    """Before any image is read."""
    options = dict(change)
    originals, trees = options.pop("methods", {"a": "gt", "b": "gt"}), options.pop("trees", None)
    methods = {
        name: EvaluateParams(original=original, colorized=name, trees=trees)
        for name, original in originals.items()
    }
    with pytest.raises(InputError, match=message):
        MethodsParams(methods, **options)


def test_features_of_methods_are_apart():
    """Each method has a distance of its own for FID, and the same networks otherwise."""
    networks = Networks(distance=SimpleNamespace(), packages=("torch",))
    mine, others = networks.for_method(), networks.for_method()
    assert mine.distance is not others.distance and mine.packages == others.packages
    assert Networks().for_method() == Networks()
