"""CIFAR-10 and CIFAR-100: the published binary archives, whose records are images.

A record is one label, or a coarse and a fine one, and 32 x 32 pixels: all red values, then all
green ones, then all blue ones. The key of an image consists of its class, its file and its number
in the file, counted from zero: ``frog/data_batch_1-00000.ppm``.

References
----------
.. [1] A. Krizhevsky. Learning Multiple Layers of Features from Tiny Images. 2009.
       https://www.cs.toronto.edu/~kriz/cifar.html
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..errors import InputError
from .archive_file import AGAIN
from .members import Members, Place
from .naming import kind_of
from .ranges import RangedFile

SIDE = 32
PIXEL_BYTES = 3 * SIDE * SIDE
PPM_HEADER = b"P6\n32 32\n255\n"
# By folder in the archive: the files of class names, one for each label byte of a record.
NAMES_FILES = {
    "cifar-10-batches-bin": ("batches.meta.txt",),
    "cifar-100-binary": ("coarse_label_names.txt", "fine_label_names.txt"),
}
PICKLED = ("cifar-10-batches-py", "cifar-100-python")


def cifar_members(members: Members, file: RangedFile) -> Members | None:
    """Index the records of CIFAR's binary archives.

    Parameters
    ----------
    members : Members
        Of the archive.

    Returns
    -------
    Members or None
        The records as images; None for any other archive. Places are the offsets of the pixels.

    Raises
    ------
    InputError
        If it is CIFAR for Python, or the records differ from the published form.
    """
    for folder in {key.rpartition("/")[0] for key in members.files}:
        name = folder.rpartition("/")[2]
        if name in PICKLED:
            raise InputError(
                f"{file.shown} is CIFAR for Python, whose files run code when they are read; "
                "take the binary version, cifar-10-binary.tar.gz or cifar-100-binary.tar.gz"
            )
        if name in NAMES_FILES:
            records = Members()
            names = [_names(members, file, f"{folder}/{each}") for each in NAMES_FILES[name]]
            for key in sorted(members.files):
                if key.startswith(f"{folder}/") and key.endswith(".bin"):
                    for image, start in _records(file, key, members.files[key], names):
                        records.add_file(image, len(PPM_HEADER) + PIXEL_BYTES, start)
                elif key.rpartition("/")[2] not in NAMES_FILES[name]:
                    records.passed_over[kind_of(key.rpartition("/")[2])] += 1
            return records
    return None


def read_record(file: RangedFile, place: Place, size: int) -> bytes:
    """Return a record as a binary PPM; see `Source.read`."""
    planes = np.frombuffer(file.read(place[0], PIXEL_BYTES), np.uint8).reshape(3, -1)
    ppm = PPM_HEADER + planes.T.tobytes()
    assert len(ppm) == size
    return ppm


def _names(members: Members, file: RangedFile, key: str) -> list[str]:
    if key not in members.files:
        raise InputError(f"{file.shown} has no {key}, which names CIFAR's classes; {AGAIN}")
    size, start = members.files[key]
    names = file.read(start, size).decode("utf-8", "replace").split()
    if not names:
        raise InputError(f"{key} in {file.shown} is empty, it should name classes; {AGAIN}")
    return names


def _records(
    file: RangedFile, key: str, place: Place, names: list[list[str]]
) -> Iterator[tuple[str, int]]:
    """Yield the key of each record, and the offset of its pixels."""
    size, start = place
    record_size = len(names) + PIXEL_BYTES
    if size % record_size:
        raise InputError(
            f"{key} in {file.shown} has {size} bytes, which is no multiple of CIFAR's records of "
            f"{record_size} bytes; {AGAIN}"
        )
    records = np.frombuffer(file.read(start, size), np.uint8).reshape(-1, record_size)
    labels = records[:, : len(names)]
    wrong = np.argwhere(labels >= [len(each) for each in names])
    if len(wrong):
        number, column = wrong[0].tolist()
        raise InputError(
            f"record {number} of {key} in {file.shown} has label {labels[number, column]}, but "
            f"there are names for 0 to {len(names[column]) - 1} only; {AGAIN}"
        )
    stem = key.rpartition("/")[2].removesuffix(".bin")
    for number, label in enumerate(labels[:, -1].tolist()):
        pixels = start + number * record_size + len(names)
        yield f"{names[-1][label]}/{stem}-{number:05d}.ppm", pixels
