"""Moving what was spooled to the database, in order and once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from reviews.record import Entry, Repeat
from serving.recording.commits import commit
from serving.recording.lines import write_line
from serving.recording.spool import Spool

if TYPE_CHECKING:
    from reviews.ledger import Ledger

__all__ = ["drain"]


def drain(spool: Spool, most: int, ledger: Ledger, check: Callable[[], object]) -> tuple[int, int]:
    """Write the oldest entries of a spool to the database and forget them.

    A crash at any moment leaves them in the spool, in the database or in both, and the next time doubles none.

    Parameters
    ----------
    spool : Spool
    most : int
        About how many records.
    ledger, check
        As :func:`serving.recording.commits.commit` takes them.

    Returns
    -------
    tuple of int and int
        Records that the database has now, and those that it refuses for what they hold: these are set aside.

    Raises
    ------
    DatabaseDown
        Nothing is forgotten.
    OSError
        What has to be set aside cannot be.
    """
    chunk = spool.head(most)
    outcomes = list(zip(chunk.entries, commit(ledger, chunk.entries, check), strict=True))
    # Their Idempotency-Key was used before, and while the database was away nobody could know it. Both answers were
    # given, so both predictions are kept; whoever asks again gets the first.
    commit(ledger, [Entry(entry.records) for entry, outcome in outcomes if isinstance(outcome, Repeat)], check)
    refused = [entry for entry, outcome in outcomes if isinstance(outcome, Exception)]
    for entry in refused:
        spool.set_aside(write_line(entry))
    spool.done(chunk)
    aside = sum(len(entry.records) for entry in refused)
    return sum(len(entry.records) for entry in chunk.entries) - aside, aside
