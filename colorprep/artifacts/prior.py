"""`prior.npz`, written and read."""

from __future__ import annotations

from itertools import starmap
from pathlib import Path

import numpy as np

from ..balance.image_sample import MOST_HASHES, ImageSample
from ..balance.lightness import LightnessLevel
from ..balance.prior import Prior
from ..errors import ArtifactError
from ..places import Location, Url, location_of
from ..quantize.quantizer import Quantizer
from ..quantize.spec import restore_quantizer
from .arrays import Arrays, load_arrays, save_arrays
from .checks import check_counts, check_probs, damaged, level_rows

PRIOR_SCHEMA = "colorprep.prior/1"

BOOTSTRAP = "bootstrap_counts"

EXTRA_ARRAYS = {
    "gmm": ("means", "covariances", "mixing"),
    "hc-grid": ("sigma",),
    "hc-1d": ("hue_edges", "chroma_edges"),
}


def save_prior(path: str | Path | Url, prior: Prior) -> None:
    """Write a prior, replaced atomically; its `meta` is completed by quantizer and schema.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from colorprep import ab529
    >>> counts = np.arange(529)
    >>> prior = Prior(ab529(), counts, counts / counts.sum(), np.zeros((256, 256), np.int64))
    >>> with TemporaryDirectory() as folder:
    ...     save_prior(Path(folder, "prior.npz"), prior)
    ...     load_prior(Path(folder, "prior.npz")).digest == prior.digest
    True
    """
    path = location_of(path)
    cells = "ab_counts" if prior.quantizer.space == "ab" else "hc_counts"
    arrays: Arrays = {
        "centers": prior.quantizer.centers,
        "counts": prior.counts,
        "probs": prior.probs,
        cells: prior.cells,
        **prior.quantizer.arrays,
    }
    if prior.lightness_counts is not None:
        arrays["lightness_counts"] = prior.lightness_counts
    if prior.bootstrap is not None:
        arrays[BOOTSTRAP] = prior.bootstrap
    for name, each in zip(LightnessLevel._fields, zip(*prior.levels, strict=True), strict=False):
        arrays[f"level_{name}"] = np.stack(each)
    if prior.images is not None:
        arrays |= {
            "image_hashes": prior.images.hashes,
            "image_hash_limit": np.array(prior.images.limit, np.uint64),
            "image_hash_sum": np.array(prior.images.total, np.uint64),
        }
    meta = {
        "schema": PRIOR_SCHEMA,
        "quantizer": prior.quantizer.name,
        "fingerprint": prior.quantizer.fingerprint,
        "parameters": prior.quantizer.parameters,
        **prior.meta,
    }
    save_arrays(path, arrays, meta)


def load_prior(path: str | Path | Url) -> Prior:
    """Read a prior; see `save_prior` for an example.

    Raises
    ------
    ArtifactError
        If the file is missing, damaged, not a prior, or of a newer schema; if its counts are
        negative or its probabilities are invalid.
    """
    path = location_of(path)
    arrays, meta = load_arrays(path, PRIOR_SCHEMA)
    try:
        name, parameters = meta["quantizer"], meta["parameters"]
        quantizer: Quantizer = restore_quantizer(
            name,
            parameters,
            arrays["centers"],
            {key: arrays[key] for key in EXTRA_ARRAYS.get(name, ())},
            meta["fingerprint"],
        )
        cells = arrays["ab_counts" if quantizer.space == "ab" else "hc_counts"]
        counts, probs = arrays["counts"], arrays["probs"]
    except KeyError as error:
        raise ArtifactError(f"{path} is damaged: it lacks {error}; create it again") from error
    except ArtifactError as error:
        raise ArtifactError(f"{path}: {error}") from error
    bootstrap, lightness = arrays.get(BOOTSTRAP), arrays.get("lightness_counts")
    n_bins = len(quantizer.centers)
    check_counts(path, n_bins, [counts, cells, lightness, bootstrap])
    check_probs(path, probs, n_bins)
    levels = _levels(path, arrays, n_bins)
    described = ("schema", "quantizer", "fingerprint", "parameters")
    rest = {key: value for key, value in meta.items() if key not in described}
    images = _images(path, arrays)
    return Prior(quantizer, counts, probs, cells, lightness, rest, bootstrap, levels, images)


def _images(path: Location, arrays: Arrays) -> ImageSample | None:
    """Return the sample of the counted images, checked; None by versions that took none."""
    names = ("image_hashes", "image_hash_limit", "image_hash_sum")
    found = [arrays[name] for name in names if name in arrays]
    if not found:
        return None
    if len(found) < len(names) or [(each.ndim, each.dtype.name) for each in found] != [
        (1, "uint64"),
        (0, "uint64"),
        (0, "uint64"),
    ]:
        raise damaged(path, f"its entries {', '.join(names)} are not of the types they should have")
    hashes, limit, total = found[0], int(found[1]), int(found[2])
    if (hashes[1:] <= hashes[:-1]).any() or (hashes > limit).any() or len(hashes) > MOST_HASHES:
        raise damaged(path, "the hashes of its images are not a sample in ascending order")
    return ImageSample(hashes, limit, total)


def _levels(path: Location, arrays: Arrays, n_bins: int) -> tuple[LightnessLevel, ...]:
    """Return the levels of lightness of a prior, checked; none if it has none."""
    names = [f"level_{name}" for name in LightnessLevel._fields]
    levels = tuple(starmap(LightnessLevel, zip(*level_rows(path, arrays, names), strict=True)))
    for level in levels:
        check_counts(path, n_bins, [level.counts, level.cells])
        if level.counts.any() or level.probs.any():
            check_probs(path, level.probs, n_bins)
    return levels
