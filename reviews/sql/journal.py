"""Taking turns: one row that every writer updates first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

from sqlalchemy import Connection, bindparam, exists, update

from reviews.record import CATALOGUE
from reviews.tables import catalogues, journal

__all__ = ["Turn", "take_turn"]

_TAKE: Final = (
    update(journal)
    .where(journal.c.id == 1)
    .values(change_seq=journal.c.change_seq + bindparam("n"))
    .returning(journal.c.change_seq, journal.c.erased_at, exists().where(catalogues.c.digest == CATALOGUE))
)


@dataclass(frozen=True, slots=True)
class Turn:
    """What a writer holds until it commits.

    Attributes
    ----------
    numbers : iterator of int
        For its changes: greater than all before. What is not used is used by nobody else.
    erased_at : int or None
        When the last account was erased.
    catalogue : bool
        The names of the signals of this code are kept.
    """

    numbers: Iterator[int]
    erased_at: int | None
    catalogue: bool


def take_turn(connection: Connection, n: int) -> Turn:
    """Wait until every other writer has ended, and take numbers for at most `n` changes.

    The updated row stays locked until the commit, so numbers become visible in their order: whoever has seen one will
    never be shown a lower one for the first time.
    """
    last, erased_at, catalogue = connection.execute(_TAKE, {"n": n}).one()
    return Turn(count(last - n + 1), erased_at, bool(catalogue))
