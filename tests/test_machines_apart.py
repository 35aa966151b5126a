"""Claims about a cluster whose machines have no disk in common with the client."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "fixtures" / "machines_apart.py"
TESTING = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "NO_PROXY": "*"}


def namespaces_are_allowed():
    """Whether a user may make namespaces here, and connect them."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return False
    command = ["unshare", "-rmn", "ip", "link", "add", "one", "type", "veth", "peer", "name", "two"]
    return subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.slow
def test_machines_that_share_no_disk(photographs, tmp_path):
    """Two workers with a network and disks of their own, from S3 to S3: the bytes of one thread.

    A folder that they cannot see is named with a worker, be it that of images or of label maps.
    """
    pytest.importorskip("moto.server")
    pytest.importorskip("s3fs")
    if not namespaces_are_allowed():
        pytest.skip("needs `unshare` and `ip`, and permission to make namespaces")
    few = tmp_path / "train"
    for path in sorted(photographs.rglob("*.jpg"))[::3]:
        (few / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, few / path.parent.name)
    made = tmp_path / "made"
    made.mkdir()
    paths = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), *sys.path)))
    command = ["unshare", "-rmn", sys.executable, SCRIPT, few, made]
    done = subprocess.run(
        command,
        env=os.environ | TESTING | {"PYTHONPATH": paths, "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=SCRIPT.parent,
    )
    assert done.returncode == 0, done.stderr[-5000:]
