"""Claims about `evaluate`: what is matched, what is skipped, and that both ways agree."""

import csv
import json
import shutil

import numpy as np
import pytest
from folders import contents
from networks import write_networks
from PIL import Image
from PIL.Image import Resampling

from colorprep import ArtifactError, ColorprepError, InputError, Workspace, compare_images, decode
from colorprep.progress import Reporter
from colorprep.stages.colorize import stage as colorize_stage
from colorprep.stages.colorize.stage import ColorizeParams
from colorprep.stages.evaluate import EvaluateParams, MethodsParams, run, run_methods
from colorprep.stages.labels import stage as labels_stage
from colorprep.stages.prior import stage as prior_stage
from colorprep.stages.report.results import read_evaluation
from colorprep.stages.source import ImageParams
from colorprep.stages.train import stage as train_stage


@pytest.fixture(scope="module")
def trained(photographs, tmp_path_factory):
    """A workspace with a prior and a network that was trained for one step."""
    space = Workspace(tmp_path_factory.mktemp("trained"))
    reporter = Reporter()
    prior_stage.run(prior_stage.PriorParams(ImageParams(photographs)), space, reporter)
    labels_stage.run(labels_stage.LabelsParams(size=32), space, reporter)
    train_stage.run(
        train_stage.TrainParams.of(steps=1, model="tiny", device="cpu", output="run"),
        space,
        reporter,
    )
    return space


@pytest.fixture(scope="module")
def colorized(trained, photographs):
    """That network's pictures of all photographs, in a folder."""
    params = ColorizeParams([photographs], "run/best.pt", device="cpu")
    colorize_stage.run(params, trained, Reporter())
    return trained.path("colorized")


@pytest.fixture
def few(photographs, tmp_path):
    """Six photographs, and the same without color in another folder, as PNG files."""
    originals, pictures = tmp_path / "originals", tmp_path / "pictures"
    for number, path in enumerate(sorted(photographs.rglob("*.jpg"))[::7]):
        name = f"class-{number % 2}/{number}"
        for folder in (originals, pictures):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, originals / f"{name}.jpg")
        Image.open(path).convert("L").save(pictures / f"{name}.png")
    return originals, pictures


def params_of(few, **values):
    """Parameters to judge the pictures of `few`."""
    return EvaluateParams(original=few[0], colorized=few[1], **values)


def rows_of(result):
    """The table that was written, by key."""
    with result.table.open(newline="") as stream:
        return {row.pop("key"): row for row in csv.DictReader(stream)}


def test_figures_are_those_of_the_pairs(few, workspace, silent):
    """The table has exactly the figures of comparing each pair; the set has their means."""
    result = run(params_of(few), workspace, silent)
    rows = rows_of(result)
    assert list(rows) == sorted(rows) and len(rows) == result.n_images == 6
    for key, row in rows.items():
        original = decode((few[0] / key).read_bytes())
        picture = decode((few[1] / key).with_suffix(".png").read_bytes())
        for name, value in compare_images(picture, original).metrics._asdict().items():
            assert float(row[name]) == value, name
    for name in ("auc", "psnr", "ciede2000", "chroma_ab_original"):
        mean = np.mean([float(row[name]) for row in rows.values()])
        assert result.measured[name].mean == pytest.approx(mean)
    assert result.measured["colorfulness"].mean == 0


def test_a_network_is_judged_by_what_it_writes(
    trained, colorized, photographs, workspace, silent, recorder
):
    """Judging a checkpoint gives the figures of its pictures, digit for digit, and likelihoods."""
    prior = trained.path("prior.npz")
    stored = run(
        EvaluateParams(original=photographs, colorized=colorized, prior=prior, output="a"),
        workspace,
        silent,
    )
    images = ImageParams(photographs)
    run_folder = trained.path("run")
    predicted = run(
        EvaluateParams(images, checkpoint=run_folder, device="cpu", prior=prior, output="b"),
        workspace,
        recorder,
    )
    assert recorder.notes == [
        f"coloring by {run_folder.as_posix()}/best.pt, step 1 of 1",
        f"AuC is balanced by {prior.as_posix()} (digest {predicted.balance.name}, of 40 files), "
        "made from these originals",
    ]
    with pytest.raises(InputError):  # what is tested on is not what is trained on next
        workspace.remembered_source()
    likelihoods = {"nll", "nll_hard"}
    assert predicted.measured.keys() - stored.measured.keys() == likelihoods
    assert {name: predicted.measured[name] for name in stored.measured} == stored.measured
    assert predicted.protocol == stored.protocol
    first, second = rows_of(stored), rows_of(predicted)
    for key, row in second.items():
        assert all(0 < float(row.pop(name)) < 20 for name in likelihoods)
        assert row == first[key]
    assert stored.sheet.read_bytes() == predicted.sheet.read_bytes()


def test_a_network_beside_its_pictures(trained, colorized, photographs, workspace, silent):
    """As methods of one comparison they do not differ, in any metric that both have."""
    keys = sorted(path.relative_to(photographs).as_posix() for path in photographs.rglob("*.jpg"))
    workspace.path("list.txt").write_text("\n".join(keys[:3]))
    methods = {
        "pictures": EvaluateParams(
            ImageParams(list="list.txt"), original=photographs, colorized=colorized, device="cpu"
        ),
        "network": EvaluateParams(
            ImageParams(photographs, "list.txt"), checkpoint=trained.path("run"), device="cpu"
        ),
    }
    findings = run_methods(MethodsParams(methods), workspace, silent).findings
    measured = findings.comparison.measured
    assert findings.keys == keys[:3] and "nll" in measured["network"]
    assert all(measured["network"][name] == one for name, one in measured["pictures"].items())
    differences = findings.comparison.differences["network"]
    assert "nll" not in differences and {one[:3] for one in differences.values()} == {(0, 0, 0)}
    assert findings.comparison.n_marked == 0


@pytest.mark.parametrize("judged", ["pictures", "checkpoint"])
def test_workers_do_not_matter(judged, trained, few, workspace, silent, scheduler):
    """One thread and four, processes too, write the same bytes."""
    written = []
    clusters = [{"scheduler": scheduler}] if judged == "pictures" else []
    for number, how in enumerate([{"workers": 1}, {"workers": 4}, *clusters]):
        if judged == "pictures":
            params = params_of(few, images=ImageParams(**how), output=f"{number}")
        else:
            checkpoint = trained.path("run/best.pt")
            images = ImageParams(few[0], **how)
            params = EvaluateParams(images, checkpoint=checkpoint, output=f"{number}")
        run(params, workspace, silent)
        written.append(contents(workspace.path(f"{number}")))
    assert all(files == written[0] for files in written[1:])


def test_the_file_of_figures(few, workspace, silent):
    """It has every figure, the protocol, and what was judged, but no path and no date."""
    result = run(params_of(few), workspace, silent)
    text = result.figures.read_text()
    facts = json.loads(text)
    assert facts["schema"] == "colorprep.evaluation/1"
    assert facts["protocol"] == result.protocol
    assert facts["protocol_hash"] == result.protocol_hash
    for name, figure in result.measured.items():
        assert facts[name] == figure._asdict()
    assert read_evaluation(workspace).facts["psnr"] == facts["psnr"]
    assert facts["original"]["n_files"] == facts["colorized"]["n_files"] == 6
    assert facts["original"]["digest"] != facts["colorized"]["digest"]
    assert facts["n_bins_absent"] == result.n_bins_absent and facts["skipped"] == {}
    assert "scikit-image" in facts["versions"] and str(workspace.root) not in text


def test_images_without_partner_are_reported(few, workspace, recorder):
    """Images without a partner, on both sides, are listed with a warning; others are compared."""
    next((few[0] / "class-0").glob("*.jpg")).unlink()
    for path in list((few[1] / "class-1").glob("*.png"))[:2]:
        path.rename(path.with_stem(f"{path.stem}-other"))
    result = run(params_of(few), workspace, recorder)
    assert result.n_images == 3 and result.n_without_partner == (2, 3)
    assert [text.split(",")[0] for text in recorder.warnings] == [
        "originals without a picture: 2",
        "pictures without an original: 3",
    ]
    assert [skip.reason for skip in result.skipped] == ["unpaired"] * 5


def test_a_list_narrows_the_originals(few, workspace, recorder, tmp_path):
    """Only listed images are compared, and pictures of other images are not called missing."""
    keys = sorted(path.relative_to(few[0]).as_posix() for path in few[0].rglob("*.jpg"))
    (tmp_path / "list.txt").write_text(f"{keys[0]}\n{keys[3]}\ngone.jpg\n")
    result = run(params_of(few, images=ImageParams(list="list.txt")), workspace, recorder)
    assert list(rows_of(result)) == [keys[0], keys[3]]
    assert result.n_without_partner == (0, 0)
    assert [(skip.key, skip.reason) for skip in result.skipped] == [("gone.jpg", "missing")]


@pytest.mark.parametrize("side", ["original", "picture"])
def test_bad_images_are_skipped(few, side, workspace, recorder):
    """A damaged file is skipped with its reason and its side."""
    folder = few[0] if side == "original" else few[1]
    bad = sorted(path for path in folder.rglob("*.*"))[2]
    bad.write_bytes(bad.read_bytes()[:400])
    result = run(params_of(few), workspace, recorder)
    (skip,) = result.skipped
    assert result.n_images == 5 and skip.key.endswith(".jpg")
    assert skip.reason in ("truncated", "corrupt")
    assert ("its picture class-" in skip.detail) == (side == "picture")
    with pytest.raises(ColorprepError, match="--strict"):
        run(params_of(few, images=ImageParams(strict=True)), workspace, recorder)


def test_pictures_of_another_size(few, workspace, recorder):
    """They are skipped and reported; --size stretches both, and then they are compared."""
    path = next(few[1].rglob("*.png"))
    Image.open(path).resize((60, 50)).save(path)
    result = run(params_of(few), workspace, recorder)
    (skip,) = result.skipped
    assert skip.reason == "other-size" and "60 x 50, the original 96 x 96" in skip.detail
    stretched = run(params_of(few, size=48), workspace, recorder)
    assert stretched.n_images == 6 and not stretched.skipped
    assert stretched.protocol_hash != result.protocol_hash and "48-stretched" in stretched.protocol
    enlarged = run(params_of(few, size=55), workspace, recorder)
    assert enlarged.n_images == 6
    assert any("enlarged 1 image smaller than 55 x 55" in text for text in recorder.warnings)


def test_stretching_is_pillows(few, workspace, silent):
    """With --size both are stretched by Pillow's bilinear filter before they are compared."""
    rows = rows_of(run(params_of(few, size=40), workspace, silent))
    key = next(iter(rows))
    small = [
        np.asarray(Image.open(path).convert("RGB").resize((40, 40), Resampling.BILINEAR))
        for path in ((few[1] / key).with_suffix(".png"), few[0] / key)
    ]
    assert float(rows[key]["ciede2000"]) == compare_images(*small).metrics.ciede2000


def test_archives_are_sources_too(few, workspace, silent, tmp_path):
    """A zip of the pictures gives the figures of their folder."""
    archive = shutil.make_archive(str(tmp_path / "pictures"), "zip", few[1])
    plain = run(params_of(few), workspace, silent)
    packed = run(EvaluateParams(original=few[0], colorized=archive), workspace, silent)
    assert packed.measured == plain.measured


def test_balance_is_by_the_workspaces_prior(trained, few, workspace, recorder):
    """Without a prior, the originals' own colors balance; the protocol says which."""
    own = run(params_of(few), workspace, recorder)
    assert "p:originals," in own.protocol and "no prior.npz here" in recorder.notes[0]
    shutil.copy(trained.path("prior.npz"), workspace.path("prior.npz"))
    balanced = run(params_of(few), workspace, recorder)
    given = run(params_of(few, prior=trained.path("prior.npz")), workspace, recorder)
    assert balanced.protocol == given.protocol != own.protocol
    assert balanced.measured["auc_balanced"] == given.measured["auc_balanced"]
    assert balanced.measured["auc_balanced"] != own.measured["auc_balanced"]
    assert balanced.measured["auc"] == own.measured["auc"]


def test_a_prior_of_other_bins(photographs, few, workspace, recorder):
    """The workspace's prior is not used, with a note; a given prior is refused."""
    spec = prior_stage.QuantizerSpec("hc-1d")
    prior_stage.run(prior_stage.PriorParams(ImageParams(photographs), spec), workspace, recorder)
    result = run(params_of(few), workspace, recorder)
    assert "p:originals," in result.protocol and "hc-1d" in recorder.notes[-1]
    with pytest.raises(ArtifactError, match="ab313"):
        run(params_of(few, prior="prior.npz"), workspace, recorder)


def test_a_published_prior_can_be_given(shared, few, workspace, silent):
    """A bare vector of 313 bins can be used for balancing."""
    prior = shared / "reference" / "zhang_prior_probs.npy"
    result = run(params_of(few, prior=prior), workspace, silent)
    assert 0 < result.measured["auc_balanced"].mean < result.measured["auc"].mean


def test_lpips_and_fid(few, workspace, recorder, tmp_path):
    """With the files of their networks they are computed, and the protocol names the files."""
    pytest.importorskip("torchmetrics")
    networks = write_networks(tmp_path)
    result = run(params_of(few, weights=networks, device="cpu"), workspace, recorder)
    lpips, fid = result.measured["lpips"], result.measured["fid"]
    assert 0 < lpips.low < lpips.mean < lpips.high and lpips.n == 6
    assert all(float(row["lpips"]) > 0 for row in rows_of(result).values())
    assert fid.mean > 0 and fid.low is None and fid.n == 6
    assert "FID of only 6 images" in recorder.warnings[-1]
    assert "lpips=0.1-alex," in result.protocol and "fid=299-stretched," in result.protocol
    same = EvaluateParams(original=few[0], colorized=few[0], weights=networks, device="cpu")
    perfect = run(same, workspace, recorder)
    assert perfect.measured["lpips"].mean == 0
    assert perfect.measured["fid"].mean == pytest.approx(0, abs=1e-3)


def test_the_sheet_shows_the_worst_and_the_best(few, workspace, silent):
    """Six columns of as many rows as half the pairs, five at most."""
    result = run(params_of(few), workspace, silent)
    with Image.open(result.sheet) as sheet:
        assert sheet.width > 6 * 256 and 3 * 256 < sheet.height < 4 * 256
    ordered = sorted(rows_of(result).items(), key=lambda row: -float(row[1]["ciede2000"]))
    worst = decode((few[0] / ordered[0][0]).read_bytes())
    with Image.open(result.sheet) as sheet:
        tile = np.asarray(sheet.crop((6 + 2 * 262, 40, 6 + 2 * 262 + 256, 40 + 256)))
    shown = np.asarray(Image.fromarray(worst).resize((256, 256), Resampling.LANCZOS))
    assert np.abs(tile.astype(int) - shown).mean() < 6


def test_one_pair_is_enough(few, workspace, silent):
    """It has figures, but no interval."""
    for path in sorted(few[0].rglob("*.jpg"))[1:]:
        path.unlink()
    result = run(params_of(few), workspace, silent)
    assert result.n_images == 1
    assert all(figure.low is None for figure in result.measured.values())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "--original and --colorized"),
        ({"original": "a"}, "needs pictures to compare with"),
        ({"original": "a", "colorized": "b", "checkpoint": "c"}, "one of the two"),
        ({"original": "a", "colorized": "b", "images": ImageParams("d")}, "--dir"),
        ({"original": "a", "colorized": "b", "temperature": 0.5}, "--temperature"),
        ({"checkpoint": "c", "temperature": 0.0}, "above 0"),
        ({"checkpoint": "c", "images": ImageParams(cluster=2)}, "--cluster"),
        ({"original": "a", "colorized": "b", "weights": {"vgg": "x"}}, "alexnet or inception"),
    ],
    ids=str,
)
def test_what_does_not_fit_together_is_refused(values, message):
    """Before any image is read."""
    with pytest.raises(InputError, match=message):
        EvaluateParams(**values)


def test_missing_and_foreign_checkpoints(few, workspace, silent, tmp_path):
    """A missing or foreign checkpoint is an error that names it."""
    shutil.copy(next(few[0].rglob("*.jpg")), tmp_path / "other.pt")
    for name in ("nowhere.pt", "other.pt"):
        with pytest.raises(ArtifactError, match=name):
            run(EvaluateParams(ImageParams(few[0]), checkpoint=name), workspace, silent)


def test_real_photographs(shared, workspace, recorder):
    """Gray versions of photographs score as gray should, those that are gray perfectly."""
    originals = shared / "images" / "bsds"
    for path in sorted(originals.rglob("*.jpg"))[:12]:
        target = workspace.path("gray") / path.relative_to(originals).with_suffix(".png")
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.open(path).convert("L").save(target)
    params = EvaluateParams(original=originals, colorized="gray")
    result = run(params, workspace, recorder)
    measured = result.measured
    assert result.n_images == 12 and result.n_without_partner[0] == 55
    assert 0.8 < measured["auc"].mean < 0.97
    assert measured["auc_balanced"].mean < measured["auc"].mean
    expected = 1 - measured["chroma_ab_original"].mean / 150  # no pixel's chroma exceeds 150
    assert measured["auc"].mean == pytest.approx(expected, abs=1e-3)
    assert 15 < measured["psnr"].mean < 35 and measured["colorfulness"].mean < 0.01
