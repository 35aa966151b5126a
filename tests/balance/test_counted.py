"""Claims about adding priors: samples of images are exact sums, and records of parts cancel."""

from dataclasses import replace

import numpy as np
import pytest

from colorprep import InputError, ab_lattice
from colorprep.balance.image_sample import LARGEST, MOST_HASHES, ImageSample
from colorprep.balance.prior import Prior
from colorprep.balance.provenance import Parts
from colorprep.quantize.ab import AbQuantizer


def random_hashes(n_hashes, seed=0):
    """Distinct hashes."""
    rng = np.random.default_rng(seed)
    return np.unique(rng.integers(0, LARGEST, n_hashes, np.uint64, endpoint=True))


def equal(sample, other):
    """Whether two samples are the same."""
    numbers = sample.limit == other.limit and sample.total == other.total
    return numbers and np.array_equal(sample.hashes, other.hashes)


@pytest.mark.parametrize("n_parts", [2, 7])
def test_samples_of_parts_add_up_to_that_of_the_whole(n_parts):
    """Whatever the split, order and sizes of the parts."""
    hashes = random_hashes(30_000)
    rng = np.random.default_rng(n_parts)
    part_of = np.minimum(rng.geometric(0.5, len(hashes)) - 1, n_parts - 1)
    parts = [ImageSample.of(rng.permutation(hashes[part_of == n])) for n in range(n_parts)]
    total = sum(parts, ImageSample())
    whole = ImageSample.of(hashes)
    assert equal(total, whole)
    assert MOST_HASHES // 2 < len(total.hashes) <= MOST_HASHES
    assert total.total == sum(hashes.tolist()) % 2**64
    assert equal(total - parts[0], whole - parts[0])
    assert not np.intersect1d((total - parts[0]).hashes, parts[0].hashes).size


def test_samples_find_what_is_in_two_sets():
    """One image in 1,000 that both sets count is found; in apart sets none is."""
    hashes = random_hashes(60_000)
    one, two = hashes[::2], np.concatenate([hashes[1::2], hashes[:60:2]])
    assert not ImageSample.of(one).in_common(ImageSample.of(hashes[1::2])).size
    assert set(ImageSample.of(one).in_common(ImageSample.of(two))) <= set(hashes[:60:2])
    assert ImageSample.of(one).in_common(ImageSample.of(two)).size
    assert ImageSample.of(two).beyond(ImageSample.of(one)).size > 1000
    assert not ImageSample.of(one[:900]).beyond(ImageSample.of(one)).size


def test_records_of_parts_add_and_cancel():
    """Sums have the same record in any order, and what is removed leaves none."""
    a, b, c = (
        Parts.of({"digest": name, "n_files": n, "files": f"{n:016x}"}, n)
        for n, name in enumerate("abc", 1)
    )
    assert a.plus(b).plus(c) == c.plus(a.plus(b)) == Parts.of(a.plus(b).plus(c).source, None)
    assert (a.plus(b).source["n_files"], a.plus(b).source["files"]) == (3, f"{3:016x}")
    assert a.plus(b).minus(b) == a
    assert a.source == {"digest": "a", "n_files": 1, "files": f"{1:016x}"}
    apart = a.plus(b).minus(c)
    assert apart.source["without"] == list(c.added)
    assert Parts.of(apart.source, None).plus(c) == a.plus(b)


def test_priors_without_a_record_add_up():
    """Those made in Python need no record of settings and images, but must have the same bins."""
    counts = np.arange(313)
    cells = np.eye(256, dtype=np.int64)
    one = Prior(ab_lattice(), counts, counts / counts.sum(), cells)
    assert np.array_equal((one + one).counts, 2 * counts)
    assert np.array_equal((one + one - one).cells, cells)
    fitted = AbQuantizer("kmeans", ab_lattice().centers[::-1], None, 10, 5.0)
    shifted = replace(one, quantizer=AbQuantizer("kmeans", fitted.centers + 1, None, 10, 5.0))
    with pytest.raises(InputError, match=r"different bins of kmeans .* --quantizer PRIOR.npz"):
        replace(one, quantizer=fitted) + shifted
    with pytest.raises(InputError, match="counts pixels that the first does not count"):
        one - (one + one)
