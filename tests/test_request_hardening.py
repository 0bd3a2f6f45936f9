"""Bodies that are JSON to some readers and not to others, or that nobody sends by accident: each a clear refusal."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.service import Service, running

JSON = {"content-type": "application/json"}
CALL = '{"kind": "call", "occurred_at": "2026-01-01", "amount": %s}'


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("store"), model="rules") as service:
        yield service


def send(service: Service, body: str | bytes) -> httpx.Response:
    content = body if isinstance(body, bytes) else body.encode()
    return service.request("POST", "/v1/predictions?record=false", content=content, headers=JSON)


def about(account: str, rest: str = '"events": []') -> str:
    return f'{{"account": {{"account_id": {account}}}, {rest}}}'


def events(*rows: str) -> str:
    return about('"a"', f'"events": [{",".join(rows)}]')


def amount(number: str) -> str:
    return events(CALL % number)


ACCOUNT, EVENT, JSON_, REQUEST = "invalid-account", "invalid-event", "invalid-json", "invalid-request"
NAME, AMOUNT = ["/account/account_id"], ["/events/0/amount"]
REFUSED: dict[str, tuple[str | bytes, int, str, list[str]]] = {
    "NUL in an id": (about('"a\\u0000b"'), 422, ACCOUNT, NAME),
    "only NUL": (about('"\\u0000"'), 422, ACCOUNT, NAME),
    "a control character": (about('"a\x01b"'), 400, JSON_, []),
    "an id too long": (about('"' + "ß" * 201 + '"'), 422, ACCOUNT, NAME),
    "a lone leading surrogate": (about('"a\\ud800b"'), 400, JSON_, []),
    "a lone trailing surrogate": (about('"a\\udc00b"'), 400, JSON_, []),
    "a surrogate in UTF-8": (about('"a?"').encode().replace(b"?", b"\xed\xa0\x80"), 400, JSON_, []),
    "a byte order mark": (b"\xef\xbb\xbf" + about('"a"').encode(), 400, JSON_, []),
    "UTF-16": (about('"a"').encode("utf-16"), 400, JSON_, []),
    "nested deeply": (about("[" * 500_000 + "]" * 500_000), 400, JSON_, []),
    "twice in an account": (about('"a", "account_id": "b"'), 422, REQUEST, [""]),
    "twice at the top": (about('"a"', '"events": [], "events": []'), 422, REQUEST, [""]),
    "twice in an event": (amount('1, "amount": 2'), 422, REQUEST, [""]),
    "twice in signals": (about('"a"', '"signals": {"spend": 1, "spend": 2}'), 422, REQUEST, [""]),
    "twice, spaced": (about('"a", "name": "x", "name": "y"').replace('":', '" :'), 422, REQUEST, [""]),
    "a number of 400 digits": (amount("9" * 400), 422, EVENT, AMOUNT),
    "a number of 5,000 digits": (amount("9" * 5_000), 400, JSON_, []),
    "an enormous exponent": (amount("1e99999999999999999999"), 422, EVENT, AMOUNT),
    "not a number": (amount("NaN"), 422, EVENT, AMOUNT),
    "more flaws than are listed": (events(*["{}"] * 10_000), 422, REQUEST, []),
    "more events than fit": (events(*["{}"] * 10_001), 422, EVENT, ["/events"]),
    "more bytes than fit": (" " * 1_048_577, 413, "body-too-large", []),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused(service: Service, case: str) -> None:
    body, status, name, pointers = REFUSED[case]
    began = time.monotonic()
    answer = send(service, body)
    document: dict[str, Any] = answer.json()
    assert (answer.status_code, document["type"]) == (status, f"/errors#{name}")
    assert [flaw["pointer"] for flaw in document.get("errors", [])] == pointers
    # Not a measurement: what is refused must not be worked through at length first.
    assert time.monotonic() - began < 5


def test_an_id_may_be_as_long_as_is_said_and_in_any_script(service: Service) -> None:
    for name in ("ß" * 200, "日本 \n\t", "a/b", "\U0001f600"):
        answer = send(service, about(json.dumps(name)))
        assert (answer.status_code, answer.json()["account_id"]) == (200, name)


@pytest.mark.parametrize("colon", [":", ": ", " : ", "\n:"])
def test_what_looks_like_a_name_within_a_text_is_none(service: Service, colon: str) -> None:
    body = {"account": {"account_id": 'x\\": ":\\', "name": '"a":1,"a":2'}, "events": [], "as_of": None}
    answer = send(service, json.dumps(body, separators=(",", colon)))
    assert answer.status_code == 200, answer.text


def test_a_name_that_stands_twice_is_named(service: Service) -> None:
    detail = send(service, amount('1, "amount": 2')).json()["errors"][0]["detail"]
    assert detail == "expected each name once in an object; amount stands twice in one"
