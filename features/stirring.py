"""Stirring numbers into digests, compiled: a digest changes with every bit of every number that went into it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from features.jit import compile_once

__all__ = ["stir_in"]


def stir_in(digests: npt.NDArray[np.uint64], values: npt.NDArray[np.uint64], salt: int) -> None:
    """Stir a value into each digest, in place.

    Parameters
    ----------
    digests, values : ndarray of uint64, shape (n,)
    salt : int
        Tells values of one column from the same values of another.
    """
    _compiled()(digests, values, np.uint64(salt))


@cache
def _compiled() -> Callable[..., None]:
    numbers = numba.types.Array(numba.uint64, 1, "C", readonly=True)
    return compile_once(_stir_in, numba.void(numba.uint64[::1], numbers, numba.uint64))


@numba.njit
def _spread(value: Any) -> Any:
    # How splitmix64 ends: Steele, Lea and Flood, OOPSLA 2014.
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def _stir_in(digests: Any, values: Any, salt: Any) -> None:
    golden = np.uint64(0x9E3779B97F4A7C15)
    for i in range(len(digests)):
        digests[i] = _spread(_spread(digests[i] + golden * (salt + np.uint64(1))) ^ values[i])
