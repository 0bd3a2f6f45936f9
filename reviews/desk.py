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
"""

from __future__ import annotations

from uuid import UUID

from reviews.answer import OPINIONS, SURENESS, Answer, Given, Opinion, Shown, Stage, Sureness
from reviews.case import STATES, WHYS, Case, CaseLine, CaseRefused, Dispute, Filters, State, Why
from reviews.casework import Casework
from reviews.checklist import CHECKLIST, Choice, Question
from reviews.evidence import Evidence, pack_evidence, read_evidence
from reviews.sql import answers, cases, keyring, verdicts
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
    "Question",
    "Shown",
    "Stage",
    "Standing",
    "State",
    "Sureness",
    "Verdict",
    "Why",
    "pack_evidence",
    "read_evidence",
]


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
            return [Dispute(line, tuple(answers.current_answers(connection, line.id))) for line in found]

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

    def reviewers(self) -> dict[str, str]:
        """Return the names of all who may review or did, by the id of their API key."""
        with self._database.reading() as connection:
            return {key.id: key.name for key in keyring.list_keys(connection) if key.role != "predict"}
