"""Weights from elsewhere, as `train --init` and `import` take them: matched, reported, recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..atomic import write_json
from ..errors import ArtifactError, InputError
from ..images.digests import digest_of_file
from ..progress import Reporter
from ..training.elsewhere.conversions import BY_NAME, Conversion
from ..training.elsewhere.matching import Match, match
from ..training.elsewhere.reading import GivenWeights
from ..training.elsewhere.sources import SOURCES, Source, recognize
from ..training.models import Network
from ..workspace import Workspace

RECORD = "origin.json"  # in the folder of a run
RECORD_SCHEMA = "colorprep.origin/1"


@dataclass(frozen=True, eq=False)
class Recognized:
    """A file of weights, and what it is.

    Attributes
    ----------
    source : Source or None
        None if it is not in the table.
    """

    given: GivenWeights
    source: Source | None

    @property
    def title(self) -> str:
        """What it is, in words."""
        if self.source is not None:
            return self.source.title
        if self.given.facts is not None:
            return f"{self.given.facts['model']}, exported by colorprep"
        return "unknown weights"

    def conversion_to(self, model: str) -> Conversion:
        """Return how a network of the table takes these weights; by name if they are unknown.

        Raises
        ------
        InputError
            If they are known, and are of another network.
        """
        if self.source is None:
            return BY_NAME
        if model not in self.source.conversions:
            raise InputError(
                f"{self.given.path} is {self.title}, which {model} cannot begin with; choose "
                f"--model {' or '.join(self.source.conversions)}"
            )
        return self.source.conversions[model]

    def notes_for(self, model: str) -> list[str]:
        """Return what a user should know of the file and of its conversion."""
        unwrapped = " and ".join(self.given.unwrapped)
        about = "" if self.source is None else self.source.about(self.given.state)
        notes = [
            f"the network is inside {unwrapped}" if unwrapped else "",
            about,
            self.conversion_to(model).note,
        ]
        return [note for note in notes if note]


@dataclass(frozen=True, eq=False)
class TakenWeights:
    """Where the weights are from with which a run begins.

    Attributes
    ----------
    path : Path
        Of the file.
    name : str or None
        That stands for it, see `GivenWeights`.
    """

    path: Path
    name: str | None
    digest: str
    title: str
    match: Match
    notes: list[str]

    def report(self, workspace: Workspace, reporter: Reporter) -> None:
        """Report what was taken, what to know of it, and what did not match."""
        n_all = len(self.match.taken) + len(self.match.missing) + len(self.match.misshapen)
        name = self._shown(workspace)
        reporter.note(f"{len(self.match.taken)} of {n_all} arrays are those of {name}")
        for line in [f"it is {self.title}", *self.notes, *self.match.lines()]:
            reporter.note(f"  {line}")

    def write(self, folder: Path, workspace: Workspace) -> None:
        """Write the record of a run, with all arrays that did not match."""
        record = {
            "schema": RECORD_SCHEMA,
            "file": self._shown(workspace),
            "digest": self.digest,
            "is": self.title,
            "notes": self.notes,
            **self.match.facts(),
        }
        write_json(folder / RECORD, record)

    def _shown(self, workspace: Workspace) -> str:
        return self.name or workspace.shown(self.path)


def recognized(given: GivenWeights) -> Recognized:
    """Return a file of weights with what it is."""
    return Recognized(given, None if given.facts is not None else recognize(given.state))


def known_titles() -> str:
    """Return what the table knows, in words."""
    return "; ".join(source.title for source in SOURCES)


def take_weights(network: Network, model: str, weights: Recognized) -> TakenWeights:
    """Let a network of the table take all weights that match.

    Raises
    ------
    InputError
        If they are known, and are of another network.
    ArtifactError
        If nothing matches.
    """
    given = weights.given
    found = match(given.state, weights.conversion_to(model), network)
    if not found.taken:
        raise ArtifactError(
            f"{given.path} ({weights.title}) has no array of the name and shape of one of {model}: "
            f"{'; '.join(found.lines())}. Known are {known_titles()}; any other file needs our "
            "names and shapes, and the same --width"
        )
    network.load_state_dict(found.taken, strict=False)
    digest = digest_of_file(given.path)
    notes = weights.notes_for(model)
    return TakenWeights(given.path, given.name, digest, weights.title, found, notes)
