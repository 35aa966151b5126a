"""Claims about checkpoints: a part that is missing or wrong is named with the file."""

import pytest
import torch

from colorprep import ArtifactError
from colorprep.quantize.ab import ab_lattice
from colorprep.training.checkpoint import load_checkpoint, save_checkpoint
from colorprep.training.fitting.optimizers import check_state, make_optimizer
from colorprep.training.models import make_model
from colorprep.training.options import PaceOptions

BIAS = ("networks", "colorizer", "score.bias")


def without(*names):
    """A function that removes a value from nested dictionaries."""

    def change(content):
        for name in names[:-1]:
            content = content[name]
        del content[names[-1]]

    return change


def with_value(value, *names):
    """A function that sets a value in nested dictionaries."""

    def change(content):
        for name in names[:-1]:
            content = content[name]
        content[names[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("quantizer"), "lacks 'quantizer'"),
        (without("config"), "lacks 'config'"),
        (without("networks"), "lacks 'networks'"),
        (without("networks", "colorizer"), "lacks 'colorizer'"),
        (without(*BIAS), "score.bias"),
        (
            with_value(torch.zeros(7), "networks", "colorizer", "score.bias"),
            "size mismatch for score.bias",
        ),
        (
            with_value(torch.full((313,), torch.nan), "networks", "colorizer", "score.bias"),
            "not finite",
        ),
        (with_value("unet", "config", "model"), "Missing key"),
        (with_value("none", "config", "model"), "unknown model"),
        (with_value("none", "config", "outputs"), "lacks 'none'"),
        (with_value({"size": "x"}, "config", "settings"), "its size is 'x'"),
        (with_value("0" * 32, "quantizer", "fingerprint"), "instead of"),
        (without("optimizers"), "lacks 'optimizers'"),
        (with_value(-3, "step"), "its step is -3"),
    ],
)
def test_parts_that_are_missing_or_wrong(tmp_path, change, message):
    """Each is an error that names the file and the part."""
    path, model = tmp_path / "last.pt", make_model("tiny", 313, 0)
    networks = {"colorizer": model.state_dict()}
    state = {"step": 0, "networks": networks, "optimizers": {}, "average": None, "order": ""}
    save_checkpoint(path, state, ab_lattice(), {"model": "tiny"}, {})
    load_checkpoint(path)
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, path)
    with pytest.raises(ArtifactError, match=message) as error:
        load_checkpoint(path)
    assert str(error.value).startswith(f"{path} is damaged")


def test_a_changed_byte_of_a_parameter_is_found(tmp_path):
    """By the checksum in the zip directory, which torch does not verify."""
    path, model = tmp_path / "best.pt", make_model("tiny", 313, 0)
    networks = {"colorizer": model.state_dict()}
    save_checkpoint(path, {"networks": networks}, ab_lattice(), {"model": "tiny"}, {})
    data = bytearray(path.read_bytes())
    weights = next(p for p in model.state_dict().values() if p.abs().sum() > 0)
    at = data.find(weights.contiguous().numpy().tobytes())
    assert at > 0
    data[at + 1] ^= 4
    path.write_bytes(data)
    with pytest.raises(ArtifactError, match=r"best\.pt is damaged"):
        load_checkpoint(path)


def test_moments_must_fit_their_parameters():
    """States that torch would load, but ignore or fail with at the next step, are errors."""
    model = make_model("tiny", 313, 0)
    pace = PaceOptions()
    optimizer = make_optimizer(model, pace)
    with pytest.raises(ValueError, match="lacks exp_avg"):
        check_state(optimizer, pace)
    for parameter in model.parameters():
        moments = {name: torch.zeros_like(parameter) for name in ("exp_avg", "exp_avg_sq")}
        optimizer.state[parameter] = {"step": torch.tensor(1.0), **moments}
    check_state(optimizer, pace)
    state = optimizer.state[next(model.parameters())]
    state["exp_avg_sq"] = torch.full_like(state["exp_avg_sq"], torch.nan)
    with pytest.raises(ValueError, match="not finite"):
        check_state(optimizer, pace)
    state["exp_avg_sq"] = torch.zeros(3)
    with pytest.raises(ValueError, match=r"of shape \(3,\)"):
        check_state(optimizer, pace)
