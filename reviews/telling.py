"""Which of a batch's cases come first: those whose answer teaches the next model most of all the other accounts.

A single request knows its own account alone, and its case is worth what :func:`reviews.value.value_of` says. A batch
knows them all, and a hundred doubtful accounts of one sort are worth less than their sum: who asked about some of them
has learned about the others. So a batch hands the values of its cases out anew, in the order of
:func:`reviews.order.next_to_ask`. The values stay those that they were, so that cases of the audit sample, cases of
single requests and those that wait since another night come among them as before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from reviews.order import next_to_ask
from reviews.record import Record
from reviews.sql.ranking import rank_cases
from reviews.value import importance_of, value_of

if TYPE_CHECKING:
    from reviews.database import Database

__all__ = ["FIRST", "most_telling", "put_first"]

FIRST: Final = 300
"""Cases that are put in order, at most: more than a team looks at before the next batch. Each costs a pass over all."""

AMONG: Final = 1000
"""Of those that are worth the most by themselves: however much another one teaches, the machine is too sure of it."""

_Floats = npt.NDArray[np.float64]


def most_telling(X: _Floats, records: Sequence[Record], told: Collection[str], n: int = FIRST) -> list[str]:
    """Return the accounts to look at first among those that go to a review, the most telling first.

    Parameters
    ----------
    X : ndarray of float64, shape (len(records), n_signals)
    records : sequence of Record
        All of a batch: what a case teaches of the others counts, also of those that are decided automatically.
    told : collection of str
        Accounts of which there is a label or a verdict; they have taught already.
    n : int
        At most so many.
    """
    buyers = [i for i, record in enumerate(records) if record.relationship != "prospect"]
    among = {record.account_id for record in _worth_most(records)} - set(told)
    known = np.flatnonzero([records[i].account_id in told for i in buyers])
    asked = np.array([importance_of(records[i]) if records[i].account_id in among else 0.0 for i in buyers])
    probability = np.array([records[i].probability_client for i in buyers])
    rows = next_to_ask(X[buyers], probability, known, min(n, int(np.count_nonzero(asked))), worth=asked)
    return [records[buyers[row]].account_id for row in rows]


def put_first(database: Database, X: _Floats, records: Sequence[Record], told: Collection[str]) -> None:
    """Put the open cases of a batch in this order.

    Parameters
    ----------
    database : Database
    X, records, told
        See `most_telling`; the records are written.
    """
    first = most_telling(X, records, told)
    if first:
        with database.writing() as connection:
            rank_cases(connection, [record.account_id for record in _worth_most(records)], first)


def _worth_most(records: Sequence[Record]) -> list[Record]:
    asked = [record for record in records if record.route == "review"]
    return sorted(asked, key=lambda record: (-value_of(record, "route"), record.account_id))[:AMONG]
