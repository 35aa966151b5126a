"""How a network that `colorprep export` wrote is used, from the facts in its header."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ArtifactError
from ...quantize.quantizer import Quantizer
from ...quantize.spec import restore_quantizer
from ..checkpoint import heads_of
from ..export import CENTERS_NAME
from .sources import Colorizer


def exported_colorizer(path: Path, facts: dict[str, Any]) -> Colorizer:
    """Return how an exported network is used.

    Parameters
    ----------
    path : Path
        Of the file, beside which the centers of k-means are.
    facts : dict
        See `training.export.read_facts`.

    Raises
    ------
    ArtifactError
        If a fact is missing, or the bins cannot be made again from an export.
    """
    try:
        settings = dict(facts["settings"])
        settings |= {name: int(settings[name]) for name in ("size", "stride")}
        quantizer = _quantizer(path, facts["quantizer"])
        return Colorizer(
            str(facts["model"]), heads_of(facts), quantizer, settings, float(facts["width"])
        )
    except (LookupError, TypeError, ValueError, OSError) as error:
        raise ArtifactError(
            f"{path} is damaged: its header lacks {error}; export the network again"
        ) from error


def _quantizer(path: Path, bins: dict[str, Any]) -> Quantizer:
    centers = path.with_name(CENTERS_NAME)
    try:
        return restore_quantizer(
            bins["name"],
            bins["parameters"],
            np.load(centers) if bins["name"] == "kmeans" else None,
            {},
            bins["fingerprint"],
        )
    except (ArtifactError, OSError, ValueError) as error:
        raise ArtifactError(
            f"the bins of {path} ({bins['name']}) cannot be made again from what is exported "
            f"({error}); use the checkpoint that it was exported from"
        ) from error
