"""Damage to files, drawn by hypothesis so that what fails is shrunk to its simplest form."""

from __future__ import annotations

import binascii
import io
import re
import struct
import zipfile
from typing import NamedTuple

from hypothesis import strategies as st

KINDS = ("overwrite", "flip", "insert", "delete", "cut", "repeat", "number")
# Numbers at which sizes and offsets go wrong.
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF)
TAR_BLOCK = 512
VALUES = re.compile(r'"[^"]*"|-?\d+(\.\d+)?|true|false|null')
OTHER_VALUES = ("null", "-1", "1e999", '"x"', "[]", "{}", "true", "NaN", "9" * 20, '""')


class Mutation(NamedTuple):
    """One change to the bytes of a file.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    place : float
        Where, as a fraction of the file's length.
    length : int
        How many bytes it concerns.
    payload : bytes
        What is written there.
    """

    kind: str
    place: float
    length: int
    payload: bytes


# Half of all changes fall into the first hundredth of a file, where headers are.
PLACES = st.floats(0, 1) | st.floats(0, 0.01)
MUTATIONS = st.lists(
    st.builds(
        Mutation,
        st.sampled_from(KINDS),
        PLACES,
        st.sampled_from((1, 2, 4, 8, 64, 1000)),
        st.binary(min_size=1, max_size=16)
        | st.sampled_from((b"\0", b"\xff", b"-1", b"[]", b"nan")),
    ),
    min_size=1,
    max_size=4,
)


def mutated(data: bytes, mutations: list[Mutation]) -> bytes:
    """Return the bytes after some changes, made one after the other."""
    for mutation in mutations:
        data = _mutated_once(data, mutation)
    return data


def _mutated_once(data: bytes, mutation: Mutation) -> bytes:
    kind, place, length, payload = mutation
    at = min(int(place * len(data)), max(len(data) - 1, 0))
    before, hit, after = data[:at], data[at : at + length], data[at + length :]
    filled = (payload * length)[: len(hit)]
    match kind:
        case "overwrite":
            return before + filled + after
        case "flip":
            return before + bytes(a ^ b for a, b in zip(hit, filled, strict=True)) + after
        case "insert":
            return before + payload + hit + after
        case "delete":
            return before + after
        case "cut":
            return before
        case "repeat":
            return before + hit + hit + after
        case _:
            size = 8 if length >= 8 else 4 if length >= 4 else length
            number = NUMBERS[payload[0] % len(NUMBERS)] & (256**size - 1)
            order = "little" if payload[0] & 1 else "big"
            return before + number.to_bytes(size, order) + data[at + size :]


def with_png_checksums(data: bytes) -> bytes:
    """Return a PNG whose chunks have their right checksums again, as far as they can be walked."""
    parts, at = [data[:8]], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        body = data[at + 4 : at + 8 + length]
        parts.append(data[at : at + 4] + body + struct.pack(">I", binascii.crc32(body)))
        at += 12 + length
    return b"".join(parts)


def with_tar_checksums(data: bytes) -> bytes:
    """Return a tar whose headers have their right checksums again."""
    blocks = [data[at : at + TAR_BLOCK] for at in range(0, len(data), TAR_BLOCK)]
    for number, block in enumerate(blocks):
        if block[257:262] == b"ustar" and len(block) == TAR_BLOCK:
            total = sum(block[:148]) + sum(block[156:]) + 8 * ord(" ")
            blocks[number] = block[:148] + b"%06o\0 " % total + block[156:]
    return b"".join(blocks)


def with_member_mutated(data: bytes, mutations: list[Mutation]) -> bytes:
    """Return a zip with one of its members changed, packed again with a right checksum."""
    which = int(mutations[0].place * 1000)
    repacked = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(repacked, "w") as after:
        names = before.namelist()
        for name in names:
            content = before.read(name)
            if name == names[which % len(names)]:
                content = mutated(content, mutations)
            after.writestr(name, content)
    return repacked.getvalue()


def with_value_replaced(data: bytes, mutations: list[Mutation]) -> bytes:
    """Return JSON or a table that still parses, with one of its values replaced by another."""
    text = data.decode("utf-8")
    values = list(VALUES.finditer(text))
    chosen = values[int(mutations[0].place * (len(values) - 1))]
    other = OTHER_VALUES[mutations[0].payload[0] % len(OTHER_VALUES)]
    return (text[: chosen.start()] + other + text[chosen.end() :]).encode()
