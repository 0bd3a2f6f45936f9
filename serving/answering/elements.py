"""Where the elements of a JSON array lie in its bytes, so that each can be read, and refused, by itself.

Whether they are JSON is left to who reads them: this only knows where a text ends, and which brackets it passes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any, Final

import numba
import numpy as np

from features.jit import compile_once

__all__ = ["NO_END", "elements"]

NO_END: Final = -1

_jit: Any = numba.njit

_QUOTE, _BACKSLASH, _COMMA = ord('"'), ord("\\"), ord(",")
_OPENING, _CLOSING = (ord("["), ord("{")), (ord("]"), ord("}"))


def elements(body: bytes, opening: int, most: int) -> tuple[list[bytes], int]:
    """Cut an array into its elements.

    Parameters
    ----------
    body : bytes
    opening : int
        Where its bracket opens.
    most : int
        Of more elements than this, so many and one are returned.

    Returns
    -------
    elements : list of bytes
        With the white space around them.
    end : int
        Where the array ends, behind its bracket; `NO_END` where it does not.

    Examples
    --------
    >>> elements(b'{"a": [1, [2, 3], "],"]}', 6, 10)
    ([b'1', b' [2, 3]', b' "],"'], 23)
    """
    cuts = np.empty(most + 2, dtype=np.int64)
    cuts[0] = opening
    count, end = _compiled()(np.frombuffer(body, dtype=np.uint8), cuts)
    places = cuts[: count + 1].tolist()
    found = [body[start + 1 : stop] for start, stop in pairwise(places)]
    return ([] if len(found) == 1 and not found[0].strip() else found), end


@_jit  # type: ignore[untyped-decorator]
def _end_of_text(body: Any, i: int) -> int:
    """Return where the text that begins at `i` ends, at its quote."""
    i += 1
    while i < len(body) and body[i] != _QUOTE:
        i += 2 if body[i] == _BACKSLASH else 1
    return i


def _cut(body: Any, cuts: Any) -> tuple[int, int]:
    """Fill `cuts` with the places of brackets and commas; plain Python to numba and to the reader."""
    depth, count, i = 0, 0, cuts[0]
    while i < len(body):
        byte = body[i]
        if byte == _QUOTE:
            i = _end_of_text(body, i)
        elif byte in _OPENING:
            depth += 1
        elif byte in _CLOSING:
            depth -= 1
        if depth == 0 or (byte == _COMMA and depth == 1):
            count += 1
            cuts[count] = i
            if depth == 0:
                return count, i + 1
            if count == len(cuts) - 1:
                break
        i += 1
    return count, NO_END


@cache
def _compiled() -> Callable[..., tuple[int, int]]:
    types: Any = numba.types
    content = types.Array(numba.uint8, 1, "C", readonly=True)
    return compile_once(_cut, types.UniTuple(numba.int64, 2)(content, numba.int64[::1]))
