"""How `train --recipe list` shows published trainings."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..training.recipes import RECIPES


def describe_recipes() -> tuple[list[str], dict[str, Any]]:
    """Return all recipes, as lines and for JSON."""
    lines, facts = [], {}
    followed = {recipe.after for recipe in RECIPES.values()}
    for name, recipe in RECIPES.items():
        pace = recipe.options
        length = f"{pace['steps']:,} steps" if "steps" in pace else f"{pace['epochs']} epochs"
        lines += [
            f"{name}: {recipe.source}",
            f"    {pace['model']} at {recipe.size} px, loss {pace['loss']}, batch "
            f"{pace['batch_size']}, {length}",
            *(f"    {command}" for command in recipe.commands),
            f"    colorprep train --recipe {name}"
            + (f" --init runs/{recipe.after}" if recipe.after else "")
            + (f" -o runs/{name}" if recipe.after or name in followed else ""),
        ]
        facts[name] = {**asdict(recipe), "options": dict(pace)}
    return lines, facts
