"""What describes a label folder: `manifest.json`, and `skipped.csv` beside it.

The manifest says how the labels were made: settings, quantizer, classes, and digests. It is written
last, so a folder with one is complete. The skipped images are listed with their reasons.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ..artifacts import check_schema
from ..atomic import write_json, write_text
from ..errors import ArtifactError
from ..images.skip import Skip
from ..quantize.quantizer import Quantizer
from ..quantize.spec import restore_quantizer

LABELS_SCHEMA = "colorprep.labels/1"
MANIFEST = "manifest.json"
SKIPPED = "skipped.csv"


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest of a finished label folder."""
    write_json(folder / MANIFEST, {"schema": LABELS_SCHEMA, **manifest})


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a label folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict

    Raises
    ------
    ArtifactError
        If there is none, or it is damaged or newer than this version.
    """
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        schema = str(manifest["schema"])
    except FileNotFoundError:
        raise ArtifactError(
            f"there are no finished labels in {folder} (no {MANIFEST}); make them with "
            "`colorprep labels`"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path} is damaged ({error}); make the labels again") from error
    check_schema(path, schema, LABELS_SCHEMA)
    return manifest


def manifest_quantizer(folder: Path, manifest: dict[str, Any]) -> Quantizer:
    """Make the quantizer that labels were made by.

    Parameters
    ----------
    folder : Path
        For messages.
    manifest : dict

    Returns
    -------
    Quantizer

    Raises
    ------
    ArtifactError
        If the description is damaged.
    """
    try:
        state = manifest["quantizer"]
        arrays = {name: np.asarray(values) for name, values in state["arrays"].items()}
        return restore_quantizer(
            state["name"], state["parameters"], state["centers"], arrays, state["fingerprint"]
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(f"{folder / MANIFEST} is damaged: it lacks {error}") from error


def write_skipped(folder: Path, skipped: Iterable[Skip]) -> None:
    """Write the list of skipped images, a header and a line each: key, reason, detail."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(Skip._fields)
    table.writerows(skipped)
    write_text(folder / SKIPPED, text.getvalue())
