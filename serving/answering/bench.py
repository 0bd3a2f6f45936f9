"""From what is asked to what is answered, for all that are heard together: read, judge, write, each for all of them.

Stage by stage, and not request by request: a stage that goes on with the next one's data finds its code at hand.
"""

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
from serving.answering.body import check_size
from serving.answering.identities import Identities
from serving.answering.judgement import Judged, judge
from serving.answering.question import Question, read_question
from serving.answering.record import record_of
from serving.answering.schemas import request_form
from serving.answering.wanted import Wanted
from serving.clock import Clock
from serving.errors import Refusal
from serving.incumbent import Incumbent
from serving.recording.records import Records
from serving.settings import Settings
from serving.times import micros_of

__all__ = ["Begun", "Bench", "Case", "Count", "Outcome", "Session"]


@dataclass(frozen=True, slots=True)
class Case:
    """What somebody asks about one account.

    Attributes
    ----------
    body : bytes
        As it came.
    wanted : Wanted
    key_id : str or None
        Of the API key that asks.
    as_of : int or None
        The moment where the body names none, microseconds since 1970 UTC; None = now.
    """

    body: bytes
    wanted: Wanted
    key_id: str | None
    as_of: int | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """An answer, all but its end, which says whether it was kept.

    Attributes
    ----------
    text : bytes
    record : Record or None
        What is to be kept of it; None where nothing is.
    decided_at : int
        Microseconds since 1970 UTC.
    """

    text: bytes
    record: Record | None
    decided_at: int


Outcome = Begun | Refusal | BadInput
"""What comes of a case; one that does not fit is refused, whoever else is heard."""


class Count(Protocol):
    """Counts decisions that were given, for the metrics."""

    def __call__(self, decided_by: str, relationship: str, route: str) -> None:
        """Count one."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who judges from some moment on, and that moment: the same for all that is heard in it.

    Attributes
    ----------
    bench : Bench
    model : Model or None
    decided_at : int
        Microseconds since 1970 UTC.
    verdicts : mapping of str to Standing
        What reviewers say, by account.
    """

    bench: Bench
    model: Model | None
    decided_at: int
    verdicts: Mapping[str, Standing]

    def hear(self, cases: Sequence[Case]) -> list[Outcome]:
        """Answer cases, each as it would be by itself."""
        read = [self._read(case) for case in cases]
        questions = [each for each in read if isinstance(each, Question)]
        judged = iter(self._judge(questions) if questions else ())
        return [
            self._write(case, each, next(judged)) if isinstance(each, Question) else each
            for case, each in zip(cases, read, strict=True)
        ]

    def _judge(self, questions: Sequence[Question]) -> list[Judged | BadInput]:
        return judge(questions, self.bench.rules, self.model, self.decided_at, self.verdicts)

    def _read(self, case: Case) -> Question | Refusal | BadInput:
        try:
            check_size(len(case.body), self.bench.most, "An account")
            return read_question(case.body, self.bench.form, case.wanted.reasons, case.as_of)
        except (Refusal, BadInput) as error:
            return error

    def _write(self, case: Case, question: Question, judged: Judged | BadInput) -> Outcome:
        return judged if isinstance(judged, BadInput) else self.bench.answer(case, question, judged)


class Bench:
    """Judges accounts by the rules and by whoever is in office.

    Parameters
    ----------
    settings : Settings
    rules : RuleBook
    incumbent : Incumbent
    clock : callable
        Returns the present moment.
    records : Records
    count : callable
        Told of each decision that is given.
    verdicts : mapping of str to Standing
        What reviewers say, by account; it changes while the service runs.

    Attributes
    ----------
    form : RequestForm
    most : int
        Bytes of a case.
    rules : RuleBook
    """

    def __init__(
        self,
        settings: Settings,
        rules: RuleBook,
        incumbent: Incumbent,
        clock: Clock,
        records: Records,
        count: Count,
        verdicts: Mapping[str, Standing],
    ) -> None:
        self.form = request_form(settings.max_events)
        self.most = settings.max_body_bytes
        self.rules = rules
        self._incumbent = incumbent
        self._clock = clock
        self._records = records
        self._share = settings.audit_share
        self._count = count
        self._verdicts = verdicts
        self._identities = Identities()

    def session(self) -> Session:
        """Look once who is in office and what time it is."""
        return Session(self, self._incumbent.office.choice.model, micros_of(self._clock()), self._verdicts)

    def hear(self, cases: Sequence[Case]) -> list[Outcome]:
        """Answer cases in a session of their own."""
        return self.session().hear(cases)

    def answer(self, case: Case, question: Question, judged: Judged) -> Begun:
        """Write an answer, and what is to be kept of it."""
        decision, identity = judged.decision, self._identities.make(judged.decided_at)
        self._count(decision.decided_by, decision.relationship, decision.route)
        record = None
        if case.wanted.record:
            secret = self._records.audit_secret
            record = record_of(identity, question, judged, case.key_id, secret, self._share)
        text = begin_answer(question.account["account_id"], str(identity), judged, case.wanted)
        return Begun(text, record, judged.decided_at)
