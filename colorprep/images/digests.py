"""Digests of images and of other files, by which a change is detected.

Images, of which there may be millions, are digested by XXH3 of 128 bits. It reads 10 GB/s, so a
digest costs a five-hundredth of labeling the image, and detects accidents and edits, not forgeries.
All else is digested by SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from ..engine import Chunk
from ..errors import BadImage
from ..places import Location
from ..storage import opened
from .neighbors import joined
from .reach import check_readable
from .skip import Skip
from .source import Source, digest_of


def image_digest(data: bytes) -> str:
    """Return the digest of an image file: XXH3 of 128 bits, as 32 hexadecimal digits.

    Examples
    --------
    >>> image_digest(b"not really an image")
    '49896840d10f5420ec6ece10ea7988e5'
    """
    return xxhash.xxh3_128_hexdigest(data)


def pixel_digest(pixels: NDArray[np.uint8]) -> bytes:
    """Return the digest of an image's size and pixels: XXH3 of 128 bits, as 16 bytes.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8, C-contiguous
    """
    digest = xxhash.xxh3_128(b"%d %d " % pixels.shape[:2])
    digest.update(pixels.data)
    return digest.digest()


def image_hash(key: str, digest: str) -> int:
    """Return a hash of an image's key and the digest of its file: XXH3 of 64 bits.

    Examples
    --------
    >>> image_hash("cat.jpg", image_digest(b"not really an image"))
    13601491658725322152
    """
    return xxhash.xxh3_64_intdigest(f"{key}\n{digest}".encode())


def sum_of_files(source: Source, indices: Sequence[int]) -> str:
    """Return the sum of hashes of images by their keys and sizes, 16 hexadecimal digits.

    Unlike `digest_of`, which depends on the order, that of a set is the sum of those of its parts.
    """
    sizes = source.sizes[np.asarray(indices, np.intp)].tolist()
    hashes = (
        xxhash.xxh3_64_intdigest(f"{source.keys[index]}\n{size}".encode())
        for index, size in zip(indices, sizes, strict=True)
    )
    return f"{sum(hashes) % 2**64:016x}"


def is_record_of(record: Mapping[str, Any], source: Source) -> bool:
    """Return whether the record in a prior is of the images of a source, by keys and sizes."""
    everything = range(len(source.keys))
    if "parts" in record:
        return record.get("files") == sum_of_files(source, everything)
    return record.get("digest") == digest_of(source, everything)


def digest_of_bytes(data: bytes) -> str:
    """Return a digest of bytes: the first half of their SHA-256, 32 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()[:32]


def digest_of_file(path: Path) -> str:
    """Return a digest of a file's content: the first half of `sha256_of_file`.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    return sha256_of_file(path)[:32]


def sha256_of_file(path: Location) -> str:
    """Return the SHA-256 of a file's content, 64 hexadecimal digits, as ``sha256sum`` prints it.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with opened(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class DigestingSource:
    """A source that records the digest of each image whose bytes are read.

    For one thread: create one for each chunk.

    Attributes
    ----------
    digests : dict of int to str
        By index of the image; images whose bytes cannot be read are missing.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.digests: dict[int, str] = {}

    @property
    def name(self) -> str:
        """The name of the source."""
        return self._source.name

    @property
    def shown(self) -> str:
        """Where the source is."""
        return self._source.shown

    @property
    def keys(self) -> Sequence[str]:
        """The keys of all images, in order."""
        return self._source.keys

    @property
    def sizes(self) -> NDArray[np.int64]:
        """The number of bytes of each image."""
        return self._source.sizes

    @property
    def stamps(self) -> NDArray[np.int64]:
        """A number for each image that changes with its file, see `Source.stamps`."""
        return self._source.stamps

    @property
    def skipped(self) -> Sequence[Skip]:
        """Files that cannot be used as images."""
        return self._source.skipped

    @property
    def passed_over(self) -> Mapping[str, int]:
        """The number of files that are not images, by kind."""
        return self._source.passed_over

    def joined(self, indices: Sequence[int]) -> DigestingSource:
        """Return the source for these images, see `colorprep.images.neighbors`."""
        source = DigestingSource(joined(self._source, indices))
        source.digests = self.digests
        return source

    def read(self, index: int) -> bytes:
        """Return the bytes of an image; see `Source.read`."""
        data = self._source.read(index)
        self.digests[index] = image_digest(data)
        return data


class ReadDigests:
    """Computes the digests of a chunk of images without decoding them.

    Can be sent to other processes.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def check(self) -> None:
        """Check that images can be read; see `colorprep.images.reach.check_readable`."""
        check_readable(self._source)

    def __call__(self, chunk: Chunk) -> dict[int, str | None]:
        """Return digests by index; None for an image whose bytes cannot be read."""
        digests: dict[int, str | None] = {}
        source = joined(self._source, chunk.indices)
        for index in chunk.indices:
            try:
                digests[index] = image_digest(source.read(index))
            except BadImage:
                digests[index] = None
        return digests
