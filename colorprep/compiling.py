"""Compiling loops with numba, and loading at little cost those that were compiled before.

Before numba loads a loop from its cache, it registers all that it can compile, and imports SciPy's
linear algebra to see whether there is a BLAS. Machine code needs none of that, and for a few images
it takes longer than everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.core.caching import FunctionCache
from numba.core.runtime.nrt import rtsys

Loop = TypeVar("Loop", bound=Callable[..., Any])


class _LightCache(FunctionCache):
    """The cache of numba on disk, whose loops are loaded with nothing but numba's allocator.

    Machine code needs no more, unless it hashes text or has threads of its own.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what was compiled for a signature, or None."""
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)


def compiled(loop: Loop) -> Loop:
    """Compile a loop over arrays and numbers on first use, without the interpreter's lock."""
    return _cached(loop, numba.njit(nogil=True)(loop))


def compiled_as_numpy(loop: Loop) -> Loop:
    """Do the same, where x / 0 is infinite or NaN, as in numpy."""
    return _cached(loop, numba.njit(nogil=True, error_model="numpy")(loop))


def _cached(loop: Loop, dispatcher: Any) -> Loop:
    dispatcher._cache = _LightCache(loop)
    return cast("Loop", dispatcher)
