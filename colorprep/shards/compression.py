"""Compression of datasets: gzip, or the filters of hdf5plugin if it is installed."""

from __future__ import annotations

from typing import Any

from ..errors import InputError


def filter_options(compression: str | None) -> dict[str, Any]:
    """Return the arguments with which h5py writes compressed datasets; empty for no compression.

    Parameters
    ----------
    compression : {"none", "gzip", "lz4", "zstd"} or None

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
    # Bitshuffle groups bits of equal weight first, which suits labels: high bits are often equal.
    return dict(hdf5plugin.Bitshuffle(cname="lz4" if compression == "lz4" else "zstd"))


def load_filters() -> None:
    """Register the filters of hdf5plugin with HDF5, if it is installed."""
    try:
        import hdf5plugin  # noqa: F401  (importing it registers its filters)
    except ImportError:
        pass
