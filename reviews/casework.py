"""Casework: claiming cases, answering them, and changing one's mind."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from reviews.answer import Answer, Given, Shown
from reviews.case import Case, CaseRefused
from reviews.record import Record
from reviews.second import SECRET_BYTES, gets_second
from reviews.sql import answers, cases, deciding, library
from reviews.sql.answers import Act
from reviews.sql.deciding import Kind
from reviews.terms import DAY, HOUR, LEASE, SECOND, SKIPPED, UNDO

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from reviews.database import Database

__all__ = ["Casework"]

_SECOND = "second"


class Casework:
    """What a reviewer does with cases; see :class:`reviews.desk.Desk`.

    Parameters
    ----------
    database : Database
    second_share : float
        Of all cases so many get a second, independent reviewer; 0 where there is but one reviewer.
    """

    def __init__(self, database: Database, *, second_share: float = SECOND.value) -> None:
        self._database = database
        self._share = second_share

    def case(self, case_id: UUID, reviewer: str) -> Case:
        """Return a case, with what this reviewer said of it.

        Raises
        ------
        CaseRefused
            "no-case", "pruned".
        """
        with self._database.reading() as connection:
            return cases.shown_case(connection, case_id, reviewer)

    def claim(self, reviewer: str, at: int) -> Case | None:
        """Give a reviewer the case that they hold already, else the next; None where there is none for them.

        Parameters
        ----------
        reviewer : str
        at : int
            Now, microseconds since 1970 UTC.
        """
        since = at - round(SKIPPED.value * DAY)
        with self._database.writing() as connection:
            found = cases.claim_next(connection, reviewer, at, _until(at), since)
            return None if found is None else cases.shown_case(connection, found, reviewer)

    def claim_one(self, case_id: UUID, reviewer: str, at: int) -> Case:
        """Give a reviewer this case.

        Raises
        ------
        CaseRefused
            "no-case", "settled", "answered", "held".
        """
        with self._database.writing() as connection:
            row = _unanswered(connection, case_id, reviewer)
            if row.holder not in {None, reviewer} and row.held_until > at:
                raise CaseRefused("held")
            cases.hold(connection, case_id, reviewer, _until(at))
            return cases.shown_case(connection, case_id, reviewer)

    def release(self, case_id: UUID, reviewer: str) -> None:
        """Give a case back without having looked; nothing happens where the reviewer does not hold it."""
        with self._database.writing() as connection:
            cases.release(connection, case_id, reviewer)

    def skip(self, case_id: UUID, reviewer: str, at: int) -> None:
        """Pass a case by: for `reviews.terms.SKIPPED` it is offered to others only.

        Raises
        ------
        CaseRefused
            "no-case", "settled", "answered".
        """
        with self._database.writing() as connection:
            _unanswered(connection, case_id, reviewer)
            answers.skip(connection, case_id, reviewer, at)
            cases.release(connection, case_id, reviewer)

    def answer(self, case_id: UUID, reviewer: str, answer: Answer, at: int, shown: Shown) -> Given:
        """Keep a reviewer's answer to a case that they hold; it settles the case unless a second reviewer is wanted.

        Parameters
        ----------
        case_id : UUID
        reviewer : str
        answer : Answer
        at : int
        shown : Shown
            What stood before their eyes.

        Raises
        ------
        CaseRefused
            "no-case", "settled", "answered" (use `revise`), "not-held", "other-account".
        """
        return self._say("answer", case_id, reviewer, answer, at, shown)

    def revise(self, case_id: UUID, reviewer: str, answer: Answer, at: int, shown: Shown) -> Given:
        """Keep another answer of a reviewer who has answered; both stay in the ledger, the later one counts.

        Raises
        ------
        CaseRefused
            "no-case", "not-answered", "too-late", "settled" (the team lead decides or has decided), "other-account".
        """
        return self._say("revise", case_id, reviewer, answer, at, shown)

    def rule(self, case_id: UUID, lead: str, answer: Answer, at: int, shown: Shown) -> Given:
        """Keep the team lead's answer to a case on which reviewers disagree, or another one after it; it decides.

        Raises
        ------
        CaseRefused
            "no-case", "settled" (nobody disagrees), "too-late", "other-account".
        """
        return self._say("rule", case_id, lead, answer, at, shown)

    def undo(self, case_id: UUID, reviewer: str, at: int) -> Case:
        """Take back what a reviewer did last with a case, an answer or a skip.

        Where it is open again they hold it, unless a colleague does.

        Raises
        ------
        CaseRefused
            "no-case", "not-answered", "too-late", "settled" (the team lead decides or has decided).
        """
        with self._database.writing() as connection:
            deciding.take_back(connection, _act(case_id, reviewer, at), _until(at))
            return cases.shown_case(connection, case_id, reviewer)

    def reveal(self, case_id: UUID, reviewer: str) -> Record:
        """Return what the machine said of a case's account, to a reviewer who has answered.

        Raises
        ------
        CaseRefused
            "no-case", "pruned", "not-answered".
        """
        with self._database.reading() as connection:
            row = cases.find_case(connection, case_id)
            said, _ = answers.said_by(connection, case_id, reviewer)
            if not said:
                raise CaseRefused("not-answered")
            return cases.record_of_case(connection, row)

    def _say(self, kind: Kind, case_id: UUID, reviewer: str, answer: Answer, at: int, shown: Shown) -> Given:
        with self._database.writing() as connection:
            secret = library.find_or_keep_secret(connection, _SECOND, lambda: os.urandom(SECRET_BYTES))
            second = partial(gets_second, secret, self._share)
            return deciding.say(connection, _act(case_id, reviewer, at), kind, answer, shown, second)


def _act(case_id: UUID, reviewer: str, at: int) -> Act:
    return Act(case_id, reviewer, at, at - round(UNDO.value * HOUR))


def _until(at: int) -> int:
    return at + round(LEASE.value * HOUR)


def _unanswered(connection: Connection, case_id: UUID, reviewer: str) -> Row[Any]:
    """Return a case that is open and that a reviewer has not answered."""
    row = cases.lock_case(connection, case_id)
    if row.state != "open":
        raise CaseRefused("settled")
    if answers.said_by(connection, case_id, reviewer)[1] is not None:
        raise CaseRefused("answered")
    return row
