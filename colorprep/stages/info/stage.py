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
from ...runs import CONFIG
from ...shards.exporting import FACTS as EXPORT
from ...shards.manifest import MANIFEST
from ...shards.plan import PLAN, read_plan
from ...storage import exists, local_copy, size_of
from ...workspace import MEMORY, Workspace
from ..evaluate.files import FIGURES
from .arrays import of_npy, of_npz
from .facts import Facts, read_json
from .labels import of_export, of_folder_of_labels, of_labels, of_plan, of_shard
from .networks import of_checkpoint, of_evaluation, of_model, of_run, of_safetensors

EXPORTED = "model.json"  # of `training.export`, whose import would take torch's time


def run(path: str | Path, workspace: Workspace, reporter: Reporter) -> Facts:
    """Describe an artifact.

    Parameters
    ----------
    path : str or Path
        A prior, weights, labels, shard, export of labels, run, checkpoint, exported network,
        evaluation, list, scores, report, workspace, or a bare .npy.

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
        for name, describe in _FOLDERS.items():
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
    for name, describe in _FOLDERS.items():
        if (folder / name).exists():
            return describe(folder)
    if (folder / CONFIG).exists():
        return of_run(folder)
    if (folder / EXPORTED).exists():
        return _of_json(folder / EXPORTED)
    if (folder / FIGURES).exists():
        return of_evaluation(folder / FIGURES)
    names = sorted(
        entry.name for entry in folder.iterdir() if (entry / MANIFEST).exists() or entry.is_file()
    )
    if (folder / MEMORY).exists() or "prior.npz" in names:
        memory = read_json(folder / MEMORY) if (folder / MEMORY).exists() else {}
        return {"what": "a workspace", "source": memory.get("source"), "holds": names}
    raise ArtifactError(f"{folder} is not a folder of labels, a run, an evaluation, or a workspace")


def _of_list(path: Path) -> Facts:
    try:
        lines = read_list(path)
    except InputError as error:
        raise ArtifactError(str(error)) from error
    return {
        "what": f"a list of {len(lines)} images",
        "different": len(set(lines)),
        "first": lines[0],
        "last": lines[-1],
    }


def _of_csv(path: Path) -> Facts:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    return {"what": f"a table of {max(0, len(rows) - 1)} rows", "columns": rows[0] if rows else []}


def _of_json(path: Path) -> Facts:
    if path.name == MANIFEST:
        return of_labels(path.parent)
    if path.name == CONFIG:
        return of_run(path.parent)
    if path.name == PLAN:
        return of_plan(read_plan(path))
    if path.name == FIGURES:
        return of_evaluation(path)
    if path.name == EXPORT:
        return of_export(path.parent)
    content = read_json(path)
    if path.name == MEMORY:
        return {"what": "the memory of a workspace", **content}
    if str(content.get("schema")).startswith("colorprep.model/"):
        return of_model(content)
    if "inputs" not in content:
        raise ArtifactError(f"{path} is not an artifact of colorprep")
    return {
        "what": f"the sidecar of a shard of {content['n_images']} images",
        **{key: value for key, value in content.items() if key not in ("inputs", "schema")},
    }


def _of_page(path: Path) -> Facts:
    text = path.read_text(encoding="utf-8", errors="replace")
    title = re.search("<title>(Color report.*?)</title>", text)
    if title is None:
        raise ArtifactError(f"{path} is not a report of colorprep")
    return {"what": "a report, a page for browsers", "title": html.unescape(title[1])}


_FOLDERS: dict[str, Callable[[Location], Facts]] = {
    MANIFEST: of_folder_of_labels,
    PLAN: of_folder_of_labels,
    EXPORT: of_export,
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
    ".html": _of_page,
}
