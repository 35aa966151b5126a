"""Drawing and splitting images at random, so that classes are covered.

The **random order** sorts keys by a hash of a seed and the key, so it needs no random generator and
no numbering: it is the same everywhere and forever, whatever order the keys come in, and two keys
keep their order when others are added.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..errors import InputError

N_PARTS = 3


class Split(NamedTuple):
    """Keys for training, validation and testing, each sorted."""

    train: list[str]
    val: list[str]
    test: list[str]


def order_digest(key: str, seed: int) -> bytes:
    r"""Return what the random order sorts a key by: the SHA-256 of ``SEED\nKEY``.

    Examples
    --------
    >>> sorted(["a.jpg", "b.jpg", "c.jpg"], key=lambda key: order_digest(key, seed=0))
    ['b.jpg', 'a.jpg', 'c.jpg']
    """
    return hashlib.sha256(f"{seed}\n{key}".encode()).digest()


def covering_order(keys: Sequence[str], classes: Sequence[str], seed: int) -> list[str]:
    """Sort keys at random so that each prefix of the order covers the classes.

    Parameters
    ----------
    keys : sequence of str
        All different, in any order.
    classes : sequence of str
        The class of each key.
    seed : int
        Of the random order.

    Returns
    -------
    list of str
        First one key of each class, then all others, so that each prefix holds the classes in
        proportion to their sizes.

    Notes
    -----
    After the first of each class, the next key is of the class with the largest n / (2 k + 1), for
    a class of n keys of which k are taken: the Webster or Sainte-Lague method of apportionment.
    Within a class, and where classes tie, the order is random.

    Examples
    --------
    >>> covering_order(["a/1", "a/2", "a/3", "b/1"], ["a", "a", "a", "b"], seed=0)
    ['a/2', 'b/1', 'a/1', 'a/3']
    """
    class_of = dict(zip(keys, classes, strict=True))
    sizes, taken = Counter(classes), Counter[str]()
    depth = {}
    for key in _in_random_order(keys, seed):
        name = class_of[key]
        # Zero puts the first of each class before any second.
        depth[key] = (taken[name] + 0.5) / sizes[name] if taken[name] else 0.0
        taken[name] += 1
    return sorted(depth, key=depth.__getitem__)


def draw_per_class(
    keys: Sequence[str],
    classes: Sequence[str],
    n_images: int,
    seed: int,
    n_classes: int | None = None,
) -> list[str]:
    """Draw the same number of keys of each class.

    Parameters
    ----------
    keys : sequence of str
        All different, in any order.
    classes : sequence of str
        The class of each key; keys of class ``""`` have none, and are not drawn.
    n_images : int
        Of each class: the first in the random order.
    n_classes : int or None
        Number of classes, which are drawn by the random order of their names from those that have
        enough keys; None for all classes.

    Returns
    -------
    list of str
        Sorted.

    Raises
    ------
    InputError
        If a class has fewer keys, or fewer classes have enough.

    Examples
    --------
    >>> draw_per_class(["a/1", "a/2", "a/3", "b/1"], ["a", "a", "a", "b"], 1, seed=0)
    ['a/2', 'b/1']
    """
    sizes = Counter(name for name in classes if name)
    chosen = [name for name, size in sizes.items() if size >= n_images]
    if n_classes is None:
        n_classes = len(sizes)
    if len(chosen) < max(n_classes, 1):
        least = min(sizes, key=lambda name: (sizes[name], name), default="")
        detail = f"; {least} has the fewest: {sizes[least]:,}" if least else ""
        raise InputError(
            f"{n_images:,} images of each of {n_classes:,} classes are requested, but only "
            f"{len(chosen):,} classes have so many{detail}"
        )
    kept = set(_in_random_order(chosen, seed)[:n_classes])
    taken, drawn = Counter[str](), []
    class_of = dict(zip(keys, classes, strict=True))
    for key in _in_random_order(keys, seed):
        name = class_of[key]
        if name in kept and taken[name] < n_images:
            taken[name] += 1
            drawn.append(key)
    return sorted(drawn)


def split(keys: Sequence[str], classes: Sequence[str], val: float, test: float, seed: int) -> Split:
    """Split keys at random, each class by the same shares.

    Parameters
    ----------
    keys : sequence of str
        All different, in any order.
    classes : sequence of str
        The class of each key.
    val, test : float
        Fractions of each class, together below 1, or whole numbers of keys of each class; at least
        one above 0.
    seed : int
        Of the random order.

    Returns
    -------
    Split
        `val` and `test` get their numbers of keys of each class; or their fractions, rounded, and
        at least one key each, unless the fraction is 0. By fractions, classes of fewer than three
        keys, which cannot be in all parts, are split together as one class. `train` gets the rest:
        the keys of each class that come first in the random order, and so first in
        `covering_order`.

    Raises
    ------
    InputError
        If `val` and `test` are not such shares, or a class has too few keys for their numbers.

    Examples
    --------
    >>> split([f"{i}.jpg" for i in range(10)], ["a"] * 10, val=0.2, test=0.1, seed=0).val
    ['2.jpg', '5.jpg']
    """
    check_shares(val, test)
    class_of = dict(zip(keys, classes, strict=True))
    sizes = Counter(classes)
    by_number = val + test >= 1
    if by_number:
        _check_sizes(sizes, int(val + test))
    groups = defaultdict[str | None, list[str]](list)
    for key in _in_random_order(keys, seed):
        name = class_of[key]
        groups[name if by_number or sizes[name] >= N_PARTS else None].append(key)
    parts = Split([], [], [])
    for group in groups.values():
        n_val, n_test = map(int, (val, test)) if by_number else _quotas(len(group), val, test)
        first_test = len(group) - n_test
        first_val = first_test - n_val
        parts.train.extend(group[:first_val])
        parts.val.extend(group[first_val:first_test])
        parts.test.extend(group[first_test:])
    return Split(*map(sorted, parts))


def check_shares(val: float, test: float) -> None:
    """Raise InputError unless two shares are fractions that leave a rest, or whole numbers."""
    are_fractions = val >= 0 and test >= 0 and 0 < val + test < 1
    are_numbers = min(val, test) >= 0 and val + test >= 1 and val % 1 == test % 1 == 0
    if not (are_fractions or are_numbers):
        raise InputError(
            "val and test must be fractions, 0 or more, not both 0, and together below 1; or whole "
            f"numbers of images of each class; got {val:g} and {test:g}"
        )


def _check_sizes(sizes: Mapping[str, int], n_held_out: int) -> None:
    """Raise InputError if a class has no more keys than are held out."""
    least = min(sizes, key=lambda name: (sizes[name], name))
    if sizes[least] <= n_held_out:
        where = f"the class {least}" if least else "the images without a class"
        raise InputError(
            f"{n_held_out:,} images of each class are requested for val and test, but {where} has "
            f"only {sizes[least]:,}, so none is left to train on; request fewer"
        )


def _in_random_order(keys: Iterable[str], seed: int) -> list[str]:
    return sorted(keys, key=lambda key: order_digest(key, seed))


def _quotas(n_keys: int, *fractions: float) -> list[int]:
    """Return how many of `n_keys` each fraction gets; the rest are for training."""
    quotas = [round(n_keys * fraction) for fraction in fractions]
    n_kept = 0
    if n_keys >= N_PARTS:
        n_kept = 1
        least = [int(fraction > 0) for fraction in fractions]
        quotas = [max(pair) for pair in zip(quotas, least, strict=True)]
    while sum(quotas) > n_keys - n_kept:
        quotas[quotas.index(max(quotas))] -= 1
    return quotas
