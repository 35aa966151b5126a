"""The folder of labels: whether it may be written to, and which files are labels."""

from __future__ import annotations

from pathlib import Path

from ...atomic import remove_leftovers
from ...errors import OutputExists
from ...images.naming import is_ambiguous
from ...images.source import has_image_ending
from ...marks import is_empty
from ...shards.manifest import MANIFEST, SKIPPED
from ...shards.map_digests import remove_map_digests
from ...shards.plan import PLAN


def check_free(folder: Path, overwrite: bool) -> None:
    """Raise OutputExists if a folder contains something that labels must not be mixed with."""
    if folder.exists() and not folder.is_dir():
        raise OutputExists(f"{folder} is a file; give another folder with -o")
    if not overwrite and folder.exists() and not is_empty(folder):
        raise OutputExists(
            f"{folder} contains files that are not labels; give another folder with -o"
        )


def remove_labels(folder: Path) -> None:
    """Remove what an earlier run wrote, and nothing else."""
    if not folder.exists():
        return
    held_labels = (folder / PLAN).exists() or (folder / MANIFEST).exists()
    # The manifest is removed first, since the files that it describes are about to change.
    for name in (MANIFEST, PLAN, SKIPPED):
        (folder / name).unlink(missing_ok=True)
    remove_map_digests(folder)
    for path in folder.glob("shard-*[0-9].*"):
        path.unlink()
    for path in folder.rglob("*.npy"):
        if has_image_ending(path.stem) or (held_labels and is_ambiguous(path.stem)):
            path.unlink()
    remove_leftovers(folder)
