"""`colorprep train`: a colorizer from label shards."""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

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
from ..training.dataset import ShardDataset
from ..training.devices import choose_device
from ..training.loader import ShardLoader
from ..training.loop import EpochLog, Schedule, fit
from ..training.losses import LossOptions, make_loss
from ..training.models import make_model
from ..training.prediction import predicted_rows
from ..workspace import Workspace
from .labels import LABELS_NAME
from .selection import EVERY_IMAGE, StageLists, curriculum_of, narrowed, split_labels
from .weights import WEIGHTS_NAME

RUNS_NAME = "runs"
RUN_SCHEMA = "colorprep.run/1"
SHOWN_IMAGES = 5
EPOCHS = 20


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
    epochs : int or None
        None for 20, or as many as the curriculum has.
    steps : int or None
        Ends training early, or late, after that many steps.
    batch_size : int
    learning_rate : float
    list : str, Path or None
        Trains on the images of this list alone.
    curriculum : tuple of (str, Path or None, int)
        Trains on the images of each of these lists, None for all images, for so many epochs.
    held_out : float, str or Path
        Share of the images for validation, or a list of them. They are chosen from all labels,
        so that they are the same whatever list is trained on.
    max_images : int or None
        Only so many images an epoch, other ones in each.
    rare_color : bool
        Chooses those by chance in proportion to what their colors weigh in a rebalanced loss.
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
    epochs: int | None = None
    steps: int | None = None
    batch_size: int = 32
    learning_rate: float = 2e-3
    list: str | Path | None = None
    curriculum: StageLists = ()
    held_out: float | str | Path = 0.05
    max_images: int | None = None
    rare_color: bool = False
    device: str = "auto"
    seed: int = 0
    output: str | Path | None = None

    def __post_init__(self) -> None:
        """Refuse what is out of range or does not fit together, before anything is read."""
        counts = (self.epochs, self.steps, self.batch_size, self.max_images)
        if any(count is not None and count < 1 for count in counts):
            raise InputError("epochs, steps, batch size and number of images must be 1 or more")
        if isinstance(self.held_out, float | int) and not 0.0 <= self.held_out < 1.0:
            raise InputError(f"the share held out must be from 0 to below 1, got {self.held_out:g}")
        if not self.learning_rate > 0:
            raise InputError(f"the learning rate must be above 0, got {self.learning_rate}")
        if self.curriculum and self.list is not None:
            raise InputError("a curriculum has lists of its own; give --list or --curriculum")
        if self.curriculum and self.epochs is not None:
            raise InputError("a curriculum tells its epochs; give --epochs or --curriculum")
        if self.rare_color and self.max_images is None:
            raise InputError(
                "--rare-color chooses which images an epoch has; tell how many with --max-images"
            )


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
    labels = open_labels(workspace.path(params.shards or LABELS_NAME))
    weights, weights_path = _weights(params, workspace, labels.quantizer, reporter)
    device = choose_device(params.device)
    pin_memory = device.type == "cuda"
    training, validation = _loaders(params, workspace, labels, weights, pin_memory, reporter)
    held_out = [] if validation is None else validation.dataset.keys
    model = make_model(params.model, len(labels.quantizer.centers), params.seed)
    loss = make_loss("soft-ce", labels.quantizer, LossOptions(weights))
    epochs = params.epochs or sum(n_epochs for _, n_epochs in params.curriculum) or EPOCHS
    schedule = Schedule(epochs, params.steps, params.learning_rate)
    config = {
        "schema": RUN_SCHEMA,
        "model": params.model,
        "loss": "soft cross-entropy" + ("" if weights is None else ", rebalanced"),
        "weights": None if weights_path is None else workspace.shown(weights_path),
        "settings": labels.manifest["settings"],
        "source": labels.manifest["digest"],
        "n_training": len(training.dataset),
        "n_validation": len(held_out),
        **_selection_facts(params, workspace),
        "batch_size": params.batch_size,
        "seed": params.seed,
        **asdict(schedule),
        "total_steps": schedule.total_steps(training),
        "device": str(device),
        "versions": versions("numpy", "torch"),
    }
    folder = _new_folder(params, workspace)
    write_json(folder / "config.json", config)
    write_text(folder / "validation.txt", "".join(f"{key}\n" for key in held_out))
    reporter.note(
        f"training {params.model} on {len(training.dataset)} images, {len(held_out)} held out, "
        f"{config['loss']}, on {device}"
    )
    logs: list[EpochLog] = []
    best = math.inf
    best_epoch = 0
    shown = ShardDataset(labels, (held_out or training.dataset.keys)[:SHOWN_IMAGES])
    with reporter.track(schedule.total_images(training), "images", "training") as advance:
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
        held_out,
    )


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
    return _weights_for(quantizer, path, workspace), path


def _weights_for(quantizer: Quantizer, path: Path, workspace: Workspace) -> Floats:
    weights, meta = load_weights(path)
    if meta.get("fingerprint") != quantizer.fingerprint:
        raise ArtifactError(
            f"{workspace.shown(path)} is for {meta.get('quantizer')}, the labels are of "
            f"{quantizer.name} with other bins; make both from one prior, or train with "
            "--no-weights"
        )
    return weights.weights


def _loaders(
    params: TrainParams,
    workspace: Workspace,
    labels: LabelFolder,
    weights: Floats | None,
    pin_memory: bool,
    reporter: Reporter,
) -> tuple[ShardLoader, ShardLoader | None]:
    """Return what gives the images to train on, and those held out, if any."""
    chosen, held_out = split_labels(labels, params.held_out, workspace, reporter)
    if params.list is not None:
        chosen = narrowed(chosen, held_out, params.list, workspace, reporter)
    dataset = ShardDataset(labels, chosen)
    if not dataset.mapped:
        reporter.note(
            "the labels are compressed: reading them takes many times as long as mapping those "
            "made without --compression"
        )
    image_weights = None
    if params.rare_color:
        if weights is None:
            path = workspace.path(params.weights or WEIGHTS_NAME)
            weights = _weights_for(labels.quantizer, path, workspace)
        image_weights = dataset.mean_weights(weights)
    training = dataset.loader(
        params.batch_size,
        seed=params.seed,
        max_images=params.max_images,
        curriculum=curriculum_of(params.curriculum, chosen, held_out, workspace, reporter),
        image_weights=image_weights,
        pin_memory=pin_memory,
    )
    if not held_out:
        return training, None
    validation = ShardDataset(labels, held_out)
    return training, validation.loader(params.batch_size, shuffle=False, pin_memory=pin_memory)


def _selection_facts(params: TrainParams, workspace: Workspace) -> dict[str, Any]:
    """Return which images were asked for, in plain values."""

    def shown(list_: str | Path) -> str:
        return workspace.shown(workspace.path(list_))

    held_out = params.held_out
    return {
        "held_out": held_out if isinstance(held_out, float | int) else shown(held_out),
        "list": None if params.list is None else shown(params.list),
        "curriculum": [
            {"list": EVERY_IMAGE if list_ is None else shown(list_), "epochs": n_epochs}
            for list_, n_epochs in params.curriculum
        ],
        "max_images": params.max_images,
        "rare_color": params.rare_color,
    }


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
