"""Compiling loops with numba, and loading at little cost those that were compiled before.

Before numba loads a loop from its cache, it registers all that it can compile, and imports SciPy's
linear algebra to see whether there is a BLAS. Machine code needs none of that, and for a few images
it takes longer than everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba.core import types
from numba.core.caching import FunctionCache
from numba.core.runtime.nrt import rtsys
from numba.extending import intrinsic

Loop = TypeVar("Loop", bound=Callable[..., Any])


class _LightCache(FunctionCache):
    """The cache of numba on disk, whose loops are loaded with nothing but numba's allocator.

    Machine code needs no more, unless it hashes text or has threads of its own.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what was compiled for a signature, or None."""
        try:
            rtsys.initialize(target_context)
            with self._guard_against_spurious_io_errors():
                return self._load_overload(sig, target_context)
        except AttributeError:  # another version of numba, whose own way is slower
            return super().load_overload(sig, target_context)


def compiled(loop: Loop) -> Loop:
    """Compile a loop over arrays and numbers on first use, without the interpreter's lock."""
    return _cached(loop, numba.njit(nogil=True)(loop))


def compiled_as_numpy(loop: Loop) -> Loop:
    """Do the same, where x / 0 is infinite or NaN, as in numpy."""
    return _cached(loop, numba.njit(nogil=True, error_model="numpy")(loop))


def _cached(loop: Loop, dispatcher: Any) -> Loop:
    dispatcher._cache = _LightCache(loop)
    return cast("Loop", dispatcher)


def _prefetch(context: Any, table: Any, index: Any) -> Any:
    """Return the types of `prefetch`, and what writes its instructions."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.gep(array.data, [arguments[1]])
        place = builder.bitcast(place, ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", (place.type,), kind)
        builder.call(function, [place, number(0), number(3), number(1)])  # to read, and to keep
        return context.get_dummy_value()

    return types.void(table, index), generate


prefetch = cast("Callable[[Any, Any], None]", intrinsic(_prefetch))
"""Ask, in a compiled loop, for the cache line of table[index], an int64, which is needed soon."""
