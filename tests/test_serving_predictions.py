"""POST /v1/predictions: what it answers, and that it is what a batch answers, bit for bit."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.event import listen, remove
from sqlalchemy.pool import Pool

from features.events import KINDS
from features.signals import CATALOGUE, SIGNAL_NAMES
from features.table import signals_matrix
from models.policy import decide
from models.rules import RuleBook
from models.shelf import choose
from reviews.engines import CONNECTIONS
from serving.answering.schemas import Prediction
from tests import logs
from tests.service import NOW, Service, crown_model, running
from tests.wire import text_of, wire_account, wire_event

ACME = {
    "account": {"account_id": "acme", "party": "organisation", "owner_id": None},
    "events": [
        {"kind": "contract", "subtype": "retainer", "occurred_at": "2026-01-05T00:00:00Z", "amount": 24000},
        {"kind": "meeting", "subtype": "strategic", "occurred_at": "2026-03-02T09:00:00Z", "contact_id": "c-17"},
        {"kind": "delivery", "occurred_at": "2026-04-30T15:00:00Z"},
    ],
    "as_of": "2026-06-01T00:00:00Z",
}


@pytest.fixture(scope="module")
def by_rules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("store"), model="rules") as service:
        yield service


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    crown_model(folder)
    return folder


@pytest.fixture(scope="module")
def by_model(store: Path) -> Iterator[Service]:
    with running(store) as service:
        yield service


def as_json(value: float) -> float | None:
    return None if math.isnan(value) else value


@given(book=logs.accounts(), records=logs.records(), style=st.integers(0, 2))
def test_http_a_row_and_a_batch_give_the_same_bits(
    by_rules: Service, by_model: Service, store: Path, book: logs.Accounts, records: frozenset[str], style: int
) -> None:
    # What the source does not record has no events.
    records = records | {event.kind for events, _ in book.values() for event in events} or frozenset(KINDS)
    log = logs.log_of(book, records)
    X = signals_matrix(log.at(logs.AS_OF))
    counts = X[:, [signal.unit.whole for signal in CATALOGUE]]
    assert (np.isnan(counts) | (counts == np.floor(counts))).all()
    answering = {by_rules: None, by_model: choose(None, store).model}
    for service, model in answering.items():
        batch = decide(X, RuleBook.default(), model)
        for row, name in enumerate(log.account_ids):
            events, facts = book[name]
            body = {
                "account": wire_account(name, facts),
                "events": [wire_event(event, style) for event in events],
                "records": sorted(records),
                "as_of": text_of(logs.AS_OF),
            }
            answer = service.predict(body, "?reasons=all&signals=true&record=false")
            assert list(answer["signals"].items()) == list(
                zip(SIGNAL_NAMES, map(as_json, X[row].tolist()), strict=True)
            )
            expected = batch.decision(row, reasons=None)
            alone = decide(X[row : row + 1], RuleBook.default(), model).decision(0, reasons=None)
            assert alone == expected
            assert answer["base_log_odds"] == expected.base
            for field in ("relationship", "confidence", "probability_client", "hybrid", "engagement_model", "route"):
                assert answer[field] == getattr(expected, field), field
            for field in ("strategic_services", "decided_by"):
                assert answer[field] == getattr(expected, field), field
            assert answer["review_reasons"] == list(expected.review_reasons)
            given_reasons = [tuple(reason.values()) for reason in answer["reasons"]]
            assert given_reasons == [
                (reason.name, reason.value, reason.unit, reason.log_odds, reason.text) for reason in expected.reasons
            ]


SIGNALS = st.fixed_dictionaries(
    {},
    optional={
        s.name: st.none()
        | (
            st.integers(int(s.unit.low), int(min(s.unit.high, 1e6)))
            if s.unit.whole
            else st.floats(s.unit.low, min(s.unit.high, 1e6), allow_nan=False, width=32)
        )
        for s in CATALOGUE
    },
)


@given(signals=SIGNALS)
def test_ready_signals_are_judged_as_they_are(by_model: Service, store: Path, signals: dict[str, float | None]) -> None:
    answer = by_model.predict(
        {"account": {"account_id": "a"}, "signals": signals}, "?reasons=all&signals=true&record=false"
    )
    assert answer["signals"] == {name: signals.get(name) for name in SIGNAL_NAMES}
    X = np.array([[signals.get(name) for name in SIGNAL_NAMES]], dtype=np.float64)
    expected = decide(X, RuleBook.default(), choose(None, store).model).decision(0)
    assert (answer["probability_client"], answer["relationship"]) == (
        expected.probability_client,
        expected.relationship,
    )


@given(signals=SIGNALS)
def test_base_and_reasons_add_up(by_rules: Service, by_model: Service, signals: dict[str, float | None]) -> None:
    for service in (by_rules, by_model):
        answer = service.predict({"account": {"account_id": "a"}, "signals": signals}, "?reasons=all&record=false")
        log_odds = answer["base_log_odds"] + sum(reason["log_odds"] for reason in answer["reasons"])
        assert 1 / (1 + math.exp(-log_odds)) == pytest.approx(answer["probability_client"], rel=1e-9)


def test_the_answer_is_as_described(by_rules: Service, by_model: Service) -> None:
    for service in (by_rules, by_model):
        for query in ("", "?reasons=all", "?reasons=2&signals=true"):
            text = service.post(ACME, query).text
            Prediction.model_validate_json(text)
            assert "NaN" not in text
            order = [name for name in Prediction.model_fields if name in json.loads(text)]
            assert list(json.loads(text)) == order
    assert set(Prediction.model_fields) - set(by_rules.predict(ACME)) == {"base_log_odds", "signals"}


def test_the_answer_names_what_decided(by_model: Service, store: Path) -> None:
    answer = by_model.predict(ACME)
    champion = choose(None, store).model
    assert champion is not None
    assert answer["versions"] == {"model": champion.version, "rules": RuleBook.default().digest}
    assert (answer["account_id"], answer["decided_by"]) == ("acme", "model")


def test_ids_are_in_the_order_of_time(by_model: Service) -> None:
    """The clock of these tests stands still, so this is the order within one millisecond."""
    ids = [UUID(by_model.predict(ACME)["id"]) for _ in range(5)]
    assert ids == sorted(set(ids))
    assert {(each.version, each.int >> 80) for each in ids} == {(7, int(NOW.timestamp() * 1000))}


@pytest.mark.parametrize(("query", "most"), [("", 5), ("?reasons=0", 0), ("?reasons=1", 1), ("?reasons=all", 99)])
def test_so_many_reasons_as_asked_for(by_model: Service, query: str, most: int) -> None:
    everything = by_model.predict(ACME, "?reasons=all")["reasons"]
    assert len(everything) > 5
    assert by_model.predict(ACME, query)["reasons"] == everything[:most]
    assert [abs(reason["log_odds"]) for reason in everything] == sorted(
        (abs(reason["log_odds"]) for reason in everything), reverse=True
    )


def test_the_moment_is_now_unless_said_otherwise(by_rules: Service) -> None:
    assert by_rules.predict(ACME)["as_of"] == "2026-06-01T00:00:00Z"
    body = {name: value for name, value in ACME.items() if name != "as_of"}
    answer = by_rules.predict(body)
    assert answer["as_of"] == answer["decided_at"] == NOW.isoformat().replace("+00:00", "Z")
    assert by_rules.predict(body | {"as_of": None})["as_of"] == answer["as_of"]


def test_an_account_of_which_nothing_is_known_goes_to_review(by_rules: Service, by_model: Service) -> None:
    for service in (by_rules, by_model):
        answer = service.predict({"account": {"account_id": "a"}, "signals": {}})
        assert answer["route"] == "review"
        assert "few_events" in answer["review_reasons"]


def test_an_account_without_events_is_answered(by_rules: Service) -> None:
    answer = by_rules.predict({"account": {"account_id": "new"}, "events": []})
    assert (answer["relationship"], answer["decided_by"]) == ("prospect", "rules")


def test_an_owner_left_out_is_not_an_owner_denied(by_rules: Service) -> None:
    def has_owner(**account: str | None) -> float | None:
        body = {"account": {"account_id": "a", **account}, "events": []}
        value: float | None = by_rules.predict(body, "?signals=true")["signals"]["has_owner"]
        return value

    assert (has_owner(), has_owner(owner_id=None), has_owner(owner_id=" "), has_owner(owner_id="o")) == (None, 0, 0, 1)


def test_kinds_not_recorded_are_unknown(by_rules: Service) -> None:
    body = {"account": {"account_id": "a"}, "events": [], "records": ["purchase"]}
    signals = by_rules.predict(body, "?signals=true")["signals"]
    assert (signals["purchases"], signals["meetings_90d"]) == (0, None)
    assert by_rules.predict(body | {"records": None}, "?signals=true")["signals"]["meetings_90d"] == 0


def test_sums_beyond_the_largest_number_are_still_json(by_rules: Service) -> None:
    purchase = {"kind": "purchase", "occurred_at": "2026-01-01", "amount": 1.7e308}
    text = by_rules.post({"account": {"account_id": "a"}, "events": [purchase] * 3}, "?signals=true&reasons=all").text
    json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))


def test_a_large_history_is_answered_alike(by_rules: Service) -> None:
    """It is read in a thread; the answer must not show it."""
    times = (datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(10_000))
    events = [{"kind": list(KINDS)[i % len(KINDS)], "occurred_at": time.isoformat()} for i, time in enumerate(times)]
    answer = by_rules.predict(ACME | {"events": events}, "?signals=true")
    assert answer["signals"]["events"] == 10_000


def test_connections_stay_open_between_requests(tmp_path: Path) -> None:
    opened: list[object] = []

    def note(connection: object, _: object) -> None:
        opened.append(connection)

    with running(tmp_path, model="rules") as service:
        service.predict(ACME)
        listen(Pool, "connect", note)
        try:
            for _ in range(30):
                service.predict(ACME)
        finally:
            remove(Pool, "connect", note)
    # A few may be first used just now, by as many threads.
    assert len(opened) <= CONNECTIONS
