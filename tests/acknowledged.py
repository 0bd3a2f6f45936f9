"""What callers were promised against what is in the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from reviews.change import Tombstone
from reviews.database import open_database
from reviews.record import Record
from tests.load import Answer, Load

ALL = 10**9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def check_statuses(load: Load, *refused: str) -> None:
    """Every answer is an answer, or a refusal of these names, which says when to come back."""
    for answer in load.answers:
        if answer.status in (200, 204):
            continue
        name = answer.content["type"].removeprefix("/errors#")
        assert (answer.status, name) in {(503, each) for each in refused}, (answer.status, answer.body, answer.asked)
        assert int(answer.headers["retry-after"]) > 0


def check_kept(url: str, *loads: Load) -> int:
    """Each acknowledged prediction is in the ledger, unaltered, none twice, and what was erased is gone; how many."""
    answers = [answer for load in loads for answer in load.answers]
    unanswered = [asked for load in loads for asked in load.unanswered]
    erased = {each.asked.accounts[0] for each in answers if each.asked.method == "DELETE" and each.status < 300}
    # An erasure that was refused for the time being may have come about: whoever asks again is told that it did.
    maybe = {each.asked.accounts[0] for each in answers if each.asked.method == "DELETE"} - erased
    maybe |= {asked.accounts[0] for asked in unanswered if asked.method == "DELETE"}
    with open_database(url, seconds=20) as database:
        ledger = database.ledger
        kept = {record.id: record for record in ledger.latest(ALL)}
        promised = list(_promised(answers))
        for prediction in promised:
            account, record = prediction["account_id"], kept.get(UUID(prediction["id"]))
            if account in erased or (account in maybe and record is None):
                assert isinstance(ledger.prediction(UUID(prediction["id"])), Tombstone), prediction
            else:
                assert record is not None, (prediction, "is lost")
                assert_same(record, prediction)
    asked = {account for each in answers for account in each.asked.accounts}
    asked |= {account for each in unanswered for account in each.accounts}
    times = Counter(record.account_id for record in kept.values() if record.account_id in asked)
    assert not {account: n for account, n in times.items() if n > 1}, "kept twice"
    assert not erased & times.keys(), "came back"
    return len(promised)


def _promised(answers: Iterable[Answer]) -> Iterable[dict[str, Any]]:
    for answer in answers:
        yield from answer.predictions


def assert_same(record: Record, prediction: dict[str, Any]) -> None:
    """A record says what was answered, to the last bit."""
    same = ("account_id", "relationship", "confidence", "probability_client", "hybrid", "engagement_model")
    for name in (*same, "strategic_services", "decided_by", "route"):
        assert getattr(record, name) == prediction[name], (name, record, prediction)
    assert list(record.review_reasons) == prediction["review_reasons"]
    assert {"model": record.model, "rules": record.rules} == prediction["versions"]
    for name in ("as_of", "decided_at"):
        assert _EPOCH + timedelta(microseconds=getattr(record, name)) == datetime.fromisoformat(prediction[name])
