"""A folder of images of every awkward kind, made from scratch, and what must become of each."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

SIDE = 24


def picture() -> np.ndarray:
    """A colorful gradient, not symmetric in any direction, (24, 36, 3) uint8."""
    rows, columns = np.mgrid[0:SIDE, 0 : SIDE * 3 // 2]
    return np.stack([rows * 10, columns * 7, 200 - rows * 4 - columns], axis=-1).astype(np.uint8)


def wide_gamut_profile() -> bytes:
    """An ICC profile with the primaries and gamma of Adobe RGB (1998)."""

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in values))

    name = b"wide\0"
    gamma = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.19921875 * 256))
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + b"\0" * 78,
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": xyz(0.9642, 1, 0.8249),
        b"rXYZ": xyz(0.60974, 0.31111, 0.01947),
        b"gXYZ": xyz(0.20528, 0.62567, 0.06087),
        b"bXYZ": xyz(0.14919, 0.06322, 0.74457),
        b"rTRC": gamma,
        b"gTRC": gamma,
        b"bTRC": gamma,
    }
    start = 128 + 4 + 12 * len(tags)
    table, body = b"", b""
    for tag, content in tags.items():
        table += tag + struct.pack(">2I", start + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    body = struct.pack(">I", len(tags)) + table + body
    header = struct.pack(">I4sI", 128 + len(body), b"lcms", 0x02400000) + b"mntrRGB XYZ "
    header += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    header += struct.pack(">3i", 63190, 65536, 54061) + b"\0" * 48
    return header + body


def deep_png(values: np.ndarray) -> bytes:
    """A PNG of 16 bits a sample, gray or RGB."""
    color_type = 0 if values.ndim == 2 else 2
    height, width = values.shape[:2]

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)
    header = struct.pack(">2I5B", width, height, 16, color_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )


# What must become of each file: None where it is read, else the reason why it is skipped.
FATES = {
    "adobe-rgb.jpg": None,
    "animated.gif": None,
    "cmyk.jpg": None,
    "deep-gray.png": None,
    "deep-rgb.png": None,
    "deep/only/subfolder.jpg": None,
    "empty.jpg": "empty",
    "exif-rotated.jpg": None,
    "good.jpg": None,
    "gray.jpg": None,
    "linked.jpg": None,
    "loop.jpg": "unreadable",
    "lost-link.jpg": "missing",
    "name with späces and ünïcode.jpg": None,
    "one-bit.png": None,
    "one-pixel.png": None,
    "palette-transparent.png": None,
    "png-named.JPEG": None,
    "rgba.png": None,
    "text.jpg": "not-an-image",
    "truncated.jpg": "truncated",
    "unreadable.jpg": "unreadable",
    "wide.png": None,
}


def build(folder: Path) -> None:
    """Make the folder."""
    (folder / "deep" / "only").mkdir(parents=True)
    color = Image.fromarray(picture())
    color.save(folder / "good.jpg", quality=95)
    whole = (folder / "good.jpg").read_bytes()
    (folder / "truncated.jpg").write_bytes(whole[: len(whole) * 2 // 3])
    (folder / "empty.jpg").touch()
    (folder / "text.jpg").write_text("This is no picture, whatever its name says.")
    color.save(folder / "png-named.JPEG", "PNG")
    color.convert("CMYK").save(folder / "cmyk.jpg", quality=95)
    color.convert("L").save(folder / "gray.jpg", quality=95)
    color.convert("1").save(folder / "one-bit.png")
    palette = color.quantize(16)
    palette.save(folder / "palette-transparent.png", transparency=3)
    deep = picture().astype(np.uint16) * 257
    (folder / "deep-gray.png").write_bytes(deep_png(deep[..., 0]))
    (folder / "deep-rgb.png").write_bytes(deep_png(deep))
    alpha = np.linspace(0, 255, color.width).astype(np.uint8)
    rgba = np.dstack([picture(), np.broadcast_to(alpha, picture().shape[:2])])
    Image.fromarray(rgba).save(folder / "rgba.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    color.save(folder / "exif-rotated.jpg", quality=95, exif=exif)
    color.save(folder / "adobe-rgb.jpg", quality=95, icc_profile=wide_gamut_profile())
    frames = [color.transpose(turn) for turn in Image.Transpose][:2]
    color.save(folder / "animated.gif", save_all=True, append_images=frames, duration=50)
    Image.new("RGB", (1, 1), "red").save(folder / "one-pixel.png")
    Image.new("RGB", (30_000, 10), "green").save(folder / "wide.png")
    color.save(folder / "unreadable.jpg")
    (folder / "unreadable.jpg").chmod(0)
    color.save(folder / "name with späces and ünïcode.jpg")
    color.save(folder / "deep" / "only" / "subfolder.jpg")
    (folder / "linked.jpg").symlink_to("good.jpg")
    (folder / "loop.jpg").symlink_to("loop.jpg")
    (folder / "lost-link.jpg").symlink_to("nowhere.jpg")
    (folder / "linked-folder").symlink_to("deep")
    (folder / "round").symlink_to(".")
    (folder / "notes.txt").write_text("not an image, and not named like one")
    os.mkfifo(folder / "pipe.jpg")


def srgb_of(profile: bytes, pixels: np.ndarray) -> np.ndarray:
    """Pixels of a profile as sRGB, by LittleCMS."""
    import io

    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    converted = ImageCms.profileToProfile(
        Image.fromarray(pixels), source, ImageCms.createProfile("sRGB")
    )
    return np.asarray(converted)
