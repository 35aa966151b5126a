"""The protocol: one line that defines every metric of an evaluation.

Evaluations can be compared if their protocols are equal. Changing a definition changes the line;
where it would not show there, raise the number in `PROTOCOL`. The differences between methods, the
errors of pictures and the scores of segments have a line each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

from .bins import AUC_LIMIT, FLOOR, N_BINS
from .pairs import SSIM_SIGMA, SSIM_WINDOW
from .resampling import LEVEL, N_REPLICATES
from .segmentation import VOID

PROTOCOL = "colorprep-evaluate/1"
SHOWN_DIGITS = 8  # of a digest
NETWORKS = {"alexnet": "lpips", "inception": "fid"}
"""The metrics that need a network, by the network's name."""
DIFFERENCES_PROTOCOL = (
    "colorprep-differences/1 difference=method-minus-baseline images=of-all-methods,finite-in-both "
    f"difference-interval={LEVEL:.0%},student-t(n-1)*sd,poisson-bootstrap-{N_REPLICATES},paired"
)
"""Defines the differences of `methods`."""
PICTURES_PROTOCOL = (
    "colorprep-pictures/1 pixels=srgb8 rgb=0..1 mean=over-images mae=mean|e| mse=mean(e^2) "
    "l1=sum|e| l2=sum(e^2) psnr=rgb-255 ab=lab-d65-2deg mse_ab=(ab+128)/255 "
    "standard-error=sqrt(var/n),over-images"
)
"""Defines the errors of `pictures`."""
SEGMENTS_PROTOCOL = (
    f"colorprep-segments/1 void={VOID},left-out mean=over-pixels class-accuracy=classes-alike,"
    "of-targets mean-iou=classes-alike,absent-left-out frequency-iou=by-targets"
)
"""Defines the scores of `segmentation`."""


def protocol_line(
    size: int | None,
    icc: str,
    orientation: str,
    prior: str,
    networks: Mapping[str, str],
    damaged: str = "skip",
    judges: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return the protocol of an evaluation.

    Parameters
    ----------
    size : int or None
        The side that both images are stretched to; None compares them at their own size.
    icc, orientation : str
        The rules of decoding.
    prior : str
        What the balanced AuC is balanced by: the digest of a prior, or ``originals``.
    networks : mapping of str to str
        Digests of the networks' files, by name.
    damaged : {"skip", "keep"}
        Whether damaged files are compared as well; appears in the line only if they are.
    judges : mapping of str to str
        How the figures of a classifier (``recognition``) and of a prior (``naturalness``) are
        defined, if they were measured.

    Returns
    -------
    str
        `PROTOCOL`, then name=definition for each choice, separated by spaces.

    Examples
    --------
    >>> protocol_line(256, "convert", "apply", "originals", {}).split()[:3]
    ['colorprep-evaluate/1', 'pixels=srgb8', 'size=256-stretched']
    """
    choices = {
        "pixels": "srgb8",
        "size": "native" if size is None else f"{size}-stretched",
        "icc": icc,
        "orientation": orientation,
        "mean": "over-images",
        "ab": "lab-d65-2deg",
        "auc": f"closed-form-{AUC_LIMIT:g}",
        "balance": f"ab{N_BINS},1/(p+floor),p:{prior},floor:uniform-{FLOOR:g},pooled",
        "psnr": "rgb-255",
        "ssim": f"rgb-255,gaussian-{SSIM_SIGMA:g},window-{SSIM_WINDOW},population,no-border",
        "ciede2000": "mean-over-pixels",
        "mse_ab": "(ab+128)/255",
        "colorfulness": "hasler-suesstrunk,+abs",
        "bins": f"ab{N_BINS},images-alike,absent-left-out",
        "nll": "nats-per-pixel,unweighted,soft+hard",
        "interval": f"{LEVEL:.0%},poisson-bootstrap-{N_REPLICATES},over-bins-normal",
    }
    if damaged != "skip":
        choices["damaged"] = damaged
    if "alexnet" in networks:
        choices["lpips"] = f"0.1-alex,{networks['alexnet']}"
    if "inception" in networks:
        choices["fid"] = f"299-stretched,{networks['inception']}"
    choices |= judges
    return " ".join([PROTOCOL, *(f"{name}={choice}" for name, choice in choices.items())])


def protocol_hash(line: str) -> str:
    """Return a protocol's short name: 8 hexadecimal digits."""
    return hashlib.sha256(line.encode("utf-8")).hexdigest()[:SHOWN_DIGITS]
