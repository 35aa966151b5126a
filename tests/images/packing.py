"""Packing images into archives, and looking at what is found in them."""

from __future__ import annotations

import io
import os
import random
import tarfile
import zipfile


def write_tar(path, *members, mode="w", end=True, **options):
    """Write a tar of members: names and bytes, or TarInfo objects ready made."""
    with tarfile.open(path, mode, **options) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                name, data = member
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        length = archive.offset
    if not end:
        os.truncate(path, length)
    return path


def link(name, target, kind=tarfile.SYMTYPE):
    """A link in a tar."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def contents(source):
    """The bytes of all images by their keys."""
    return {key: source.read(index) for index, key in enumerate(source.keys)}


def reasons(source):
    """Why what is skipped is skipped, by key."""
    return {skip.key: skip.reason for skip in source.skipped}


def pack(folder, kind, target):
    """Pack a folder, its files in an order of chance."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    random.Random(0).shuffle(files)
    if kind.startswith("zip"):
        method = zipfile.ZIP_STORED if kind == "zip-stored" else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(target, "w", method) as archive:
            for path in files:
                archive.write(path, path.relative_to(folder))
    else:
        with tarfile.open(target, "w:gz" if kind == "tar.gz" else "w") as archive:
            for path in files:
                archive.add(path, f"./{path.relative_to(folder)}")
    return target


def imagenet(tmp_path, **options):
    """A tar of two class tars as ImageNet's, with links and a tar within a class."""
    for name in ("n01", "n02"):
        deeper = write_tar(tmp_path / "deeper.tar", ("deep.jpg", b"deep")).read_bytes()
        write_tar(
            tmp_path / f"{name}.tar",
            (f"{name}_1.JPEG", name.encode()),
            (f"./{name}_2.JPEG", b"two"),
            link("soft.jpg", f"{name}_1.JPEG"),
            link("hard.jpg", f"{name}_2.JPEG", tarfile.LNKTYPE),
            ("deeper.tar", deeper),
            **options,
        )
    inner = [(name, (tmp_path / name).read_bytes()) for name in ("n01.tar", "n02.tar")]
    return write_tar(tmp_path / "train.tar", ("top.jpg", b"top"), *inner)
