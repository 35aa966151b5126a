"""What a comparison of methods was made of, in words: each method, the originals, the priors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...metrics.protocol import SHOWN_DIGITS
from ...places import each_place, is_url
from ...workspace import Workspace
from .balancing import Balance
from .comparing import PicturesToCompare, place_of_originals
from .methods_params import MethodsParams
from .networks import Networks


def describe_sources(
    params: MethodsParams,
    pictures: Mapping[str, PicturesToCompare],
    balance: Balance,
    networks: Networks,
    workspace: Workspace,
) -> dict[str, Any]:
    """Return what was compared, for JSON: paths are relative to the workspace if they are inside.

    Returns
    -------
    dict
        ``originals``, ``methods`` by name, ``auc_balanced`` and, if it was requested,
        ``naturalness``.
    """
    places = each_place(place_of_originals(params.first, workspace))
    described: dict[str, Any] = {
        "originals": " ".join(_shown(place, workspace) for place in places),
        "methods": {name: _method(one, workspace) for name, one in pictures.items()},
        "auc_balanced": "balanced by the originals' own colors",
    }
    if balance.path is not None:
        by = workspace.shown(balance.path)
        described["auc_balanced"] = f"balanced by {by} (digest {balance.name})"
    judge, given = networks.naturalness, params.first.naturalness
    if judge is not None and given is not None:
        by = workspace.shown(workspace.input_location(given))
        described["naturalness"] = f"judged by {by} (digest {judge.digest[:SHOWN_DIGITS]})"
    return described


def source_lines(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what was compared as pairs of name and source; none of an older ``methods.json``."""
    described = dict(facts.get("sources", {}))
    methods = described.pop("methods", {})
    return [*methods.items(), *described.items()]


def _method(pictures: PicturesToCompare, workspace: Workspace) -> str:
    if pictures.origin is not None:
        return f"colored by {pictures.origin.text(workspace)}"
    return f"pictures in {_shown(pictures.others[0].place, workspace)}"


def _shown(place: str | Path, workspace: Workspace) -> str:
    return str(place) if is_url(place) else workspace.shown(Path(place))
