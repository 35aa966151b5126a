"""Claims about weights from elsewhere: they become a run, or what a training begins with."""

import json
import shutil

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from published import blank_state, eccv16_shapes, resnet_shapes, siggraph17_shapes, vgg16_shapes

from colorprep.cli.main import cli
from colorprep.training.checkpoint import load_checkpoint

TRAIN = "train --model tiny --steps 2 --batch-size 8 --device cpu".split()


@pytest.fixture(scope="module")
def command(prepared, photographs, tmp_path_factory):
    """The command line, in a workspace with labels, a run and its exported network."""
    root = tmp_path_factory.mktemp("imports")
    shutil.copytree(prepared.root, root, dirs_exist_ok=True)

    def call(*words):
        return CliRunner().invoke(cli, [*map(str, words), "-C", str(root)])

    assert call(*TRAIN, "-o", "runs/trained").exit_code == 0
    assert call("export", "runs/trained", "-o", "exported").exit_code == 0
    call.root, call.class_folder = root, next(photographs.iterdir())
    return call


@pytest.fixture(scope="module")
def imported(command):
    """What `import` prints of the exported network."""
    return command("import", "exported/model.safetensors", "-o", "runs/imported")


def saved(command, name, state):
    """Write a state dict to the workspace."""
    torch.save(state, command.root / name)
    return name


def test_an_exported_network_comes_back(command, imported):
    """Its weights, bins and settings are those of the run; the record says where it is from."""
    assert imported.exit_code == 0 and "tiny, exported by colorprep" in imported.stdout
    first, second = (
        load_checkpoint(command.root / f"runs/{n}/best.pt") for n in ("trained", "imported")
    )
    for name, tensor in first.model.state_dict().items():
        assert torch.equal(second.model.state_dict()[name], tensor)
    assert second.quantizer.fingerprint == first.quantizer.fingerprint
    assert second.settings == first.settings
    record = json.loads((command.root / "runs/imported/origin.json").read_text())
    assert record["file"] == "exported/model.safetensors" and len(record["digest"]) == 32
    assert record["unused"] == record["missing"] == record["misshapen"] == {}
    again = command("import", "exported/model.safetensors", "-o", "runs/imported")
    assert again.exit_code == 1 and "exists and is not an empty folder" in again.stderr


def test_commands_take_an_imported_run(command, imported):
    """They say that it was imported; its pictures and its export are those of the run."""
    described = command("info", "runs/imported")
    assert described.stdout.startswith("an imported run of tiny")
    assert "file: model.safetensors" in described.stdout
    photograph = next(command.class_folder.iterdir())
    colored = command("colorize", photograph, "-o", "colored")  # by the newest run
    assert "runs/imported/best.pt, imported from model.safetensors" in colored.stderr
    assert command("colorize", photograph, "--checkpoint", "runs/trained", "-o", "b").exit_code == 0
    pictures = [(command.root / n / f"{photograph.stem}.png") for n in ("colored", "b")]
    assert np.array_equal(*(np.asarray(Image.open(path)) for path in pictures))
    evaluated = command("evaluate", "--checkpoint", "runs/imported", "--dir", command.class_folder)
    assert evaluated.exit_code == 0 and "imported from model.safetensors" in evaluated.stderr
    assert command("export", "runs/imported", "-o", "again").exit_code == 0
    written = [command.root / n / "model.safetensors" for n in ("exported", "again")]
    assert written[0].read_bytes() == written[1].read_bytes()
    plotted = command("plot", "runs/imported")
    assert plotted.exit_code == 1 and "was imported from model.safetensors" in plotted.stderr
    begun = command(*TRAIN, "--init", "runs/imported", "-o", "runs/begun")
    assert begun.exit_code == 0 and "arrays are those of runs/imported/best.pt" in begun.stderr


def test_published_weights_become_a_run(command, uninitialized):
    """siggraph17 colors by its regression; what it takes beside lightness may be missing."""
    name = saved(command, "siggraph17.pth", {"model": blank_state(siggraph17_shapes())})
    made = command("import", name, "--size", 16, "-o", "runs/published", "--json")
    facts = json.loads(made.stdout)
    assert facts["model"] == "siggraph17-released" and facts["n_parameters"] == 34_187_027
    assert "inside 'model'" in made.stderr and "the mask of hints is 0 or 1" in made.stderr
    photograph = next(command.class_folder.iterdir())
    done = command("colorize", photograph, "--checkpoint", "runs/published", "-o", "gray")
    assert done.exit_code == 0, done.stderr
    picture = np.asarray(Image.open(command.root / "gray" / f"{photograph.stem}.png"))
    assert np.ptp(picture, axis=2).max() <= 1  # all weights are 0
    assert command("export", "runs/published", "-o", "published").exit_code == 0
    described = json.loads((command.root / "published/model.json").read_text())
    assert described["n_outputs"] == {"ab": 2, "coarse-bins": 529}
    assert described["input"]["hints"]["shape"] == ["batch", 3, "height", "width"]
    assert described["output"]["coarse-bins"]["shape"][2] == "ceil(height / 4)"


def test_what_does_not_color_is_refused(command, uninitialized):
    """Weights of other networks, parts of them, and checkpoints: the error says what to do."""
    resnet34, eccv16 = resnet_shapes((3, 4, 6, 3), 1), eccv16_shapes()
    part = {name: shape for name, shape in eccv16.items() if not name.startswith("model2.")}
    refused = {
        saved(command, "resnet34.pth", blank_state(resnet34)): "not a network that is known",
        saved(command, "vgg16.pth", blank_state(vgg16_shapes())): "train --model fcn32s --init",
        saved(command, "part.pth", blank_state(part)): "model2.0.weight",
        "runs/trained/best.pt": "is a checkpoint of colorprep already",
    }
    refused["part.pth"] = "not in the file: block2.0.weight (128x64x3x3)"
    for name, why in refused.items():
        result = command("import", name, "-o", "runs/refused")
        assert result.exit_code == 1 and name in result.stderr and why in result.stderr
    eccv16_file = saved(command, "eccv16.pth", blank_state(eccv16))
    result = command("import", eccv16_file, "--model", "siggraph17")
    assert result.exit_code == 1 and "choose --model eccv16" in result.stderr
    assert not (command.root / "runs/refused").exists()


def test_a_training_begins_with_a_file(command):
    """Arrays of the same name and shape are taken; the others are listed, and kept in a record."""
    state = load_checkpoint(command.root / "runs/trained/best.pt").model.state_dict()
    state = {f"module.{name}": tensor for name, tensor in state.items()}
    state["module.score.bias"] = torch.zeros(7)
    state["module.other"] = torch.zeros((3, 1))
    name = saved(command, "own.pth", state)
    begun = command(*TRAIN, "--init", name, "--lr", 1e-9, "-o", "runs/from-file")
    assert begun.exit_code == 0, begun.stderr
    assert "not used of the file: other (3x1)" in begun.stderr
    assert "of another shape: score.bias (7 there, 313 here)" in begun.stderr
    assert "the network is inside module." in begun.stderr
    record = json.loads((command.root / "runs/from-file/origin.json").read_text())
    assert record["misshapen"] == {"score.bias": {"file": "7", "network": "313"}}
    first, second = (
        load_checkpoint(command.root / f"runs/{n}/best.pt").model.state_dict()
        for n in ("trained", "from-file")
    )
    name = next(name for name, tensor in first.items() if tensor.ndim == 4)
    torch.testing.assert_close(first[name], second[name], rtol=0, atol=1e-6)


@pytest.mark.parametrize("init", ["runs/trained", "trained.pth"])
def test_weights_of_another_width_are_warned_of(command, init):
    """Most arrays have another shape then: the network would be trained almost from scratch."""
    state = load_checkpoint(command.root / "runs/trained/best.pt").model.state_dict()
    saved(command, "trained.pth", state)
    output = f"runs/of-{init.replace('/', '-')}"
    begun = command(*TRAIN, "--width", 0.5, "--init", init, "-o", output)
    assert "have other shapes than those of this network" in begun.stderr


def test_a_training_refuses_the_weights_of_another_network(command):
    """Known weights name the networks that fit; nothing in common is an error as well."""
    refused = {
        saved(command, "eccv16.pth", blank_state(eccv16_shapes())): "choose --model eccv16",
        saved(command, "x.pth", {"x": torch.zeros(1)}): "has no array of the name and shape",
    }
    for name, why in refused.items():
        result = command(*TRAIN, "--init", name, "-o", "runs/never")
        assert result.exit_code == 1 and name in result.stderr and why in result.stderr
    assert not (command.root / "runs/never").exists()
