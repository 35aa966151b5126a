"""The sidecar of a shard: a .json file that names each of its inputs once.

It is written after the shard: a shard of the size that its sidecar records is finished.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ..artifacts import check_schema
from ..atomic import write_json
from ..errors import ArtifactError
from ..images.skip import Skip
from ..places import Location
from ..storage import read_bytes, size_of

SHARD_SCHEMA = "colorprep.shard/1"


@dataclass(frozen=True)
class Sidecar:
    """The inputs of a shard, labeled or skipped.

    Attributes
    ----------
    rows : dict of str to int
        By key, the row of each labeled image.
    skipped : list of Skip
        The other images of the slice.
    n_bytes : int
        Size of the .h5 file.
    sha256 : str
        Digest of the .h5 file.
    digests : dict of str to str or None
        By key, the digest of each image's bytes, see `colorprep.images.digests`; None if an
        earlier version did not record it. Images whose bytes could not be read are left out.
    """

    rows: dict[str, int] = field(default_factory=dict)
    skipped: list[Skip] = field(default_factory=list)
    n_bytes: int = 0
    sha256: str = ""
    digests: dict[str, str | None] = field(default_factory=dict)


def sidecar_path(shard: Location) -> Location:
    """Return where the sidecar of a shard is."""
    return shard.with_suffix(".json")


def write_sidecar(shard: Location, sidecar: Sidecar) -> None:
    """Write the sidecar of a shard."""
    inputs: dict[str, Any] = dict(sidecar.rows)
    inputs.update({skip.key: f"{skip.reason}: {skip.detail}" for skip in sidecar.skipped})
    write_json(
        sidecar_path(shard),
        {
            "schema": SHARD_SCHEMA,
            "n_images": len(sidecar.rows),
            "n_skipped": len(sidecar.skipped),
            "sha256": sidecar.sha256,
            "bytes": sidecar.n_bytes,
            "inputs": {key: inputs[key] for key in sorted(inputs)},
            "digests": {key: sidecar.digests[key] for key in sorted(sidecar.digests)},
        },
    )


def read_sidecar(shard: Location) -> Sidecar:
    """Read the sidecar of a shard, given by its .h5 file.

    Raises
    ------
    ArtifactError
        If it is missing, damaged, or newer than this version.
    """
    path = sidecar_path(shard)
    try:
        content = read_bytes(path)
    except FileNotFoundError:
        raise ArtifactError(f"the shard {shard} is not finished: it has no sidecar") from None
    except OSError as error:
        raise _damaged(path, error) from error
    return parse_sidecar(path, content)


def parse_sidecar(path: Location, content: bytes) -> Sidecar:
    """Return what a sidecar, read from a path, says; raises like `read_sidecar`."""
    try:
        value = json.loads(content.decode())
        schema, inputs = str(value["schema"]), value["inputs"].items()
        digests = value.get("digests", dict.fromkeys(value["inputs"]))
        rows = {key: row for key, row in inputs if isinstance(row, int)}
        reasons = [(key, *text.partition(": ")) for key, text in inputs if key not in rows]
        sidecar = Sidecar(
            rows,
            [Skip(key, reason, detail) for key, reason, _, detail in reasons],
            int(value["bytes"]),
            str(value["sha256"]),
            dict(digests),
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, error) from error
    check_schema(path, schema, SHARD_SCHEMA)
    return sidecar


def finished(shard: Location) -> Sidecar | None:
    """Return the sidecar of a finished shard, None if the shard must be made.

    Only the size is checked, so that resuming is quick; `colorprep verify` checks the digest.
    """
    try:
        sidecar = read_sidecar(shard)
    except ArtifactError:
        return None
    return sidecar if size_of(shard) == sidecar.n_bytes else None


def _damaged(path: Location, error: Exception) -> ArtifactError:
    return ArtifactError(f"{path} is damaged ({error}); run `colorprep labels` again")
