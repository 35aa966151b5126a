"""Label maps, one .npy per image, and their images as a torch dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from ...errors import ArtifactError, InputError
from ...images.classes import class_ids
from ...images.decoding import Pixels
from ...images.digests import DigestingSource
from ...images.opening import find_images
from ...images.source import Source
from ...shards.manifest import MANIFEST, read_manifest
from ...shards.map_digests import read_map_digests
from ...shards.maps import map_path, map_size, read_map
from ...shards.plan import labeler_of, read_plan, reader_of
from .batch import Batch
from .ranges import Ranges


class LabelMapDataset(Dataset[Batch]):
    """The label maps of a folder, with the lightness and color of their images.

    Parameters
    ----------
    folder : str or Path
        Of ``colorprep labels --format npy``.
    images : str, Path or Source
        The images that were labeled; they are read as recorded in the folder.
    keys : sequence of str or None
        These images, in this order; None for all that have a label.

    Attributes
    ----------
    keys : list of str
        Of its images, in order.

    Raises
    ------
    ArtifactError
        If the folder is incomplete, has shards, or is of other images.
    InputError
        If there are no images, or a key is not among them.

    Notes
    -----
    An item is a dictionary of tensors as of `ShardDataset`: ``lightness`` uint8 (H, W), ``ab`` int8
    (h, w, 2), ``label`` int32 (h, w), ``class_id`` int32 (), and ``hc`` uint8 (h, w, 2) for
    quantizers of hue and chroma. At native size, shapes may differ; `torch.utils.data.DataLoader`
    then needs ``batch_size=None``.

    Examples
    --------
    >>> import colorprep as cp
    >>> from colorprep.stages.labels import LabelsParams
    >>> images = cp.stages.source.ImageParams(cp.write_sample("photos", count=10, size=32))
    >>> params = LabelsParams(images, format="npy", output="maps")
    >>> folder = cp.stages.labels.run(params, cp.Workspace(), cp.Reporter()).folder
    >>> LabelMapDataset(folder, "photos")[0]["label"].shape
    torch.Size([32, 32])
    """

    def __init__(
        self,
        folder: str | Path,
        images: str | Path | Source,
        keys: Sequence[str] | None = None,
    ) -> None:
        self._folder = Path(folder)
        manifest = read_manifest(self._folder)
        if manifest.get("format") != "npy":
            raise ArtifactError(f"{folder} has shards, not label maps; use ShardDataset")
        plan = read_plan(self._folder / MANIFEST)
        source = find_images(images) if isinstance(images, str | Path) else images
        self._reader, self._labeler = reader_of(plan, source), labeler_of(plan)
        self._ranges = Ranges(len(self._labeler.quantizer.centers), len(plan.classes))
        place = {
            key: index
            for index, key in enumerate(source.keys)
            if map_size(self._folder, key) is not None
        }
        if len(place) != manifest["n_images"]:
            raise ArtifactError(
                f"{folder} is of {manifest['n_images']} images, but {len(place)} of {source.name} "
                "have a label map there; give the images that were labeled"
            )
        self.keys = list(place) if keys is None else list(keys)
        missing = [key for key in self.keys if key not in place]
        if missing:
            raise InputError(f"{len(missing)} images have no label, such as {missing[0]!r}")
        self._indices = [place[key] for key in self.keys]
        self._class_ids = class_ids(self.keys, plan.classes, plan.settings.class_from)
        self._digests = read_map_digests(self._folder) or {}

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.keys)

    def __getitem__(self, index: int) -> Batch:
        """Return one image.

        Raises
        ------
        BadImage
            If the image cannot be read.
        ArtifactError
            If its label map is missing, damaged, or does not fit the image, or the image has
            changed since it was labeled.
        """
        key = self.keys[index]
        pixels = self._pixels(index)
        buffers = self._labeler.buffers(1, *pixels.shape[:2])
        self._labeler.label_into(pixels, buffers, 0)
        height, width = buffers["label"].shape[1:]
        label = read_map(self._folder, key, (height, width))
        allowed = self._ranges.allowed("label", label)
        if allowed is not None and not allowed.all():
            raise ArtifactError(
                f"the label map {map_path(self._folder, key)} is damaged: it contains "
                f"{label[~allowed][0]}, but {self._ranges.expected('label')} is expected; remove "
                "it and run the same `colorprep labels` again"
            )
        item = {
            name: torch.from_numpy(rows[0]) for name, rows in buffers.items() if name != "label"
        }
        item["label"] = torch.from_numpy(label.astype(np.int32))
        item["class_id"] = torch.tensor(self._class_ids[index], dtype=torch.int32)
        return item

    def _pixels(self, index: int) -> Pixels:
        """Read an image; fail if it is not the one that was labeled."""
        key, place = self.keys[index], self._indices[index]
        source = DigestingSource(self._reader.source)
        pixels = replace(self._reader, source=source).read(place).pixels
        if self._digests.get(key) not in (None, source.digests[place]):
            raise ArtifactError(
                f"{key} has changed since {map_path(self._folder, key)} was made; run the same "
                "`colorprep labels` to make its map again"
            )
        return pixels
