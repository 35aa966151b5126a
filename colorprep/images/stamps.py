"""Detecting by the file system alone, without reading a file, whether it may have changed."""

from __future__ import annotations

import os


def change_stamp(status: os.stat_result) -> int:
    """Return a number that differs once a file was changed or replaced.

    Returns
    -------
    int
        63 bits and a sign, never 0: a hash of the times at which the content and the entry of the
        file were changed, and of its inode. A copy can keep the first time (``cp -p``,
        ``rsync -t``, ``touch -r``), but only the system sets the second; the inode distinguishes
        files of the same instant. Harmless changes, such as of permissions, also change it.
    """
    return hash((status.st_mtime_ns, status.st_ctime_ns, status.st_ino)) or 1
