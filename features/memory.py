"""How much memory work may take, as people say it, and what of it is left for sorting."""

from __future__ import annotations

import re
from typing import Final

from features.events import BadInput

__all__ = ["LEAST", "MEMORY", "PROGRAM", "parse_memory", "size_text", "sorting_share", "workers_within"]

MEMORY: Final = "4GB"
"""What a process may take if nobody says otherwise."""

PROGRAM: Final = 700_000_000
"""Bytes of the interpreter, its libraries, a model and the batches under way (measured: 330 to 710 MB)."""

LEAST: Final = 1_000_000_000
"""The least that may be asked for: below it nothing is left for sorting."""

WORKER: Final = 60_000_000
"""Bytes of one more thread: a batch of events and what comes of it."""

_SORTING: Final = 0.8
"""What is left beside the program is for sorting, but for this share's rest, which is for more threads."""

_UNITS: Final = {"MB": 10**6, "GB": 10**9, "TB": 10**12, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}


def parse_memory(text: str) -> int:
    """Return bytes.

    Parameters
    ----------
    text : str
        A number and its unit, such as 2GB, 1.5 GiB or 1500MB.

    Raises
    ------
    BadInput
        It is not one, or less than `LEAST`.

    Examples
    --------
    >>> parse_memory("2GB"), parse_memory("1.5 GiB")
    (2000000000, 1610612736)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]i?B)\s*", text, re.IGNORECASE)
    size = int(float(found[1]) * _UNITS[found[2].upper()]) if found and found[2].upper() in _UNITS else None
    if size is None:
        raise BadInput(
            f"{text!r} is not a size of memory; write a number and MB, GB, TB, MiB, GiB or TiB, such as 2GB."
        )
    if size < LEAST:
        raise BadInput(
            f"{text} of memory are too little: expected {size_text(LEAST)} or more, since the program itself and the "
            f"batches under way take {size_text(PROGRAM)}."
        )
    return size


def size_text(size: int) -> str:
    """Return bytes as people write them.

    Examples
    --------
    >>> size_text(2_000_000_000), size_text(700_000_000)
    ('2 GB', '700 MB')
    """
    return f"{size / 1e9:.3g} GB" if size >= 10**9 else f"{size / 1e6:.3g} MB"


def sorting_share(memory: int) -> int:
    """Return what is left for sorting of all that a process may take, at least 1 byte."""
    return max(int((memory - PROGRAM) * _SORTING), 1)


def workers_within(memory: int, cores: int) -> int:
    """Return how many threads may work at once, one a core where memory allows; two are part of the program."""
    return min(cores, 2 + max(int((memory - PROGRAM) * (1 - _SORTING)) // WORKER, 0))
