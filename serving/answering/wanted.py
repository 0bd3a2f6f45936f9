"""What the query of a request for predictions asks for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from starlette.datastructures import QueryParams

from serving.parameters import choice, number, read_query, truth

__all__ = ["QUERY", "REASONS", "Wanted", "wanted_of"]

REASONS: Final = 5
"""Reasons that an answer gives unless asked for more or fewer."""

QUERY: Final = (
    choice("all", number("reasons", "So many of the strongest reasons, or all of them and the base.", 0, 999, REASONS)),
    truth("signals", "Return the signals that were judged, too.", default=False),
    truth("record", "Keep the prediction; false tries it out, and nothing of it stays.", default=True),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a query asks for.

    Attributes
    ----------
    reasons : int or None
        So many of the strongest; None = all, and the base.
    signals : bool
        The signals that were judged, too.
    record : bool
        Keep what is answered.
    """

    reasons: int | None = REASONS
    signals: bool = False
    record: bool = True


@lru_cache(maxsize=64)
def wanted_of(query: bytes) -> Wanted:
    """Read a query; callers send the same few again and again.

    Raises
    ------
    Refusal
        A parameter is not known, not what it may be, or there more than once.
    """
    return Wanted(**read_query(QueryParams(query), QUERY))
