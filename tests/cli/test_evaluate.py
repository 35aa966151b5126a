"""Claims about `colorprep evaluate`: what it prints, its JSON, its exit codes."""

import json
import re
import shutil

import pytest
from PIL import Image

KEYS = {
    "auc", "auc_balanced", "auc_balanced_per_image", "psnr", "ssim", "ciede2000", "mse_ab",
    "colorfulness", "colorfulness_original", "colorfulness_delta", "colorfulness_delta_of_means",
    "colorfulness_abs", "colorfulness_abs_original", "colorfulness_abs_delta",
    "colorfulness_abs_delta_of_means", "chroma_ab", "chroma_ab_original", "bin_accuracy",
    "mean_bin_accuracy", "mean_iou", "frequency_weighted_iou",
}  # fmt: skip


@pytest.fixture
def folders(photographs, tmp_path):
    """Five photographs in `photos`, and the same with swapped channels in `colorized`."""
    for number, path in enumerate(sorted(photographs.rglob("*.jpg"))[::9]):
        for folder in ("photos", "colorized"):
            (tmp_path / folder).mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / "photos" / f"{number}.jpg")
        red, green, blue = Image.open(path).split()
        Image.merge("RGB", (green, blue, red)).save(tmp_path / "colorized" / f"{number}.png")
    return ["--original", "photos", "--colorized", "colorized"]


def test_it_prints_a_table(colorprep, folders):
    """One aligned line per metric, then the protocol and the paths of the files."""
    result = colorprep("evaluate", *folders)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["mean", "95%", "interval", "images"]
    figures = lines[1 : 1 + len(KEYS)]
    assert {line.split()[0] for line in figures} == KEYS
    assert len({len(line) for line in figures}) == 1
    assert re.search(r"^psnr +\d\d\.\d+ +[\d.]+ \.\. [\d.]+ +5$", result.stdout, re.MULTILINE)
    assert re.search(r"^5 images; \d+ of 313 bins do not occur$", result.stdout, re.MULTILINE)
    assert re.search(r"^protocol [0-9a-f]{8}: colorprep-evaluate/1 ", result.stdout, re.MULTILINE)
    assert "no prior.npz here" in result.stderr and "5 of 5 images" in result.stderr
    assert colorprep("evaluate", *folders, "-q").stderr == ""


def test_json(colorprep, folders, tmp_path):
    """--json gives one object: a mean, an interval and a count for every metric."""
    facts = json.loads(colorprep("evaluate", *folders, "--json", "-o", "out").stdout)
    others = {
        "n_images", "n_bins_absent", "originals_without_picture", "pictures_without_original",
        "protocol", "protocol_hash", "figures", "table", "sheet", "balance", "skipped",
        "replaced", "passed_over",
    }  # fmt: skip
    assert set(facts) == KEYS | others
    for name in KEYS:
        assert list(facts[name]) == ["mean", "low", "high", "n", "n_left_out"]
        assert facts[name]["low"] <= facts[name]["mean"] <= facts[name]["high"]
        assert facts[name]["n"] == 5
    assert facts["n_images"] == 5 and facts["skipped"] == []
    names = sorted(path.name for path in (tmp_path / "out").glob("[!.]*"))
    assert names == ["evaluation.csv", "evaluation.json", "worst-and-best.jpg"]


def test_identical_images(colorprep, folders):
    """Infinite values are left out and counted, in the table and as strict JSON."""
    same = ["--original", "photos", "--colorized", "photos"]
    assert re.search(r"^psnr +- +- +0  \(5 left out\)$", colorprep("evaluate", *same).stdout, re.M)

    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    text = colorprep("evaluate", *same, "--json").stdout
    facts = json.loads(text, parse_constant=refuse)
    assert facts["psnr"] == {"mean": None, "low": None, "high": None, "n": 0, "n_left_out": 5}
    assert facts["auc"]["mean"] == facts["ssim"]["mean"] == 1 and facts["ciede2000"]["mean"] == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--original and --colorized"),
        (["--checkpoint", "x.pt", "--original", "photos"], "one of the two"),
        (["--original", "photos", "--colorized", "photos", "--dir", "photos"], "--dir"),
        (["--checkpoint", "x.pt", "--temperature", "0"], "temperature"),
        (["--checkpoint", "x.pt", "--cluster", "2"], "--cluster"),
        (["--checkpoint", "x.pt", "--weights", "vgg=x"], "alexnet or inception"),
        (["--checkpoint", "x.pt", "--weights", "alexnet"], "NETWORK=FILE"),
        (["--checkpoint", "x.pt", "--weights", "alexnet=a", "--weights", "alexnet=b"], "once"),
        (["--checkpoint", "x.pt", "--size", "0"], "--size"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_exits_with_2(colorprep, folders, words, message):
    """Invalid options are wrong usage."""
    result = colorprep("evaluate", *words)
    assert result.exit_code == 2 and result.stdout == "" and message in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--original", "nowhere", "--colorized", "photos"], "no folder"),
        (["--original", "photos", "--colorized", "nowhere"], "no folder"),
        (["--original", "photos", "--colorized", "other"], "should have the same folders"),
        (["--original", "twice", "--colorized", "photos"], "same path without extension"),
        (["--checkpoint", "nowhere.pt", "--dir", "photos"], "nowhere.pt"),
        (["--checkpoint", "empty", "--dir", "photos"], "best.pt"),
        (["--original", "photos", "--colorized", "photos", "--prior", "x.npz"], "x.npz"),
        (
            ["--original", "photos", "--colorized", "photos", "--weights", "alexnet=x.pth"],
            "alexnet-owt-7be5be79.pth",
        ),
        (
            ["--original", "photos", "--colorized", "photos", "--weights", "inception=x.pt"],
            "inception-2015-12-05.pt",
        ),
        (["--original", "photos", "--colorized", "photos", "-o", "photos/0.jpg"], "0.jpg"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_failures_exit_with_1(colorprep, folders, tmp_path, words, message):
    """Each failure says in one line what is wrong, without a traceback."""
    (tmp_path / "empty").mkdir()
    for folder, names in (("other", ["x.jpg"]), ("twice", ["0.jpg", "0.png"])):
        (tmp_path / folder).mkdir()
        for name in names:
            shutil.copy(tmp_path / "photos" / "0.jpg", tmp_path / folder / name)
    result = colorprep("evaluate", *words)
    assert result.exit_code == 1 and result.stdout == ""
    assert message in result.stderr and "Traceback" not in result.stderr
