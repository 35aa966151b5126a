"""The options of `colorprep labels`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ...errors import InputError
from ...finite import check_finite
from ...images.classes import ClassFrom, is_beside
from ...images.reader import Fit
from ...images.segments import VOC_CLASSES, VOID
from ...shards.compression import filter_options
from ..source import ImageParams


@dataclass(frozen=True)
class LabelsParams:
    """Parameters of `colorprep labels`.

    Attributes
    ----------
    prior : str, Path or None
        A prior whose quantizer labels; None for the workspace's ``prior.npz`` if it exists, else
        ab313.
    size : int, "native" or None
        None for 256 in shards, native in ``npy``. Shards need one size.
    stride : int or None
        Every stride-th row and column is labeled; None for 4 in shards, 1 in ``npy``.
    fit : {"stretch", "crop"}
        Whether images are stretched to the size, or cut to their middle square first.
    lowpass : float or None
        Blurs the color that is labeled, see `colorprep.color.lowpass`.
    soft : int
        Number of each pixel's likeliest bins that shards also hold, with their probabilities.
    keep : {"rgb"} or None
        Whether shards also hold the pixels.
    segments : str, Path or None
        A folder, archive or URL of segment masks that shards also hold, see
        `colorprep.images.segments`.
    segment_classes : int or None
        Number of their classes; None for the 21 of PASCAL VOC.
    class_from : str or int
        Where the class of an image is taken from, see `colorprep.images.classes`.
    features : str, Path or None
        A frozen classifier whose outputs shards also hold: ``classifier`` for the packaged one, or
        a file, see `colorprep.training.classifier`.
    fast : bool
        Whether large JPEG files may be decoded from a part of their coefficients, as long as
        `size` pixels are left on the shorter side.
    compression : {"none", "gzip", "lz4", "zstd"}
        Of shards; readers map only uncompressed ones.
    shard_size : int
        Images in a shard.
    shuffle : int or None
        Seed of a random order of the images; None for the order of their keys.
    extend : bool
        Whether new images of the source may be added to existing labels.
    overwrite : bool
        Whether existing labels may be replaced.
    output : str, Path or None
        None for ``labels/``.
    """

    images: ImageParams = field(default_factory=ImageParams)
    prior: str | Path | None = None
    format: Literal["h5", "npy"] = "h5"
    size: int | Literal["native"] | None = None
    stride: int | None = None
    fit: Fit = "stretch"
    lowpass: float | None = None
    soft: int = 0
    keep: Literal["rgb"] | None = None
    segments: str | Path | None = None
    segment_classes: int | None = None
    class_from: ClassFrom = "top"
    features: str | Path | None = None
    fast: bool = False
    compression: str = "none"
    shard_size: int = 1024
    shuffle: int | None = None
    extend: bool = False
    overwrite: bool = False
    output: str | Path | None = None

    def __post_init__(self) -> None:
        """Reject parameters that do not fit together, before any image is read."""
        check_finite(self)
        if self.format == "h5" and self.size == "native":
            raise InputError(
                "a shard holds images of one size: give --size N, or --format npy for native size"
            )
        if self.format == "npy":
            only_shards = {
                "--soft": self.soft,
                "--keep": self.keep,
                "--segments": self.segments is not None,
                "--features": self.features is not None,
                "--shuffle": self.shuffle is not None,
                "--compression": self.compression != "none",
                f"--class-from {self.class_from}": is_beside(self.class_from),
            }
            for option, given in only_shards.items():
                if given:
                    raise InputError(f"{option} is for shards; --format npy holds hard labels only")
        if self.segments is None and self.segment_classes is not None:
            raise InputError("--segment-classes counts the classes of --segments; give both")
        if self.segment_classes is not None and not 1 <= self.segment_classes <= VOID:
            raise InputError(
                f"the number of segment classes must be from 1 to {VOID}, got "
                f"{self.segment_classes}: index {VOID} is void"
            )
        if self.fit == "crop" and self.pixels is None:
            raise InputError("--fit crop needs one --size N to cut to")
        if self.fast and self.pixels is None:
            raise InputError(
                "--fast needs --size N, such as --size 256 --fast: at native size every pixel is "
                "labeled"
            )
        if self.fast and self.segments is not None:
            raise InputError(
                "--fast does not go with --segments, since a mask is as large as its whole image"
            )
        if self.lowpass is not None and not self.lowpass >= 1:
            raise InputError(f"--lowpass must be 1 or more pixels, got {self.lowpass}")
        if self.extend and self.overwrite:
            raise InputError("--extend keeps the labels that --overwrite would replace; choose one")
        filter_options(self.compression)

    @property
    def n_segments(self) -> int | None:
        """The number of segment classes; None without masks."""
        return None if self.segments is None else self.segment_classes or VOC_CLASSES

    @property
    def pixels(self) -> int | None:
        """The side to which images are resized; None for native size."""
        size = self.size or (256 if self.format == "h5" else "native")
        return None if size == "native" else size
