"""Claims about networks, checkpoints and predicted colors."""

import numpy as np
import pytest
import torch
from steps import GENERAL, outputs_at

from colorprep import ArtifactError, InputError, ab_lattice, rgb_to_lab
from colorprep.images.resizing import resize
from colorprep.quantize.hue_chroma_bins import hue_chroma_bins
from colorprep.quantize.labeling import lightness_of
from colorprep.quantize.mixture import hue_chroma_grid
from colorprep.quantize.spec import quantizer_state
from colorprep.rendering import LabelGrid, colorize
from colorprep.training.checkpoint import load_checkpoint, save_checkpoint
from colorprep.training.devices import choose_device
from colorprep.training.export import export_model, read_facts
from colorprep.training.models import MODELS, make_model
from colorprep.training.models.outputs import HEADS, decode_outputs
from colorprep.training.prediction import colorize_photograph, entropy_of, predict_colors


@pytest.mark.parametrize("name", GENERAL)
@pytest.mark.parametrize("side", [32, 50, 64])
def test_logits_have_the_labels_size(name, side):
    """Every network returns logits for any image size, at the size of the labels."""
    model = make_model(name, 20, seed=0, width=1 / 16).eval()
    lightness = torch.randint(0, 256, (2, side, side), dtype=torch.uint8)
    assert outputs_at(model, lightness, (side // 2, side // 2)).shape == (
        2,
        20,
        side // 2,
        side // 2,
    )


def test_the_seed_makes_the_network():
    """The same seed gives the same parameters, and torch's own state is unchanged."""
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, second = (make_model("small", 9, seed=3).state_dict() for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_prediction_is_the_annealed_mean():
    """Predicted colors are the quantizer's annealed mean of the softmax."""
    quantizer = ab_lattice()
    model = make_model("small", 313, seed=0).eval()
    lightness = torch.randint(0, 256, (1, 32, 32), dtype=torch.uint8)
    with torch.no_grad():
        probs = torch.softmax(outputs_at(model, lightness, (8, 8)), 1).movedim(1, -1).numpy()
    ours = predict_colors(model, quantizer, {"lightness": lightness}, (8, 8))
    np.testing.assert_allclose(ours, quantizer.decode(probs), atol=1e-3)


@pytest.mark.parametrize("meaning", ["bins", "bins-and-ignored", "hue-and-chroma"])
def test_the_coldest_colors_are_the_modes(meaning):
    """Even at the smallest temperature nothing overflows: only the likeliest bin counts."""
    quantizer = hue_chroma_bins(4) if meaning == "hue-and-chroma" else ab_lattice()
    n_channels = HEADS[meaning].n_channels(quantizer)
    outputs = 1e3 * torch.randn(1, n_channels, 4, 4, generator=torch.Generator().manual_seed(0))
    logits = HEADS[meaning].logits(outputs, quantizer).movedim(1, -1).numpy()
    expected = quantizer.decode(logits, "mode")
    if meaning == "hue-and-chroma":
        expected[..., 0] %= 1.0  # a full turn is 0
    for temperature in (1e-12, 1e-29, 1e-31, 1e-38, 1e-45, 1e-300, 5e-324):
        ours = decode_outputs(meaning, outputs, quantizer, temperature)
        np.testing.assert_allclose(ours, expected, atol=1e-12)


@pytest.mark.parametrize("head", ["bins", "bins-and-ignored", "coarse-bins", "hue-and-chroma"])
def test_entropy_of_predictions(head):
    """Equal logits have ln Q nats, a single bin 0; a head without a distribution is passed over."""
    quantizer = hue_chroma_bins(4) if head == "hue-and-chroma" else ab_lattice()
    n_channels, q = HEADS[head].n_channels(quantizer), len(quantizer.centers)
    outputs = torch.zeros(1, n_channels, 2, 3)
    outputs[0, [0, n_channels // 2], 0] = 1e4
    entropy = entropy_of({"ab": torch.zeros(1, 2, 8, 8), head: outputs}, quantizer)
    assert entropy.shape == (1, 2, 3)
    assert entropy[0, 0] == pytest.approx(0 if head == "hue-and-chroma" else np.log(2), abs=1e-5)
    np.testing.assert_allclose(entropy[0, 1], np.log(q), rtol=1e-6)
    with pytest.raises(InputError, match="predicts ab and rgb, not a distribution"):
        entropy_of({"ab": outputs[:, :2], "rgb": outputs[:, :3]}, quantizer)


def test_decoding_of_regression():
    """An output of 1 is 110 CIELAB units."""
    model = make_model("tiny", 2, seed=0).eval()
    torch.nn.init.constant_(model.score.bias, -0.5)
    lightness = torch.randint(0, 256, (1, 32, 32), dtype=torch.uint8)
    colors = predict_colors(model, ab_lattice(), {"lightness": lightness}, (8, 8), heads=("ab",))
    assert colors.shape == (1, 8, 8, 2) and (colors == -55.0).all()


def test_decoding_leaves_out_the_ignored():
    """The channel for ignored pixels does not affect the color, however large it is."""
    outputs = torch.randn(1, 314, 4, 4)
    outputs[:, 313] = 50.0
    ours = decode_outputs("bins-and-ignored", outputs, ab_lattice())
    probs = torch.softmax(outputs[:, :313], dim=1).movedim(1, -1).numpy()
    np.testing.assert_allclose(ours, ab_lattice().decode(probs), atol=1e-2)


def test_decoding_of_hue_and_chroma():
    """One certain bin of hue and chroma gives the joint bin's center, two give a mean."""
    quantizer = hue_chroma_bins(16)
    outputs = torch.zeros(1, 32, 1, 2)
    outputs[0, 3, 0, :] = 60.0
    outputs[0, 16 + 5, 0, :] = 60.0
    outputs[0, 16 + 6, 0, 1] = 60.0
    colors = decode_outputs("hue-and-chroma", outputs, quantizer)
    center, next_chroma = quantizer.centers[5 * 16 + 3], quantizer.centers[6 * 16 + 3]
    np.testing.assert_allclose(colors[0, 0, 0], center, atol=1e-6)
    np.testing.assert_allclose(colors[0, 0, 1], (center + next_chroma) / 2, atol=1e-6)


@pytest.mark.parametrize(
    ("outputs", "quantizer"),
    [
        ("bins", ab_lattice()),
        ("bins", hue_chroma_grid(16)),
        ("bins-and-ignored", ab_lattice()),
        ("hue-and-chroma", hue_chroma_bins(8)),
        ("ab", ab_lattice()),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_checkpoints_know_their_outputs(tmp_path, outputs, quantizer):
    """Checkpoints keep the head of their network, and photographs are colored by it."""
    n_channels = HEADS[outputs].n_channels(quantizer)
    model = make_model("eccv16", n_channels, seed=0, width=1 / 32)
    torch.nn.init.normal_(model.score.weight, std=0.1, generator=torch.Generator().manual_seed(0))
    settings = {"size": 32, "stride": 4}
    config = {"model": "eccv16", "width": 1 / 32, "outputs": outputs, "settings": settings}
    save_checkpoint(
        tmp_path / "best.pt", {"networks": {"colorizer": model.state_dict()}}, quantizer, config, {}
    )
    checkpoint = load_checkpoint(tmp_path / "best.pt")
    assert checkpoint.head == outputs and checkpoint.n_parameters < 100_000
    gray = np.repeat(np.arange(48 * 40, dtype=np.uint8).reshape(48, 40, 1), 3, axis=2)
    levels = torch.from_numpy(lightness_of(resize(gray, 32))[None])
    with torch.no_grad():
        channels = outputs_at(model.eval(), levels, (8, 8))
    colors = decode_outputs(outputs, channels, quantizer)[0]
    expected = colorize(rgb_to_lab(gray)[..., 0], colors, quantizer, LabelGrid(32, 4))
    assert np.ptp(expected, axis=2).max() > 0
    np.testing.assert_array_equal(colorize_photograph(checkpoint, gray), expected)


class Twin(torch.nn.Module):
    """A network with a layer for each head, at a quarter of the resolution."""

    def __init__(self, spec):
        super().__init__()
        heads = {name: torch.nn.Conv2d(1, n, 4, 4) for name, n in spec.channels.items()}
        self.heads = torch.nn.ModuleDict(heads)

    def forward(self, lightness):
        """Return the outputs by head."""
        return {name: head(lightness) for name, head in self.heads.items()}


@pytest.mark.parametrize("separate", [False, True])
def test_networks_of_two_heads(tmp_path, monkeypatch, separate):
    """A checkpoint keeps both heads, the first one gives the colors; both are exported."""
    if separate:
        monkeypatch.setitem(MODELS, "tiny", Twin)
    quantizer = ab_lattice()
    model = make_model("tiny", {"bins": 313, "ab": 2}, seed=0).eval()
    for number, parameter in enumerate(model.parameters()):
        generator = torch.Generator().manual_seed(number)
        torch.nn.init.normal_(parameter, std=0.3, generator=generator)
    settings = {"size": 32, "stride": 4}
    config = {"model": "tiny", "outputs": ["bins", "ab"], "settings": settings}
    networks = {"colorizer": model.state_dict()}
    save_checkpoint(tmp_path / "best.pt", {"networks": networks}, quantizer, config, {})
    checkpoint = load_checkpoint(tmp_path / "best.pt")
    assert checkpoint.channels == {"bins": 313, "ab": 2} and checkpoint.head == "bins"
    gray = np.random.default_rng(0).integers(0, 256, (32, 32, 1), np.uint8).repeat(3, axis=2)
    levels = torch.from_numpy(lightness_of(resize(gray, 32))[None])
    with torch.no_grad():
        outputs = model(levels[:, None] / 127.5 - 1)
    bins = outputs["bins"] if separate else outputs[:, :313]
    colors = decode_outputs("bins", bins, quantizer)[0]
    expected = colorize(rgb_to_lab(gray)[..., 0], colors, quantizer, LabelGrid(32, 4))
    np.testing.assert_array_equal(colorize_photograph(checkpoint, gray), expected)
    export_model(checkpoint, tmp_path)
    facts = read_facts(tmp_path / "model.safetensors")
    assert facts["n_outputs"] == {"bins": 313, "ab": 2} and facts["outputs"] == ["bins", "ab"]
    assert facts["output"]["ab"]["shape"][1] == 2 and facts["input"]["shape"][1] == 1


def test_checkpoints_are_read_as_written(tmp_path):
    """A checkpoint has network, quantizer and plain values, and no code."""
    model, quantizer = make_model("small", 16, seed=0), hue_chroma_grid(16)
    config = {"model": "small", "settings": {"size": 32, "stride": 4}}
    networks = {"colorizer": model.state_dict()}
    save_checkpoint(tmp_path / "last.pt", {"networks": networks}, quantizer, config, {"epoch": 3})
    again = load_checkpoint(tmp_path / "last.pt")
    assert again.quantizer.fingerprint == quantizer.fingerprint
    assert again.config == config and again.progress == {"epoch": 3}
    for name, tensor in model.state_dict().items():
        assert torch.equal(again.model.state_dict()[name], tensor)
    plain = torch.load(tmp_path / "last.pt", weights_only=True)
    assert plain["schema"] == "colorprep.checkpoint/2"


@pytest.mark.parametrize("averaged", [None, False, True])
def test_checkpoints_of_schema_1_color_the_same(tmp_path, averaged):
    """An older checkpoint gives the network to use: with a moving average, that is the average."""
    quantizer, used = hue_chroma_grid(16), make_model("tiny", 16, seed=0)
    torch.nn.init.normal_(used.score.weight, generator=torch.Generator().manual_seed(0))
    config = {"model": "tiny", "settings": {"size": 32, "stride": 4}}
    trained = make_model("tiny", 16, seed=1) if averaged else used
    training = {
        "step": 7,
        "model": trained.state_dict(),
        "optimizer": {"state": {}, "param_groups": []},
        "average": used.state_dict() if averaged else None,
        "order": "0" * 32,
    }
    old = {
        "schema": "colorprep.checkpoint/1",
        "quantizer": quantizer_state(quantizer),
        "config": config,
        "progress": {"epoch": 3},
        "model": used.state_dict(),
        "training": None if averaged is None else training,
    }
    torch.save(old, tmp_path / "old.pt")
    state = {"networks": {"colorizer": used.state_dict()}}
    save_checkpoint(tmp_path / "new.pt", state, quantizer, config, {"epoch": 3})
    checkpoints = [load_checkpoint(tmp_path / name) for name in ("old.pt", "new.pt")]
    gray = np.random.default_rng(0).integers(0, 256, (40, 40, 1), np.uint8).repeat(3, axis=2)
    pictures = [colorize_photograph(checkpoint, gray) for checkpoint in checkpoints]
    assert np.array_equal(*pictures)
    if averaged is not None:
        resumed = checkpoints[0].training
        assert (resumed["step"], resumed["order"]) == (7, "0" * 32)
        for name, tensor in trained.state_dict().items():
            assert torch.equal(resumed["networks"]["colorizer"][name], tensor)


def test_damaged_checkpoints_are_refused(tmp_path):
    """Missing, foreign and truncated files are errors that name the file."""
    path = tmp_path / "best.pt"
    for content in (None, b"", b"no checkpoint", b"PK\3\4"):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ArtifactError, match=r"best\.pt"):
            load_checkpoint(path)
    torch.save({"something": 1}, path)
    with pytest.raises(ArtifactError, match=r"best\.pt"):
        load_checkpoint(path)


def test_wrong_names_are_refused():
    """An unknown network or device is an error that lists the choices."""
    with pytest.raises(InputError, match="small"):
        make_model("huge", 3)
    with pytest.raises(InputError, match="warp"):
        choose_device("warp")
    assert choose_device("cpu").type == "cpu"
