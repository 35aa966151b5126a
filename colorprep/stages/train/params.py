"""What `colorprep train` can be asked for, as plain values that a run's config.json keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from ...errors import InputError
from ...finite import check_finite
from ...training.fitting.schedules import Schedule
from ...training.losses.targets import GrayRule, WeighedBy
from .selection import StageLists

EPOCHS = 20
CHECKPOINT_EVERY = 50

# Not stored with a run: its folder, and the device.
FREE = ("output", "device", "resume", "said")

# Parameters that may change in a resumed run: its length, and those that do not affect numbers.
MAY_CHANGE = ("epochs", "steps", "checkpoint_every", "validate_every", "tensorboard")

OPTIONS = {
    "use_weights": "--weights",
    "learning_rate": "--lr",
    "held_out": "--val",
    "multipliers": "--lr-of",
}
"""The options of the command line that are not named like their parameters."""


@dataclass(frozen=True)
class TrainParams:
    """Parameters of `colorprep train`.

    Attributes
    ----------
    shards : str, Path or None
        None for ``labels/``.
    weights : str, Path or None
        None for ``weights.npz``, if it exists and the loss takes weights.
    use_weights : bool
    weigh_by : {"bin", "expectation"}
        Whether a pixel has the weight of its bin, or the expectation over its soft target.
    logit_adjust : float
        Tau, 0 for none; it replaces weights.
    prior : str, Path or None
        For logit adjustment; None for ``prior.npz``.
    gray : {"mask", "drop", "keep"}
        Treatment of images without color.
    model, loss : str
    width : float
        Multiplies the channels of the network.
    init : str, Path or None
        A checkpoint whose layers of the same name and shape are started from.
    epochs : int or None
        None for 20, or as many as the curriculum has.
    steps : int or None
        Ends training early, or late, after that many steps.
    batch_size : int
        Of each process.
    learning_rate : float
        The peak.
    schedule : str
    warm_up : float
        Share of the steps over which the learning rate rises.
    decay_after : int or None
        Of ``linear``: the epochs before the rate falls.
    multipliers : tuple of (str, float)
        Learning rates of layers, by patterns in their names.
    clip, ema : float or None
        The norm that gradients are cut to; the decay of the average of the parameters.
    amp, compile : bool
        Whether to compute in bfloat16 where safe; whether to compile the network.
    crop : int or None
        Train on random squares of that side.
    flip : bool
        Mirror every other image.
    list : str, Path or None
        Trains on the images of this list alone.
    curriculum : tuple of (str, Path or None, int)
        Trains on the images of each of these lists, None for all images, for so many epochs.
    held_out : float, str or Path
        Share of the images for validation, or a list of them. They are chosen from all labels,
        so that they are the same whatever list is trained on.
    max_images : int or None
        Maximum number of images per epoch, different ones in each.
    rare_color : bool
        Draws those at random, in proportion to the weights of their colors in a rebalanced loss.
    device : str
        ``auto`` uses a GPU if there is one.
    seed : int
    deterministic : bool
        Whether to compute the same bits each time, at some cost.
    checkpoint_every : int
        Steps between checkpoints, and rows of the log.
    validate_every : int or None
        Steps between validations, and pictures; None for once an epoch.
    tensorboard : bool
        Whether to write events for TensorBoard as well.
    output : str, Path or None
        None for ``runs/<date>-<model>``.
    resume : bool
        Resume the run in `output`, or the newest one. Parameters left at their default are as in
        the run; `FREE` and `MAY_CHANGE` parameters may differ.
    said : frozenset of str
        Parameters that were given explicitly, which count in resuming even at their default.
    """

    shards: str | Path | None = None
    weights: str | Path | None = None
    use_weights: bool = True
    weigh_by: WeighedBy = "bin"
    logit_adjust: float = 0.0
    prior: str | Path | None = None
    gray: GrayRule = "mask"
    model: str = "small"
    loss: str = "soft-ce"
    width: float = 1.0
    init: str | Path | None = None
    epochs: int | None = None
    steps: int | None = None
    batch_size: int = 32
    learning_rate: float = 2e-3
    schedule: str = "cosine"
    warm_up: float = 0.1
    decay_after: int | None = None
    multipliers: tuple[tuple[str, float], ...] = ()
    clip: float | None = None
    ema: float | None = None
    amp: bool = False
    compile: bool = False
    crop: int | None = None
    flip: bool = True
    list: str | Path | None = None
    curriculum: StageLists = ()
    held_out: float | str | Path = 0.05
    max_images: int | None = None
    rare_color: bool = False
    device: str = "auto"
    seed: int = 0
    deterministic: bool = False
    checkpoint_every: int = CHECKPOINT_EVERY
    validate_every: int | None = None
    tensorboard: bool = False
    output: str | Path | None = None
    resume: bool = False
    said: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse what is out of range or does not fit together, before anything is read."""
        check_finite(self)
        counts = (
            self.epochs, self.steps, self.batch_size, self.max_images, self.crop,
            self.checkpoint_every, self.validate_every,
        )  # fmt: skip
        if any(count is not None and count < 1 for count in counts):
            raise InputError("numbers of epochs, steps, images and pixels must be 1 or more")
        if isinstance(self.held_out, float | int) and not 0.0 <= self.held_out < 1.0:
            raise InputError(f"the share held out must be from 0 to below 1, got {self.held_out:g}")
        if self.curriculum and self.list is not None:
            raise InputError("a curriculum has lists of its own; give --list or --curriculum")
        if self.curriculum and self.epochs is not None:
            raise InputError("a curriculum tells its epochs; give --epochs or --curriculum")
        if self.rare_color and self.max_images is None:
            raise InputError(
                "--rare-color chooses which images an epoch has; tell how many with --max-images"
            )
        if self.logit_adjust and self.weights is not None:
            raise InputError("logit adjustment takes the place of rebalancing weights; choose one")
        if self.prior is not None and not self.logit_adjust:
            raise InputError("a prior is for --logit-adjust alone; give both, or leave it out")
        if not self.width > 0 or self.logit_adjust < 0:
            raise InputError("the width must be above 0, and logit adjustment 0 or more")
        if self.clip is not None and not self.clip > 0:
            raise InputError(f"the norm that gradients are cut to is above 0, got {self.clip}")
        if self.ema is not None and not 0.0 < self.ema < 1.0:
            raise InputError(f"the decay of an average is between 0 and 1, got {self.ema}")
        self.to_schedule()

    def to_schedule(self) -> Schedule:
        """Return how long and how fast to train."""
        epochs = self.epochs or sum(n_epochs for _, n_epochs in self.curriculum) or EPOCHS
        return Schedule(
            epochs, self.steps, self.learning_rate, self.schedule, self.warm_up, self.decay_after
        )


def parse_multiplier(text: str) -> tuple[str, float]:
    """Read PATTERN=FACTOR.

    Raises
    ------
    InputError
        If it is none.
    """
    pattern, _, factor = text.rpartition("=")
    try:
        if pattern:
            return pattern, float(factor)
    except ValueError:
        pass
    raise InputError(f"a learning rate of layers is PATTERN=FACTOR, as in score=10; got {text!r}")


def to_plain(params: TrainParams) -> dict[str, Any]:
    """Return what a run was asked for as JSON can keep it, less what is `FREE`."""
    values = {name: value for name, value in asdict(params).items() if name not in FREE}
    return {name: _plain(value) for name, value in values.items()}


def from_plain(values: Mapping[str, Any]) -> TrainParams:
    """Return parameters from `to_plain`; names that this version does not know are left out.

    Raises
    ------
    InputError
        If a value is not of its parameter's type, or out of range.
    """
    hints = {name: hint for name, hint in get_type_hints(TrainParams).items() if name not in FREE}
    known = {name: _with_tuples(values[name]) for name in hints if name in values}
    for name, value in known.items():
        if not _fits(value, hints[name]):
            raise InputError(f"{name.replace('_', ' ')} cannot be {value!r}")
    return TrainParams(**known)


def resumed(asked: TrainParams, of_run: TrainParams) -> TrainParams:
    """Return the parameters of a run that is resumed.

    Parameters
    ----------
    asked : TrainParams
        Parameters at their default, and not in `said`, are taken from the run; given `MAY_CHANGE`
        parameters replace those of the run.
    of_run : TrainParams

    Returns
    -------
    TrainParams

    Raises
    ------
    InputError
        If any other parameter differs from the run's; the message lists all of them.
    """
    default = TrainParams()
    changes: dict[str, Any] = {}
    refused = []
    for name in [field.name for field in fields(TrainParams) if field.name not in FREE]:
        value, kept = getattr(asked, name), getattr(of_run, name)
        is_meant = name in asked.said or _plain(value) != _plain(getattr(default, name))
        if not is_meant or _plain(value) == _plain(kept):
            continue
        if name in MAY_CHANGE:
            changes[name] = value
        else:
            option = OPTIONS.get(name, f"--{name.replace('_', '-')}")
            refused.append(f"{option} was {_shown(kept)}, is now {_shown(value)}")
    if refused:
        raise InputError(
            f"a resumed run must keep its options ({'; '.join(refused)}): "
            "leave them out, or train anew without --resume"
        )
    if "epochs" in changes and "steps" not in changes:
        changes["steps"] = None  # which would take precedence
    return replace(of_run, **changes, **{name: getattr(asked, name) for name in FREE})


def _shown(value: Any) -> str:
    """Return the value of an option for messages."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value is None or value == () else str(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value.as_posix() if isinstance(value, Path) else value


def _with_tuples(value: Any) -> Any:
    return tuple(map(_with_tuples, value)) if isinstance(value, list) else value


def _fits(value: Any, hint: Any) -> bool:
    """Return whether a plain value has a parameter's type; paths are plain strings."""
    kind, parts = get_origin(hint), get_args(hint)
    if kind is UnionType:
        return any(_fits(value, part) for part in parts)
    if kind is Literal:
        return value in parts
    if kind is tuple:
        if not isinstance(value, tuple):
            return False
        kinds = parts[:1] * len(value) if parts[-1] is Ellipsis else parts
        return len(kinds) == len(value) and all(map(_fits, value, kinds))
    if isinstance(value, bool) or hint is bool:
        return isinstance(value, bool) and hint is bool
    plain: dict[Any, Any] = {float: (int, float), Path: str}
    return isinstance(value, plain.get(hint, hint))
