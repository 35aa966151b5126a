"""`colorprep import`: make a run of a network that was trained elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..artifacts import versions
from ..atomic import write_json
from ..errors import ArtifactError, InputError
from ..progress import Reporter
from ..runs import BEST, CONFIG, RUN_SCHEMA
from ..training.checkpoint import MAIN, save_checkpoint
from ..training.elsewhere.exports import exported_colorizer
from ..training.elsewhere.reading import read_weights
from ..training.elsewhere.sources import SOURCES, Colorizer
from ..training.models import Network, make_model
from ..training.models.inputs import check_side
from ..training.models.outputs import channels_of
from ..workspace import Workspace
from .given_weights import Recognized, TakenWeights, recognized, take_weights
from .train.run_folder import claimed


@dataclass(frozen=True)
class ImportParams:
    """Parameters of `colorprep import`.

    Attributes
    ----------
    file : str or Path
        Of weights, see `training.elsewhere.reading`.
    model : str or None
        The network that takes them; None for the usual one.
    size : int or None
        Side of the images that the network sees; None for the usual one.
    output : str, Path or None
        Folder of the run; None for one named by date and model.
    """

    file: str | Path
    model: str | None = None
    size: int | None = None
    output: str | Path | None = None

    def __post_init__(self) -> None:
        """Reject a size that no image has."""
        if self.size is not None and self.size < 1:
            raise InputError(f"the size must be at least 1, got {self.size}")


@dataclass(frozen=True)
class ImportResult:
    """Result of `colorprep import`.

    Attributes
    ----------
    title : str
        What the weights are, in words.
    model : str
        The network that took them.
    unused : list of str
        Arrays of the file that it has no place for.
    """

    folder: Path
    checkpoint: Path
    title: str
    model: str
    n_parameters: int
    unused: list[str]


def run(params: ImportParams, workspace: Workspace, reporter: Reporter) -> ImportResult:
    """Read weights from elsewhere, and write them as the best checkpoint of a run.

    Raises
    ------
    ArtifactError
        If the file cannot be read, is unknown, or lacks a part of the network.
    InputError
        If the network does not color, or cannot take images of this size, or the model is not one
        that takes these weights.
    OutputExists
        If the folder exists and is not empty.
    """
    weights = recognized(read_weights(workspace.input_path(params.file)))
    colorizer = _chosen(weights, params)
    with claimed(params.output, False, colorizer.model, workspace, reporter) as (folder, _):
        network, taken = _loaded(weights, colorizer)
        taken.report(workspace, reporter)
        _write(folder, network, colorizer, taken, workspace)
    n_parameters = sum(parameter.numel() for parameter in network.parameters())
    unused = list(taken.match.unused)
    return ImportResult(folder, folder / BEST, taken.title, colorizer.model, n_parameters, unused)


def _chosen(weights: Recognized, params: ImportParams) -> Colorizer:
    """Return how the network is used, by the table, the file and the parameters."""
    given, source = weights.given, weights.source
    if given.facts is not None:
        colorizer, models = exported_colorizer(given.path, given.facts), {given.facts["model"]}
    elif source is None:
        colors = [each.title for each in SOURCES if each.colorizer is not None]
        raise ArtifactError(
            f"{given.path} is not a network that is known here, by its names and shapes: it "
            f"begins with {', '.join(list(given.state)[:3])}; import {', '.join(colors)}, or a "
            "model.safetensors that `colorprep export` wrote"
        )
    elif source.colorizer is None:
        raise InputError(
            f"{given.path} is {source.title}, which does not color; begin a training with it: "
            f"`colorprep train --model {next(iter(source.conversions))} --init {given.path}`"
        )
    else:
        colorizer, models = source.colorizer(), {*source.conversions}
    model = params.model or colorizer.model
    if model not in models:
        raise InputError(
            f"{given.path} is {weights.title}, which {model} cannot take; choose --model "
            f"{' or '.join(sorted(models))}, or leave it out"
        )
    size = params.size or colorizer.settings["size"]
    return replace(colorizer, model=model, settings={**colorizer.settings, "size": size})


def _loaded(weights: Recognized, colorizer: Colorizer) -> tuple[Network, TakenWeights]:
    """Return the network with all its weights, and what was taken."""
    model, stride = colorizer.model, colorizer.settings["stride"]
    channels = channels_of(colorizer.heads, colorizer.quantizer)
    network = make_model(model, channels, None, colorizer.width, None, stride)
    check_side(network, colorizer.settings["size"])
    taken = take_weights(network, model, weights)
    if not taken.match.is_complete:
        raise ArtifactError(
            f"{taken.path} ({taken.title}) is not all of {model}: "
            f"{'; '.join(taken.match.lines())}. Give the whole file, or begin a training with it: "
            f"`colorprep train --model {model} --init {taken.path}`"
        )
    return network, taken


def _write(
    folder: Path,
    network: Network,
    colorizer: Colorizer,
    taken: TakenWeights,
    workspace: Workspace,
) -> None:
    """Write the files of the run; the checkpoint, by which it is found, is the last."""
    heads = list(colorizer.heads)
    config: dict[str, Any] = {
        "schema": RUN_SCHEMA,
        "model": colorizer.model,
        "width": colorizer.width,
        "outputs": heads[0] if len(heads) == 1 else heads,
        "quantizer": colorizer.quantizer.name,
        "settings": dict(colorizer.settings),
        "imported": {"file": taken.path.name, "digest": taken.digest, "is": taken.title},
        "versions": versions("numpy", "torch"),
    }
    workspace.own_folder(folder.absolute())
    write_json(folder / CONFIG, config)
    taken.write(folder, workspace)
    state = {"networks": {MAIN: network.state_dict()}}
    save_checkpoint(folder / BEST, state, colorizer.quantizer, config, {})
