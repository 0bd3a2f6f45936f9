"""What requests for one account and batches share: who judges, how it is written, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from features.events import BadInput
from models.policy import Model
from models.rules import RuleBook
from reviews.record import Record
from reviews.verdict import Standing
from serving.answering.answers import begin_answer
from serving.answering.identities import Identities
from serving.answering.judgement import Judged, judge
from serving.answering.keeping import Keeping, record_of
from serving.answering.question import Question
from serving.answering.wanted import Wanted
from serving.clock import Clock
from serving.incumbent import Incumbent
from serving.recording.records import Records
from serving.times import micros_of

__all__ = ["Bench", "Count", "Session"]


class Count(Protocol):
    """Counts decisions that were given, for the metrics."""

    def __call__(self, decided_by: str, relationship: str, route: str) -> None:
        """Count one."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who judges from some moment on, and that moment: the same for all that is judged in it.

    Attributes
    ----------
    rules : RuleBook
    model : Model or None
    decided_at : int
        Microseconds since 1970 UTC.
    verdicts : mapping of str to Standing
        What reviewers say, by account.
    """

    rules: RuleBook
    model: Model | None
    decided_at: int
    verdicts: Mapping[str, Standing]

    def judge(self, questions: Sequence[Question]) -> list[Judged | BadInput]:
        """Judge accounts; see :func:`serving.answering.judgement.judge`."""
        return judge(questions, self.rules, self.model, self.decided_at, self.verdicts) if questions else []


class Bench:
    """Judges accounts by the rules and by whoever is in office.

    Parameters
    ----------
    rules : RuleBook
    incumbent : Incumbent
    clock : callable
        Returns the present moment.
    records : Records
    share : float
        Of the automatic answers, so many are drawn into the audit sample.
    count : callable
        Told of each decision that is given.
    verdicts : mapping of str to Standing
        What reviewers say, by account; it changes while the service runs.

    Attributes
    ----------
    keeping : Keeping
    """

    def __init__(
        self,
        rules: RuleBook,
        incumbent: Incumbent,
        clock: Clock,
        records: Records,
        share: float,
        count: Count,
        verdicts: Mapping[str, Standing],
    ) -> None:
        self.keeping = Keeping(records)
        self._rules = rules
        self._incumbent = incumbent
        self._clock = clock
        self._records = records
        self._share = share
        self._count = count
        self._verdicts = verdicts
        self._identities = Identities()

    def session(self) -> Session:
        """Look once who is in office and what time it is."""
        return Session(self._rules, self._incumbent.office.choice.model, micros_of(self._clock()), self._verdicts)

    def judge(self, questions: Sequence[Question]) -> list[Judged | BadInput]:
        """Judge accounts in a session of their own."""
        return self.session().judge(questions)

    def answer(
        self, question: Question, judged: Judged, wanted: Wanted, key_id: str | None
    ) -> tuple[bytes, Record | None]:
        """Write an answer, all but its end, and what is to be kept of it."""
        decision, identity = judged.decision, self._identities.make(judged.decided_at)
        self._count(decision.decided_by, decision.relationship, decision.route)
        record = None
        if wanted.record:
            secret = self._records.audit_secret
            record = record_of(identity, question, judged, key_id, secret, self._share)
        return begin_answer(question.account["account_id"], str(identity), judged, wanted), record
