"""Compiling a function once a machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

__all__ = ["FLOATS", "INTEGERS", "compile_once"]

INTEGERS: Any = numba.types.Array(numba.int64, 1, "C", readonly=True)
FLOATS: Any = numba.types.Array(numba.float64, 1, "C", readonly=True)
"""One-dimensional arrays that may be read-only."""


def compile_once(function: Callable[..., Any], signature: Any) -> Callable[..., Any]:
    """Compile by numba, without fast-math, so that the bits are those of the plain Python.

    What was compiled is kept on disk and read from there by the next process. Where no folder can be written
    that would keep it, each process compiles its own.

    Parameters
    ----------
    function : callable
        Numba compiles anew when its file changes. What it calls from other files must be among its closure's variables.
    signature : numba signature
    """
    try:
        return _compile(function, signature, keep=True)
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
        return _compile(function, signature, keep=False)


def _compile(function: Callable[..., Any], signature: Any, *, keep: bool) -> Callable[..., Any]:
    compiled: Callable[..., Any] = numba.njit(signature, cache=keep, error_model="numpy", nogil=True)(function)
    return compiled
