"""Reading what a report shows of results: audits, lists, probes, hints, evaluations, methods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle, islice
from math import nan
from pathlib import Path
from typing import Any

from PIL import Image

from ...errors import ArtifactError, InputError
from ...images.lists import read_list
from ...images.source import Source
from ...metrics.pictures import MeanError
from ...metrics.proportions import Proportion
from ...metrics.resampling import Measured
from ...progress import Reporter
from ...report.gallery import photographs_of
from ...report.page import Missing, Note, Section
from ...report.sections.audit import Audited, ShownList, audit_section, lists_section
from ...report.sections.methods import metrics_section
from ...report.sections.results import (
    ProbeChance,
    evaluation_section,
    probes_section,
    sweep_section,
)
from ...workspace import AUDIT, EVALUATION, LISTS, PROBES, SWEEP, Workspace
from ..audit.files import sheet_paths
from ..audit.findings import REASONS
from ..evaluate.files import FIGURES, SHEET
from ..evaluate.methods_files import METHODS, comparison_facts, comparison_of
from ..evaluate.methods_sources import source_lines
from ..info.facts import read_json

AUDITED = Path(AUDIT, "summary.json")
EVALUATED = Path(EVALUATION, FIGURES)
COMPARED = Path(EVALUATION, METHODS)
# Named by `stages.probe` and `stages.sweep`, whose import would take torch's time.
PROBED = Path(PROBES, "probes.json")
SWEPT = Path(SWEEP, "sweep.json")
MOST_DROPPED = 24  # photographs of each reason
RESULTS = {"probes": PROBED, "sweep": SWEPT, "evaluation": EVALUATED, "methods": COMPARED}


def read_audit(workspace: Workspace) -> Section | Missing:
    """Show the audit of a workspace.

    Raises
    ------
    ArtifactError
        If it is damaged, here as in the functions below.
    """
    path = workspace.path(AUDITED)
    if not path.exists():
        return Missing("audit", "audit", "colorprep audit")
    with _readable(path, "audit") as facts:
        shown = facts.get("shown", {})  # not in older ones
        dropped = {
            reason: _dropped(reason, open_picture(sheet, "audit"), shown[reason][:MOST_DROPPED])
            for reason, sheet in sheet_paths(path.parent).items()
            if sheet.exists() and reason in shown
        }
        emptied = facts["classes"]["emptied"]
        counts = facts["n_images"], facts["n_kept"], facts["reasons"], REASONS, facts["n_leaks"]
        return audit_section(Audited(*counts, emptied, dropped))


def _dropped(
    reason: str, sheet: Image.Image, keys: Sequence[str]
) -> list[tuple[Image.Image, str, str]]:
    """Cut photographs out of a contact sheet of an audit, and name them."""
    in_pairs = reason == "duplicate"
    photographs = photographs_of(sheet, len(keys), has_headings=in_pairs)
    texts = islice(cycle(("stays", "goes") if in_pairs else ("",)), len(keys))
    return list(zip(photographs, keys, texts, strict=True))


def read_lists(
    workspace: Workspace, source: Source | None, reporter: Reporter
) -> Section | Missing:
    """Show the lists of a workspace; files that are no lists are left out."""
    lists = []
    for path in sorted(workspace.path(LISTS).glob("*.txt")):
        try:
            lines = read_list(path, may_be_empty=True)
            lists.append(ShownList(path.name, len(lines), next(iter(lines), "")))
        except InputError as error:
            reporter.warn(f"left out: {error}")
    return lists_section(lists, None if source is None else len(source.keys))


def read_probes(workspace: Workspace) -> Section | Missing:
    """Show the probes of a workspace."""
    path = workspace.path(PROBED)
    if not path.exists():
        return Missing("probes", "linear probes", "colorprep probe")
    with _readable(path, "probe") as facts:
        chance = ProbeChance(*(facts["chance"][name] for name in ProbeChance._fields))
        runs = {
            name: {
                layer: Proportion(**result["accuracy"]) for layer, result in run["layers"].items()
            }
            for name, run in facts["runs"].items()
        }
        return probes_section(runs, chance)


def read_sweep(workspace: Workspace) -> Section | Missing:
    """Show the sweep of hints of a workspace."""
    path = workspace.path(SWEPT)
    if not path.exists():
        return Missing("sweep", "color hints", "colorprep sweep")
    with _readable(path, "sweep") as facts:
        psnr, reference = (
            {one["hints"]: _mean_error(one) for one in facts[name]}
            for name in ("psnr", "reference")
        )
        return sweep_section(facts["checkpoint"]["model"], psnr, reference, facts["n_images"])


def read_evaluation(workspace: Workspace) -> Section | Missing:
    """Show the evaluation of a workspace."""
    path = workspace.path(EVALUATED)
    if not path.exists():
        return Missing("evaluation", "evaluation", "colorprep evaluate")
    sheet = path.with_name(SHEET)
    picture = open_picture(sheet, "evaluate") if sheet.exists() else None
    with _readable(path, "evaluate") as facts:
        measured = {
            name: Measured(**figure)
            for name, figure in facts.items()
            if isinstance(figure, dict) and "n_left_out" in figure
        }
        judged = "the set of colored pictures"
        if "checkpoint" in facts:
            judged = f"the network {facts['checkpoint']['model']}"
        return evaluation_section(judged, measured, facts["n_images"], facts["protocol"], picture)


def read_methods(workspace: Workspace) -> Section | Missing:
    """Show the comparison of methods of a workspace."""
    path = workspace.path(COMPARED)
    if not path.exists():
        command = "colorprep evaluate --original gt/ --colorized a=a/ --colorized b=b/"
        return Missing("methods", "methods compared", command)
    with _readable(path, "evaluate") as facts:
        comparison = comparison_of(facts)
        origin = {"sources": facts.get("sources", {}), "warnings": facts.get("warnings", [])}
        section = metrics_section(
            comparison, facts["n_images"], source_lines(facts), origin["warnings"]
        )
        also = Note(f"`{EVALUATION}/methods.html` shows the same images side by side.")
        return replace(
            section,
            anchor="methods",
            title="Methods compared",
            blocks=[*section.blocks, also],
            facts=comparison_facts(comparison) | origin,
        )


def open_picture(path: Path, command: str) -> Image.Image:
    """Read a picture that a command wrote.

    Raises
    ------
    ArtifactError
        If it is damaged.
    """
    try:
        with Image.open(path) as picture:
            return picture.convert("RGB")
    except OSError as error:
        raise ArtifactError(
            f"{path} is damaged ({error}): delete it, or make it again with `colorprep {command}`"
        ) from error


def _mean_error(one: dict[str, Any]) -> MeanError:
    mean, error = (nan if one[name] is None else one[name] for name in ("mean", "standard_error"))
    return MeanError(mean, error, one["n"])


@contextmanager
def _readable(path: Path, command: str) -> Iterator[dict[str, Any]]:
    """Yield the object in a JSON file; if the block finds it damaged, name the file."""
    try:
        yield read_json(path)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(
            f"{path} is damaged ({error!r}): make it again with `colorprep {command}`"
        ) from error
