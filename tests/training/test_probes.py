"""Claims about linear probes: their features, and that they alone learn."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from steps import CPU
from torch.nn.functional import avg_pool2d, interpolate

from colorprep import InputError, ab_lattice
from colorprep.training.fitting.probes import inner_outputs, make_probes
from colorprep.training.fitting.trainer import Trainer
from colorprep.training.models import make_model
from colorprep.training.models.inputs import scaled_lightness
from colorprep.training.options import MachineOptions, PaceOptions

WIDTH = 0.05
LAYERS = ("block1", "block2", "block3", "block4", "block5")
SIZES = ((12, 12), (9, 8), (6, 6), (4, 4), (4, 4))


def stripes(n, seed):
    """A batch of gray images of fine stripes, across or down, of any phase and lightness."""
    random = np.random.default_rng(seed)
    class_id = random.permutation(np.arange(n) % 2)
    waves = np.sin(np.pi * np.arange(32) / 3 + random.uniform(0, 2 * np.pi, (n, 1)))
    across = np.repeat(waves[:, :, None], 32, axis=2)
    pattern = np.where(class_id[:, None, None] == 0, across, across.transpose(0, 2, 1))
    levels = random.uniform(80, 170, (n, 1, 1)) + 20 * pattern + random.normal(0, 8, (n, 32, 32))
    return {
        "lightness": torch.from_numpy(levels.clip(0, 255).astype(np.uint8)),
        "class_id": torch.from_numpy(class_id.astype(np.int32)),
        "label": torch.zeros((n, 8, 8), dtype=torch.int32),
    }


@torch.no_grad()
def seeing_edges(network):
    """Let a network's first two channels be its edges across and down, in all blocks."""
    for name, weight in network.named_parameters():
        if weight.ndim == 4 and name.startswith(LAYERS):
            weight.zero_()
            for channel in range(min(2, weight.shape[1])):
                weight[channel, channel, 1, 1] = 1.0
    first = network.block1[0].weight
    first.zero_()
    first[0, 0, :, 1] = torch.tensor([-4.0, 0.0, 4.0])
    first[1, 0, 1, :] = torch.tensor([-4.0, 0.0, 4.0])
    return network


def trained_probes(network, steps=40):
    """A trainer of probes that have seen 128 images of stripes."""
    trainer = Trainer(
        make_probes(network, ab_lattice(), 2, 32, seed=0),
        PaceOptions(optimizer="adam", schedule="constant", warm_up=0.0),
        MachineOptions(),
        CPU,
    )
    trainer.train()
    batch = stripes(128, seed=1)
    for _ in range(steps):
        trainer.take_step(batch, 0.01)
    return trainer


@pytest.fixture(scope="module")
def network():
    """A narrow network with statistics of its own."""
    made = make_model("eccv16", 2, 0, WIDTH)
    made.train()
    for seed in range(3):
        made(scaled_lightness(stripes(8, seed)))
    return made


@pytest.mark.parametrize("model", ["eccv16", "siggraph17"])
def test_probes_have_the_published_sizes(model):
    """At 176 pixels and full width, for 100 classes, whatever the strides of the layers."""
    with torch.device("meta"):
        network = make_model(model, {"ab": 2})
        method = make_probes(network, ab_lattice(), 100, 176, seed=0)
    assert tuple(method.n_features.values()) == (9216, 9216, 9216, 8192, 8192)
    sizes = [sum(each.numel() for each in net.parameters()) for net in method.networks.values()]
    assert sizes == [921_700, 921_700, 921_700, 819_300, 819_300]


@pytest.mark.parametrize(
    ("model", "side", "kernels"),
    [
        ("siggraph17", 176, (32, 16, 16, 8, 8)),
        ("siggraph17", 65, (32, 16, 16, 8, 8)),
        ("eccv16", 96, (16, 8, 8, 8, 8)),
        ("eccv16", 32, (16, 8, 4, 4, 4)),
    ],
)
def test_features_are_pooled_inner_outputs(model, side, kernels):
    """Blocks one after another, means over squares, and a grid whose corners are theirs."""
    network = make_model(model, {"ab": 2}, 0, WIDTH)
    generator = torch.Generator().manual_seed(0)
    lightness = torch.randint(0, 256, (2, side, side), dtype=torch.uint8, generator=generator)
    trunk = make_probes(network, ab_lattice(), 2, side, seed=0).trunk
    features = trunk({"lightness": lightness})
    x = scaled_lightness({"lightness": lightness})
    if model == "siggraph17":
        x = torch.cat([x / 2, 0 * x, 0 * x, 0 * x - 0.5], dim=1)
    with torch.no_grad():
        for layer, kernel, size in zip(LAYERS, kernels, SIZES, strict=True):
            x = network.get_submodule(layer)(x)
            grid = interpolate(avg_pool2d(x, kernel), size, mode="bilinear", align_corners=True)
            torch.testing.assert_close(features[layer], grid.flatten(1))
            if model == "siggraph17" and layer in LAYERS[:3]:
                x = x[:, :, ::2, ::2]


def test_the_network_runs_no_further_than_needed(network):
    """Blocks after the last probed one are not computed, and no hook is left."""
    seen = []
    hook = network.block6.register_forward_hook(lambda *_: seen.append(1))
    image = scaled_lightness(stripes(1, 0))
    network.eval()
    assert tuple(inner_outputs(network, LAYERS, [image])) == LAYERS and not seen
    network(image)
    assert seen
    hook.remove()


def test_only_the_probes_learn(network):
    """Nothing of the network changes, to the bit; it stays in evaluation mode."""
    before = deepcopy(network.state_dict())
    trainer = trained_probes(network, steps=2)
    assert not network.training and all(net.training for net in trainer.method.networks.values())
    trainer.eval()
    trainer.validate(stripes(4, seed=5))
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    assert all(parameter.grad is None for parameter in network.parameters())
    for probe in trainer.method.networks.values():
        assert all(parameter.grad.abs().sum() > 0 for parameter in probe.parameters())
    assert set(trainer.state_dict()["networks"]) == set(LAYERS)


def test_each_probe_learns_for_itself(network):
    """A step of all is a step of Adam on each layer's cross-entropy, of a single softmax."""
    trainer, batch = trained_probes(network, steps=0), stripes(16, seed=2)
    features, classes = trainer.method.trunk(batch), batch["class_id"].long()
    expected, losses = {}, {}
    for layer, probe in trainer.method.networks.items():
        alone = torch.nn.Linear(probe.in_features, 2)
        alone.load_state_dict(probe.state_dict())
        losses[layer] = torch.nn.functional.cross_entropy(alone(features[layer]), classes)
        losses[layer].backward()
        torch.optim.Adam(alone.parameters(), 0.01).step()
        expected[layer] = alone.weight.detach()
    logged = trainer.take_step(batch, 0.01)
    for layer, probe in trainer.method.networks.items():
        torch.testing.assert_close(logged[layer].value, losses[layer].detach())
        torch.testing.assert_close(probe.weight.detach(), expected[layer])


def test_images_without_a_class_do_not_count(network):
    """Neither in the loss nor in the accuracy."""
    trainer, batch = trained_probes(network), stripes(12, seed=3)
    few = {name: tensor[:6] for name, tensor in batch.items()}
    batch["class_id"][6:] = -1
    trainer.eval()
    with torch.no_grad():
        (every, _), (six, _) = trainer.validate(batch), trainer.validate(few)
    for name, term in every.items():
        torch.testing.assert_close(term.value / term.fraction, six[name].value)


def test_probes_beat_chance_and_a_random_network(network):
    """Where a network finds edges, they tell stripes in all layers, and random features do not."""
    held_out, found = stripes(200, seed=9), {}
    for name, trunk in (("random", network), ("edges", seeing_edges(deepcopy(network)))):
        trainer = trained_probes(trunk)
        trainer.eval()
        with torch.no_grad():
            logged, heads = trainer.validate(held_out)
        assert heads == {}
        found[name] = [logged[f"{layer}_accuracy"].value.item() for layer in LAYERS]
    assert min(found["edges"]) > 0.9
    assert max(found["random"]) < 0.8  # chance is 0.5


def test_networks_without_layers_to_probe_are_refused():
    """The message names the networks that have some."""
    with pytest.raises(InputError, match=r"eccv16 or siggraph17 or siggraph17-released"):
        make_probes(make_model("tiny", 2), ab_lattice(), 2, 32, seed=0)
