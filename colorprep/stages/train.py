"""`colorprep train`: a colorizer from label shards."""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ..artifacts import load_weights, versions
from ..atomic import replacing, write_json, write_text
from ..color.lab import Floats
from ..errors import ArtifactError, InputError, OutputExists
from ..images.decoding import Pixels
from ..progress import Reporter
from ..quantize.quantizer import Quantizer
from ..report.gallery import gallery
from ..shards.reader import LabelFolder, open_labels
from ..training.checkpoint import save_checkpoint
from ..training.dataset import ShardDataset, split_keys
from ..training.devices import choose_device
from ..training.loop import EpochLog, Schedule, fit
from ..training.losses import LossOptions, make_loss
from ..training.models import make_model
from ..training.prediction import predicted_rows
from ..workspace import Workspace
from .labels import LABELS_NAME
from .weights import WEIGHTS_NAME

RUNS_NAME = "runs"
RUN_SCHEMA = "colorprep.run/1"
SHOWN_IMAGES = 5


@dataclass(frozen=True)
class TrainParams:
    """What `colorprep train` is to do.

    Attributes
    ----------
    shards : str, Path or None
        None for ``labels/``.
    weights : str, Path or None
        None for ``weights.npz``, where there is one.
    use_weights : bool
    model : str
    epochs : int
    steps : int or None
        Ends training early, or late, after that many steps.
    batch_size : int
    learning_rate : float
    held_out : float
        Share of the images for validation.
    device : str
        ``auto`` takes a GPU where there is one.
    seed : int
    output : str, Path or None
        None for ``runs/<date>-<model>``.
    """

    shards: str | Path | None = None
    weights: str | Path | None = None
    use_weights: bool = True
    model: str = "small"
    epochs: int = 20
    steps: int | None = None
    batch_size: int = 32
    learning_rate: float = 2e-3
    held_out: float = 0.05
    device: str = "auto"
    seed: int = 0
    output: str | Path | None = None


@dataclass(frozen=True)
class TrainResult:
    """What `colorprep train` did.

    Attributes
    ----------
    folder, best, log : Path
    picture : Path
        [gray | prediction | original] of the best epoch.
    logs : list of EpochLog
    best_epoch : int
    weights : Path or None
        Which were used.
    held_out : list of str
        Keys of the validation images, also written to ``validation.txt``.
    """

    folder: Path
    best: Path
    log: Path
    picture: Path
    logs: list[EpochLog]
    best_epoch: int
    weights: Path | None
    held_out: list[str]


def run(params: TrainParams, workspace: Workspace, reporter: Reporter) -> TrainResult:
    """Train a colorizer.

    Parameters
    ----------
    params : TrainParams
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    TrainResult

    Raises
    ------
    ArtifactError
        If labels or weights are missing, damaged, or do not fit each other.
    OutputExists
        If the run's folder is there already.
    InputError
        If a parameter is out of range.
    """
    _check(params)
    labels = open_labels(workspace.path(params.shards or LABELS_NAME))
    weights, weights_path = _weights(params, workspace, labels.quantizer, reporter)
    training, validation = _split(labels, params.held_out)
    device = choose_device(params.device)
    model = make_model(params.model, len(labels.quantizer.centers), params.seed)
    loss = make_loss("soft-ce", labels.quantizer, LossOptions(weights))
    schedule = Schedule(
        params.epochs, params.steps, params.batch_size, params.learning_rate, params.seed
    )
    config = {
        "schema": RUN_SCHEMA,
        "model": params.model,
        "loss": "soft cross-entropy" + ("" if weights is None else ", rebalanced"),
        "weights": None if weights_path is None else workspace.shown(weights_path),
        "settings": labels.manifest["settings"],
        "source": labels.manifest["digest"],
        "n_training": len(training),
        "n_validation": len(validation),
        "held_out": params.held_out,
        **asdict(schedule),
        "total_steps": schedule.total_steps(len(training)),
        "device": str(device),
        "versions": versions("numpy", "torch"),
    }
    folder = _new_folder(params, workspace)
    write_json(folder / "config.json", config)
    write_text(folder / "validation.txt", "".join(f"{key}\n" for key in validation.keys))
    reporter.note(
        f"training {params.model} on {len(training)} images, {len(validation)} held out, "
        f"{config['loss']}, on {device}"
    )
    logs: list[EpochLog] = []
    best = math.inf
    best_epoch = 0
    shown = ShardDataset(labels, (validation.keys or training.keys)[:SHOWN_IMAGES])
    with reporter.track(schedule.total_images(len(training)), "images", "training") as advance:
        for log in fit(model, loss, training, validation, schedule, device, advance):
            logs.append(log)
            _write_log(folder / "log.csv", logs)
            progress = asdict(log)
            save_checkpoint(folder / "last.pt", model, labels.quantizer, config, progress)
            score = log.train_loss if math.isnan(log.val_loss) else log.val_loss
            picture = folder / "samples" / f"epoch-{log.epoch:04d}.png"
            _write_picture(picture, predicted_rows(model, labels.quantizer, shown, device))
            if score < best:
                best, best_epoch, best_picture = score, log.epoch, picture
                save_checkpoint(folder / "best.pt", model, labels.quantizer, config, progress)
    return TrainResult(
        folder,
        folder / "best.pt",
        folder / "log.csv",
        best_picture,
        logs,
        best_epoch,
        weights_path,
        validation.keys,
    )


def _check(params: TrainParams) -> None:
    if params.epochs < 1 or params.batch_size < 1 or (params.steps or 1) < 1:
        raise InputError("epochs, steps and batch size must be 1 or more")
    if not 0.0 <= params.held_out < 1.0:
        raise InputError(f"the share held out must be from 0 to below 1, got {params.held_out}")
    if not params.learning_rate > 0:
        raise InputError(f"the learning rate must be above 0, got {params.learning_rate}")


def _weights(
    params: TrainParams, workspace: Workspace, quantizer: Quantizer, reporter: Reporter
) -> tuple[Floats | None, Path | None]:
    """Return the weights that are asked for or at hand, and where they are."""
    path = workspace.path(params.weights or WEIGHTS_NAME)
    if not params.use_weights:
        return None, None
    if params.weights is None and not path.exists():
        reporter.note(f"no {WEIGHTS_NAME} here: training without rebalancing")
        return None, None
    weights, meta = load_weights(path)
    if meta.get("fingerprint") != quantizer.fingerprint:
        raise ArtifactError(
            f"{workspace.shown(path)} is for {meta.get('quantizer')}, the labels are of "
            f"{quantizer.name} with other bins; make both from one prior, or train with "
            "--no-weights"
        )
    return weights.weights, path


def _split(labels: LabelFolder, held_out: float) -> tuple[ShardDataset, ShardDataset]:
    keys = [key for shard in labels.shards for key in shard.keys]
    training, validation = split_keys(keys, held_out)
    return ShardDataset(labels, training), ShardDataset(labels, validation)


def _new_folder(params: TrainParams, workspace: Workspace) -> Path:
    name = f"{time.strftime('%Y-%m-%d-%H%M%S')}-{params.model}"
    folder = workspace.path(params.output or Path(RUNS_NAME) / name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputExists(f"{folder} exists and is not an empty folder; choose another with -o")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write_log(path: Path, logs: list[EpochLog]) -> None:
    text = io.StringIO()
    table = csv.DictWriter(text, list(asdict(logs[0])), lineterminator="\n")
    table.writeheader()
    table.writerows(asdict(log) for log in logs)
    write_text(path, text.getvalue())


def _write_picture(path: Path, rows: Sequence[Sequence[Pixels]]) -> None:
    with replacing(path) as temporary:
        gallery(rows, ["gray", "prediction", "original"]).save(temporary, "PNG")
