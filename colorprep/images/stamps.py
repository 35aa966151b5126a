"""Detecting from the file system, without reading a file, whether it may have changed."""

from __future__ import annotations

import os


def change_stamp(status: os.stat_result) -> int:
    """Return a number that changes whenever a file is changed or replaced.

    Returns
    -------
    int
        63 bits and a sign, never 0: a hash of the file's modification time, its status change time
        and its inode. A copy can preserve the first (``cp -p``, ``rsync -t``, ``touch -r``), but
        only the system sets the second; the inode distinguishes files of the same instant. Harmless
        changes, such as of permissions, also change it.
    """
    return hash((status.st_mtime_ns, status.st_ctime_ns, status.st_ino)) or 1
