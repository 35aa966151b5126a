"""The folder of labels: whether it may be written to, and which files are labels."""

from __future__ import annotations

import re
from pathlib import Path

from ...atomic import remove_leftovers
from ...errors import OutputExists
from ...images.naming import is_ambiguous
from ...images.source import has_image_ending
from ...marks import holds_nothing, is_empty
from ...places import Location
from ...shards.files import LabelFiles
from ...shards.manifest import MANIFEST, SKIPPED
from ...shards.map_digests import remove_map_digests
from ...shards.maps import ENDING
from ...shards.plan import PLAN, Plan
from ...storage import remove, remove_each, sizes_in

_SHARD_FILE = re.compile(r"shard-[^/]*[0-9]\.[^/]*")


def check_free(folder: Location, overwrite: bool) -> None:
    """Raise OutputExists if a folder contains something that labels must not be mixed with."""
    if isinstance(folder, Path) and folder.exists() and not folder.is_dir():
        raise OutputExists(f"{folder} is a file; give another folder with -o")
    if not overwrite and not _is_empty(folder):
        raise OutputExists(
            f"{folder} contains files that are not labels; give another folder with -o"
        )


def holds_labels(files: LabelFiles, plan: Plan) -> bool:
    """Return whether a planned folder holds anything that was labeled, or was finished."""
    if files.size(MANIFEST) is not None:
        return True
    if plan.format == "h5" and any(map(files.has_shard, range(plan.n_shards))):
        return True
    return any(_is_label(name, held_labels=True) for name in files.names())


def remove_labels(folder: Location, but_plan: bool = False) -> None:
    """Remove what an earlier run wrote, and nothing else.

    Parameters
    ----------
    but_plan : bool
        Leave the plan, for a caller that replaces it. Without a plan, the folders of maps would be
        taken for the user's after a kill.
    """
    names = sizes_in(folder)
    held_labels = PLAN in names or MANIFEST in names
    # The manifest is removed first, since the files that it describes are about to change.
    for name in (MANIFEST, SKIPPED) if but_plan else (MANIFEST, PLAN, SKIPPED):
        if name in names:
            remove(folder / name)
    remove_map_digests(folder)
    remove_each(folder / name for name in names if _is_label(name, held_labels))
    remove_leftovers(folder)


def _is_label(name: str, held_labels: bool) -> bool:
    """Return whether a file in a folder is a shard, its sidecar or a label map."""
    if _SHARD_FILE.fullmatch(name):
        return True
    key = name.removesuffix(ENDING)
    return key != name and (has_image_ending(key) or (held_labels and is_ambiguous(Path(key).name)))


def _is_empty(folder: Location) -> bool:
    if isinstance(folder, Path):
        return not folder.exists() or is_empty(folder)
    return holds_nothing(sizes_in(folder))
