"""The passes that `run.py` measures, and the bounds of their figures.

A pass over images runs on few and on many of them, and the difference is the cost of the images
between, so that start-up does not count: imports, compiled code, tables, and what is done once at
the end. A small job runs once, and counts as a whole.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Clock = Literal["wall", "processor"]
CLOCKS: tuple[Clock, ...] = ("wall", "processor")


class ImageSet(NamedTuple):
    """The images that a pass runs on.

    Attributes
    ----------
    kind : {"photographs", "large"}
    sizes : tuple of int
        Numbers of images of its two runs, or of the one run of a small job. Threads take 32 images
        at a time, so that fewer than 64 would not keep two of them busy.
    """

    kind: Literal["photographs", "large"]
    sizes: tuple[int, ...]


PHOTOGRAPHS = "photographs"
IMAGES = {
    PHOTOGRAPHS: ImageSet("photographs", (250, 2000)),
    "few": ImageSet("photographs", (6, 48)),  # for what is slow, and uses one thread
    "large": ImageSet("large", (64, 192)),
    "thousand": ImageSet("photographs", (1000,)),
    "three": ImageSet("photographs", (3,)),
    "one": ImageSet("photographs", (1,)),
    "none": ImageSet("photographs", (0,)),
}


class Pass(NamedTuple):
    """A command line that is measured.

    Attributes
    ----------
    text : str
        What tables call it.
    command : str
        In which names in braces stand for what `rounds.Bench` fills in: folder of the images,
        number of threads, an empty workspace; a workspace whose images have labels; a network.
    images : str
        One of `IMAGES`.
    """

    text: str
    command: str
    images: str = PHOTOGRAPHS


OUT = "-C {out} -q"
OVER = "--dir {images} --workers {threads} " + OUT
ONE_THREAD = "--dir {images} --workers 1 " + OUT
LABELED = "--dir {images} --workers {threads} -C {labeled} -q"
BASELINE = "{images} {threads} {out}"

# What a name in braces needs first, in a folder of that name.
PREPARED = {
    "labeled": ["colorprep labels --dir {images} --workers {threads} -C {labeled} -q"],
    "network": [
        "colorprep sample {network}/photographs --count 40 --size 64 -q",
        "colorprep labels --dir {network}/photographs --size 64 -C {network} -q",
        "colorprep train --model small --steps 1 -o run -C {network} -q",
    ],
}

PASSES = {
    "decode": Pass("decoding alone", f"baselines decode {BASELINE}"),
    "decode-one": Pass("decoding alone, one thread", "baselines decode {images} 1 {out}"),
    "decode-resize": Pass("decoding and Pillow's resize", f"baselines decode-resize {BASELINE}"),
    "prior": Pass("prior, native size", f"colorprep prior {OVER}"),
    "labels": Pass("labels, 256 x 256", f"colorprep labels {OVER}"),
    "labels-one": Pass("labels, one thread", f"colorprep labels {ONE_THREAD}"),
    "labels-cluster": Pass(
        "labels, dask cluster", "colorprep labels --dir {images} --cluster {threads} " + OUT
    ),
    "rgbvar": Pass("rgbvar, 256 x 256", f"colorprep rgbvar {OVER}"),
    "rgbvar-after-labels": Pass("rgbvar after labels", f"colorprep rgbvar {LABELED}"),
    "audit": Pass("audit", f"colorprep audit {OVER}"),
    "published-prior": Pass("prior as published", f"baselines published-prior {BASELINE}", "few"),
    "published-labels": Pass(
        "labels as published", f"baselines published-labels {BASELINE}", "few"
    ),
    "published-rgbvar": Pass(
        "rgbvar as published", f"baselines published-rgbvar {BASELINE}", "few"
    ),
    "large-decode": Pass("large: decoding alone", f"baselines decode {BASELINE}", "large"),
    "large-rgbvar": Pass("large: rgbvar", f"colorprep rgbvar {OVER}", "large"),
    "large-rgbvar-fast": Pass("large: rgbvar --fast", f"colorprep rgbvar --fast {OVER}", "large"),
    "large-labels": Pass("large: labels", f"colorprep labels {OVER}", "large"),
    "large-labels-fast": Pass("large: labels --fast", f"colorprep labels --fast {OVER}", "large"),
    "large-prior": Pass("large: prior --size 256", f"colorprep prior --size 256 {OVER}", "large"),
    "large-prior-fast": Pass(
        "large: prior --size 256 --fast", f"colorprep prior --size 256 --fast {OVER}", "large"
    ),
    "three-prior": Pass("prior of three images", f"colorprep prior {OVER}", "three"),
    "three-labels": Pass("labels of three images", f"colorprep labels {OVER}", "three"),
    "three-rgbvar": Pass("rgbvar of three images", f"colorprep rgbvar {OVER}", "three"),
    "one-colorize": Pass(
        "colorize of one image",
        f"colorprep colorize {{images}} --checkpoint {{network}}/run {OUT}",
        "one",
    ),
    "labels-again": Pass(
        "labels of 1,000 images that have them", f"colorprep labels {LABELED}", "thousand"
    ),
    "help": Pass("colorprep --help", "colorprep --help", "none"),
    "import-click": Pass("importing click", "python -c 'import click'", "none"),
}


def is_small_job(name: str) -> bool:
    """Whether a pass counts as a whole."""
    return len(IMAGES[PASSES[name].images].sizes) == 1


class Figure(NamedTuple):
    """A figure of a pass, and its bound.

    Attributes
    ----------
    measure : {"speed", "cost", "seconds"}
        Speed or cost relative to a baseline, or seconds of a whole process. A speed must reach its
        bound, the others must not exceed it.
    name, baseline : str
        Of passes.
    bound : float or None
    clocks : tuple
        By which time the bound holds.
    """

    measure: Literal["speed", "cost", "seconds"]
    name: str
    baseline: str | None = None
    bound: float | None = None
    clocks: tuple[Clock, ...] = CLOCKS

    @property
    def text(self) -> str:
        """What tables call it."""
        text = f"{self.measure} of {PASSES[self.name].text}"
        return text if self.baseline is None else f"{text} / {PASSES[self.baseline].text}"

    def met(self, value: float) -> bool:
        """Whether a value is within the bound."""
        if self.bound is None:
            return True
        return value >= self.bound if self.measure == "speed" else value <= self.bound


FIGURES = [
    Figure("speed", "prior", "decode", 0.75),
    Figure("speed", "labels", "decode-resize", 1.35),
    Figure("speed", "labels", "labels-one", 1.9, ("wall",)),
    Figure("speed", "decode", "decode-one"),
    Figure("speed", "labels-cluster", "labels", 0.85),
    Figure("speed", "rgbvar", "decode-resize", 1.35),
    Figure("cost", "rgbvar-after-labels", "rgbvar", 0.02),
    Figure("speed", "audit", "decode", 0.6),
    Figure("speed", "large-rgbvar-fast", "large-rgbvar", 2.2),
    Figure("speed", "large-labels-fast", "large-labels", 2.2),
    Figure("speed", "large-prior-fast", "large-prior", 2.2),
    Figure("speed", "large-rgbvar-fast", "large-decode", 2),
    Figure("speed", "prior", "published-prior", 60),
    Figure("speed", "labels", "published-labels", 15),
    Figure("speed", "rgbvar", "published-rgbvar", 4),
    Figure("seconds", "three-prior", bound=1),
    Figure("seconds", "three-labels", bound=1),
    Figure("seconds", "three-rgbvar", bound=1),
    Figure("seconds", "one-colorize", bound=1),
    Figure("seconds", "labels-again", bound=1.5),
    Figure("cost", "help", "import-click", 3, ("wall",)),
]


def with_baselines(names: list[str]) -> list[str]:
    """Return passes and what they are compared with, in the order of `PASSES`."""
    baselines = {
        figure.baseline
        for figure in FIGURES
        if figure.name in names and not (figure.baseline or "").startswith("published")
    }
    return [name for name in PASSES if name in names or name in baselines]
