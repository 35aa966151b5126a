"""Parameters of `colorprep colorize`; light, since they are made before torch is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError
from ...finite import check_finite
from ...images.decoding import DamageRule
from ...quantize.decoding import TEMPERATURE


@dataclass(frozen=True)
class ColorizeParams:
    """Parameters of `colorprep colorize`.

    Attributes
    ----------
    inputs : sequence of str or Path
        Photographs, gray or in color, and folders, archives and URLs of them.
    list : str, Path or None
        A list of photographs to color among those of the folders, archives and URLs.
    checkpoint : str, Path or None
        A checkpoint or a run's folder; None for ``best.pt`` of the newest finished run.
    temperature : float
        Of the annealed mean.
    class_name : str or None
        The class of the photographs, for a network that takes it.
    features : str, Path or None
        The file of the classifier whose features the network takes; None for the packaged one.
    hints : str, Path or None
        A file of color hints for all photographs, or a folder with a file for each, for a network
        that takes them; see `hint_files.find_hints`.
    entropy : bool
        Whether to draw a map of the entropy of the predicted colors beside each picture.
    device : str
        ``auto`` uses a GPU if there is one.
    workers : int or None
        How many photographs are colored at once, each on a thread; None uses all processors.
    output : str, Path or None
        None for ``colorized/``.
    damaged : {"skip", "keep"}
        Whether photographs that decode although they are damaged are skipped or colored.
    """

    inputs: Sequence[str | Path]
    checkpoint: str | Path | None = None
    temperature: float = TEMPERATURE
    class_name: str | None = None
    features: str | Path | None = None
    hints: str | Path | None = None
    entropy: bool = False
    device: str = "auto"
    workers: int | None = None
    output: str | Path | None = None
    damaged: DamageRule = "skip"
    list: str | Path | None = None

    def __post_init__(self) -> None:
        """Reject parameters that are not usable with any network."""
        check_finite(self)
        if not self.temperature > 0:
            raise InputError(f"the temperature must be above 0, got {self.temperature}")
