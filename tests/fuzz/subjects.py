"""Subjects of fuzzing: small sound files, and what colorprep does with each of them.

A subject makes its files from the built-in photographs. `try_out` gets a damaged one; it may raise
`ColorprepError`, which is how colorprep says that something cannot be used, and nothing else.
"""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
import torch
from click.testing import CliRunner
from mutations import (
    VALUES,
    Mutation,
    mutated,
    with_member_mutated,
    with_png_checksums,
    with_tar_checksums,
    with_value_replaced,
)
from PIL import Image, ImageCms
from safetensors.torch import save_file

from colorprep.artifacts import load_prior, load_vector, load_weights
from colorprep.cli.main import cli
from colorprep.errors import ColorprepError
from colorprep.images.decoding import decode, possible_reduction
from colorprep.images.file_facts import file_facts
from colorprep.images.jpeg_soundness import flaw_of
from colorprep.images.lists import read_list
from colorprep.images.opening import find_images
from colorprep.images.reader import ImageReader
from colorprep.images.sample import sample_crops
from colorprep.progress import Reporter
from colorprep.stages.train import stage as training
from colorprep.stages.train.params import TrainParams
from colorprep.training import ShardDataset
from colorprep.training.checkpoint import load_checkpoint
from colorprep.training.elsewhere.reading import read_weights
from colorprep.workspace import Workspace

SIDE = 48


@dataclass(frozen=True)
class Subject:
    """A file to damage.

    Attributes
    ----------
    name : str
    data : bytes
        The sound file.
    damage : callable
        Makes a damaged file of it.
    try_out : callable
        Does with the damaged file what colorprep does with such files.
    """

    name: str
    data: bytes
    damage: Callable[[bytes, list[Mutation]], bytes]
    try_out: Callable[[bytes], object]


def subjects(folder: Path) -> list[Subject]:
    """Return all subjects, whose files lie in a folder."""
    photograph = next(sample_crops(1, SIDE)).image
    return [
        *_images(photograph),
        *_archives(photograph, folder / "archives"),
        *_labels_and_runs(folder / "workspace"),
        *_weights(folder),
    ]


def _images(photograph: Image.Image) -> Iterator[Subject]:
    for name, data in _image_files(photograph):
        if name.endswith("jpeg"):
            assert flaw_of(data) is None  # which also compiles what walks scans
        yield Subject(name, data, mutated, _decode_all)
        if name.endswith("png"):
            yield Subject(
                f"{name}, checksums right",
                data,
                lambda data, mutations: with_png_checksums(mutated(data, mutations)),
                _decode_all,
            )


def _image_files(photograph: Image.Image) -> Iterator[tuple[str, bytes]]:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    turned = Image.Exif()
    turned[0x0112] = 6
    gray, palette = photograph.convert("L"), photograph.quantize(16)
    alpha = photograph.copy()
    alpha.putalpha(gray)
    saved: list[tuple[str, Image.Image, dict[str, object]]] = [
        ("jpeg", photograph, {"exif": turned, "icc_profile": profile}),
        ("jpeg", photograph, {"progressive": True, "quality": 60}),
        ("jpeg", photograph, {"restart_marker_blocks": 3}),
        ("jpeg", gray, {}),
        ("jpeg", photograph.convert("CMYK"), {}),
        ("png", alpha, {"exif": turned}),
        ("png", palette, {"transparency": 3}),
        ("png", Image.fromarray(np.asarray(gray, np.uint16) * 257), {}),
        ("gif", palette, {"save_all": True, "append_images": [palette.rotate(90)]}),
        ("bmp", photograph, {}),
        ("bmp", palette, {}),
        ("tiff", photograph, {"compression": "tiff_lzw"}),
        ("tiff", photograph, {"compression": "jpeg"}),
        ("webp", alpha, {"exif": turned}),
        ("webp", photograph, {"lossless": True}),
        ("ppm", photograph, {}),
        ("avif", photograph, {"speed": 10}),
    ]
    for number, (kind, image, options) in enumerate(saved):
        stream = io.BytesIO()
        image.save(stream, kind, **options)
        yield f"{number} {kind}", stream.getvalue()
    deep = np.asarray(photograph, np.uint16) * 257
    for name, options in {
        "planar tiff": {"planarconfig": "separate", "photometric": "rgb"},
        "big tiff": {"bigtiff": True, "byteorder": ">", "photometric": "rgb"},
        "tiled tiff": {"tile": (16, 16), "photometric": "rgb"},
    }.items():
        stream = io.BytesIO()
        pixels = np.moveaxis(deep, -1, 0) if name == "planar tiff" else deep
        tifffile.imwrite(stream, pixels, **options)
        yield name, stream.getvalue()
    stream = io.BytesIO()
    tifffile.imwrite(stream, deep[..., 0], photometric="miniswhite")
    yield "white-is-zero tiff", stream.getvalue()


def _decode_all(data: bytes) -> None:
    """Decode in every way that commands do."""
    possible_reduction(data, 192)
    decode(data)
    decode(data, icc="ignore", orientation="ignore", reduction=2)
    file_facts(data)


def _archives(photograph: Image.Image, folder: Path) -> Iterator[Subject]:
    folder.mkdir(parents=True)
    stream = io.BytesIO()
    photograph.save(stream, "jpeg")
    photographs = {"a/1.jpg": stream.getvalue(), "a/b/2.jpg": stream.getvalue()}
    packed = _tar(photographs, tarfile.GNU_FORMAT)
    inner = _tar({"n01.tar": packed, "top.jpg": photographs["a/1.jpg"]}, tarfile.PAX_FORMAT)
    for name, data in (("gnu.tar", packed), ("nested.tar", inner)):
        yield Subject(name, data, _damaged_tar, _reads_source(folder / name))
    yield Subject("packed.tar.gz", gzip.compress(packed), mutated, _reads_source(folder / "p.tgz"))
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        data, name = _zip(photographs, method), f"method-{method}.zip"
        yield Subject(name, data, mutated, _reads_source(folder / name))
    lines = b"a/1.jpg\ntrain/a/1.jpg\n/a/b/2.jpg 7\n"
    yield Subject("list", lines, mutated, _reads_list(folder, photographs))


def _tar(files: dict[str, bytes], form: int) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"{'long/' * 30}{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("link.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "a/1.jpg"
        archive.addfile(link)
    return stream.getvalue()


def _zip(files: dict[str, bytes], method: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _damaged_tar(data: bytes, mutations: list[Mutation]) -> bytes:
    return with_tar_checksums(mutated(data, mutations))


def _reads_source(path: Path) -> Callable[[bytes], object]:
    """Return what opens an archive and reads all of its images."""

    def read(data: bytes) -> None:
        path.write_bytes(data)
        reader = ImageReader(find_images(path), 32)
        for index in range(len(reader.source.keys)):
            try:
                reader.read(index)
            except ColorprepError:
                continue
        assert path.read_bytes() == data

    return read


def _reads_list(folder: Path, files: dict[str, bytes]) -> Callable[[bytes], object]:
    path, train = folder / "list.txt", folder / "train"
    for key, data in files.items():
        (train / key).parent.mkdir(parents=True, exist_ok=True)
        (train / key).write_bytes(data)

    def read(data: bytes) -> None:
        path.write_bytes(data)
        find_images(train, read_list(path), path.name)
        assert path.read_bytes() == data

    return read


def _labels_and_runs(folder: Path) -> Iterator[Subject]:
    for crop in sample_crops(8, 32):
        (folder / "train" / crop.key).parent.mkdir(parents=True, exist_ok=True)
        crop.image.save(folder / "train" / crop.key, "JPEG")
    for words in (
        "prior --dir train --quantizer gmm --components 8 -o gmm.npz --size 8 -q",
        "prior --dir train -q",
        "labels --size 32 -q",
    ):
        result = CliRunner().invoke(cli, [*words.split(), "-C", str(folder)])
        assert result.exit_code == 0, result.output
    params = TrainParams.of(steps=1, batch_size=4, output="runs/fuzzed", held_out=0.5)
    training.run(params, Workspace(folder), Reporter())

    for name, load in (("prior.npz", load_prior), ("gmm.npz", load_prior)):
        yield from _npz(folder / name, load)
    yield from _npz(folder / "weights.npz", load_weights)
    probs = folder / "probs.npy"
    np.save(probs, load_prior(folder / "prior.npz").probs)
    yield Subject("probs.npy", probs.read_bytes(), mutated, _loads(probs, load_vector))
    run = folder / "runs" / "fuzzed"
    for name in ("last.pt", "best.pt"):
        yield Subject(name, (run / name).read_bytes(), mutated, _loads(run / name, load_checkpoint))
    labels = folder / "labels"
    for path in sorted(labels.glob("*.*")):
        yield from _folder_file(path, lambda folder=folder: _use_labels(folder))
    for name in ("config.json", "log.csv"):
        yield from _folder_file(run / name, lambda folder=folder: _use_run(folder))
    yield from _folder_file(folder / "workspace.json", lambda: _command(folder, "rgbvar"))


def _weights(folder: Path) -> Iterator[Subject]:
    """Yield state dicts as other programs write them."""
    state = {"module.weight": torch.ones(4, 3, 3, 3), "module.count": torch.tensor(3)}
    for name, is_zip in (("weights.pth", True), ("old-weights.pth", False)):
        content = {"epoch": 1, "state_dict": state}
        torch.save(content, folder / name, _use_new_zipfile_serialization=is_zip)
    save_file(state, folder / "weights.safetensors")
    for path in sorted(folder.glob("*weights.*")):
        yield Subject(path.name, path.read_bytes(), mutated, _loads(path, read_weights))


def _npz(path: Path, load: Callable[[Path], object]) -> Iterator[Subject]:
    data = path.read_bytes()
    yield Subject(path.name, data, mutated, _loads(path, load))
    yield Subject(f"{path.name}, repacked", data, with_member_mutated, _loads(path, load))


def _folder_file(path: Path, use: Callable[[], object]) -> Iterator[Subject]:
    """Yield the subjects of a file that is read as a part of its folder."""
    data = path.read_bytes()

    def try_out(damaged: bytes) -> None:
        path.write_bytes(damaged)
        try:
            use()
            assert path.read_bytes() == damaged
        finally:
            path.write_bytes(data)

    yield Subject(path.name, data, mutated, try_out)
    if VALUES.search(data.decode("utf-8", "replace")) and path.suffix in (".json", ".csv"):
        yield Subject(f"{path.name}, one value", data, with_value_replaced, try_out)


def _loads(path: Path, load: Callable[[Path], object]) -> Callable[[bytes], object]:
    """Return what writes a file and reads it by a function."""

    def try_out(data: bytes) -> None:
        path.write_bytes(data)
        load(path)
        assert path.read_bytes() == data

    return try_out


def _use_labels(folder: Path) -> None:
    _command(folder, "info", "labels")
    _command(folder, "verify", "labels")
    dataset = ShardDataset(folder / "labels")
    for _ in dataset.loader(batch_size=4, seed=0):
        pass


def _use_run(folder: Path) -> None:
    _command(folder, "info", "runs/fuzzed")
    _command(folder, "export", "runs/fuzzed", "-o", "exported")
    shutil.rmtree(folder / "exported", ignore_errors=True)


def _command(folder: Path, *words: str) -> None:
    """Run a command; an error that the command line did not turn into a message is raised."""
    result = CliRunner().invoke(cli, [*words, "-q", "-C", str(folder)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
