"""Claims about `export` of a checkpoint: other programs get the same network."""

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file as load_arrays
from safetensors.torch import load_file
from safetensors.torch import save_file as save_tensors

from colorprep.errors import ArtifactError
from colorprep.quantize.ab import ab_lattice
from colorprep.quantize.decoding import TEMPERATURE
from colorprep.quantize.hue_chroma_bins import hue_chroma_bins
from colorprep.quantize.mixture import HueChromaMixture, hue_chroma_grid
from colorprep.stages.export import ExportParams, run
from colorprep.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from colorprep.training.export import export_model, read_facts
from colorprep.training.models import make_model
from colorprep.training.models.outputs import HEADS
from colorprep.training.prediction import predict_colors

LINEAR = HueChromaMixture(
    means=np.array([[0.1, 0.2], [0.5, 0.5], [0.9, 0.4]]),
    covariances=np.broadcast_to(0.01 * np.eye(2), (3, 2, 2)),
    mixing=np.full(3, 1 / 3),
    linear_hue=True,
)
CASES = [
    ("bins", ab_lattice()),
    ("bins-and-ignored", ab_lattice()),
    ("ab", ab_lattice()),
    ("bins", hue_chroma_grid(16)),
    ("bins", LINEAR),
    ("bins", hue_chroma_bins(4)),
    ("hue-and-chroma", hue_chroma_bins(4)),
]


def trained(name, quantizer, outputs="bins", width=1.0):
    """A network of chance, its output layer too, in evaluation mode."""
    model = make_model(name, HEADS[outputs].n_channels(quantizer), 0, width)
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn(parameter.shape, generator=generator)
    return model.eval()


def save(path, network, quantizer=None, **config):
    """Write a checkpoint of a network and return where it is."""
    facts = {"model": "tiny", "settings": {"size": 32, "stride": 4}} | config
    networks = {"colorizer": network.state_dict()}
    save_checkpoint(path, {"networks": networks}, quantizer or ab_lattice(), facts, {"epoch": 1})
    return path


@pytest.mark.parametrize(("name", "width"), [("tiny", 1.0), ("small", 0.25), ("fcn8s", 0.0625)])
def test_the_network_comes_back_bit_for_bit(workspace, silent, tmp_path, name, width):
    """Weights load as they are, and give exactly what the checkpoint's network gives."""
    model = trained(name, ab_lattice(), width=width).to(memory_format=torch.channels_last)
    save(tmp_path / "best.pt", model, model=name, width=width)
    run(ExportParams("best.pt", "out"), workspace, silent)
    state = load_file(tmp_path / "out" / "model.safetensors")
    facts = json.loads((tmp_path / "out" / "model.json").read_text())
    again = make_model(facts["model"], facts["n_outputs"], width=facts["width"])
    again.load_state_dict(state)
    lightness = torch.rand((2, 1, 40, 56), generator=torch.Generator().manual_seed(2)) * 2 - 1
    expected = load_checkpoint(tmp_path / "best.pt").model(lightness)
    assert torch.equal(again.eval()(lightness), expected)
    shape = facts["output"]["shape"]
    factor = int(shape[2].removeprefix("ceil(height / ").removesuffix(")"))
    assert tuple(expected.shape[1:]) == (shape[1], -(-40 // factor), -(-56 // factor))


def test_tensors_are_plain(tmp_path):
    """Tied, strided and half-precision tensors become separate float32 tensors."""
    model = trained("tiny", ab_lattice()).to(memory_format=torch.channels_last)
    model.tied = model.score.weight
    model.register_buffer("narrow", torch.tensor([0.5, 1.5], dtype=torch.bfloat16))
    model.register_buffer("count", torch.tensor(7))
    checkpoint = Checkpoint(model, {"model": "tiny"}, {}, ab_lattice())
    export_model(checkpoint, tmp_path)
    arrays = load_arrays(tmp_path / "model.safetensors")
    assert set(arrays) == set(model.state_dict()) and "tied" in arrays
    np.testing.assert_array_equal(arrays["tied"], arrays["score.weight"])
    for name, tensor in model.state_dict().items():
        np.testing.assert_array_equal(arrays[name], tensor.float().numpy())
        assert arrays[name].dtype == (np.int64 if name == "count" else np.float32)


def decoded(outputs, facts, centers):
    """Colors computed by the steps in an export, without code of the package."""
    z = np.moveaxis(outputs.astype(np.float64), 1, -1)
    decoding = facts["decoding"]
    if facts["outputs"] == "ab":
        return decoding["ab_unit"] * z
    if facts["outputs"] == "bins-and-ignored":
        z = z[..., :-1]
    if facts["outputs"] == "hue-and-chroma":
        n = decoding["n_hues"]
        z = np.stack(
            [z[..., h] + z[..., n + c] for c in range(decoding["n_chromas"]) for h in range(n)],
            axis=-1,
        )
    z = z / decoding["temperature"]
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    if not any("exp(2 pi i h)" in step for step in decoding["steps"]):
        return p @ centers
    point = p @ (centers[:, 1] * np.exp(2j * np.pi * centers[:, 0]))
    return np.stack([np.angle(point) / (2 * np.pi) % 1, np.abs(point)], axis=-1)


@pytest.mark.parametrize(
    ("outputs", "quantizer"), CASES, ids=lambda value: getattr(value, "name", value)
)
def test_the_facts_suffice_to_make_colors(tmp_path, outputs, quantizer):
    """Following the steps of `model.json` in numpy gives the predicted colors."""
    model = trained("tiny", quantizer, outputs)
    path = save(tmp_path / "best.pt", model, quantizer, outputs=outputs)
    written = export_model(load_checkpoint(path), tmp_path / "out")
    facts = json.loads((tmp_path / "out" / "model.json").read_text())
    centers = None if outputs == "ab" else np.load(tmp_path / "out" / "model-centers.npy")
    assert len(written) == (2 if outputs == "ab" else 3) == len(list((tmp_path / "out").iterdir()))
    levels = np.random.default_rng(0).integers(0, 256, (1, 32, 32)).astype(np.uint8)
    lightness = torch.from_numpy(levels[:, None] / np.float32(127.5) - 1)
    with torch.no_grad():
        given = decoded(model(lightness).numpy(), facts, centers)
    expected = predict_colors(
        model, quantizer, {"lightness": torch.from_numpy(levels)}, (8, 8), TEMPERATURE, (outputs,)
    )
    np.testing.assert_allclose(given, expected, atol=1e-4)


def test_the_header_equals_the_json(tmp_path, colorprep):
    """A weights file alone says what it is, and so does `info` of either."""
    save(tmp_path / "best.pt", trained("tiny", ab_lattice()))
    result = colorprep("export", "best.pt", "-o", "out")
    assert result.stdout.split() == [
        f"{tmp_path}/out/{name}"
        for name in ("model.safetensors", "model.json", "model-centers.npy")
    ]
    facts = json.loads((tmp_path / "out" / "model.json").read_text())
    assert read_facts(tmp_path / "out" / "model.safetensors") == facts
    assert facts["quantizer"]["fingerprint"] == ab_lattice().fingerprint
    assert facts["settings"] == {"size": 32, "stride": 4}
    for name in ("model.safetensors", "model.json"):
        text = colorprep("info", f"out/{name}").stdout
        assert text.startswith("a network for other programs, tiny for ab313\n")


def test_a_run_is_exported_by_its_best_checkpoint(workspace, silent, tmp_path, colorprep):
    """A run's folder means its best.pt, and the folder of an export its network."""
    save(tmp_path / "best.pt", trained("tiny", ab_lattice()))
    (tmp_path / "run").mkdir()
    (tmp_path / "best.pt").rename(tmp_path / "run" / "best.pt")
    written = run(ExportParams("run", "out"), workspace, silent).written
    assert written[0] == tmp_path / "out" / "model.safetensors"
    assert len({path.stat().st_mode for path in written}) == 1
    assert colorprep("info", "out").stdout == colorprep("info", "out/model.json").stdout


def test_equal_checkpoints_give_equal_bytes(tmp_path):
    """Bytes are the same every time, although safetensors' header is unordered."""
    checkpoint = load_checkpoint(save(tmp_path / "best.pt", trained("tiny", ab_lattice())))
    written = set()
    for number in range(8):
        export_model(checkpoint, tmp_path / str(number))
        written.add((tmp_path / str(number) / "model.safetensors").read_bytes())
    assert len(written) == 1


def test_what_is_no_checkpoint_is_refused(workspace, silent, tmp_path):
    """A missing or foreign checkpoint, or a foreign safetensors file, is an error that names it."""
    (tmp_path / "bad.pt").write_bytes(b"PK")
    for name in ("bad.pt", "nowhere.pt"):
        with pytest.raises(ArtifactError, match=name):
            run(ExportParams(name, "out"), workspace, silent)
    assert not (tmp_path / "out").exists()
    save_tensors({"x": torch.zeros(2)}, tmp_path / "foreign.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"\x00" * 4)
    for name in ("foreign.safetensors", "broken.safetensors", "nowhere.safetensors"):
        with pytest.raises(ArtifactError, match=name):
            read_facts(tmp_path / name)
