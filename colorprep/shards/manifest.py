"""The description of a finished label folder: `manifest.json`, and `skipped.csv` beside it.

The manifest repeats the plan and adds the results. It is written last, so a folder with one is
complete. The skipped images are listed with their reasons.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..artifacts import check_schema
from ..atomic import write_csv, write_json
from ..errors import ArtifactError
from ..images.skip import Skip
from .plan import LABELS_SCHEMA, Plan, plan_facts

MANIFEST = "manifest.json"
SKIPPED = "skipped.csv"
RESULTS = {"n_images": int, "n_shards": int, "skipped": dict, "versions": dict}


def write_manifest(folder: Path, plan: Plan, results: dict[str, Any]) -> None:
    """Write the manifest of a finished label folder: the plan and the results."""
    write_json(folder / MANIFEST, {**plan_facts(plan), **results})


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a label folder.

    Raises
    ------
    ArtifactError
        If it is missing, damaged, or newer than this version.
    """
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        check_schema(path, str(manifest["schema"]), LABELS_SCHEMA)
        for name, kind in RESULTS.items():
            if not isinstance(manifest[name], kind):
                raise ValueError(f"its {name} is invalid")
    except FileNotFoundError:
        raise ArtifactError(
            f"there are no finished labels in {folder} (no {MANIFEST}); make them with "
            "`colorprep labels`"
        ) from None
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise ArtifactError(
            f"{path} is damaged ({error}); run the same `colorprep labels` again, which keeps all "
            "finished shards"
        ) from error
    return manifest


def write_skipped(folder: Path, skipped: Iterable[Skip]) -> None:
    """Write the list of skipped images, one a line: key, reason, detail."""
    write_csv(folder / SKIPPED, Skip._fields, skipped)


def read_skipped(folder: Path) -> list[Skip]:
    """Read the list of skipped images; empty if it is missing."""
    try:
        with (folder / SKIPPED).open(encoding="utf-8", newline="") as stream:
            return [Skip(*row) for row in csv.reader(stream)][1:]
    except FileNotFoundError:
        return []
    except (TypeError, ValueError, csv.Error) as error:
        raise ArtifactError(
            f"{folder / SKIPPED} is damaged ({error}); run the same `colorprep labels` again "
            "to rewrite it"
        ) from error
