"""The options of training, in five groups that the command line, runs and the library share.

Importing them is light: neither torch nor numpy. A field knows the name of its option on the
command line, where that differs from its own, and whether it may differ when a run is resumed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar, get_type_hints

from ..errors import InputError
from ..finite import check_finite
from ..shards.cache import CACHE
from .choices import (
    CriticName,
    GrayRule,
    LossName,
    ModelName,
    OptimizerName,
    ScheduleName,
    WeighedBy,
)
from .fitting.schedules import Schedule

OnResume = Literal["keep", "change", "unstored"]

LEAST_HINTS = 0.001  # the parameter of their geometric number, which then has a mean of 999

# For each stage a list, None for all images, and the number of epochs.
StageLists: TypeAlias = tuple[tuple[str | Path | None, int], ...]

T = TypeVar("T")


def _option(default: T, name: str | None = None, on_resume: OnResume = "keep") -> T:
    """Return a field.

    Parameters
    ----------
    name : str or None
        Of the option; None derives it from the field's name.
    on_resume : {"keep", "change", "unstored"}
        A resumed run must keep the value, or may change it; ``unstored`` values are not part of a
        run, and are chosen anew each time.
    """
    return field(default=default, metadata={"option": name, "on_resume": on_resume})


@dataclass(frozen=True)
class DataOptions:
    """The images to train on, and how a batch is made of them.

    Attributes
    ----------
    shards : str, Path or None
        None for ``labels/``.
    cache : float
        Gigabytes of a store's labels on this disk; few change the order, see `data.windows`.
    list : str, Path or None
        Trains on the images of this list only.
    curriculum : tuple of (str, Path or None, int)
        Trains on each of these lists, None for all images, for that number of epochs.
    held_out : float, str or Path
        Fraction of the images for validation, a list of them, or a folder of the source that ends
        in a slash. They are chosen from all labels, so that they are the same for any list to
        train on.
    max_images : int or None
        Maximum number of images per epoch, different ones in each.
    rare_color : bool
        Draws those at random, in proportion to the weights of their colors in a rebalanced loss.
    crop : int or None
        Trains on random squares of this side.
    flip : bool
        Mirrors every other image.
    zoom : tuple of float
        Multiplies the coordinates of each image by a factor from the first to the second number:
        above 1 it is shown smaller, with borders that do not count.
    rotate : float
        Turns each image by up to so many degrees in either direction.
    channel_shift : float
        Adds up to so many levels of 255, or subtracts them, in each channel of an input of three.
    hints : float
        Shows a network that takes hints the colors of random patches, in training and validation.
        Their number is geometric with this parameter, its mean 1 / hints - 1; 1 for none.
    """

    shards: str | Path | None = None
    cache: float = _option(CACHE, on_resume="change")
    list: str | Path | None = None
    curriculum: StageLists = ()
    held_out: float | str | Path = _option(0.05, "--val")
    max_images: int | None = None
    rare_color: bool = False
    crop: int | None = None
    flip: bool = True
    zoom: tuple[float, float] = (1.0, 1.0)
    rotate: float = 0.0
    channel_shift: float = 0.0
    hints: float = 1.0

    def __post_init__(self) -> None:
        """Reject values that are out of range or exclude each other."""
        check_finite(self)
        _check_counts(self.max_images, self.crop)
        if isinstance(self.held_out, float | int) and not 0.0 <= self.held_out < 1.0:
            raise InputError(
                f"the fraction held out must be from 0 to below 1, got {self.held_out:g}"
            )
        if self.curriculum and self.list is not None:
            raise InputError("a curriculum has its own lists; give --list or --curriculum")
        if self.rare_color and self.max_images is None:
            raise InputError("--rare-color needs the number of images per epoch: add --max-images")
        if not 0.0 < self.zoom[0] <= self.zoom[1]:
            raise InputError(
                "--zoom takes a lowest and a highest factor above 0, such as 0.5 2; got "
                f"{self.zoom[0]:g} {self.zoom[1]:g}"
            )
        if not 0.0 <= self.rotate <= 180.0:
            raise InputError(f"--rotate is from 0 to 180 degrees, got {self.rotate:g}")
        if not 0.0 <= self.channel_shift <= 255.0:
            raise InputError(f"--channel-shift is from 0 to 255, got {self.channel_shift:g}")
        if not LEAST_HINTS <= self.hints <= 1.0:
            raise InputError(f"--hints is from {LEAST_HINTS:g} to 1 for none, got {self.hints:g}")


@dataclass(frozen=True)
class NetworkOptions:
    """The network.

    Attributes
    ----------
    recipe : str or None
        The published training that the other options are from, where they were not given, see
        `recipes`.
    critic : str or None
        Trains the network against this critic, which learns to tell its images from real ones.
    width : float
        Multiplies the channels of every layer.
    init : str, Path or None
        A checkpoint, a run, or weights from elsewhere, see `elsewhere`; layers that match take it.
    freeze : tuple of str
        Parameters whose names contain one of these patterns get no gradients, and their layers
        stay in evaluation mode.
    """

    recipe: str | None = None
    model: ModelName = "small"
    critic: CriticName | None = None
    width: float = 1.0
    init: str | Path | None = None
    freeze: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Reject values that are out of range."""
        check_finite(self)
        if not self.width > 0:
            raise InputError(f"the width must be above 0, got {self.width:g}")


@dataclass(frozen=True)
class ObjectiveOptions:
    """The loss, and how much each color counts in it.

    Attributes
    ----------
    weights : str, Path or None
        None for ``weights.npz``, if it exists and the loss takes weights.
    use_weights : bool
        False ignores ``weights.npz``.
    weigh_by : {"bin", "expectation"}
        Whether a pixel has the weight of its bin, or the mean over its soft target.
    logit_adjust : float
        Tau, 0 for none; it replaces weights.
    prior : str, Path or None
        For logit adjustment; None for ``prior.npz``.
    gray : {"mask", "drop", "keep"}
        Images without color: weigh 0, leave the batch, or count like any other.
    saturation : float
        The weight of what the mean saturation of predicted ab lacks to 100 percent.
    by_lightness : bool
        Takes the weights, or the prior, of each pixel's level of lightness.
    """

    loss: LossName = "soft-ce"
    weights: str | Path | None = None
    use_weights: bool = _option(True, "--weights")
    weigh_by: WeighedBy = "bin"
    logit_adjust: float = 0.0
    prior: str | Path | None = None
    gray: GrayRule = "mask"
    saturation: float = 0.0
    by_lightness: bool = False

    def __post_init__(self) -> None:
        """Reject values that are out of range or exclude each other."""
        check_finite(self)
        if self.by_lightness and not (self.use_weights or self.logit_adjust):
            raise InputError("--by-lightness is for weights or --logit-adjust; give one of them")
        if self.logit_adjust and self.weights is not None:
            raise InputError("logit adjustment replaces rebalancing weights; choose one")
        if self.prior is not None and not self.logit_adjust:
            raise InputError("a prior is for --logit-adjust only; give both, or leave it out")
        if self.logit_adjust < 0:
            raise InputError(f"logit adjustment must be 0 or more, got {self.logit_adjust:g}")
        if self.saturation < 0:
            raise InputError(f"the weight of saturation must be 0 or more, got {self.saturation:g}")


@dataclass(frozen=True)
class PaceOptions:
    """How long and how fast to train.

    Attributes
    ----------
    epochs : int or None
        None for 20, or as many as the curriculum has.
    steps : int or None
        Ends training after that many steps, whatever the epochs.
    batch_size : int
        Of each process.
    accumulate : int
        Computes each batch in so many parts, whose gradients add up: it needs the memory of a part,
        and gives the step of the whole but for batch norm, which sees the parts.
    learning_rate : float
        The peak.
    warm_up : float
        Fraction of all steps over which the learning rate rises.
    decay_after : int or None
        For ``linear``: the epochs before the rate falls.
    drop_every : int or None
        For ``step``: the steps after which the rate drops to a tenth, again and again.
    by_epoch : bool
        All steps of an epoch have the learning rate of its first one.
    multipliers : tuple of (str, float)
        Multiply the learning rate of parameters whose names contain the pattern.
    optimizer : {"adamw", "adam", "sgd"}
    momentum, nesterov
        Of ``sgd``.
    betas : tuple of float
        Of ``adamw`` and ``adam``.
    weight_decay : float or None
        None for the optimizer's own, see `fitting.optimizers`.
    decay_norms : bool
        Whether weight decay also applies to biases and normalization layers.
    clip : float or None
        Maximum norm of the gradient.
    ema : float or None
        Decay of the moving average of the network, which is then validated and used.
    """

    epochs: int | None = _option(None, on_resume="change")
    steps: int | None = _option(None, on_resume="change")
    batch_size: int = 32
    accumulate: int = 1
    learning_rate: float = _option(2e-3, "--lr")
    schedule: ScheduleName = "cosine"
    warm_up: float = 0.1
    decay_after: int | None = None
    drop_every: int | None = None
    by_epoch: bool = False
    multipliers: tuple[tuple[str, float], ...] = _option((), "--lr-of")
    optimizer: OptimizerName = "adamw"
    momentum: float = 0.9
    nesterov: bool = False
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float | None = None
    decay_norms: bool = True
    clip: float | None = None
    ema: float | None = None

    def __post_init__(self) -> None:
        """Reject values that are out of range or exclude each other."""
        check_finite(self)
        _check_counts(self.epochs, self.steps, self.batch_size, self.accumulate, self.drop_every)
        if self.clip is not None and not self.clip > 0:
            raise InputError(f"the maximum norm of the gradient must be above 0, got {self.clip}")
        if self.ema is not None and not 0.0 < self.ema < 1.0:
            raise InputError(f"the decay of an average is between 0 and 1, got {self.ema}")
        self._check_optimizer()
        self.to_schedule(1)

    def _check_optimizer(self) -> None:
        is_sgd, default = self.optimizer == "sgd", type(self)
        if not is_sgd and (self.nesterov or self.momentum != default.momentum):
            raise InputError("--momentum and --nesterov are for --optimizer sgd only")
        if is_sgd and self.betas != default.betas:
            raise InputError("--betas is for --optimizer adamw and adam only")
        if self.nesterov and not self.momentum:
            raise InputError("--nesterov needs a --momentum above 0")
        if not all(0.0 <= value < 1.0 for value in (self.momentum, *self.betas)):
            raise InputError("momentum and betas must be from 0 to below 1")
        if self.weight_decay is not None and self.weight_decay < 0:
            raise InputError(f"weight decay must be 0 or more, got {self.weight_decay:g}")

    def to_schedule(self, default_epochs: int) -> Schedule:
        """Return the schedule of these options."""
        return Schedule(
            self.epochs or default_epochs,
            self.steps,
            self.learning_rate,
            self.schedule,
            self.warm_up,
            self.decay_after,
            self.drop_every,
            self.by_epoch,
        )


@dataclass(frozen=True)
class MachineOptions:
    """Where and how to compute, and how often to save.

    Attributes
    ----------
    device : str
        ``auto`` uses a GPU if there is one.
    amp : bool
        Computes in bfloat16 where safe.
    compile : bool
        Compiles the network.
    sync_batch_norm : bool
        Batch norm takes its statistics over the batches of all processes.
    deterministic : bool
        Computes the same bits each time, but slower.
    checkpoint_every : int
        Steps between checkpoints and log rows.
    validate_every : int or None
        Steps between validations and samples; None for once an epoch.
    tensorboard : bool
        Also writes events for TensorBoard.
    """

    device: str = _option("auto", on_resume="unstored")
    amp: bool = False
    compile: bool = False
    sync_batch_norm: bool = _option(False, "--sync-bn")
    deterministic: bool = False
    seed: int = 0
    checkpoint_every: int = _option(50, on_resume="change")
    validate_every: int | None = _option(None, on_resume="change")
    tensorboard: bool = _option(False, on_resume="change")

    def __post_init__(self) -> None:
        """Reject values that are out of range."""
        _check_counts(self.checkpoint_every, self.validate_every)


def _check_counts(*counts: int | None) -> None:
    if any(count is not None and count < 1 for count in counts):
        raise InputError("numbers of epochs, steps, images and pixels must be 1 or more")


GROUPS: Mapping[str, Callable[..., Any]] = {
    "data": DataOptions,
    "network": NetworkOptions,
    "objective": ObjectiveOptions,
    "pace": PaceOptions,
    "machine": MachineOptions,
}


class Option(NamedTuple):
    """An option, as its field declares it.

    Attributes
    ----------
    group : str
        A name of `GROUPS`.
    hint : type
        Its annotation, resolved.
    option : str
        Its name on the command line.
    """

    name: str
    group: str
    hint: Any
    default: Any
    option: str
    on_resume: OnResume


@cache
def all_options() -> Mapping[str, Option]:
    """Return the options of all groups by the names of their fields, group by group."""
    return {
        each.name: _described(group, each, get_type_hints(kind)[each.name])
        for group, kind in GROUPS.items()
        for each in fields(kind)  # type: ignore[arg-type]
    }


def _described(group: str, each: Field[Any], hint: Any) -> Option:
    option = each.metadata.get("option") or f"--{each.name.replace('_', '-')}"
    on_resume = each.metadata.get("on_resume", "keep")
    return Option(each.name, group, hint, each.default, option, on_resume)
