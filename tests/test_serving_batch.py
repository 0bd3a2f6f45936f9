"""POST /v1/predictions/batch: each account gets what it would get by itself, whoever stands beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.answering.elements import NO_END, elements
from serving.answering.schemas import BatchAnswer
from tests.service import NOW, Service, crown_model, running
from tests.test_request_many import Told, tellings

PATH = "/v1/predictions/batch"
JSON = {"content-type": "application/json"}
ACME = {
    "account": {"account_id": "acme"},
    "events": [{"kind": "meeting", "subtype": "strategic", "occurred_at": "2026-03-02T09:00:00Z"}] * 4,
}
NOBODY = {"account": {"account_id": ""}, "events": []}
MOST = 30


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    store = tmp_path_factory.mktemp("store")
    crown_model(store)
    limits = {"max_batch": MOST, "max_batch_bytes": 200_000, "max_body_bytes": 100_000}
    with running(store, **limits) as service:
        yield service


def send(service: Service, body: object, query: str = "", **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return service.request("POST", f"{PATH}{query}", content=content, headers=JSON | headers)


def results(service: Service, accounts: list[Any], query: str = "?record=false", **more: Any) -> list[dict[str, Any]]:
    answer = send(service, {"accounts": accounts, **more}, query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    assert len(found) == len(accounts)
    return found


def without_id(prediction: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in prediction.items() if name not in {"id", "request_id"}}


JUNK = st.none() | st.integers() | st.text(max_size=3) | st.lists(st.none(), max_size=2) | st.just({"account": 3})


@given(
    told=tellings(), junk=st.lists(JUNK, max_size=2), ready=st.booleans(), query=st.sampled_from(["", "&reasons=all"])
)
@settings(max_examples=25)
def test_each_is_answered_as_by_itself(
    service: Service, told: list[Told], junk: list[object], ready: bool, query: str
) -> None:
    accounts: list[Any] = [*junk, *({"account": account, "events": rows} for account, rows in told)]
    accounts += [{"account": {"account_id": "r"}, "signals": {"events": 5}, "as_of": "2026-01-01"}] * ready
    for account, result in zip(accounts, results(service, accounts, f"?record=false{query}"), strict=True):
        alone = service.post(account, f"?record=false{query}")
        expected = alone.json() if alone.status_code == 200 else {"error": without_id(alone.json())}
        assert without_id(result) == without_id(expected)


def test_one_that_does_not_fit_is_told_where_in_its_own_object(service: Service) -> None:
    spoiled = ACME | {"events": [*ACME["events"], {"kind": "call", "occurred_at": "1950-01-01"}]}
    first, wrong, missing, last = results(service, [ACME, spoiled, {}, ACME])
    assert [flaw["pointer"] for flaw in wrong["error"]["errors"]] == ["/events/4/occurred_at"]
    assert (wrong["error"]["type"], wrong["error"]["status"]) == ("/errors#invalid-event", 422)
    assert [flaw["pointer"] for flaw in missing["error"]["errors"]] == ["/account"]
    assert without_id(first) == without_id(last)
    assert UUID(first["id"]) < UUID(last["id"])
    BatchAnswer.model_validate_json(send(service, {"accounts": [ACME, spoiled]}).content)


def test_one_moment_for_those_that_name_none(service: Service) -> None:
    own = ACME | {"as_of": "2026-04-01T00:00:00Z"}
    now = NOW.isoformat().replace("+00:00", "Z")
    assert [each["as_of"] for each in results(service, [ACME, own])] == [now, own["as_of"]]
    found = results(service, [ACME, own], as_of="2026-05-01")
    assert [each["as_of"] for each in found] == ["2026-05-01T00:00:00Z", own["as_of"]]
    assert {each["decided_at"] for each in found} == {now}


def test_all_of_it_is_kept_or_nothing(service: Service) -> None:
    found = results(service, [ACME, NOBODY, ACME], "")
    assert [each.get("recorded") for each in found] == [True, None, True]
    for each in (found[0], found[2]):
        kept = service.get(f"/v1/predictions/{each['id']}")
        assert (kept.status_code, kept.json()["account_id"]) == (200, "acme")
    tried = results(service, [ACME])[0]
    assert tried["recorded"] is False
    assert service.get(f"/v1/predictions/{tried['id']}").status_code == 404


def test_a_batch_sent_again_is_answered_once(service: Service) -> None:
    body = {"accounts": [ACME, NOBODY]}
    first, again = (send(service, body, **{"idempotency-key": "once"}) for _ in range(2))
    assert (first.content, again.headers["idempotent-replayed"]) == (again.content, "true")
    other = send(service, {"accounts": [ACME]}, **{"idempotency-key": "once"})
    assert (other.status_code, other.json()["type"]) == (422, "/errors#idempotency-reused")
    alone = [send(service, {"accounts": [NOBODY]}, **{"idempotency-key": "nobody"}).content for _ in range(2)]
    assert alone[0] == alone[1]


@pytest.mark.parametrize(
    ("body", "status", "name", "pointer"),
    [
        (b"", 400, "invalid-json", None),
        (b'{"accounts": [', 400, "invalid-json", None),
        (b'{"accounts": [{"account": }]}', 400, "invalid-json", None),
        (b'{"accounts": [{}] ]', 400, "invalid-json", None),
        (b'{"accounts": [{},]}', 400, "invalid-json", None),
        (b'{"accounts": [{}]} x', 400, "invalid-json", None),
        (b'{"accounts": ["\\ud800"]}', 400, "invalid-json", None),
        (b'[{"accounts": []}]', 422, "invalid-request", ""),
        (b"[]", 422, "invalid-request", "/accounts"),
        (b"{}", 422, "invalid-request", "/accounts"),
        (b'{"accounts": null}', 422, "invalid-request", "/accounts"),
        (b'{"accounts": {"accounts": []}}', 422, "invalid-request", "/accounts"),
        (b'{"accounts": [], "accounts": []}', 422, "invalid-request", ""),
        (b'{"accounts": [], "as_of": "soon"}', 422, "invalid-request", "/as_of"),
        (b'{"accounts": [], "as_of": "2300-01-01"}', 422, "invalid-request", "/as_of"),
        (b'{"accounts": [], "record": false}', 422, "invalid-request", "/record"),
        (b'{"accounts": [' + b"1, " * MOST + b"1]}", 413, "too-many-accounts", None),
        (b'{"accounts": [' + b" " * 200_000 + b"]}", 413, "body-too-large", None),
    ],
)  # fmt: skip
def test_what_is_no_list_of_accounts_is_refused_whole(
    service: Service, body: bytes, status: int, name: str, pointer: str | None
) -> None:
    answer = send(service, body)
    document = answer.json()
    assert (answer.status_code, document["type"]) == (status, f"/errors#{name}")
    assert [flaw["pointer"] for flaw in document.get("errors", [])] == ([] if pointer is None else [pointer])


def test_an_account_is_as_large_as_by_itself_at_most(service: Service) -> None:
    large = ACME | {"account": {"account_id": "a", "name": "x" * 100_000}}
    wrong, fine = results(service, [large, ACME])
    assert (wrong["error"]["status"], fine["account_id"]) == (413, "acme")


def test_nobody_is_answered_with_nothing(service: Service) -> None:
    assert send(service, b' {"as_of":null,"accounts" :\n[ ] } ').json() == {"results": []}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
)


@settings(max_examples=25)
@given(values=st.lists(VALUES, max_size=6), indent=st.sampled_from([None, 1]), after=st.text(max_size=5))
def test_the_elements_of_an_array_are_found(values: list[Any], indent: int | None, after: str) -> None:
    array = json.dumps(values, indent=indent, ensure_ascii=False).encode()
    found, end = elements(b"[{" + array + after.encode(), 2, 10)
    assert ([json.loads(each) for each in found], end) == (values, 2 + len(array))


@settings(max_examples=25)
@given(values=st.lists(VALUES, max_size=6), cut=st.floats(0, 1))
def test_an_array_that_does_not_end_has_no_end(values: list[Any], cut: float) -> None:
    array = json.dumps(values).encode()
    assert elements(array[: int(cut * (len(array) - 1)) or 1], 0, 10)[1] == NO_END


def test_nothing_is_sought_beyond_one_element_too_many() -> None:
    assert elements(b"[1,2,3]", 0, 2) == ([b"1", b"2", b"3"], 7)
    assert elements(b"[1,2,3,4]", 0, 2) == ([b"1", b"2", b"3"], NO_END)
