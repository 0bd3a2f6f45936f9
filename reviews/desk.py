"""The review desk: what reviewers do with cases. What pages and API need is importable from here.

`Desk(database)` works on the database that the ledger uses. Each method is one transaction, times are microseconds
since 1970 UTC, and a reviewer is the id of an API key (`review`, or `admin`, which also acts as team lead).

Working a case: `claim` (or `claim_one`) → `answer` → `reveal` → perhaps `revise` or `undo`; or `skip`, or `release`.
Until this reviewer's first answer is stored, :class:`Case` is all there is to show, and nothing in it tells what model
or rules think; `reveal` refuses with "not-answered". `CaseLine.why` is for the team lead alone. What cannot be done
raises :class:`CaseRefused`, whose `why` says what is in the way. Cases are opened by :meth:`Ledger.write`, in the
transaction that keeps the prediction.

A service polls `standing_verdicts` each second, keeps them by account, and asks :func:`reviews.lasting.lasts` before
each decision: "stands" and not "unclear" → the verdict goes to `models.policy.decide`; "moved" or "expired" → the
machine decides and the record needs its evidence, since the ledger opens a case for it. It calls `sweep` now and then.

`GET /v1/labels?after=CURSOR&limit=N`, which `rapport train --labels-from` follows, answers `{"labels": [{"account_id",
"relationship", "labelled_at", "given_at", "labeller", "source": "reviewer", "inclusion"}, …], "reviewers": [names],
"cursor": "…"}`: times as texts, the cursor always there; an empty page is the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from models.decision import Relationship
from reviews.answer import OPINIONS, SURENESS, Answer, Given, Opinion, Shown, Stage, Sureness
from reviews.case import STATES, WHYS, Case, CaseLine, CaseRefused, Dispute, Filters, State, Why
from reviews.casework import Casework
from reviews.checklist import CHECKLIST, Choice, Question
from reviews.comparison import Similar, Typical, similar_to, typical_of
from reviews.evidence import Evidence, read_evidence, write_evidence
from reviews.overview import Overview, overview_of
from reviews.record import signals_of
from reviews.sql import answers, cases, comparing, keyring, overviews, sweeping, verdicts
from reviews.verdict import LabelGiven, Standing, Verdict

__all__ = [
    "CHECKLIST",
    "OPINIONS",
    "STATES",
    "SURENESS",
    "WHYS",
    "Answer",
    "Case",
    "CaseLine",
    "CaseRefused",
    "Choice",
    "Desk",
    "Dispute",
    "Evidence",
    "Filters",
    "Given",
    "LabelGiven",
    "Opinion",
    "Overview",
    "Question",
    "Shown",
    "Similar",
    "Stage",
    "Standing",
    "State",
    "Sureness",
    "Typical",
    "Verdict",
    "Why",
    "read_evidence",
    "write_evidence",
]


_SWEPT: Final = 200
"""Verdicts that are ended in one transaction, at most."""


class Desk(Casework):
    """What reviewers may ask and do. Every method may raise :class:`reviews.database.DatabaseDown`.

    Parameters
    ----------
    database : Database
    second_share : float
        Of all cases so many get a second, independent reviewer; 0 where there is but one reviewer.
    """

    def queue(
        self, filters: Filters, reviewer: str, at: int, *, after: UUID | None = None, limit: int = 50
    ) -> list[CaseLine]:
        """List cases, the first to be looked at first.

        Parameters
        ----------
        filters : Filters
        reviewer : str
            Who asks.
        at : int
            Now, microseconds since 1970 UTC.
        after : UUID or None
            The last case of the page before.
        limit : int
            At most so many.

        Returns
        -------
        list of CaseLine
        """
        with self._database.reading() as connection:
            return cases.lines(connection, filters, reviewer, at, after, limit)

    def lead(self, lead: str, at: int, *, after: UUID | None = None, limit: int = 50) -> list[Dispute]:
        """List the cases on which reviewers disagree, the latest first, with what each of them says."""
        with self._database.reading() as connection:
            found = cases.lines(connection, Filters(state="lead"), lead, at, after, limit)
            said = answers.answers_by_case(connection, [line.id for line in found])
            return [Dispute(line, tuple(said[line.id])) for line in found]

    def history(self, reviewer: str, *, before: int | None = None, limit: int = 50) -> list[Given]:
        """List what a reviewer said, the latest first, also what they took back.

        Parameters
        ----------
        reviewer : str
        before : int or None
            Only answers before this one's `id`.
        limit : int
            At most so many.
        """
        with self._database.reading() as connection:
            return answers.history(connection, reviewer, before, limit)

    def verdict_of(self, account_id: str) -> Verdict | None:
        """Return the verdict that stands on an account, which may be an "unclear" one."""
        with self._database.reading() as connection:
            return verdicts.verdict_of(connection, account_id)

    def standing_verdicts(self, after: int, limit: int = 1000) -> list[Standing]:
        """Return how verdicts changed, for a service that keeps those that stand in memory.

        Parameters
        ----------
        after : int
            The last `seq` that was seen; 0 is the beginning.
        limit : int
            At most so many.

        Returns
        -------
        list of Standing
            In the order in which they became visible; none is missed by whoever asks on with the last `seq`.
        """
        with self._database.reading() as connection:
            return verdicts.changed_verdicts(connection, after, limit)

    def labels(self, after: int, limit: int = 1000) -> list[LabelGiven]:
        """Return verdicts as labels, each once, the oldest first; "unclear" is none, nor is what was taken back.

        Parameters
        ----------
        after : int
            The last `seq` that was seen; 0 is the beginning.
        limit : int
            At most so many.
        """
        with self._database.reading() as connection:
            return verdicts.labels(connection, after, limit)

    def overview(self, since: int, until: int, at: int) -> Overview:
        """Say what happened from one time to another, and what waits now.

        Parameters
        ----------
        since, until, at : int
            Microseconds since 1970 UTC; `until` does not count any more, `at` is now.
        """
        with self._database.reading() as connection:
            return overview_of(overviews.facts(connection, since, until, at))

    def typical(self, n: int = 2000) -> Mapping[Relationship, Typical]:
        """Say what is typical of clients and customers, by the latest predictions that were automatic; keep it a while.

        Nothing of a case is in it, so it may be shown before an answer.
        """
        with self._database.reading() as connection:
            told = comparing.lately_automatic(connection, n)
        return typical_of(told)

    def similar(self, case_id: UUID, reviewer: str, n: int = 3, among: int = 2000) -> list[Similar]:
        """Return the accounts most like a case's, of the latest that reviewers told, to one who has answered.

        Raises
        ------
        CaseRefused
            "no-case", "not-answered".
        """
        record = self.reveal(case_id, reviewer)
        with self._database.reading() as connection:
            told = comparing.lately_told(connection, record.account_id, among)
        signals = signals_of(record.catalogue, record.signals)
        return [] if signals is None else similar_to(signals, told, n)

    def open_again(self, prediction_ids: Sequence[UUID], why: Why, at: int) -> int:
        """Open cases for predictions that are kept, such as of accounts whose label in the CRM the model contradicts.

        Accounts on which a verdict stands get none, and those that have an unsettled case keep that one.

        Parameters
        ----------
        prediction_ids : sequence of UUID
        why : str
            One of `WHYS`.
        at : int
            Now, microseconds since 1970 UTC.

        Returns
        -------
        int
            How many of the predictions are shown from now on.
        """
        with self._database.writing() as connection:
            return sweeping.open_again(connection, prediction_ids, why, at)

    def sweep(self, at: int) -> int:
        """End the verdicts that grew too old by now and open cases for their accounts; say how many.

        Whoever predicts an account ends its old verdict too; this is for accounts that nobody asks about any more.
        """
        ended = 0
        while True:
            with self._database.writing() as connection:
                found = sweeping.end_overdue(connection, at, _SWEPT)
            ended += found
            if found < _SWEPT:
                return ended

    def labellers(self) -> set[str]:
        """Return the names under which labels were ever given, or may be."""
        with self._database.reading() as connection:
            names = {key.id: key.name for key in keyring.list_keys(connection) if key.role != "predict"}
            return {*names.values(), *(names.get(each, each) for each in answers.reviewers(connection))}

    def reviewers(self) -> dict[str, str]:
        """Return the names of all who may review or did, by the id of their API key."""
        with self._database.reading() as connection:
            return {key.id: key.name for key in keyring.list_keys(connection) if key.role != "predict"}
