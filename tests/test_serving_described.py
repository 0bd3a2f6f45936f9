"""What the service says of itself: OpenAPI, the catalogue of signals, the rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from features.events import ACCOUNT_COLUMNS, KINDS
from features.request import EVENT_FIELDS
from features.signals import CATALOGUE
from models.rules import RuleBook
from serving.describing.examples import REFUSED, REQUESTS
from serving.settings import Settings
from tests.service import Service, running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("store"), model="rules") as service:
        yield service


@pytest.fixture(scope="module")
def described(service: Service) -> dict[str, Any]:
    document: dict[str, Any] = service.get("/openapi.json").json()
    return document


def test_every_address_is_described_and_answers(service: Service, described: dict[str, Any]) -> None:
    paths = described["paths"]
    assert set(paths) == {"/v1/predictions", "/v1/signals", "/v1/rules", "/v1/model", "/healthz", "/readyz", "/metrics"}
    for path in paths.keys() - {"/v1/predictions"}:
        assert service.get(path).status_code == 200
    for operation in (operation for path in paths.values() for operation in path.values()):
        wrong = operation["responses"].get("default") or operation["responses"]["422"]
        assert list(wrong["content"]) == ["application/problem+json"]


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    known = described["components"]["schemas"]

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
    assert {reference.removeprefix("#/components/schemas/") for reference in found} <= set(known)


def test_fields_are_those_of_the_vocabulary(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    for name, columns in (("Event", EVENT_FIELDS), ("Account", ACCOUNT_COLUMNS)):
        fields = schemas[name]["properties"]
        assert {field: about["description"] for field, about in fields.items()} == {c.name: c.meaning for c in columns}
        assert set(schemas[name].get("required", [])) == {column.name for column in columns if column.required}
    assert schemas["Event"]["properties"]["kind"]["enum"] == list(KINDS)
    assert list(schemas["Signals"]["properties"]) == [signal.name for signal in CATALOGUE]
    assert list(schemas["SignalCatalogue"]["properties"]) == ["signals"]


def test_the_examples_are_true(service: Service, described: dict[str, Any]) -> None:
    operation = described["paths"]["/v1/predictions"]["post"]
    asked = operation["requestBody"]["content"]["application/json"]["examples"]
    assert asked == REQUESTS
    shown = operation["responses"]["200"]["content"]["application/json"]["example"]
    answer = service.predict(asked["events"]["value"])
    assert shown | {"id": answer["id"], "decided_at": answer["decided_at"]} == answer
    assert service.predict(asked["signals"]["value"])["relationship"] == "customer"
    body = asked["events"]["value"]
    events = [body["events"][0], body["events"][1] | {"occurred_at": "yesterday"}]
    refused = service.post(body | {"events": events})
    assert refused.json() == REFUSED | {"request_id": refused.headers["x-request-id"]}


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
