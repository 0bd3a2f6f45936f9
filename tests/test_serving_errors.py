"""Every way to fail ends in the one shape, says where, and never says what was found there."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.arrow import log_of_frames
from features.events import EVENT_COLUMNS, KINDS, BadInput
from features.request import EVENT_FIELDS
from serving.describing.reference import errors_page
from serving.errors import PROBLEM_JSON, SHOWN, ProblemDocument, pointer_to
from serving.outcomes import OUTCOMES
from tests.service import Service, running

ROOT = Path(__file__).resolve().parent.parent
VALUE = "Zanzibar-4711"
SINCE_1950 = {"account_id": "a", "owner_since": "1950-01-01"}
JSON = {"content-type": "application/json"}
ACCOUNT = {"account": {"account_id": "acme"}}
CALL = {"kind": "call", "occurred_at": "2026-01-01"}
ELSEWHERE = {
    "internal-error", "http-error",  # below
    "case-held", "case-not-held", "case-settled", "case-answered", "case-not-answered",  # tests/test_desk_json.py
    "answer-too-old", "wrong-prediction",
    "cross-site", "foreign-host", "too-many-attempts",  # tests/test_desk_doors.py
    "unauthorized", "forbidden", "overloaded", "too-slow",  # tests/test_doors*.py
    "gone", "too-many-accounts", "idempotency-conflict", "idempotency-reused", "spool-full", "database-unavailable",
}  # fmt: skip
"""Outcomes that are tested where they arise."""
EXPECTED = {column.name: column.expected for column in EVENT_COLUMNS}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("store"), model="rules", max_body_bytes=4_000, max_events=20) as service:
        yield service


def problem(answer: httpx.Response) -> dict[str, Any]:
    """The problem details of an answer, which must have their one shape."""
    assert answer.headers["content-type"] == PROBLEM_JSON
    document: dict[str, Any] = answer.json()
    ProblemDocument.model_validate(document)
    path, name = document["type"].split("#")
    assert path == "/errors"
    assert document["title"] == OUTCOMES[name].title
    assert document["status"] == answer.status_code
    assert all(("pointer" in flaw) != ("parameter" in flaw) for flaw in document.get("errors", []))
    return document


def flaws(service: Service, body: object) -> tuple[str, dict[str, str]]:
    """Name of the outcome, and what was expected by pointer."""
    document = problem(service.post(body))
    assert document["status"] == 422
    return document["type"].split("#")[1], {flaw["pointer"]: flaw["detail"] for flaw in document["errors"]}


def failing(service: Service) -> Iterator[tuple[str, int, httpx.Response]]:
    """One answer of each kind."""
    path = "/v1/predictions"
    yield "not-found", 404, service.get("/v1/nothing")
    yield "not-found", 404, service.post(ACCOUNT, "/")
    yield "method-not-allowed", 405, service.get(path)
    yield "method-not-allowed", 405, service.request("DELETE", "/healthz")
    yield "unsupported-media-type", 415, service.request("POST", path, content=b"{}")
    yield "unsupported-media-type", 415, service.request("POST", path, data={"a": "b"})
    yield (
        "unsupported-media-type",
        415,
        service.request("POST", path, content=b"{}", headers=JSON | {"content-encoding": "gzip"}),
    )
    yield "body-too-large", 413, service.request("POST", path, content=b" " * 4_001, headers=JSON)
    yield "body-too-large", 413, service.request("POST", path, content=in_pieces(), headers=JSON)
    yield "invalid-json", 400, service.request("POST", path, content=b'{"account": ', headers=JSON)
    yield "invalid-json", 400, service.request("POST", path, content=b'"\xff"', headers=JSON)
    yield "invalid-json", 400, service.request("POST", path, content=b"", headers=JSON)
    yield "invalid-json", 400, service.request("POST", path, content=b"[" * 4_000, headers=JSON)
    yield "invalid-account", 422, service.post({"account": {}, "events": []})
    yield "invalid-event", 422, service.post(ACCOUNT | {"events": [{}]})
    yield "invalid-signal", 422, service.post(ACCOUNT | {"signals": {"spend": -1}})
    yield "invalid-request", 422, service.post(ACCOUNT)
    yield "invalid-request", 422, service.post([])
    yield "invalid-parameter", 422, service.post(ACCOUNT | {"events": []}, "?reasons=some")


async def in_pieces() -> Any:
    """A body whose length is not announced."""
    for _ in range(5):
        yield b" " * 1_000


def test_every_outcome_has_the_one_shape(service: Service) -> None:
    seen = set()
    for name, status, answer in failing(service):
        document = problem(answer)
        assert (document["type"], document["status"]) == (f"/errors#{name}", status)
        seen.add(name)
    assert seen == OUTCOMES.keys() - ELSEWHERE


def test_a_method_that_is_not_allowed_names_those_that_are(service: Service) -> None:
    assert service.get("/v1/predictions").headers["allow"] == "POST"


def test_what_nobody_foresaw_is_an_answer_too(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise RuntimeError(VALUE)

    service.app.add_api_route("/fail", fail)
    with caplog.at_level(logging.ERROR):
        document = problem(service.get("/fail"))
    assert document["type"] == "/errors#internal-error"
    assert VALUE not in json.dumps(document)
    assert "RuntimeError at " in caplog.text
    assert "test_serving_errors.py:" in caplog.text
    assert VALUE not in caplog.text


def test_other_statuses_have_the_shape(service: Service) -> None:
    def fail() -> None:
        from fastapi import HTTPException

        raise HTTPException(418, VALUE, headers={"x-kind": "pot"})

    service.app.add_api_route("/pot", fail)
    answer = service.get("/pot")
    assert (problem(answer)["type"], answer.status_code, answer.headers["x-kind"]) == ("/errors#http-error", 418, "pot")
    assert VALUE not in answer.text


@pytest.mark.parametrize(
    ("event", "field", "detail"),
    [
        ({"kind": VALUE}, "kind", f"expected {EXPECTED['kind']}"),
        ({"kind": None}, "kind", f"expected {EXPECTED['kind']}"),
        ({"occurred_at": VALUE}, "occurred_at", f"expected {EXPECTED['occurred_at']}"),
        ({"occurred_at": "2026-02-30"}, "occurred_at", f"expected {EXPECTED['occurred_at']}"),
        ({"occurred_at": "2026-02-30T09:00:00Z"}, "occurred_at", f"expected {EXPECTED['occurred_at']}"),
        ({"occurred_at": "2026-01-01T24:00:00Z"}, "occurred_at", f"expected {EXPECTED['occurred_at']}"),
        ({"occurred_at": "1969-12-31T23:59:59Z"}, "occurred_at", f"expected {EXPECTED['occurred_at']}"),
        ({"occurred_at": "1970-01-01T00:00:00+00:01"}, "occurred_at", f"expected {EXPECTED['occurred_at']}"),
        ({"occurred_at": "2200-01-01T00:00:00Z"}, "occurred_at", f"expected {EXPECTED['occurred_at']}"),
        ({"occurred_at": 1767225600}, "occurred_at", f"expected {EXPECTED['occurred_at']}"),
        ({"occurred_at": "1767225600"}, "occurred_at", f"expected {EXPECTED['occurred_at']}"),
        ({"recorded_at": "2026-13-01"}, "recorded_at", f"expected {EXPECTED['recorded_at']}"),
        ({"ends_at": "2300-01-01"}, "ends_at", f"expected {EXPECTED['ends_at']}"),
        ({"ends_at": "2025-12-31"}, "ends_at", f"expected {EXPECTED['ends_at']}, not before occurred_at"),
        ({"amount": -1}, "amount", f"expected {EXPECTED['amount']}, or null"),
        ({"amount": "12"}, "amount", f"expected {EXPECTED['amount']}, or null"),
        ({"amount": True}, "amount", f"expected {EXPECTED['amount']}, or null"),
        ({"score": 10.5}, "score", f"expected {EXPECTED['score']}, or null"),
        ({"contact_id": 17}, "contact_id", f"expected {EXPECTED['contact_id']}, or null; a number was sent: write it"),
        ({"ocurred_at": VALUE}, "ocurred_at", "there is no such field; did you mean occurred_at or recorded_at?"),
        ({"account_id": VALUE}, "account_id", "there is no such field; it belongs in account"),
    ],
)
def test_a_field_of_an_event_that_does_not_fit(
    service: Service, event: dict[str, Any], field: str, detail: str
) -> None:
    body = ACCOUNT | {"events": [CALL, CALL | event]}
    name, found = flaws(service, body)
    assert name == "invalid-event"
    assert found.keys() == {f"/events/1/{field}"}
    assert found[f"/events/1/{field}"].startswith(detail)
    assert VALUE not in service.post(body).text


def test_numbers_are_finite(service: Service) -> None:
    for number in ("1e400", "NaN", "Infinity"):
        text = json.dumps(ACCOUNT | {"events": [CALL | {"amount": 0.5}]}).replace("0.5", number)
        answer = service.request("POST", "/v1/predictions", content=text, headers=JSON)
        assert problem(answer)["errors"][0]["pointer"] == "/events/0/amount"


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.subtypes], ids=lambda kind: kind.name)
def test_a_subtype_of_another_kind_is_refused_as_in_a_file(service: Service, kind: Any) -> None:
    row = {"occurred_at": "2026-01-01", "kind": kind.name, "subtype": "no such"}
    name, found = flaws(service, ACCOUNT | {"events": [row]})
    import pandas as pd

    with pytest.raises(BadInput, match="do") as refused:
        log_of_frames(pd.DataFrame([row | {"account_id": "acme"}]))
    assert (name, found) == ("invalid-event", {"/events/0/subtype": f"expected {refused.value.problems[0].expected}"})


@pytest.mark.parametrize(
    ("body", "name", "pointer"),
    [
        ({"events": []}, "invalid-account", "/account"),
        ({"account": {"account_id": " "}, "events": []}, "invalid-account", "/account/account_id"),
        ({"account": {"account_id": 7}, "events": []}, "invalid-account", "/account/account_id"),
        ({"account": {"account_id": "a", "party": VALUE}, "events": []}, "invalid-account", "/account/party"),
        ({"account": SINCE_1950 | {"owner_since": "1950"}, "events": []}, "invalid-account", "/account/owner_since"),
        ({"account": SINCE_1950, "events": []}, "invalid-account", "/account/owner_since"),
        ({"account": {"account_id": "a", "owner": VALUE}, "events": []}, "invalid-account", "/account/owner"),
        (ACCOUNT | {"events": {}}, "invalid-event", "/events"),
        (ACCOUNT | {"events": [CALL] * 21}, "invalid-event", "/events"),
        (ACCOUNT | {"events": [3]}, "invalid-event", "/events/0"),
        (ACCOUNT | {"signals": {"spent": 3}}, "invalid-signal", "/signals/spent"),
        (ACCOUNT | {"signals": {"has_owner": 2}}, "invalid-signal", "/signals/has_owner"),
        (ACCOUNT | {"signals": {"has_owner": 0.5}}, "invalid-signal", "/signals/has_owner"),
        (ACCOUNT | {"signals": {"purchases": 1.0000000001}}, "invalid-signal", "/signals/purchases"),
        (ACCOUNT | {"events": [], "records": []}, "invalid-request", "/records"),
        (ACCOUNT | {"signals": {"a/b~c": 2}}, "invalid-signal", "/signals/a~1b~0c"),
        (ACCOUNT, "invalid-request", ""),
        (ACCOUNT | {"events": None, "signals": None}, "invalid-request", ""),
        (ACCOUNT | {"events": [], "signals": {}}, "invalid-request", ""),
        (ACCOUNT | {"signals": {}, "records": ["call"]}, "invalid-request", "/records"),
        (ACCOUNT | {"events": [], "records": [VALUE]}, "invalid-request", "/records/0"),
        (ACCOUNT | {"events": [], "as_of": "soon"}, "invalid-request", "/as_of"),
        (ACCOUNT | {"events": [], "as_of": "2300-01-01"}, "invalid-request", "/as_of"),
        (ACCOUNT | {"events": [], "record": False}, "invalid-request", "/record"),
        (VALUE, "invalid-request", ""),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_pointed_to(service: Service, body: object, name: str, pointer: str) -> None:
    found, pointers = flaws(service, body)
    assert (found, list(pointers)) == (name, [pointer])
    assert VALUE not in service.post(body).text


def test_a_kind_that_is_not_recorded_is_refused(service: Service) -> None:
    meeting = CALL | {"kind": "meeting"}
    body = ACCOUNT | {"events": [CALL, meeting, CALL, meeting], "records": ["purchase", "call"]}
    expected = "expected one of purchase, call, the kinds in records"
    assert flaws(service, body) == ("invalid-event", {"/events/1/kind": expected, "/events/3/kind": expected})


def test_what_counts_is_whole(service: Service) -> None:
    wrong = {"purchases": 2.5, "has_owner": 0.5, "days_since_purchase": 2.5, "spend": 0.5}
    found = flaws(service, ACCOUNT | {"signals": wrong})[1]
    assert found == {
        "/signals/purchases": "expected a whole number, at least 0 (purchases), or null for unknown",
        "/signals/has_owner": "expected 0 or 1 (yes/no), or null for unknown",
    }


def test_a_number_for_a_text_is_told_to_be_quoted(service: Service) -> None:
    expected = "expected a text that is not empty, of at most 200 characters and without NUL"
    advice = f"{expected}; a number was sent: write it in quotes"
    assert flaws(service, {"account": {"account_id": 4711}, "events": []})[1] == {"/account/account_id": advice}
    assert "quotes" not in service.post({"account": {"account_id": True}, "events": []}).text
    assert "quotes" not in service.post(ACCOUNT | {"events": [CALL | {"occurred_at": 1767225600}]}).text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/v1/signals", "/v1/rules", "/v1/model", "/errors", "/none"])
def test_head_is_get_without_the_body(service: Service, path: str) -> None:
    named = {"x-request-id": "one"}
    head, whole = (service.request(method, path, headers=named) for method in ("HEAD", "GET"))
    assert (head.status_code, head.headers, head.content) == (whole.status_code, whole.headers, b"")
    assert whole.content


def test_a_client_that_goes_away_is_no_failure(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])
    sent = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/v1/predictions", "query_string": b"", "headers": headers}
    with caplog.at_level(logging.WARNING):
        asyncio.run(service.app(scope, receive, send))
    assert (sent, caplog.text) == ([], "")


def test_every_missing_field_is_named(service: Service) -> None:
    name, found = flaws(service, ACCOUNT | {"events": [{}, CALL, {"kind": "call"}]})
    assert name == "invalid-event"
    assert found.keys() == {"/events/0/occurred_at", "/events/0/kind", "/events/2/occurred_at"}
    assert all(detail.startswith("it is missing; expected ") for detail in found.values())


@pytest.mark.parametrize(
    "query", ["reasons=-1", "reasons=", "reasons=1.5", "reasons=²", "signals=yes", "record=1", "reasons=1&reasons=1"]
)
def test_a_parameter_that_does_not_fit_is_named(service: Service, query: str) -> None:
    document = problem(service.post(ACCOUNT | {"events": []}, f"?{query}"))
    assert [flaw["parameter"] for flaw in document["errors"]] == [query.partition("=")[0]]


def test_of_very_many_flaws_the_first_are_listed(service: Service) -> None:
    document = problem(service.post(ACCOUNT | {"events": [], **{f"x{i}": 1 for i in range(250)}}))
    assert len(document["errors"]) == SHOWN
    assert document["detail"] == f"250 places do not fit: see errors. The first {SHOWN} are listed."


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = [column.name for column in EVENT_FIELDS]
EVENTS = st.lists(st.dictionaries(st.sampled_from(NAMES), JUNK | st.sampled_from([*KINDS, "2026-01-01"])), max_size=3)
NEARLY = st.fixed_dictionaries(
    {"account": st.fixed_dictionaries({"account_id": st.text(min_size=1) | JUNK})},
    optional={
        "events": EVENTS | JUNK,
        "signals": JUNK,
        "records": JUNK,
        "as_of": JUNK,
    },
)


@given(body=JUNK | NEARLY)
def test_no_body_makes_the_service_fail(service: Service, body: object) -> None:
    answer = service.post(body)
    if answer.status_code != 200:
        assert problem(answer)["status"] in {400, 413, 422}


@given(steps=st.lists(st.text() | st.integers(0, 99)))
def test_a_pointer_leads_back_to_its_steps(steps: list[str | int]) -> None:
    tokens = pointer_to(*steps).split("/")[1:]
    assert [token.replace("~1", "/").replace("~0", "~") for token in tokens] == [str(step) for step in steps]


def test_the_page_names_every_outcome_and_is_served(service: Service) -> None:
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert page == errors_page(), "run 'python -m serving.describing.reference > docs/errors.md'"
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == list(OUTCOMES)
    assert service.get("/errors").text == page
