"""First answers to requests that may be sent twice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, delete, func, or_, select

from reviews.record import Repeat
from reviews.sql.bulk import Bulk
from reviews.tables import repeats

__all__ = ["find_repeat", "find_repeats", "forget_repeats", "forget_repeats_of", "keep_repeats"]

Use = tuple[str, str]
"""The API key's id and the caller's key."""

_REPEATS: Final = Bulk(repeats, lambda insert: insert.on_conflict_do_nothing(index_elements=["key_id", "key"]))


def find_repeat(connection: Connection, key_id: str, key: str) -> Repeat | None:
    """Return the first answer that was given under a key."""
    return find_repeats(connection, [(key_id, key)]).get((key_id, key))


def find_repeats(connection: Connection, uses: Sequence[Use]) -> dict[Use, Repeat]:
    """Return the first answers that were given under any of these keys."""
    if not uses:
        return {}
    # By the caller's key alone, which is all but unique, since tuples are written differently in each database.
    found = connection.execute(select(repeats).where(repeats.c.key.in_([key for _, key in uses])))
    kept = (Repeat(row.key, row.key_id, row.request, row.answer, row.at) for row in found)
    return {(repeat.key_id, repeat.key): repeat for repeat in kept}


def keep_repeats(connection: Connection, given: Iterable[Repeat]) -> None:
    """Keep first answers."""
    _REPEATS.run(connection, [(each.key_id, each.key, each.request, each.answer, each.at) for each in given])


def forget_repeats(connection: Connection, before: int) -> int:
    """Forget what was answered before a time, and say how much that was."""
    return connection.execute(delete(repeats).where(repeats.c.at < before)).rowcount


def forget_repeats_of(connection: Connection, account_id: str) -> None:
    """Forget every answer that names an account, whether or not a prediction of it was kept.

    Its bytes are looked for in each answer, in both ways in which JSON writes a text. An answer that says the same for
    another reason is forgotten too, which costs no more than being asked once more.
    """
    written = {json.dumps(account_id, ensure_ascii=ascii)[1:-1].encode() for ascii in (True, False)}  # noqa: A001
    # PostgreSQL's function is behind a syntax of its own, unless it is called by its full name.
    find = func.pg_catalog.position if connection.dialect.name == "postgresql" else func.instr
    connection.execute(delete(repeats).where(or_(*(find(repeats.c.answer, needle) > 0 for needle in written))))
