"""Claims about recipes: each can be run as its commands say, with the published numbers."""

import shlex

import click
import pytest
import torch

from colorprep import InputError, QuantizerSpec
from colorprep.cli.main import cli
from colorprep.quantize.spec import make_quantizer
from colorprep.stages.train import TrainParams
from colorprep.training.losses.objectives import COMPOSITES
from colorprep.training.losses.terms import LOSSES
from colorprep.training.models import make_model, run_network
from colorprep.training.models.critics import make_critic
from colorprep.training.models.inputs import blank_batch, check_side
from colorprep.training.models.outputs import HEADS, channels_of
from colorprep.training.recipes import RECIPES, Recipe, misfits, recipe_of

# Of labels; how many does not matter, nor how many bins there are.
SIZES = {"segments": 21, "classes": 10, "features": 1000}
PUBLISHED = {  # batch size, learning rate, epochs, steps
    "zhang2016": (40, 3e-5, None, 500_000),
    "siggraph17-class-small": (25, 1e-4, 100, None),
    "siggraph17-class": (25, 1e-4, 15, None),
    "siggraph17-reg": (25, 1e-5, 10, None),
    "siggraph17-reg2": (25, 1e-6, 5, None),
    "keras-fcn-segmentation": (20, 0.0125, 40, None),
    "keras-fcn-classification": (4, 0.00025, 30, None),
    "keras-fcn-rebalanced": (6, 0.000375, 80, None),
    "keras-fcn-regression": (8, 0.005 * 0.00025, 30, None),
    "colorizer-fcn-8s": (1, 1e-6, None, 100_000),
    "colorizer-fcn-32s-uniform": (3, 1e-6, None, 100_000),
    "cifar-unet": (32, 2e-4, 5, None),
    "cifar-cgan": (64, 2e-4, 50, None),
    "places-resnet": (100, 1e-3, 300, None),
    "places-unet32": (32, 1e-3, 100, None),
    "places-cgan": (16, 2e-4, 300, None),
}

every_recipe = pytest.mark.parametrize("name", RECIPES)


def options_of(recipe: Recipe) -> dict[str, dict[str, object]]:
    """Parse a recipe's commands by the command line; return their options by command."""
    options = {}
    for line in recipe.commands:
        _, command, *arguments = shlex.split(line)
        parsed = cli.get_command(click.Context(cli), command)
        options[command] = parsed.make_context(command, arguments).params
    return options


@every_recipe
def test_a_recipes_commands_make_its_labels(name):
    """They are commands of this version, and their labels have what the recipe needs."""
    recipe = recipe_of(name)
    options = options_of(recipe)
    quantizer = options.get("prior", {}).get("quantizer", "ab313")
    settings = {**options["labels"], "quantizer": quantizer}
    settings["stride"] = settings["stride"] or 4  # the default of shards
    assert misfits(recipe, settings) == []
    assert options["labels"]["size"] >= recipe.size == recipe.options.get("crop", recipe.size)
    assert recipe.after is None or recipe.after in RECIPES


@every_recipe
def test_a_recipes_network_takes_images_of_its_size(name):
    """Its options are those of trainings; network and critic give their heads at its size."""
    recipe = recipe_of(name)
    params = TrainParams.from_recipe(name)
    assert params.network.recipe == name
    options = options_of(recipe)
    kind = options.get("prior", {}).get("quantizer", "ab313")
    quantizer = make_quantizer(QuantizerSpec("hc-grid" if kind == "gmm" else kind))
    side, stride = recipe.size, options["labels"]["stride"] or 4
    loss = params.objective.loss
    losses = COMPOSITES[loss].scales if loss in COMPOSITES else [loss]
    channels = channels_of([LOSSES[each].head for each in losses], quantizer, SIZES)
    with torch.device("meta"):
        network = make_model(params.network.model, channels, None, 1.0, SIZES, stride)
        check_side(network, side)
        shape = (-(-side // stride),) * 2
        heads = run_network(network.eval(), blank_batch(side, SIZES), channels, shape)
        sides = {"labels": shape[0], "pixels": side, "unchanged": -(-side // 4)}
        for head, outputs in heads.items():
            place = () if head == "classes" else (sides[HEADS[head].place],) * 2
            assert outputs.shape == (1, channels[head], *place)
        if params.network.critic is not None:
            critic = make_critic(params.network.critic).eval()
            n_channels = next(critic.parameters()).shape[1]
            assert critic(torch.zeros(1, n_channels, side, side)).shape[:2] == (1, 1)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_numbers(name):
    """Batch size, learning rate and length are those of the publication."""
    pace = TrainParams.from_recipe(name).pace
    expected = PUBLISHED[name]
    assert (pace.batch_size, pace.epochs, pace.steps) == (expected[0], *expected[2:])
    assert pace.learning_rate == pytest.approx(expected[1])


def test_options_beside_a_recipe_win():
    """What is given replaces the recipe's; the rest stays."""
    params = TrainParams.from_recipe("cifar-cgan", epochs=7, output="runs/a")
    assert params.pace.epochs == 7 and params.pace.batch_size == 64 and params.output == "runs/a"
    with pytest.raises(InputError, match="--recipe list"):
        TrainParams.from_recipe("cifar")


def test_labels_that_do_not_fit_are_refused(colorprep, label_folder):
    """The message has what differs, and the commands that make the labels."""
    done = colorprep("train", "--recipe", "cifar-unet", "--shards", label_folder)
    assert done.exit_code == 1
    assert "stride 4 instead of 1, keep None instead of rgb" in done.stderr
    assert recipe_of("cifar-unet").commands[0] in done.stderr
    listed = colorprep("train", "--recipe", "list")
    assert all(name in listed.stdout for name in RECIPES)
