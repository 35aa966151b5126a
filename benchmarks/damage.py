"""How many damaged photographs are found: ``python benchmarks/damage.py --dir PHOTOS --files 200``.

Each JPEG of a folder is damaged in several ways, at a random place between 5% and 95% of the file,
and changed in ways that harm no pixel. Damage is harmful if the decoded pixels differ from those of
the intact file, or nothing can be decoded. The table shows, for each kind, how many harmful files
are skipped, how many are accepted although libjpeg warns about them, and how many without any
warning; and how many files are skipped although every pixel is right, which should be none. The
same seed damages the same bytes.

``--form`` reencodes the photographs first: ``progressive``, or ``restarts`` with a restart interval
of one row of blocks, which dropping an interval always does.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image

from colorprep import BadImage, decode
from colorprep.images.jpeg import jpeg_facts

END = b"\xff\xd9"
TEXT = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html\r\n\r\n<html>try again later "
FORMS = {"found": {}, "progressive": {"progressive": True}, "restarts": {"restart_marker_rows": 1}}
NOISE = 50  # extra bytes

Change = Callable[[bytes, np.random.Generator], bytes]


def scan_header(data: bytes) -> int:
    """Return where the header of the first scan begins; a thumbnail's comes before it."""
    facts = jpeg_facts(data)
    assert facts is not None
    return facts.scan


def scan_start(data: bytes) -> int:
    """Return where the first scan's data begins."""
    at = scan_header(data)
    return at + 2 + int.from_bytes(data[at + 2 : at + 4])


def place(data: bytes, draw: np.random.Generator) -> int:
    """Draw a place between 5% and 95% of the file, within its scans."""
    return max(int(draw.uniform(0.05, 0.95) * len(data)), scan_start(data))


def overwritten(data: bytes, draw: np.random.Generator, by: bytes) -> bytes:
    """Overwrite a part of the scans, but not the end mark."""
    at = min(place(data, draw), max(len(data) - 2 - len(by), scan_start(data)))
    by = by[: len(data) - 2 - at]
    return data[:at] + by + data[at + len(by) :]


def without_interval(data: bytes, draw: np.random.Generator) -> bytes:
    """Drop a restart interval with its marker, after reencoding the file if it has none."""
    starts = [at for at in range(scan_start(data), len(data) - 1) if is_restart(data, at)]
    if len(starts) < 3:
        return without_interval(encoded(data, "restarts"), draw)
    number = int(draw.integers(0, len(starts) - 1))
    return data[: starts[number]] + data[starts[number + 1] :]


def is_restart(data: bytes, at: int) -> bool:
    """Return whether there is a restart marker at this position of a scan."""
    return data[at] == 0xFF and 0xD0 <= data[at + 1] <= 0xD7


def flipped(data: bytes, draw: np.random.Generator) -> bytes:
    """Flip one bit."""
    at = place(data, draw)
    return data[:at] + bytes([data[at] ^ 1 << int(draw.integers(8))]) + data[at + 1 :]


def noise(draw: np.random.Generator, length: int) -> bytes:
    """Return random bytes."""
    return draw.integers(0, 256, length).astype(np.uint8).tobytes()


def before_end(data: bytes, extra: bytes) -> bytes:
    """Insert bytes before the end mark."""
    return data[:-2] + extra + data[-2:]


def before_tables(data: bytes, extra: bytes) -> bytes:
    """Insert bytes before the first scan's header."""
    at = scan_header(data)
    return data[:at] + extra + data[at:]


DAMAGES: dict[str, Change] = {
    "cut, end mark appended": lambda data, draw: data[: place(data, draw)] + END,
    "2,000 bytes zero": lambda data, draw: overwritten(data, draw, bytes(2000)),
    "50 bytes zero": lambda data, draw: overwritten(data, draw, bytes(50)),
    "2,000 bytes of noise": lambda data, draw: overwritten(data, draw, noise(draw, 2000)),
    "50 bytes of noise": lambda data, draw: overwritten(data, draw, noise(draw, 50)),
    "200 bytes of text": lambda data, draw: overwritten(data, draw, (TEXT * 3)[:200]),
    "restart interval dropped": without_interval,
    "cut, no end mark": lambda data, draw: data[: place(data, draw)],
    "one bit flipped": flipped,
}
ODDITIES: dict[str, Change] = {
    "a stray byte before the end mark": lambda data, draw: before_end(data, noise(draw, 1)),
    "zeros before the end mark": lambda data, draw: before_end(data, bytes(NOISE)),
    "noise before the end mark": lambda data, draw: before_end(
        data, noise(draw, NOISE).replace(b"\xff", b"\xfe")
    ),
    "fill bytes before the end mark": lambda data, draw: before_end(data, b"\xff" * 5),
    "garbage after the end mark": lambda data, draw: data + noise(draw, NOISE),
    "end mark missing": lambda data, draw: data[:-2],
    "zeros in place of the end mark": lambda data, draw: data[:-2] + bytes(NOISE),
    "stray bytes before the scan": lambda data, draw: before_tables(data, b"\0\1\2\3"),
    "fill bytes before the scan": lambda data, draw: before_tables(data, b"\xff" * 5),
    "odd segments": lambda data, draw: before_tables(
        data, b"\xff\xe5\0\2" + b"\xff\xef\0\x34" + noise(draw, NOISE) + b"\xff\xfe\0\3\xff"
    ),
    "JFIF of an unknown version": lambda data, draw: (
        data[:2] + b"\xff\xe0\0\x10JFIF\0\x09\x09\0\0\1\0\1\0\0" + data[2:]
    ),
}


def encoded(data: bytes, form: str) -> bytes:
    """Reencode a photograph."""
    stream = io.BytesIO()
    image = Image.open(io.BytesIO(data))
    image.save(stream, "JPEG", quality=90, **FORMS[form])
    return stream.getvalue()


def pixels_of(data: bytes) -> np.ndarray | None:
    """Return the decoded pixels of a file, None if it cannot be decoded."""
    try:
        return decode(data, damaged="keep")
    except BadImage:
        return None


def warns(data: bytes) -> bool:
    """Return whether libjpeg warns about a file."""
    try:
        simplejpeg.decode_jpeg(data)
    except ValueError:
        return True
    return False


def outcome(sound: bytes, changed: bytes) -> str:
    """Return how a changed file is treated, in a word."""
    expected, found = pixels_of(sound), pixels_of(changed)
    harmed = found is None or not np.array_equal(expected, found)
    try:
        decode(changed)
    except BadImage:
        return "found" if harmed else "wrongly skipped"
    if not harmed:
        return "no pixel changed"
    return "missed, warned of" if warns(changed) else "missed, no warning"


def judged(change: Change, files: list[Path], form: str, seed: int) -> Counter[str]:
    """Count how files that were changed in one way are treated."""
    counts: Counter[str] = Counter()
    for number, path in enumerate(files):
        data = path.read_bytes()
        if form != "found":
            data = encoded(data, form)
        if change is without_interval:
            data = encoded(data, "restarts")
        counts[outcome(data, change(data, np.random.default_rng([seed, number])))] += 1
    return counts


def print_table(title: str, changes: dict[str, Change], arguments: argparse.Namespace) -> None:
    """Judge and print each kind."""
    columns = ("found", "missed, warned of", "missed, no warning", "no pixel changed")
    columns = (*columns, "wrongly skipped")
    print(
        f"\n{title:34s}"
        + "".join(f"{name:>20s}" for name in columns)
        + f"{'found of harmful':>20s}"
    )
    for name, change in changes.items():
        counts = judged(change, arguments.photos, arguments.form, arguments.seed)
        harmful = sum(counts[name] for name in columns[:3])
        fraction = f"{counts['found'] / harmful:.1%}" if harmful else "-"
        print(
            f"{name:34s}" + "".join(f"{counts[key]:20d}" for key in columns) + f"{fraction:>20s}",
            flush=True,
        )


def main() -> None:
    """Judge the photographs of a folder."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--dir", type=Path, required=True, help="Folder of JPEG photographs.")
    parser.add_argument("--files", type=int, default=200, help="How many are damaged. [200]")
    parser.add_argument("--form", choices=FORMS, default="found", help="Reencode them first.")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    paths = (path for path in sorted(arguments.dir.rglob("*")) if path.is_file())
    jpegs = [path for path in paths if path.read_bytes()[:2] == b"\xff\xd8"]
    arguments.photos = jpegs[: arguments.files]
    if not arguments.photos:
        sys.exit(f"{arguments.dir} holds no JPEG file; give another folder with --dir")
    print(f"{len(arguments.photos)} photographs, form: {arguments.form}, seed {arguments.seed}")
    print_table("damage", DAMAGES, arguments)
    print_table("harmless", ODDITIES, arguments)


if __name__ == "__main__":
    main()
