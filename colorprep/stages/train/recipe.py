"""Whether labels are those that a published training needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import ArtifactError, InputError
from ...shards.reader import LabelFolder
from ...training.recipes import misfits, recipe_of


def check_recipe(name: str | None, labels: LabelFolder) -> None:
    """Reject labels that do not fit a recipe, if there is one.

    Raises
    ------
    InputError
        If a setting differs.
    """
    if name is None:
        return
    settings = {**labels.manifest["settings"], "quantizer": labels.quantizer.name}
    found = misfits(recipe_of(name), settings)
    if found:
        raise InputError(f"{labels.path} does not fit the recipe {name}: {', '.join(found)}")


@contextmanager
def labels_of_recipe(name: str | None) -> Iterator[None]:
    """Add to an error about labels how those of the recipe are made."""
    try:
        yield
    except (InputError, ArtifactError) as error:
        if name is None:
            raise
        commands = ", then ".join(f"`{command}`" for command in recipe_of(name).commands)
        kind = ArtifactError if isinstance(error, ArtifactError) else InputError
        raise kind(f"{error}. Labels for the recipe {name} are made by {commands}") from error
