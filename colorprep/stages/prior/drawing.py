"""The figure of a prior and its weights, in a file of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...atomic import check_replaceable, replacing
from ...places import Location
from ...progress import Reporter
from ...report.figures.figure_style import DEFAULT_STYLE, WIDE, FigureStyle
from ...workspace import Workspace
from ..figure_heights import note_heights
from ..replaced import telling_replaced
from .writing import WrittenPrior


@dataclass(frozen=True)
class PriorFigure:
    """Where the figure of a prior goes.

    Attributes
    ----------
    output : str or Path
        A .png, .pdf or .svg file.
    """

    output: str | Path
    style: FigureStyle = DEFAULT_STYLE

    def __post_init__(self) -> None:
        """Reject a file of another format, and a width that is too small."""
        self.style.of_file(str(self.output))
        self.style.refuse_narrow(WIDE)

    def path(self, workspace: Workspace) -> Location:
        """Return where it is written; raise OutputError if it cannot be."""
        path = workspace.location(self.output)
        check_replaceable(path)
        return path

    def write(self, written: WrittenPrior, workspace: Workspace, reporter: Reporter) -> Location:
        """Draw a prior and its weights, and return the path of the file."""
        # Here, since drawing is slow to import.
        from ...report.figures.files import write_figure
        from ...report.figures.prior_map import draw_prior

        prior, path = written.prior, self.path(workspace)
        figure = draw_prior(prior, written.weights.values)
        title = f"{len(prior.probs):,} bins of {prior.quantizer.name}"
        with telling_replaced(reporter, path), replacing(path) as temporary:
            height = write_figure(figure, title, temporary, self.style.of_file(path.name))
        note_heights({path.name: height}, reporter)
        return path
