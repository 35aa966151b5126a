"""The prior, or the class priors, by which the naturalness of colors is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...balance.histogram import count_bins
from ...color.lab import Floats
from ...errors import ArtifactError, InputError
from ...images.classes import ClassFrom, class_of, is_rule
from ...images.decoding import Pixels
from ...images.digests import digest_of_bytes
from ...metrics.bins import FLOOR
from ...metrics.naturalness import floored_log_probs, naturalness
from ...metrics.protocol import SHOWN_DIGITS
from ...places import Location
from ...progress import Reporter
from ...quantize.quantizer import Quantizer
from ...quantize.tables import bin_table
from ...workspace import Workspace
from ..class_rules import shown_classes
from ..priors import PriorProbs, priors_in, read_prior
from .pairs import Pair
from .params import EvaluateParams


@dataclass(frozen=True, eq=False)
class NaturalnessJudge:
    """Judges how natural the colors of pictures are, see `colorprep.metrics.naturalness`.

    Attributes
    ----------
    log_probs : mapping of str to ndarray of shape (Q,), float64
        By class; of the class ``""`` alone, if one prior judges all images.
    classes : sequence of str or None
        The class of each pair; None if one prior judges all.
    digest : str
        Of the prior, or of the class priors.
    class_from : str, int or None
        The rule by which the classes were found.
    """

    quantizer: Quantizer
    log_probs: Mapping[str, Floats]
    digest: str
    classes: Sequence[str] | None = None
    class_from: ClassFrom | None = None

    def figures(self, index: int, pair: Pair) -> dict[str, float]:
        """Return the naturalness of a picture and of its original, and their difference.

        Returns
        -------
        dict of str to float
            Nats per pixel: ``naturalness``, ``naturalness_original``, the first minus the second as
            ``naturalness_over_original``, and ``naturalness_delta``, its absolute value.
        """
        log_probs = self.log_probs["" if self.classes is None else self.classes[index]]
        picture = self._naturalness(pair.prediction, log_probs)
        original = self._naturalness(pair.original, log_probs)
        return {
            "naturalness": picture,
            "naturalness_original": original,
            "naturalness_over_original": picture - original,
            "naturalness_delta": abs(picture - original),
        }

    def _naturalness(self, pixels: Pixels, log_probs: Floats) -> float:
        return naturalness(count_bins(pixels, bin_table(self.quantizer), len(log_probs)), log_probs)

    def facts(self) -> dict[str, Any]:
        """Return what identifies the prior or the class priors, for JSON."""
        by_class = None if self.classes is None else self.class_from
        return {
            "digest": self.digest,
            "quantizer": self.quantizer.name,
            "n_priors": len(self.log_probs),
            "class_from": by_class,
        }

    @property
    def protocol(self) -> str:
        """Its definition in the protocol."""
        of = "p" if self.classes is None else f"class:{self.class_from},class-priors"
        return (
            f"mean-ln(p),nats-per-pixel,{self.quantizer.name},{of}:{self.digest[:SHOWN_DIGITS]},"
            f"floor:uniform-{FLOOR:g}"
        )


def open_naturalness(
    params: EvaluateParams, keys: Sequence[str], workspace: Workspace, reporter: Reporter
) -> NaturalnessJudge | None:
    """Open the priors that judge naturalness; None if it was not requested.

    Parameters
    ----------
    keys : sequence of str
        Of the originals, pair by pair.

    Raises
    ------
    ArtifactError
        If a prior is missing or damaged, or the class priors have different bins.
    InputError
        If an image has no class, or its class no prior.
    """
    if params.naturalness is None:
        return None
    place = workspace.input_location(params.naturalness)
    places = priors_in(place)
    if isinstance(place, Path) and place.is_dir() and not places:
        raise InputError(
            f"{place} has no class priors, CLASS/prior.npz; `colorprep prior --by-class` writes "
            "them to priors/"
        )
    if not places:
        prior = read_prior(place, reporter)
        log_probs = {"": floored_log_probs(prior.probs)}
        return NaturalnessJudge(prior.quantizer, log_probs, prior.digest)
    rule = params.class_from or _rule_of(read_prior(next(iter(places.values())), reporter))
    classes = [class_of(key, rule) for key in keys]
    for key, name in zip(keys, classes, strict=True):
        if not name and "/" not in key and rule != "name":
            raise InputError(
                f"{key} has no class: images directly in the folder have none by --class-from "
                f"{rule}. Give one prior, as in --naturalness prior.npz, or --class-from name"
            )
        if name not in places:
            raise InputError(
                f"{place} has no prior of the class {name!r} of {key}, found by --class-from "
                f"{rule}; it has {shown_classes(tuple(places))}. Give another --class-from, choose "
                "images with --list, or count class priors of these images' classes with "
                "`colorprep prior --by-class`"
            )
    read = {name: read_prior(places[name], reporter) for name in sorted(set(classes))}
    quantizer = _common_quantizer(read, places)
    digests = "".join(f"{name}\t{prior.digest}\n" for name, prior in read.items())
    return NaturalnessJudge(
        quantizer,
        {name: floored_log_probs(prior.probs) for name, prior in read.items()},
        digest_of_bytes(digests.encode()),
        classes,
        rule,
    )


def _rule_of(class_prior: PriorProbs) -> ClassFrom:
    """Return the rule by which the images of a class prior were found; ``top`` if unknown."""
    known = None if class_prior.counted is None else class_prior.counted.meta.get("class_from")
    return known if known is not None and is_rule(known) else "top"


def _common_quantizer(read: Mapping[str, PriorProbs], places: Mapping[str, Location]) -> Quantizer:
    (first, prior), *others = read.items()
    for name, other in others:
        if other.quantizer.fingerprint != prior.quantizer.fingerprint:
            raise ArtifactError(
                f"{places[first]} has the bins of {prior.quantizer.name}, {places[name]} others, "
                f"of {other.quantizer.name}; count both at once with `colorprep prior --by-class`"
            )
    return prior.quantizer
