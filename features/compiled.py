"""Compiling the kernel once a machine."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numba
import numpy as np

from features import kernel as source
from features import recurrence
from features.jit import FLOATS, INTEGERS, compile_once
from features.kernel import fill_signals

__all__ = ["compiled"]

_NUMBERS = (int, float, tuple, np.ndarray)


@cache
def compiled() -> Callable[..., None]:
    """Return the kernel, compiled for arrays that may be read-only."""
    # Numba compiles anew when the file of what it compiles changes. The constants come from other files, so what
    # they come to is put where numba compares it too: among the variables of a closure.
    constants = crc32(repr((_source(), _constants())).encode())

    def kernel(offsets, as_of, events, facts, plan, signals):
        if constants >= 0:
            fill_signals(offsets, as_of, events, facts, plan, signals)

    return compile_once(kernel, _signature())


def _source() -> bytes:
    """Return the source of the kernel, which stands in other files than the closure that is compiled."""
    return b"".join(Path(str(room.__file__)).read_bytes() for room in (source, recurrence))


def _constants() -> list[tuple[str, str]]:
    """Return every number of the kernel's module, those that it imports or derives among them."""
    values = {name: np.asarray(value).tolist() for name, value in vars(source).items() if isinstance(value, _NUMBERS)}
    return sorted((name, repr(value)) for name, value in values.items())


def _signature() -> Any:
    integers, floats = INTEGERS, FLOATS
    flags = numba.types.Array(numba.boolean, 1, "C", readonly=True)
    events = numba.types.Tuple((integers, integers, integers, integers, floats, floats, integers))
    facts = numba.types.Tuple((floats, floats, integers))
    plan = numba.types.Tuple((integers, integers, integers, integers, flags))
    return numba.void(integers, integers, events, facts, plan, numba.float64[:, ::1])
