"""A desk for tests: predictions that open cases, and a reviewer's day in few words."""

from __future__ import annotations

from typing import Any

import numpy as np

from features.signals import SIGNAL_NAMES
from reviews.answer import Answer, Given, Opinion, Shown
from reviews.case import Case
from reviews.database import Database
from reviews.desk import Desk
from reviews.evidence import write_evidence
from reviews.record import Record
from tests.records import entry_of, make_record

ANN, BEN, EVE = "ann", "ben", "eve"


def doubtful(account_id: str, **given: Any) -> Record:
    """A prediction that goes to a review."""
    usual: dict[str, Any] = {
        "route": "review",
        "review_reasons": ("between_thresholds",),
        "confidence": 0.6,
        "probability_client": 0.6,
        "evidence": write_evidence({"account_id": account_id}, []),
    }
    return make_record(account_id, **(usual | given))


def drawn(account_id: str, inclusion: float = 0.02, **given: Any) -> Record:
    """An automatic prediction that the audit sample drew."""
    evidence = write_evidence({"account_id": account_id}, [])
    return make_record(account_id, inclusion=inclusion, evidence=evidence, **given)


def signals(**known: float) -> bytes:
    """Signals of which these are known."""
    row = np.full(len(SIGNAL_NAMES), np.nan)
    for name, value in known.items():
        row[SIGNAL_NAMES.index(name)] = value
    return row.astype("<f8").tobytes()


class Room:
    """A desk and its reviewers. Each thing that is done takes a second."""

    def __init__(self, database: Database, **settings: Any) -> None:
        self.database = database
        self.ledger = database.ledger
        self.desk = Desk(database, **({"second_share": 0.0} | settings))
        self.now = 10**15

    def tick(self) -> int:
        self.now += 1_000_000
        return self.now

    def keep(self, *records: Record) -> None:
        """Write predictions, decided now."""
        import dataclasses

        self.ledger.write([entry_of(*(dataclasses.replace(each, decided_at=self.tick()) for each in records))])

    def claim(self, reviewer: str = ANN) -> Case:
        case = self.desk.claim(reviewer, self.tick())
        assert case is not None
        return case

    def answer(self, case: Case, said: Opinion = "client", reviewer: str = ANN, **given: Any) -> Given:
        return self.desk.answer(case.id, reviewer, Answer(said, **given), self.tick(), Shown(case.prediction_id))

    def revise(self, case: Case, said: Opinion, reviewer: str = ANN) -> Given:
        return self.desk.revise(case.id, reviewer, Answer(said), self.tick(), Shown(case.prediction_id))

    def rule(self, case: Case, said: Opinion, lead: str = EVE) -> Given:
        return self.desk.rule(case.id, lead, Answer(said), self.tick(), Shown(case.prediction_id))

    def work(self, said: Opinion = "client", reviewer: str = ANN) -> Case:
        """Claim the next case and answer it."""
        case = self.claim(reviewer)
        self.answer(case, said, reviewer)
        return case

    def holds(self, account_id: str) -> tuple[str, str] | None:
        """What holds of an account, and who says so."""
        return next(
            (
                (str(change.relationship), str(change.decided_by))
                for change in self.ledger.changes(0, 1000)
                if change.account_id == account_id and not change.erased
            ),
            None,
        )
