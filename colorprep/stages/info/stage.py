"""`colorprep info`: what an artifact is, and how it was made."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Callable
from pathlib import Path

from ...artifacts import holds_bare_array
from ...errors import ArtifactError, ColorprepError, InputError
from ...images.lists import read_list
from ...places import Location, Url
from ...progress import Reporter
from ...report.numbers import quantity
from ...runs import CONFIG
from ...shards.exporting import FACTS as EXPORT
from ...shards.manifest import MANIFEST
from ...shards.plan import PLAN, read_plan
from ...storage import exists, local_copy, size_of
from ...workspace import LABELS, MEMORY, PRIOR, RUNS, Workspace
from .arrays import of_npy, of_npz
from .facts import Facts, read_json
from .folders import (
    holds_lists,
    holds_priors,
    holds_runs,
    of_audit,
    of_lists,
    of_pictures,
    of_priors,
    of_runs,
    runs_in,
)
from .labels import of_export, of_folder_of_labels, of_labels, of_plan, of_shard
from .networks import (
    of_checkpoint,
    of_comparison,
    of_evaluation,
    of_model,
    of_probes,
    of_run,
    of_safetensors,
    of_sweep,
)


def run(path: str | Path, workspace: Workspace, reporter: Reporter) -> Facts:
    """Describe an artifact.

    Parameters
    ----------
    path : str or Path
        A prior, weights, labels, shard, export of labels, run, checkpoint, exported network,
        evaluation, audit, sweep, probes, colorized pictures, list, scores, report, a bare .npy, a
        folder of runs, priors or lists, or a workspace.

    Returns
    -------
    dict
        Facts by name, ``what`` first, in a form for JSON.

    Raises
    ------
    ArtifactError
        If it is missing, damaged, or unknown to colorprep.
    """
    target = workspace.input_location(path)
    try:
        return _of_url(target) if isinstance(target, Url) else _described(target)
    except ColorprepError:
        raise
    except (
        LookupError, TypeError, AttributeError, ValueError, RecursionError, csv.Error,
    ) as error:  # fmt: skip
        # Readers check only what their commands need; info shows more.
        raise ArtifactError(
            f"{target} is damaged: an entry is missing or invalid ({error}); create it again"
        ) from error


def _of_url(url: Url) -> Facts:
    """Describe labels or an export in a store, or a copy of a file there."""
    if url.suffix not in _READERS:
        for name, describe in _IN_STORES.items():
            if size_of(url / name) is not None:
                return describe(url)
        if not exists(url):
            raise ArtifactError(f"there is nothing at {url}")
        raise ArtifactError(
            f"{url} is neither a folder of labels, nor an export of labels, nor a file of colorprep"
        )
    try:
        with local_copy(url) as copy:
            try:
                return _described(copy)
            except ColorprepError as error:
                raise ArtifactError(str(error).replace(str(copy), str(url))) from error
    except FileNotFoundError:
        raise ArtifactError(f"there is no file {url}") from None


def _described(target: Path) -> Facts:
    if not target.exists():
        raise ArtifactError(f"there is no file or folder {target}")
    if target.is_dir():
        return _of_folder(target)
    describe = _READERS.get(target.suffix)
    if target.suffix in (".npy", ".npz"):
        describe = of_npy if holds_bare_array(target) else of_npz
    if describe is None:
        raise ArtifactError(
            f"{target} is not an artifact of colorprep; it writes {' '.join(sorted(_READERS))} "
            "files, and folders of labels, runs and evaluations"
        )
    return describe(target)


def _of_folder(folder: Path) -> Facts:
    describe = _describer(folder)
    if describe is not None:
        return describe(folder)
    if not any((folder / name).exists() for name in (MEMORY, PRIOR, LABELS, RUNS)):
        raise ArtifactError(
            f"{folder} is not a folder that colorprep wrote, nor a workspace; if it holds images, "
            f"`colorprep prior {folder}` counts their colors"
        )
    memory = read_json(folder / MEMORY) if (folder / MEMORY).exists() else {}
    shown = (entry for entry in folder.iterdir() if not entry.name.startswith("."))
    known = (entry for entry in shown if entry.is_file() or _describer(entry))
    return {
        "what": "a workspace",
        "source": memory.get("source"),
        "holds": sorted(entry.name for entry in known),
        "runs": runs_in(folder / RUNS),
    }


def _describer(folder: Path) -> Callable[[Path], Facts] | None:
    """Return what describes a folder, by what is in it; None for a workspace or other folders."""
    if (folder / MEMORY).exists():
        return None
    for name, describe in _FOLDERS.items():
        if (folder / name).exists():
            return describe
    if _has_own_artifacts(folder):
        return None
    return next((describe for holds, describe in _COLLECTIONS if holds(folder)), None)


def _has_own_artifacts(folder: Path) -> bool:
    """Return whether a folder holds a prior, labels or runs as a workspace does.

    Labels and runs are recognized by their files, since a class may be called ``labels``, too, and
    its prior is in a folder of its name.
    """
    own = (PRIOR, f"{LABELS}/{PLAN}", f"{LABELS}/{MANIFEST}")
    return any((folder / name).exists() for name in own) or holds_runs(folder / RUNS)


def _by_file(name: str) -> Callable[[Path], Facts]:
    """Return what describes a folder by a file in it."""
    return lambda folder: _described(folder / name)


def _of_list(path: Path) -> Facts:
    try:
        lines = read_list(path)
    except InputError as error:
        raise ArtifactError(str(error)) from error
    return {
        "what": f"a list of {quantity(len(lines), 'image')}",
        "different": len(set(lines)),
        "first": lines[0],
        "last": lines[-1],
    }


def _of_csv(path: Path) -> Facts:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    n_rows = max(0, len(rows) - 1)
    return {"what": f"a table of {quantity(n_rows, 'row')}", "columns": rows[0] if rows else []}


def _of_json(path: Path) -> Facts:
    if path.name == MANIFEST:
        return of_labels(path.parent)
    if path.name == CONFIG:
        return of_run(path.parent)
    if path.name == PLAN:
        return of_plan(read_plan(path))
    if path.name == EXPORT:
        return of_export(path.parent)
    content = read_json(path)
    if path.name == MEMORY:
        return {"what": "the memory of a workspace", **content}
    describe = _SCHEMAS.get(str(content.get("schema")).partition("/")[0])
    if describe is not None:
        return describe(content)
    if "inputs" not in content:
        raise ArtifactError(f"{path} is not an artifact of colorprep")
    return {
        "what": f"the sidecar of a shard of {quantity(content['n_images'], 'image')}",
        **{key: value for key, value in content.items() if key not in ("inputs", "schema")},
    }


def _of_page(path: Path) -> Facts:
    text = path.read_text(encoding="utf-8", errors="replace")
    title = re.search("<title>(Color report.*?)</title>", text)
    if title is None:
        raise ArtifactError(f"{path} is not a report of colorprep")
    return {"what": "a report, a page for browsers", "title": html.unescape(title[1])}


_IN_STORES: dict[str, Callable[[Location], Facts]] = {
    MANIFEST: of_folder_of_labels,
    PLAN: of_folder_of_labels,
    EXPORT: of_export,
}
# By a file in them. Most names are those of stages whose import would take torch's time.
_FOLDERS: dict[str, Callable[[Path], Facts]] = {
    **_IN_STORES,
    CONFIG: of_run,
    "audit.csv": _by_file("summary.json"),
    **{
        name: _by_file(name)
        for name in (
            "model.json",
            "evaluation.json",
            "methods.json",
            "sweep.json",
            "probes.json",
            "colorized.jsonl",
        )
    },
}
_COLLECTIONS: list[tuple[Callable[[Path], bool], Callable[[Path], Facts]]] = [
    (holds_runs, of_runs),
    (holds_priors, of_priors),
    (holds_lists, of_lists),
]
_SCHEMAS: dict[str, Callable[[Facts], Facts]] = {
    "colorprep.model": of_model,
    "colorprep.evaluation": of_evaluation,
    "colorprep.comparison": of_comparison,
    "colorprep.sweep": of_sweep,
    "colorprep.probes": of_probes,
    "colorprep.audit": of_audit,
}
_READERS: dict[str, Callable[[Path], Facts]] = {
    ".npz": of_npz,
    ".npy": of_npy,
    ".h5": of_shard,
    ".pt": of_checkpoint,
    ".safetensors": of_safetensors,
    ".txt": _of_list,
    ".csv": _of_csv,
    ".json": _of_json,
    ".jsonl": of_pictures,
    ".html": _of_page,
}
