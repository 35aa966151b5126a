"""Claims about `info` on runs, checkpoints and evaluations."""

import json

import numpy as np
import pytest
from run_folders import HEADER, some_rows, write_run

from colorprep.errors import ArtifactError
from colorprep.metrics.resampling import Measured
from colorprep.quantize.ab import ab_lattice
from colorprep.stages.colorize.picture_record import PictureRecord
from colorprep.stages.evaluate.files import write_figures, write_table
from colorprep.stages.info import run
from colorprep.training.checkpoint import save_checkpoint
from colorprep.training.models import make_model


def test_a_run_reports_its_progress(workspace, silent, tmp_path):
    """A run reports its steps of the total, its best and last rows, and its settings."""
    write_run(tmp_path / "a", some_rows(5), loss="kl")
    facts = run("a", workspace, silent)
    assert facts["what"] == "a training run of tiny" and facts["loss"] == "kl"
    assert facts["steps_done"] == "250 of 1000"
    assert (facts["best"]["step"], facts["best"]["val_loss"]) == (100, 3.25)
    assert facts["last"] == {
        "epoch": 2,
        "step": 250,
        "images": 8000,
        "train_loss": 4.0,
        "val_loss": None,
        "learning_rate": 0.001,
        "images_per_second": 900.5,
        "data_wait": 0.015,
    }
    assert run("a/config.json", workspace, silent) == facts


@pytest.mark.parametrize("log", [None, f"{HEADER}\n"])
def test_a_run_that_has_only_begun(workspace, silent, tmp_path, log):
    """Before the first row there is no best and no last."""
    path = write_run(tmp_path / "a", []) / "log.csv"
    path.unlink() if log is None else path.write_text(log)
    facts = run("a", workspace, silent)
    assert (facts["steps_done"], facts["best"], facts["last"]) == ("0 of 1000", None, None)


def test_a_damaged_log_is_an_error(workspace, silent, tmp_path):
    """A damaged log is named, with its line."""
    write_run(tmp_path / "a", ["x"])
    with pytest.raises(ArtifactError, match=r"log\.csv, line 2"):
        run("a", workspace, silent)


def test_a_checkpoint_reports_how_to_use_it(colorprep, tmp_path):
    """A checkpoint reports its outputs and bins; infinity and NaN are null in JSON."""
    config = {"model": "tiny", "outputs": "ab", "unit": "Lab units"}
    progress = {"step": 50, "val_loss": float("nan")}
    networks = {"colorizer": make_model("tiny", 2, 0).state_dict()}
    save_checkpoint(tmp_path / "x.pt", {"networks": networks}, ab_lattice(), config, progress)
    result = colorprep("info", "x.pt", "--json")
    assert "NaN" not in result.stdout
    facts = json.loads(result.stdout)
    assert facts["what"] == "a checkpoint of tiny for ab313"
    assert facts["outputs"] == "ab" and facts["unit"] == "Lab units"
    assert facts["fingerprint"] == ab_lattice().fingerprint
    assert facts["progress"] == {"step": 50, "val_loss": None}


def test_an_evaluation_reports_its_figures(colorprep, tmp_path):
    """An evaluation's folder or JSON gives a line for each figure, and the protocol."""
    folder = tmp_path / "evaluation"
    measured = {
        "psnr": Measured(24.5, 23.25, 25.75, 40),
        "ssim": Measured(None, None, None, 0, 40),
    }
    provenance = {"n_images": 40, "skipped": {}, "checkpoint": {"model": "unet", "sha256": "ab"}}
    write_figures(folder, "the protocol", measured, provenance)
    write_table(folder, ["a.jpg"], {"psnr": np.array([24.5])})
    lines = colorprep("info", "evaluation").stdout.splitlines()
    assert lines[0] == "an evaluation of the network unet on 40 images"
    assert "  figure psnr, mean 24.5, low 23.25, high 25.75, n 40, n_left_out 0" in lines
    assert "  figure ssim, mean none, low none, high none, n 0, n_left_out 40" in lines
    assert "protocol: the protocol" in lines
    texts = [
        colorprep("info", path, "--json").stdout for path in (folder, f"{folder}/evaluation.json")
    ]
    assert texts[0] == texts[1]
    facts = json.loads(texts[0])
    assert facts["figures"][0] == {"figure": "psnr", **measured["psnr"]._asdict()}
    assert facts["checkpoint"]["sha256"] == "ab" and "psnr" not in facts


def test_an_evaluation_of_pictures(workspace, silent, tmp_path):
    """For judged pictures no network is named; a broken file is an error."""
    write_figures(tmp_path / "e", "", {}, {"n_images": 3, "colorized": {"n_files": 3}})
    assert run("e", workspace, silent)["what"] == "an evaluation of pictures on 3 images"
    (tmp_path / "e" / "evaluation.json").write_text("{")
    with pytest.raises(ArtifactError, match=r"evaluation\.json"):
        run("e", workspace, silent)


def test_folders_of_several_things(workspace, silent, tmp_path):
    """Each folder says what it is, and names the command for the next step."""
    write_run(tmp_path / "runs" / "a", some_rows(5))
    write_run(tmp_path / "runs" / "b", some_rows(4), total_steps=200)
    workspace.own_folder("lists")
    (tmp_path / "lists" / "val.txt").write_text("a.jpg\nb.jpg\n")
    workspace.own_folder("colorized")
    (tmp_path / "colorized" / "a.png").write_bytes(b"a picture")
    record = PictureRecord(tmp_path / "colorized")
    record.add(*record.made(tmp_path / "colorized" / "a.png", b"a photograph", "a network"))
    runs = run("runs", workspace, silent)
    assert runs["what"] == "2 runs of training" and "--resume -o runs/a`" in runs["next"]
    assert runs["runs"][1] == {"run": "b", "model": "tiny", "steps": "200 of 200", "val_loss": 3.25}
    lists = run("lists", workspace, silent)
    assert lists["lists"] == [{"list": "val.txt", "images": 2}] and "--list lists/" in lists["next"]
    made = run("colorized", workspace, silent)
    assert made["what"].startswith("1 picture that") and "--colorized colorized`" in made["next"]
    whole = run("", workspace, silent)
    assert whole["runs"] == runs["runs"] and whole["holds"] == ["colorized", "lists", "runs"]
    for name in ("other/prior.npz", "first/config.json"):  # beside runs/: it stays a workspace
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    assert run("", workspace, silent) == whole | {"holds": ["colorized", "first", "lists", "runs"]}


@pytest.mark.parametrize("own", ["workspace.json", "prior.npz", "labels/plan.json"])
def test_a_workspace_may_hold_others(workspace, silent, tmp_path, own):
    """A folder with artifacts of its own is a workspace, whatever its subfolders hold."""
    for name in (own, "evaluation.json" if own == "workspace.json" else "cat/prior.npz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert run("", workspace, silent)["what"] == "a workspace"


CHECKPOINT = {"model": "siggraph17"}
CHANCE = {"n_images": 9, "n_classes": 4, "accuracy": 0.5}
LAYERS = {"layers": {"block1": {"accuracy": {"value": 0.5}}}}


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        (
            "sweep.json",
            {"schema": "colorprep.sweep/1", "psnr": [], "n_images": 5, "checkpoint": CHECKPOINT},
            "a sweep of color hints: the PSNR of siggraph17 on 5 images",
        ),
        (
            "probes.json",
            {"schema": "colorprep.probes/1", "runs": {"a": LAYERS}, "chance": CHANCE},
            "linear probes of the layers of 1 run: how well they tell 4 classes apart",
        ),
        (
            "summary.json",
            {"schema": "colorprep.audit/1", "n_images": 9, "n_kept": 7, "n_dropped": 2},
            "an audit of 9 images: 7 kept, 2 dropped",
        ),
    ],
)
def test_folders_of_results(workspace, silent, tmp_path, name, content, what):
    """A sweep, probes and an audit."""
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / name).write_text(json.dumps(content))
    if name == "summary.json":
        (tmp_path / "x" / "audit.csv").touch()
    facts = run("x", workspace, silent)
    assert facts["what"].startswith(what) and "`colorprep " in facts["next"]
