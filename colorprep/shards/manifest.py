"""The description of a finished label folder: `manifest.json`, and `skipped.csv` beside it.

The manifest repeats the plan and adds the results. It is written last, so a folder with one is
complete. The skipped images are listed with their reasons.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from ..artifacts import check_schema
from ..atomic import write_csv, write_json
from ..errors import ArtifactError
from ..images.skip import Skip
from ..places import Location, Url
from ..storage import exists, read_bytes
from .plan import LABELS_SCHEMA, PLAN, Plan, plan_facts

MANIFEST = "manifest.json"
SKIPPED = "skipped.csv"
RESULTS = {"n_images": int, "n_shards": int, "skipped": dict, "versions": dict}


def write_manifest(folder: Location, plan: Plan, results: dict[str, Any]) -> None:
    """Write the manifest of a finished label folder: the plan and the results."""
    write_json(folder / MANIFEST, {**plan_facts(plan), **results})


def read_manifest(folder: Location) -> dict[str, Any]:
    """Read the manifest of a label folder.

    Raises
    ------
    ArtifactError
        If it is missing, damaged, or newer than this version.
    """
    path = folder / MANIFEST
    try:
        content = read_bytes(path)
    except FileNotFoundError:
        if isinstance(folder, Url) and not exists(folder):
            raise ArtifactError(
                f"there is nothing at {folder}; check the names of the bucket and of the folder"
            ) from None
        if exists(folder / PLAN):
            raise ArtifactError(
                f"the labels in {folder} are not finished (no {MANIFEST}); run the same `colorprep "
                "labels` again, which keeps all finished shards"
            ) from None
        raise ArtifactError(
            f"there are no finished labels in {folder} (no {MANIFEST}); make them with "
            "`colorprep labels`"
        ) from None
    except OSError as error:
        raise _damaged(path, error) from error
    try:
        manifest: dict[str, Any] = json.loads(content.decode())
        check_schema(path, str(manifest["schema"]), LABELS_SCHEMA)
        for name, kind in RESULTS.items():
            if not isinstance(manifest[name], kind):
                raise ValueError(f"its {name} is invalid")
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise _damaged(path, error) from error
    return manifest


def _damaged(path: Location, error: Exception) -> ArtifactError:
    return ArtifactError(
        f"{path} is damaged ({error}); run the same `colorprep labels` again, which keeps all "
        "finished shards"
    )


def write_skipped(folder: Location, skipped: Iterable[Skip]) -> None:
    """Write the list of skipped images, one a line: key, reason, detail."""
    write_csv(folder / SKIPPED, Skip._fields, skipped)


def read_skipped(folder: Location) -> list[Skip]:
    """Read the list of skipped images; empty if it is missing."""
    try:
        content = read_bytes(folder / SKIPPED)
    except FileNotFoundError:
        return []
    try:
        lines = io.StringIO(content.decode(), newline="")
        return [Skip(*row) for row in csv.reader(lines)][1:]
    except (TypeError, ValueError, csv.Error) as error:
        raise ArtifactError(
            f"{folder / SKIPPED} is damaged ({error}); run the same `colorprep labels` again "
            "to rewrite it"
        ) from error
