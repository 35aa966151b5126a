"""Facts by name, ``what`` first, in a form for JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

from ...errors import ArtifactError
from ...places import Location

Facts: TypeAlias = dict[str, Any]


def read_json(path: Path) -> Facts:
    """Return the object in a JSON file; raise ArtifactError if it has none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error}") from error
    return parse_json(path, content)


def parse_json(path: Location, data: bytes) -> Facts:
    """Return the object in JSON; the path is for the message."""
    try:
        content = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise ArtifactError(f"{path} is not an artifact of colorprep")
    return content


def without_schema(facts: Facts) -> Facts:
    """Return facts without the version of their format."""
    return {key: value for key, value in facts.items() if key != "schema"}
