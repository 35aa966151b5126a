"""What probes have learned, and the files that say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...atomic import replacing, write_csv, write_json
from ...color.lab import Floats
from ...metrics.proportions import Proportion, over_images, over_runs
from ...report.figures.files import write_figure
from ...report.figures.probes import draw_probes
from ...runs import best_row
from ...training.fitting.probes import accuracy_name
from ...training.fitting.record import Record
from .inputs import Chance, Subject

PROBES_SCHEMA = "colorprep.probes/1"
FACTS, TABLE, EPOCHS, FIGURE = "probes.json", "probes.csv", "epochs.csv", "probes.png"
LOGGED = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")


@dataclass(frozen=True)
class ProbedLayer:
    """A layer's probe after its best epoch, the one with the lowest validation loss.

    Attributes
    ----------
    n_features : int
    epoch : int
        Counted from 1.
    val_loss : float
        In nats per image.
    accuracy : Proportion
        Of the held-out images, those whose class is the most likely one.
    """

    n_features: int
    epoch: int
    val_loss: float
    accuracy: Proportion

    def facts(self) -> dict[str, Any]:
        """Return all of it, for JSON."""
        return {**vars(self), "accuracy": self.accuracy._asdict()}


@dataclass(frozen=True, eq=False)
class ProbedRun:
    """A network, the log of its probes, and each layer's result."""

    subject: Subject
    records: Sequence[Record]
    layers: Mapping[str, ProbedLayer]

    @property
    def name(self) -> str:
        """The name of its run."""
        return self.subject.name

    def epochs(self) -> Iterator[list[Any]]:
        """Yield the rows of ``epochs.csv``."""
        for record in self.records:
            for layer in self.layers:
                yield [self.name, layer, record.epoch, *_logged(record, layer).values()]

    def facts(self) -> dict[str, Any]:
        """Return its checkpoint and the results of its layers, for JSON."""
        origin = self.subject.origin
        return {
            "model": self.subject.checkpoint.config["model"],
            "digest": self.subject.digest,
            "step": origin.step,
            "total_steps": origin.total_steps,
            "finished": origin.finished,
            "layers": {layer: result.facts() for layer, result in self.layers.items()},
        }


def judged(
    subject: Subject, records: Sequence[Record], n_features: Mapping[str, int], n_images: int
) -> ProbedRun:
    """Return the result of a run from the log of its probes, of one row or more."""
    layers = {}
    for layer, n in n_features.items():
        log = [_logged(record, layer) for record in records]
        best = best_row([row["val_loss"] for row in log])
        assert best is not None  # each epoch was validated
        accuracy = over_images(round(n_images * log[best]["val_accuracy"]), n_images)
        layers[layer] = ProbedLayer(n, records[best].epoch, log[best]["val_loss"], accuracy)
    return ProbedRun(subject, records, layers)


def means_over_runs(runs: Sequence[ProbedRun]) -> dict[str, Proportion]:
    """Return each layer's mean accuracy over runs; nothing for a single run."""
    if len(runs) < 2:
        return {}
    return {
        layer: over_runs([run.layers[layer].accuracy.value for run in runs])
        for layer in runs[0].layers
    }


def output_paths(folder: Path) -> tuple[Path, Path, Path, Path]:
    """Return the paths of the facts, the table, the log of epochs and the figure."""
    return folder / FACTS, folder / TABLE, folder / EPOCHS, folder / FIGURE


def write_epochs(folder: Path, runs: Sequence[ProbedRun]) -> None:
    """Write ``epochs.csv``, a line for each run, epoch and layer."""
    rows = (row for run in runs for row in run.epochs())
    write_csv(folder / EPOCHS, ["run", "layer", "epoch", *LOGGED], rows)


def write_results(
    folder: Path, runs: Sequence[ProbedRun], chance: Chance, provenance: Mapping[str, Any]
) -> None:
    """Write ``probes.json``, ``probes.csv`` and ``probes.png``."""
    facts = {"schema": PROBES_SCHEMA, **probed_facts(runs, chance), **provenance}
    write_json(folder / FACTS, facts)
    header = ["run", "layer", "n_features", "epoch", "val_loss", "accuracy", "low", "high"]
    write_csv(folder / TABLE, header, (row for run in runs for row in _rows(run)))
    accuracies = {run.name: _columns(run) for run in runs}
    caption = f"{chance.n_images:,} images of {chance.n_classes:,} classes, 95% intervals"
    figure = draw_probes(list(runs[0].layers), accuracies, chance.accuracy, caption)
    with replacing(folder / FIGURE) as temporary:
        write_figure(figure, "Accuracy of linear probes", temporary)


def probed_facts(runs: Sequence[ProbedRun], chance: Chance) -> dict[str, Any]:
    """Return all results, for JSON."""
    means = {layer: mean._asdict() for layer, mean in means_over_runs(runs).items()}
    return {
        "chance": vars(chance),
        "runs": {run.name: run.facts() for run in runs},
        "over_runs": means,
    }


def _logged(record: Record, layer: str) -> dict[str, float]:
    """Return a layer's figures of an epoch, those of `LOGGED`."""
    accuracy = accuracy_name(layer)
    names = (f"train_{layer}", f"train_{accuracy}", f"val_{layer}", f"val_{accuracy}")
    return {shown: record.figures[name] for shown, name in zip(LOGGED, names, strict=True)}


def _rows(run: ProbedRun) -> Iterator[list[Any]]:
    for layer, result in run.layers.items():
        yield [
            *(run.name, layer, result.n_features, result.epoch, result.val_loss),
            *result.accuracy[:3],
        ]


def _columns(run: ProbedRun) -> Floats:
    """Return the accuracies of a run and the ends of their intervals, (3, layers)."""
    return np.array([result.accuracy[:3] for result in run.layers.values()]).T
