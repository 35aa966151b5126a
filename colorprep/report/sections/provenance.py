"""The section on provenance: what the report was made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..page import Section, Table

TITLES = {
    "prior": "Prior",
    "weights": "Weights",
    "labels": "Labels",
    "ranking": "Ranking",
    "audit": "Audit",
    "probes": "Probes",
    "sweep": "Hints",
    "evaluation": "Evaluation",
    "methods": "Methods",
    "training": "Training",
    "reference": "Compared with",
    "images": "Images read for this page",
    "page": "This page",
}


def provenance_section(artifacts: Mapping[str, Mapping[str, Any]]) -> Section:
    """Show what each artifact was made from.

    Parameters
    ----------
    artifacts : mapping of str to mapping
        Facts as plain values, possibly nested, by a name of `TITLES`.
    """
    tables = [
        Table(TITLES[name], [], [[key, value] for key, value in _flat(facts)], words=True)
        for name, facts in artifacts.items()
    ]
    reading = (
        "What this page was made of. The same artifacts and images give the same page, to the "
        "byte: digests tell whether yours are the same."
    )
    return Section("provenance", "Provenance", reading, tables, dict(artifacts), folded=True)


def _flat(facts: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return nested facts as pairs of name and value, names joined by dots."""
    lines: list[tuple[str, str]] = []
    for name, value in facts.items():
        if isinstance(value, Mapping):
            lines += _flat(value, f"{prefix}{name}.") or [(f"{prefix}{name}", "none")]
        else:
            lines.append((f"{prefix}{name}", _word(value)))
    return lines


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)
