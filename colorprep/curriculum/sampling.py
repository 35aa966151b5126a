"""Drawing and splitting images by chance, so that classes are covered.

The **order of chance** sorts keys by a hash of a seed and the key. It needs no generator and no
numbering: it is the same everywhere and for ever, whatever order the keys come in, and two keys
keep their order when others are added.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..errors import InputError

N_PARTS = 3


class Split(NamedTuple):
    """Keys for training, validation and testing, each in order."""

    train: list[str]
    val: list[str]
    test: list[str]


def chance(key: str, seed: int) -> bytes:
    r"""Return a key's place in the order of chance.

    Parameters
    ----------
    key : str
    seed : int

    Returns
    -------
    bytes
        The SHA-256 of ``SEED\nKEY``.
    """
    return hashlib.sha256(f"{seed}\n{key}".encode()).digest()


def covering_order(keys: Sequence[str], classes: Sequence[str], seed: int) -> list[str]:
    """Sort keys by chance so that each beginning of the order covers the classes.

    Parameters
    ----------
    keys : sequence of str
        All different, in any order.
    classes : sequence of str
        The class of each key.
    seed : int

    Returns
    -------
    list of str
        First one key of each class; then so that each class has its share of whatever number is
        taken from the start.

    Notes
    -----
    After the first of each class, the next key is of the class with the largest n / (2 k + 1), for
    a class of n keys of which k are taken: the rule by which Webster and Sainte-Lague deal out
    seats. Within a class, and where classes are level, the order is that of chance.
    """
    class_of = dict(zip(keys, classes, strict=True))
    sizes, taken = Counter(classes), Counter[str]()
    depth = {}
    for key in _by_chance(keys, seed):
        name = class_of[key]
        # Zero puts the first of each class before any second.
        depth[key] = (taken[name] + 0.5) / sizes[name] if taken[name] else 0.0
        taken[name] += 1
    return sorted(depth, key=depth.__getitem__)


def split(keys: Sequence[str], classes: Sequence[str], val: float, test: float, seed: int) -> Split:
    """Split keys by chance, each class by the same shares.

    Parameters
    ----------
    keys : sequence of str
        All different, in any order.
    classes : sequence of str
        The class of each key.
    val, test : float
        Shares of each class, 0 or more and together below 1.
    seed : int

    Returns
    -------
    Split
        Of each class `val` and `test` have their shares, rounded, and at least one key each, unless
        the share is 0. Classes of fewer than three keys, which cannot be in every part, are split
        together as one. `train` has the rest: the keys of a class that come first in the order of
        chance, and so first in `covering_order`.

    Raises
    ------
    InputError
        If the shares are no such numbers.
    """
    check_shares(val, test)
    class_of = dict(zip(keys, classes, strict=True))
    sizes = Counter(classes)
    groups = defaultdict[str | None, list[str]](list)
    for key in _by_chance(keys, seed):
        name = class_of[key]
        groups[name if sizes[name] >= N_PARTS else None].append(key)
    parts = Split([], [], [])
    for group in groups.values():
        n_val, n_test = _quotas(len(group), val, test)
        first_test = len(group) - n_test
        first_val = first_test - n_val
        parts.train.extend(group[:first_val])
        parts.val.extend(group[first_val:first_test])
        parts.test.extend(group[first_test:])
    return Split(*map(sorted, parts))


def check_shares(val: float, test: float) -> None:
    """Raise InputError unless two shares leave something to train on, and one is not 0."""
    if not (val >= 0 and test >= 0 and 0 < val + test < 1):
        raise InputError(
            f"the shares of val and test are 0 or more, not both 0, and together below 1; got "
            f"{val:g} and {test:g}"
        )


def _by_chance(keys: Iterable[str], seed: int) -> list[str]:
    return sorted(keys, key=lambda key: chance(key, seed))


def _quotas(n_keys: int, *shares: float) -> list[int]:
    """Return how many of some keys each share gets; the rest are for training."""
    quotas = [round(n_keys * share) for share in shares]
    n_kept = 0
    if n_keys >= N_PARTS:
        n_kept = 1
        quotas = [max(quota, int(share > 0)) for quota, share in zip(quotas, shares, strict=True)]
    while sum(quotas) > n_keys - n_kept:
        quotas[quotas.index(max(quotas))] -= 1
    return quotas
