"""Draw the pictures of the README from the built-in photographs, in a light and a dark version.

``make pictures`` takes about three minutes; the report needs Debian's package chromium.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from colorprep import Reporter, Workspace, decode
from colorprep.color.lab import without_color
from colorprep.images.decoding import Pixels
from colorprep.report.figures.figure_style import FigureStyle
from colorprep.report.figures.files import write_figure
from colorprep.report.figures.prior_map import draw_prior
from colorprep.report.gallery import montage
from colorprep.report.themes import DARK, LIGHT, Theme
from colorprep.stages import colorize, demo, report

FOLDER = Path(__file__).parent / "images"
THEMES: dict[Theme, dict[str, str]] = {"light": LIGHT, "dark": DARK}
SHOWN = ("astronaut", "cat", "coffee", "flower", "motorcycle", "rocket")
TILE, QUALITY = 200, 85
PAGE = (1280, 760)
CHROMIUM = (
    "chromium --headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --hide-scrollbars"
)


def main() -> None:
    """Run the demo in a temporary folder, and draw what it made."""
    with tempfile.TemporaryDirectory() as folder:
        made = demo.run("demo", Workspace(Path(folder)), Reporter())
        for theme in THEMES:
            draw_samples(made, theme)
            draw_weighted_prior(made, theme)
            draw_report(made, theme)


def draw_samples(made: demo.DemoResult, theme: Theme) -> None:
    """Draw held-out photographs in gray, colorized and as they are, below each other."""
    chosen = [next(key for key in made.train.held_out if key.startswith(name)) for name in SHOWN]
    photographs = [made.workspace.path(f"photos/{key}") for key in chosen]
    params = colorize.ColorizeParams(photographs, output="shown")
    pictures = colorize.run(params, made.workspace, Reporter()).written
    originals = list(pixels_of(photographs))
    tiles = [*map(without_color, originals), *pixels_of(pictures), *originals]
    names = [name for name in ("gray", "colorized", "original") for _ in chosen]
    sheet = montage(tiles, "", len(chosen), TILE, names=names).picture(THEMES[theme])
    sheet.save(FOLDER / f"samples-{theme}.jpg", "JPEG", quality=QUALITY, subsampling=0)


def pixels_of(paths: list[Path]) -> Iterator[Pixels]:
    """Read pictures."""
    return (decode(path.read_bytes()) for path in paths)


def draw_weighted_prior(made: demo.DemoResult, theme: Theme) -> None:
    """Draw the prior, and the weights that follow from it."""
    whole = made.prior.whole
    figure = draw_prior(whole.prior, whole.weights.values)
    write_figure(figure, "", FOLDER / f"prior-{theme}.png", FigureStyle(theme))


def draw_report(made: demo.DemoResult, theme: Theme) -> None:
    """Show the top of a report as a browser does."""
    page = report.run(
        report.ReportParams(style=FigureStyle(theme)), made.workspace, Reporter()
    ).path
    size = f"--window-size={PAGE[0]},{PAGE[1]}"
    picture = f"--screenshot={FOLDER / f'report-{theme}.png'}"
    command = [*CHROMIUM.split(), size, picture, f"file://{page}"]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
