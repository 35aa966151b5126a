"""Compressed datasets, by the filters of hdf5plugin where it is installed."""

from __future__ import annotations

from typing import Any

from ..errors import InputError


def filter_options(compression: str | None) -> dict[str, Any]:
    """Return what h5py needs to write compressed datasets.

    Parameters
    ----------
    compression : {"none", "gzip", "lz4", "zstd"} or None
        lz4 and zstd sort the bits first, which suits labels.

    Returns
    -------
    dict
        Empty where nothing is compressed.

    Raises
    ------
    InputError
        If hdf5plugin is needed and not installed.
    """
    if compression in (None, "none"):
        return {}
    if compression == "gzip":
        return {"compression": "gzip", "compression_opts": 4, "shuffle": True}
    try:
        import hdf5plugin
    except ImportError:
        raise InputError(
            f"{compression} needs the package hdf5plugin; install it with `pip install "
            "'colorprep[compression]'`, or use gzip"
        ) from None
    return dict(hdf5plugin.Bitshuffle(cname="lz4" if compression == "lz4" else "zstd"))


def load_filters() -> None:
    """Make the filters of hdf5plugin known to HDF5, where it is installed."""
    try:
        import hdf5plugin  # noqa: F401  (importing it registers its filters)
    except ImportError:
        pass
