"""The section on provenance: what the report is made of, and how that was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .page import Section, Table


def provenance_section(artifacts: Mapping[str, Mapping[str, Any]]) -> Section:
    """Show what each artifact is from.

    Parameters
    ----------
    artifacts : mapping of str to mapping
        By name: facts in plain values, nested as they are.
    """
    tables = [
        Table(name, [], [[key, value] for key, value in _flat(facts)], words=True)
        for name, facts in artifacts.items()
    ]
    reading = (
        "What this page was made of. The same artifacts and images give the same page, to the "
        "byte: digests tell whether yours are the same."
    )
    return Section("provenance", "Provenance", reading, tables, dict(artifacts))


def _flat(facts: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return nested facts as lines, names joined by dots."""
    lines: list[tuple[str, str]] = []
    for name, value in facts.items():
        if isinstance(value, Mapping):
            lines += _flat(value, f"{prefix}{name}.") or [(f"{prefix}{name}", "none")]
        else:
            lines.append((f"{prefix}{name}", "none" if value is None else str(value)))
    return lines
