"""What the service says of itself: OpenAPI, the catalogue of signals, the rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.events import ACCOUNT_COLUMNS, KINDS
from features.iso_times import is_time
from features.request import EVENT_FIELDS
from features.signals import CATALOGUE
from models.rules import RuleBook
from serving.describing.calendar import TIME
from serving.describing.examples import BATCHES, REFUSED, REQUESTS
from serving.doors.scopes import OPEN, SCOPES, is_page
from serving.outcomes import OUTCOMES
from serving.settings import Settings
from tests.service import Service, running

UNDESCRIBED = {
    "/errors",
    "/openapi.json",
    "/docs",
    "/docs/oauth2-redirect",
    "/redoc",
    "/static-offline-docs/{path:path}",
}
"""Pages for people, and the description itself."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("store"), model="rules") as service:
        yield service


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The description of a service that asks for keys."""
    with running(tmp_path_factory.mktemp("store"), model="rules", auth=True) as service:
        document: dict[str, Any] = service.get("/openapi.json").json()
    return document


@pytest.fixture(scope="module")
def operations(described: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (path, method.upper()): about
        for path, methods in described["paths"].items()
        for method, about in methods.items()
    }


def responses(described: dict[str, Any], about: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """The responses of an operation, by status."""
    shared = described["components"]["responses"]
    return {
        int(status): shared[response["$ref"].rpartition("/")[2]] if "$ref" in response else response
        for status, response in about["responses"].items()
    }


def validator(described: dict[str, Any], schema: dict[str, Any]) -> Any:
    return jsonschema_rs.Draft202012Validator({**schema, "components": described["components"]})


def test_every_route_is_described_with_who_may_call_it(operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    told = {(path, method) for path, method in SCOPES if path not in UNDESCRIBED and not is_page(path)}
    assert set(operations) == told
    for route, about in operations.items():
        assert {role for either in about["security"] for role in either["key"]} == SCOPES[route]
        assert all(len(either["key"]) == 1 for either in about["security"])
    names = [about["operationId"] for about in operations.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z_]+", name) for name in names)


def test_without_keys_none_is_described(service: Service) -> None:
    document = service.get("/openapi.json").json()
    assert "securitySchemes" not in document["components"]
    for methods in document["paths"].values():
        for about in methods.values():
            assert "security" not in about
            assert {"401", "403"}.isdisjoint(about["responses"])


def test_every_way_to_fail_is_described(
    described: dict[str, Any], operations: dict[tuple[str, str], dict[str, Any]]
) -> None:
    told: set[str] = set()
    for route, about in operations.items():
        for status, response in responses(described, about).items():
            assert response["headers"]["X-Request-ID"]["required"], route
            problem = response["content"].get("application/problem+json")
            assert (problem is not None) == (status >= 400) or (route[0], status) == ("/readyz", 503)
            for name, example in (problem or {"examples": {}})["examples"].items():
                outcome = OUTCOMES[name]
                assert (status, example["value"]["type"]) == (outcome.status, f"/errors#{name}")
                told.add(name)
        assert 500 in responses(described, about)
        assert (401 in responses(described, about)) == (SCOPES[route] is not OPEN)
    # These are told before there is any operation, by no code of ours, or on pages alone.
    untold = {"method-not-allowed", "http-error", "cross-site", "foreign-host", "too-many-attempts"}
    assert told == OUTCOMES.keys() - untold
    assert all("Retry-After" in each["headers"] for each in (described["components"]["responses"]["overloaded"],))


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from (value for name, value in node.items() if name == "$ref")
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    found = set(references(described))
    assert found
    for reference in found:
        node: Any = described
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
    links = [
        link
        for methods in described["paths"].values()
        for about in methods.values()
        for link in about["responses"]["200"].get("links", {}).values()
    ]
    known = {about["operationId"] for methods in described["paths"].values() for about in methods.values()}
    assert {link["operationId"] for link in links} <= known


def test_fields_are_those_of_the_vocabulary(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    for name, columns in (("Event", EVENT_FIELDS), ("Account", ACCOUNT_COLUMNS)):
        fields = schemas[name]["properties"]
        assert {field: about["description"] for field, about in fields.items()} == {c.name: c.meaning for c in columns}
        assert set(schemas[name].get("required", [])) == {column.name for column in columns if column.required}
    assert schemas["Event"]["properties"]["kind"]["enum"] == list(KINDS)
    assert list(schemas["Signals"]["properties"]) == [signal.name for signal in CATALOGUE]
    assert list(schemas["SignalCatalogue"]["properties"]) == ["signals"]


def test_every_example_fits_its_schema(described: dict[str, Any], operations: dict[tuple[str, str], Any]) -> None:
    checked = 0
    for about in operations.values():
        contents = [response["content"] for response in responses(described, about).values()]
        contents += [about["requestBody"]["content"]] if "requestBody" in about else []
        for content in (each for contents_of in contents for each in contents_of.values()):
            examples = [each["value"] for each in content.get("examples", {}).values()]
            examples += [content["example"]] if "example" in content else []
            for example in examples:
                validator(described, content["schema"]).validate(example)
                checked += 1
    assert checked > 50


def test_the_examples_are_true(service: Service, operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    shown = {
        about["operationId"]: about["responses"]["200"]["content"]["application/json"].get("example")
        for about in operations.values()
        if "application/json" in about["responses"]["200"]["content"]
    }
    answer = service.predict(REQUESTS["events"]["value"])
    assert alike(answer, shown["predict"])
    assert service.predict(REQUESTS["signals"]["value"] | {"as_of": "2026-06-01"})["relationship"] == "customer"
    batch = service.request("POST", "/v1/predictions/batch", json=BATCHES["batch"]["value"]).json()
    assert alike(batch, shown["predict_batch"])
    assert batch["results"][-1]["error"] == REFUSED
    latest = batch["results"][0]["id"]
    assert alike(service.get(f"/v1/predictions/{latest}").json(), shown["read_prediction"])
    assert alike(
        service.get("/v1/accounts/acme/predictions?limit=1").json()["predictions"], shown["read_history"]["predictions"]
    )
    changes = service.get("/v1/changes").json()
    changes["changes"] = [change for change in changes["changes"] if change["account_id"] == "acme"]
    assert alike(changes, shown["follow_changes"])
    erased = service.request("DELETE", "/v1/accounts/acme", params={"reason": shown["erase_account"]["reason"]})
    assert alike(erased.json(), shown["erase_account"])
    refused = service.post(BATCHES["batch"]["value"]["accounts"][2])
    assert refused.json() == REFUSED | {"request_id": refused.headers["x-request-id"]}


def alike(answer: Any, example: Any) -> bool:
    """Whether an answer is the example, but for what no two answers share and digits that are left out."""
    if isinstance(answer, dict) and isinstance(example, dict):
        never = {"id", "prediction_id", "decided_at", "erased_at", "cursor", "request_id"}
        return answer.keys() - {"request_id"} == example.keys() - {"request_id"} and all(
            name in never or alike(value, example[name]) for name, value in answer.items()
        )
    if isinstance(answer, list) and isinstance(example, list):
        return len(answer) == len(example) and all(map(alike, answer, example))
    if isinstance(answer, float) and isinstance(example, float):
        return abs(answer - example) < 1e-4
    return bool(answer == example)


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"events": None, "signals": {"events": 3}}, True),
        ({"signals": {"events": 3}}, False),
        ({"events": None}, False),
        ({"events": None, "signals": {}, "records": ["call"]}, False),
        ({"events": [{"kind": "meeting", "subtype": "basic", "occurred_at": "2026-01-01"}]}, False),
        ({"events": [{"kind": "meeting", "subtype": " ", "occurred_at": "2026-01-01"}]}, True),
        ({"events": [{"kind": "call", "subtype": "basic", "occurred_at": "2026-01-01"}]}, True),
        ({"events": [{"kind": "call", "occurred_at": "2026-02-29"}]}, False),
        ({"events": [{"kind": "call", "occurred_at": "2024-02-29T10:00"}]}, True),
        ({"events": [{"kind": "call", "occurred_at": "2026-01-01", "amount": 1e16}]}, False),
        ({"events": [{"kind": "call", "occurred_at": "2026-01-01", "colour": "red"}]}, False),
        ({"account": {"account_id": " "}}, False),
        ({"account": {"account_id": "x" * 201}}, False),
        ({"as_of": "2200-01-01"}, False),
    ],
)  # fmt: skip
def test_the_request_is_described_as_it_is_read(
    service: Service, described: dict[str, Any], change: dict[str, Any], fits: bool
) -> None:
    body = {"account": {"account_id": "a"}, "events": []} | change
    schema = {"$ref": "#/components/schemas/PredictionRequest"}
    assert validator(described, schema).is_valid(body) is fits
    assert (service.post(body, "?record=false").status_code == 200) is fits


SHAPED = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?", re.ASCII)
days = st.dates().map(str) | st.sampled_from(["1969-12-31", "1970-01-01", "2199-12-31", "2200-01-01", "2100-02-29"])
clocks = st.sampled_from(["", "T00:00", "T23:59:59.123456789", " 12:30:00", "T24:00", "T12:60"])
zones = st.sampled_from(["", "Z", "+00:00", "-00:00", "+00:01", "-00:01", "+23:59", "-23:59", "+24:00"])


@given(day=days | st.from_regex(SHAPED, fullmatch=True), clock=clocks, zone=zones)
def test_the_pattern_of_times_is_the_calendar(day: str, clock: str, zone: str) -> None:
    for text in (day, day + clock, day + clock + zone):
        accepted, described = SHAPED.fullmatch(text) is not None and is_time(text), re.search(TIME, text) is not None
        # Around the bounds a pattern cannot tell which offsets lead across, and allows none that might.
        if text.startswith(("1969-12-31", "1970-01-01", "2199-12-31", "2200-01-01")):
            assert accepted or not described, text
        else:
            assert described is accepted, text


def test_signals_are_the_catalogue(service: Service) -> None:
    listed = service.get("/v1/signals").json()["signals"]
    assert [signal["name"] for signal in listed] == [signal.name for signal in CATALOGUE]
    for about, signal in zip(listed, CATALOGUE, strict=True):
        assert (about["unit"], about["meaning"], about["low"]) == (signal.unit.name, signal.meaning, signal.unit.low)
        assert about["treatment"] is signal.treatment
        assert (about["window_days"], about["direction"]) == (signal.window_days, signal.direction)


def test_rules_are_those_in_use(service: Service) -> None:
    book, listed = RuleBook.default(), service.get("/v1/rules").json()
    assert listed["digest"] == book.digest
    assert [(rule["name"], rule["when"], rule["text"]) for rule in listed["rules"]] == [
        (rule.name, rule.when, rule.text) for rule in book.rules
    ]
    assert [model["name"] for model in listed["engagement_models"]] == [each.name for each in book.engagement_models]


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_MAX_EVENTS", "7")
    assert Settings().max_events == 7
    assert Settings(max_events=3).max_events == 3
    assert all(field.description for field in Settings.model_fields.values())
