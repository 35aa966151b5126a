"""Claims about sources that cannot be read where they were sent to."""

import pickle
import uuid

import fsspec
import pytest
from folders import put_files

from colorprep.errors import InputError
from colorprep.images.opening import find_images
from colorprep.images.reach import check_readable


def test_one_readable_image_is_enough(tmp_path):
    """A folder from which some images have gone can be read; one without any cannot."""
    source = find_images(put_files(tmp_path / "train", ["a.jpg", "b.jpg", "c.jpg"]))
    (tmp_path / "train" / "a.jpg").unlink()
    check_readable(pickle.loads(pickle.dumps(source)))
    for name in ("b.jpg", "c.jpg"):
        (tmp_path / "train" / name).unlink()
    with pytest.raises(InputError, match=r"images of .*/train cannot be read there .*mount it"):
        check_readable(source)
    (tmp_path / "train").rmdir()
    with pytest.raises(InputError, match=r"images of .*/train cannot be read there .*mount it"):
        check_readable(source)


def test_the_remedy_for_a_store_is_another_one():
    """Where a store cannot be read, network and credentials are named, not mounts."""
    url = f"memory://{uuid.uuid4().hex}/train"
    store = fsspec.filesystem("memory")
    store.pipe(f"{url}/a.jpg", b"")
    source = find_images(url)
    store.rm(url, recursive=True)
    with pytest.raises(InputError, match=r"images of memory://.* cannot be read there .*network"):
        check_readable(source)
