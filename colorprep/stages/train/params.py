"""Parameters of `colorprep train`, and how a run's config.json keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from ...errors import InputError
from ...places import is_url, shown_url
from ...printable import setting
from ...training.fitting.schedules import Schedule
from ...training.options import (
    DataOptions,
    MachineOptions,
    NetworkOptions,
    ObjectiveOptions,
    PaceOptions,
    all_options,
)
from ...training.recipes import recipe_of

EPOCHS = 20

# The options that every config.json holds, in its order. Options that came later follow, and only
# if they differ from their default, so that older runs stay the same.
ALWAYS_STORED = (
    "shards", "weights", "use_weights", "weigh_by", "logit_adjust", "prior", "gray", "model",
    "loss", "width", "init", "epochs", "steps", "batch_size", "learning_rate", "schedule",
    "warm_up", "decay_after", "multipliers", "clip", "ema", "amp", "compile", "crop", "flip",
    "list", "curriculum", "held_out", "max_images", "rare_color", "seed", "deterministic",
    "checkpoint_every", "validate_every", "tensorboard",
)  # fmt: skip


@dataclass(frozen=True)
class TrainParams:
    """Parameters of `colorprep train`.

    Attributes
    ----------
    output : str, Path or None
        None for ``runs/<date>-<model>``.
    resume : bool
        Resumes the run in `output`, or the newest one.
    minutes : float or None
        Stops after so many, as an interrupt does; None to train to the end.
    """

    data: DataOptions = field(default_factory=DataOptions)
    network: NetworkOptions = field(default_factory=NetworkOptions)
    objective: ObjectiveOptions = field(default_factory=ObjectiveOptions)
    pace: PaceOptions = field(default_factory=PaceOptions)
    machine: MachineOptions = field(default_factory=MachineOptions)
    output: str | Path | None = None
    resume: bool = False
    minutes: float | None = None

    def __post_init__(self) -> None:
        """Reject groups that exclude each other."""
        if self.data.curriculum and self.pace.epochs is not None:
            raise InputError("a curriculum has its own epochs; give --epochs or --curriculum")

    @classmethod
    def of(cls, **options: Any) -> TrainParams:
        """Return parameters from options by name, whichever group they are in.

        Examples
        --------
        >>> TrainParams.of(model="unet", epochs=50, output="runs/a").network.model
        'unet'
        """
        return cls().replace(**options)

    @classmethod
    def from_recipe(cls, recipe: str, **given: Any) -> TrainParams:
        """Return the parameters of a published training, see `training.recipes`.

        Parameters
        ----------
        **given
            Options that replace those of the recipe, as in `of`.

        Raises
        ------
        InputError
            If the recipe is unknown.

        Examples
        --------
        >>> TrainParams.from_recipe("zhang2016", steps=1000).pace.batch_size
        40
        """
        return cls.of(recipe=recipe, **{**recipe_of(recipe).options, **given})

    def replace(self, **options: Any) -> TrainParams:
        """Return a copy with other options, by name, whichever group they are in.

        Raises
        ------
        TypeError
            If there is no such option.
        """
        known = all_options()
        outside = ("output", "resume", "minutes")  # of all groups
        own = {name: options.pop(name) for name in outside if name in options}
        groups: dict[str, dict[str, Any]] = {}
        for name, value in options.items():
            if name not in known:
                raise TypeError(f"training has no option {name!r}")
            groups.setdefault(known[name].group, {})[name] = value
        made = {group: replace(getattr(self, group), **values) for group, values in groups.items()}
        return replace(self, **made, **own)

    def options(self) -> dict[str, Any]:
        """Return all options by name: those of `ALWAYS_STORED` first, then group by group."""
        known = all_options()
        names = [*ALWAYS_STORED, *(name for name in known if name not in ALWAYS_STORED)]
        return {name: getattr(getattr(self, known[name].group), name) for name in names}

    def changed_options(self) -> dict[str, Any]:
        """Return the options that differ from their default."""
        known = all_options()
        return {
            name: value
            for name, value in self.options().items()
            if _plain(value) != _plain(known[name].default)
        }

    def to_schedule(self) -> Schedule:
        """Return how long and how fast to train."""
        return self.pace.to_schedule(sum(n for _, n in self.data.curriculum) or EPOCHS)


def parse_multiplier(text: str) -> tuple[str, float]:
    """Read PATTERN=FACTOR.

    Raises
    ------
    InputError
        If the text has another form.
    """
    pattern, _, factor = text.rpartition("=")
    try:
        if pattern:
            return pattern, float(factor)
    except ValueError:
        pass
    raise InputError(f"a learning rate of layers is PATTERN=FACTOR, as in score=10; got {text!r}")


def to_plain(params: TrainParams) -> dict[str, Any]:
    """Return the options that a run stores, as one flat mapping for JSON."""
    known, changed = all_options(), params.changed_options()
    return {
        name: _plain(value)
        for name, value in params.options().items()
        if known[name].on_resume != "unstored" and (name in ALWAYS_STORED or name in changed)
    }


def from_plain(values: Mapping[str, Any]) -> TrainParams:
    """Return parameters from `to_plain`; names that this version does not know are left out.

    Raises
    ------
    InputError
        If a value has the wrong type, or is out of range.
    """
    stored = {name: each for name, each in all_options().items() if each.on_resume != "unstored"}
    given = {name: _with_tuples(value) for name, value in values.items() if name in stored}
    for name, value in given.items():
        if not _fits(value, stored[name].hint):
            raise InputError(f"{name.replace('_', ' ')} cannot be {value!r}")
    return TrainParams.of(**given)


def resumed(stored: TrainParams, given: Mapping[str, Any]) -> TrainParams:
    """Return the parameters with which a run is resumed.

    Parameters
    ----------
    stored : TrainParams
        Of the run.
    given : mapping of str to object
        The options that were given explicitly, by name; the others are those of the run.

    Raises
    ------
    InputError
        If an option that a run must keep differs; the message lists all of them.
    """
    known, kept = all_options(), stored.options()
    changes = {
        name: given[name]
        for name, value in kept.items()
        if name in given and _plain(given[name]) != _plain(value)
    }
    refused = [name for name in changes if known[name].on_resume == "keep"]
    if refused:
        listed = "; ".join(
            f"{known[name].option} was {setting(_plain(kept[name]))}, "
            f"is now {setting(_plain(changes[name]))}"
            for name in refused
        )
        raise InputError(
            f"a resumed run must keep its options ({listed}): "
            "leave them out, or train anew without --resume"
        )
    if "epochs" in changes and "steps" not in changes:
        changes["steps"] = None  # which would take precedence
    # A run keeps no password, so that of a URL is the one that is given now.
    urls = {name: given[name] for name in kept if is_url(str(given.get(name)))}
    return stored.replace(**urls | changes)


def _plain(value: Any) -> Any:
    """Return a value for JSON, a URL without password."""
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, str) and is_url(value):
        return shown_url(value)
    return value.as_posix() if isinstance(value, Path) else value


def _with_tuples(value: Any) -> Any:
    return tuple(map(_with_tuples, value)) if isinstance(value, list) else value


def _fits(value: Any, hint: Any) -> bool:
    """Return whether a plain value has an option's type; paths are plain strings."""
    kind, parts = get_origin(hint), get_args(hint)
    if kind in (Union, UnionType):
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
