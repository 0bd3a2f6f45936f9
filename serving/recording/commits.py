"""One transaction for many entries; one that the database refuses for what it holds stands in nobody's way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from reviews.database import DatabaseDown
from reviews.record import Entry, Repeat

if TYPE_CHECKING:
    from reviews.ledger import Ledger

__all__ = ["Outcome", "commit"]

Outcome = Repeat | Exception | None
"""None: it is kept. A Repeat: its Idempotency-Key was used before. An exception: the database refuses it."""

_log = logging.getLogger(__name__)


def commit(ledger: Ledger, entries: Sequence[Entry], check: Callable[[], object]) -> list[Outcome]:
    """Write entries, in as few transactions as it takes.

    Parameters
    ----------
    ledger : Ledger
    entries : sequence of Entry
    check : callable
        Raises where the fault is the database's own, such as tables of another version.

    Returns
    -------
    list of Outcome
        One an entry.

    Raises
    ------
    DatabaseDown
        It is not known which of them are kept; writing all of them again doubles none.
    """
    if not entries:
        return []
    try:
        return [*ledger.write(entries)]
    except DatabaseDown:
        raise
    except Exception as error:  # noqa: BLE001 - whatever an entry may hold, the others must be kept
        if len(entries) > 1:
            middle = len(entries) // 2
            return commit(ledger, entries[:middle], check) + commit(ledger, entries[middle:], check)
        check()
        _log.error("The database refuses a prediction for what it holds.", exc_info=error)
        return [error]
