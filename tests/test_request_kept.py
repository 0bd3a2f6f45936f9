"""What is kept of a prediction, and that a request sent twice is answered once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from features.signals import SIGNAL_NAMES
from models.rules import RuleBook
from models.shelf import Shelf
from reviews.database import open_database
from reviews.record import CATALOGUE, Record
from serving.times import micros_of
from tests.service import NOW, Service, crown_model, new_database, running

RETAINER = {"kind": "contract", "subtype": "retainer", "occurred_at": "2026-01-05T00:00:00Z", "amount": 24000}
MEETING = {"kind": "meeting", "subtype": "strategic", "occurred_at": "2026-03-02T09:00:00Z"}
PLAIN: dict[str, Any] = {"account": {"account_id": "plain"}, "events": [RETAINER, MEETING, MEETING, MEETING]}
DOUBTFUL: dict[str, Any] = {"account": {"account_id": "doubtful"}, "events": []}
PATH = "/v1/predictions"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return new_database(tmp_path)


@pytest.fixture
def service(tmp_path: Path, url: str) -> Iterator[Service]:
    with running(tmp_path / "store", model="rules", database=url, audit_share=0.0) as service:
        yield service


def kept(url: str, account_id: str) -> list[Record]:
    """What the database holds of an account, the newest first."""
    with open_database(url) as database:
        return database.ledger.history(account_id, None, 100)


def send(service: Service, body: object, query: str = "", **headers: str) -> httpx.Response:
    content = json.dumps(body).encode()
    return service.request(
        "POST", f"{PATH}{query}", content=content, headers={"content-type": "application/json"} | headers
    )


def test_what_was_answered_is_kept(service: Service, url: str) -> None:
    answer = service.predict(PLAIN | {"as_of": "2026-06-01"}, "?signals=true")
    (record,) = kept(url, "plain")
    assert str(record.id) == answer["id"]
    for name in ("relationship", "confidence", "probability_client", "hybrid", "engagement_model", "route"):
        assert getattr(record, name) == answer[name], name
    for name in ("strategic_services", "decided_by", "account_id"):
        assert getattr(record, name) == answer[name], name
    assert list(record.review_reasons) == answer["review_reasons"]
    assert (record.model, record.rules) == (None, RuleBook.default().digest)
    assert (record.decided_at, record.as_of) == (micros_of(NOW), 1_780_272_000_000_000)
    assert (record.catalogue, record.key_id) == (CATALOGUE, None)
    values = np.frombuffer(record.signals, dtype="<f8")
    assert [None if np.isnan(value) else value for value in values] == [
        answer["signals"][name] for name in SIGNAL_NAMES
    ]


def test_a_dry_run_leaves_nothing(service: Service, url: str) -> None:
    assert service.predict(PLAIN, "?record=false")["recorded"] is False
    assert service.predict(PLAIN, "?record=true")["recorded"] is True
    assert len(kept(url, "plain")) == 1


def test_of_what_goes_to_review_the_request_itself_is_kept(service: Service, url: str) -> None:
    assert service.predict(PLAIN)["route"] == "auto"
    assert service.predict(DOUBTFUL)["route"] == "auto"  # a prospect, read off the record
    few = DOUBTFUL | {"events": [MEETING]}
    assert service.predict(few)["route"] == "review"
    assert kept(url, "plain")[0].evidence is None
    newest, oldest = kept(url, "doubtful")
    assert (json.loads(newest.evidence or b""), newest.inclusion) == (few, None)
    assert (oldest.evidence, oldest.inclusion) == (None, None)


def test_of_the_audit_sample_too_with_the_chance_of_being_drawn(tmp_path: Path, url: str) -> None:
    with running(tmp_path / "store", model="rules", database=url, audit_share=1.0) as service:
        service.wait(0.1)
        service.predict(PLAIN)
        answer = service.request("POST", f"{PATH}/batch", json={"accounts": [PLAIN, DOUBTFUL | {"events": [MEETING]}]})
        assert answer.status_code == 200
    for record in kept(url, "plain"):
        assert (json.loads(record.evidence or b""), record.inclusion) == (PLAIN, 1.0)
    assert [record.inclusion for record in kept(url, "doubtful")] == [None]


def test_a_request_sent_again_is_answered_once(service: Service, url: str) -> None:
    first, again = (send(service, PLAIN, **{"idempotency-key": "k-1"}) for _ in range(2))
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert first.json()["recorded"] is True
    assert len(kept(url, "plain")) == 1
    assert send(service, DOUBTFUL, **{"idempotency-key": "k-2"}).json()["id"] != first.json()["id"]


def test_a_key_stands_for_one_request(service: Service, url: str) -> None:
    send(service, PLAIN, **{"idempotency-key": "k-1"})
    other = send(service, DOUBTFUL, **{"idempotency-key": "k-1"})
    assert (other.status_code, other.json()["type"]) == (422, "/errors#idempotency-reused")
    assert kept(url, "doubtful") == []


def test_what_fails_leaves_its_key_free(service: Service) -> None:
    wrong = send(service, {"account": {"account_id": ""}, "events": []}, **{"idempotency-key": "k-1"})
    assert wrong.status_code == 422
    assert send(service, PLAIN, **{"idempotency-key": "k-1"}).status_code == 200


def test_a_dry_run_uses_up_no_key(service: Service, url: str) -> None:
    dry = [send(service, PLAIN, "?record=false", **{"idempotency-key": "k-1"}) for _ in range(2)]
    assert len({each.json()["id"] for each in dry}) == 2
    assert "idempotent-replayed" not in send(service, PLAIN, **{"idempotency-key": "k-1"}).headers
    assert len(kept(url, "plain")) == 1


def test_two_keys_are_none(service: Service) -> None:
    headers = [("content-type", "application/json"), ("idempotency-key", "a"), ("idempotency-key", "b")]
    answer = service.request("POST", PATH, content=json.dumps(PLAIN).encode(), headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (422, "/errors#invalid-parameter")


def test_a_large_request_is_kept_alike(service: Service, url: str) -> None:
    """It is answered in a thread; nothing must show it."""
    large = PLAIN | {"account": {"account_id": "large"}, "events": [MEETING] * 2_000}
    first, again = (send(service, large, **{"idempotency-key": "large"}) for _ in range(2))
    assert first.content == again.content
    assert [str(record.id) for record in kept(url, "large")] == [first.json()["id"]]
    wrong = send(service, large | {"events": [MEETING] * 2_000 + [MEETING | {"occurred_at": "1950-01-01"}]})
    assert [flaw["pointer"] for flaw in wrong.json()["errors"]] == ["/events/2000/occurred_at"]


def test_every_answer_is_one_model_s(tmp_path: Path, url: str) -> None:
    """The champion changes again and again while batches are answered."""
    store = tmp_path / "store"
    versions = [crown_model(store), crown_model(store, base=-0.4)]
    with running(store, database=url, champion_seconds=0.005) as service:
        seen = set()
        for i in range(12):
            Shelf(store).crown(versions[i % 2])
            service.wait(0.02)
            body = {"accounts": [PLAIN] * 100}
            answer = service.request("POST", f"{PATH}/batch?record=false", json=body).json()["results"]
            told = {(each["versions"]["model"], each["probability_client"]) for each in answer}
            assert len(told) == 1
            seen |= told
    assert {version for version, _ in seen} == set(versions)
    assert len(seen) == 2
