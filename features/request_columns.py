"""From what the events of requests say to the columns of a log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from features.events import KINDS
from features.log import FloatColumn, IntColumn
from features.slots import slot_of

__all__ = ["Events", "Texts", "known", "numbered", "numbers", "repeated", "slots", "texts"]

Events = Sequence[Mapping[str, Any]]
Texts = Sequence[str | None]

_SLOTS = {(kind.name, word): slot_of(kind.name, word) for kind in KINDS.values() for word in (None, *kind.subtypes)}
# A kind that lists no subtype takes any as it comes; one that does has no place for another.
_PLAIN = {kind.name: -1 if kind.subtypes else slot_of(kind.name) for kind in KINDS.values()}


def texts(rows: Events, name: str) -> list[str | None] | None:
    """Return a column of texts, None where the whole of it is missing."""
    column = [row.get(name) for row in rows]
    return None if column.count(None) == len(column) else column


def known(rows: Events, name: str) -> tuple[list[int], list[Any]]:
    """Return where a column that is mostly missing has a value, and which."""
    there = [(place, value) for place, row in enumerate(rows) if (value := row.get(name)) is not None]
    return [place for place, _ in there], [value for _, value in there]


def numbers(rows: Events, name: str) -> FloatColumn | None:
    """Return a column of numbers, nan where one is missing; None where the whole of it is."""
    places, values = known(rows, name)
    if not places:
        return None
    column = np.full(len(rows), np.nan)
    column[places] = values
    return column


def slots(kinds: Sequence[str], subtypes: Texts | None) -> list[int]:
    """Return the events' slots, -1 for a subtype that is not its kind's."""
    words = [None] * len(kinds) if subtypes is None else subtypes
    found = list(map(_SLOTS.get, zip(kinds, words, strict=True)))
    if None not in found:
        return found  # type: ignore[return-value] # as was just found
    # An empty text is a missing one, as in a file. Kinds that list no subtypes take any as it comes.
    words = [None if word is None or word.isspace() or not word else word for word in words]
    return [_SLOTS.get(pair, _PLAIN[pair[0]]) for pair in zip(kinds, words, strict=True)]


def numbered(column: Texts | None, *, ranked: bool = False) -> IntColumn | None:
    """Return texts as numbers, one a distinct text, -1 where it is missing or empty.

    Parameters
    ----------
    column : sequence of str or None, optional
    ranked : bool
        Number them in the order of the texts, not in that in which they come.
    """
    if column is None:
        return None
    distinct = dict.fromkeys(column)
    order = sorted(text or "" for text in distinct) if ranked else distinct
    places = {text: number for number, text in enumerate(order)}
    places |= {text: -1 for text in distinct if text is None or not text.strip()}
    return np.array([places[text] for text in column], dtype=np.int64)


def repeated(column: Texts | None, owner: IntColumn) -> IntColumn | None:
    """Return event ids as numbers, or None where no account has one twice, so that nobody need look for repeats.

    Parameters
    ----------
    column : sequence of str or None, optional
    owner : ndarray of int64
        Each event's account.
    """
    if column is None:
        return None
    if len({*column} - {None}) == len(column) - column.count(None):
        return None
    named = [pair for pair in zip(owner.tolist(), column, strict=True) if pair[1] is not None]
    return None if len(set(named)) == len(named) else numbered(column)
