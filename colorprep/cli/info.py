"""`colorprep info`."""

from __future__ import annotations

from typing import Any

import click

from . import options
from .console import Session


@options.command(["colorprep info prior.npz", "colorprep info labels --json"])
@click.argument("path", default="")
def command(session: Session, path: str) -> None:
    """Describe any file or folder that colorprep wrote.

    Shows its content and how it was made. PATH is a prior, weights, labels, a shard, an export of
    labels, a run, a checkpoint, an exported network, an evaluation, an audit, a sweep, probes,
    colorized pictures, a list, scores, a report, a folder of runs, priors or lists, or a .npy file
    from elsewhere; without it, the workspace and its runs are described.
    """
    from ..stages import info as stage

    facts = stage.run(path, session.workspace, session.reporter)
    session.show(_lines(facts), facts)


def _lines(facts: dict[str, Any], indent: str = "") -> list[str]:
    """Format facts as lines, nested ones indented."""
    lines = []
    for name, value in facts.items():
        label = indent + _LABELS.get(name, name.replace("_", " "))
        if isinstance(value, dict) and value:
            lines += [f"{label}:", *_lines(value, indent + "  ")]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            rows = [", ".join(f"{key} {_text(item)}" for key, item in row.items()) for row in value]
            lines += [f"{label}:", *(f"{indent}  {row}" for row in rows)]
        elif name == "what":
            lines.append(str(value))
        else:
            lines.append(f"{label}: {_text(value)}")
    return lines


# `bins_without_a_pixel` of a prior are more, since smoothing spreads pixels to bins nearby.
_LABELS = {"empty_bins": "bins without probability"}


def _text(value: Any) -> str:
    if value is None or value == {} or value == []:
        return "none"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
