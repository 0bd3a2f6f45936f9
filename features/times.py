"""Times as files hold them, which may lie outside what Python's own can say."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.events import FIRST_TIME, LAST_TIME

__all__ = ["FIRST_MICROS", "LAST_MICROS", "text_of", "within_bounds"]

FIRST_MICROS: Final = int(datetime.fromisoformat(FIRST_TIME).timestamp()) * 1_000_000
LAST_MICROS: Final = int(datetime.fromisoformat(LAST_TIME).timestamp()) * 1_000_000

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_INFINITE = {2**63 - 1: "infinity", 1 - 2**63: "-infinity"}


def within_bounds(times: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Say which times, or dates, lie from `FIRST_TIME` on and before `LAST_TIME`; a missing one does not.

    They are compared in their own unit: far ones do not fit into microseconds.
    """
    first, last = FIRST_MICROS // 10**6, LAST_MICROS // 10**6
    if pa.types.is_date32(times.type):
        numbers, first, last = times.cast(pa.int32()), first // 86_400, last // 86_400
    else:
        scale = _PER_SECOND["ms" if pa.types.is_date64(times.type) else times.type.unit]
        numbers, first, last = times.cast(pa.int64()), first * scale, last * scale
    fits = pc.and_(pc.greater_equal(numbers, first), pc.less(numbers, last))
    return np.asarray(pc.fill_null(fits, fill_value=False)).astype(bool)


def text_of(value: pa.Scalar) -> str | None:
    """Write a value as people read it, None where it is missing; of a time that no calendar of Python's holds too."""
    try:
        plain = value.as_py()
    except (OverflowError, ValueError):
        return _far_text(value)
    return None if plain is None else str(plain)


def _far_text(value: pa.Scalar) -> str:
    if pa.types.is_timestamp(value.type):
        return _INFINITE.get(value.value) or str(np.datetime64(value.value, value.type.unit))
    if pa.types.is_date(value.type):
        return str(np.datetime64(value.value, "D" if pa.types.is_date32(value.type) else "ms"))
    return " ".join(pa.array([value], value.type).to_string().split())
