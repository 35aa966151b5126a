"""The inputs of `colorprep probe`: labels with classes, and the networks of runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError
from ...images.classes import class_ids
from ...images.digests import digest_of_file
from ...progress import Reporter
from ...runs import BEST
from ...shards.reader import LabelFolder, open_labels
from ...training.checkpoint import Checkpoint, load_checkpoint
from ...training.data.augmentation import Preparation
from ...training.data.dataset import ShardDataset
from ...training.data.loader import ShardLoader
from ...training.fitting.probes import probed_layers
from ...training.models.inputs import check_inputs, check_side
from ...training.models.spec import size_of
from ...training.processes import Process
from ...workspace import LABELS, Workspace
from ..checkpoints import Origin, choose_checkpoint, origin_of, report_origin
from ..train.objective import label_sizes
from ..train.selection import split_labels
from .params import ProbeParams


@dataclass(frozen=True)
class Chance:
    """What can be guessed without seeing an image.

    Attributes
    ----------
    n_images, n_classes : int
        Of the held-out images that have a class, and of the labels.
    accuracy : float
        Of always answering the largest class of the held-out images.
    """

    n_images: int
    n_classes: int
    accuracy: float


@dataclass(frozen=True, eq=False)
class ProbeInputs:
    """The images on which probes are trained and judged.

    Attributes
    ----------
    arrays : set of str
        Of each batch.
    preparation : Preparation
        Mirrors images to train on at random.
    """

    labels: LabelFolder
    n_classes: int
    arrays: set[str]
    training: ShardLoader
    validation: ShardLoader
    preparation: Preparation

    def chance(self) -> Chance:
        """Return what can be guessed of the held-out images."""
        manifest = self.labels.manifest
        rule = manifest["settings"].get("class_from", "top")
        ids = class_ids(self.validation.dataset.keys, manifest["classes"], rule)
        counts = Counter(number for number in ids if number >= 0)
        n_images = counts.total()
        largest = max(counts.values(), default=0)
        return Chance(n_images, self.n_classes, largest / n_images if n_images else 0.0)


@dataclass(frozen=True, eq=False)
class Subject:
    """A network to probe.

    Attributes
    ----------
    name : str
        Of its run, different for each.
    digest : str
        Of the checkpoint's file.
    """

    name: str
    origin: Origin
    digest: str
    checkpoint: Checkpoint


def read_inputs(
    params: ProbeParams, process: Process, workspace: Workspace, reporter: Reporter
) -> ProbeInputs:
    """Open the labels, and choose the images to hold out.

    Raises
    ------
    ArtifactError
        If labels are missing or damaged.
    InputError
        If they have fewer than two classes, or the images to hold out are not among them.
    """
    labels = open_labels(workspace.input_location(params.data.shards, LABELS), params.data.cache)
    n_classes = size_of("classes", label_sizes(labels))
    if n_classes < 2:
        raise InputError(
            f"all images of {labels.path} are of the class {labels.manifest['classes'][0]}, but "
            "probes tell classes apart; make labels of images in a folder per class, see "
            "`colorprep labels --class-from`"
        )
    chosen, held_out = split_labels(labels, params.data.held_out, workspace, reporter)
    dataset, data, batch_size = ShardDataset(labels, chosen), params.data, params.pace.batch_size
    pinned = process.device.type == "cuda"
    training = dataset.loader(
        batch_size, seed=params.machine.seed, max_images=data.max_images, pin_memory=pinned
    )
    validation = ShardDataset(labels, held_out).loader(batch_size, shuffle=False, pin_memory=pinned)
    settings = labels.manifest["settings"]
    preparation = Preparation(settings["size"], settings["stride"], flip=data.flip)
    return ProbeInputs(labels, n_classes, dataset.arrays, training, validation, preparation)


def read_subjects(
    runs: Sequence[str | Path], inputs: ProbeInputs, workspace: Workspace, reporter: Reporter
) -> list[Subject]:
    """Read the networks to probe, and report which they are.

    Raises
    ------
    ArtifactError
        If a checkpoint is missing or damaged.
    InputError
        If a network has no layers to probe, or does not fit the labels.
    """
    given: Sequence[str | Path | None] = runs or [None]
    found = [choose_checkpoint(run, workspace, reporter) for run in given]
    paths = list({path.resolve(): path for path in found}.values())
    subjects = []
    for name, path in zip(_names(paths, workspace), paths, strict=True):
        checkpoint = load_checkpoint(path)
        _check_network(checkpoint, inputs, workspace.shown(path))
        origin = origin_of(path, checkpoint.config, checkpoint.progress)
        report_origin("probing", origin, workspace, reporter)
        subjects.append(Subject(name, origin, digest_of_file(path), checkpoint))
    return subjects


def _names(paths: Sequence[Path], workspace: Workspace) -> list[str]:
    """Return the names of runs, or the paths of checkpoints if these are others or names repeat."""
    shown = [workspace.shown(path) for path in paths]
    names = [path.resolve().parent.name for path in paths]
    are_best = all(path.name == BEST for path in paths)
    return names if are_best and len(set(names)) == len(names) else shown


def _check_network(checkpoint: Checkpoint, inputs: ProbeInputs, shown: str) -> None:
    network = checkpoint.model
    try:
        probed_layers(network)
    except InputError as error:
        raise InputError(f"{shown} is of {checkpoint.config['model']}: {error}") from error
    check_side(network, inputs.preparation.side)
    check_inputs(network, inputs.arrays, str(inputs.labels.path))
