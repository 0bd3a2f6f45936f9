"""Every request has a number, a line and a place in the metrics; none of them names an account."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from tests.service import Service, make_key, new_database, running

ACCOUNT = "Zanzibar-4711"
BODY = {"account": {"account_id": ACCOUNT}, "events": [{"kind": "purchase", "occurred_at": "2026-01-01"}] * 3}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("store"), model="rules") as service:
        yield service


def samples(service: Service) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Each sample of the metrics by its name and labels."""
    answer = service.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse(answer.text)
        for sample in family.samples
    }


def value(found: dict[Any, float], name: str, **labels: str) -> float:
    return found.get((name, tuple(sorted(labels.items()))), 0.0)


def test_requests_are_counted_by_route_and_decisions_by_what_was_decided(service: Service) -> None:
    before = samples(service)
    answers = [service.predict(BODY) for _ in range(3)]
    service.post({"account": {}})
    service.get(f"/v1/accounts/{ACCOUNT}")
    service.get(f"/{ACCOUNT}")
    service.request(ACCOUNT.upper(), "/v1/signals")
    after = samples(service)

    def grown(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    asked = {"path": "/v1/predictions", "method": "POST"}
    assert grown("rapport_requests_total", **asked, status="200") == 3
    assert grown("rapport_requests_total", **asked, status="422") == 1
    assert grown("rapport_request_seconds_count", **asked) == 4
    assert grown("rapport_requests_total", path="/v1/accounts/{account_id}", method="GET", status="405") == 1
    assert grown("rapport_requests_total", path="(unknown)", method="GET", status="404") == 1
    assert grown("rapport_requests_total", path="/v1/signals", method="OTHER", status="405") == 1
    decided = {name: answers[0][name] for name in ("decided_by", "relationship", "route")}
    assert grown("rapport_decisions_total", **decided) == 3
    assert grown("rapport_records_total", fate="kept") == 3
    assert ACCOUNT.lower() not in service.get("/metrics").text.lower()


def test_the_metrics_say_how_the_service_is(service: Service) -> None:
    found = samples(service)
    for part in ("model", "database", "spool"):
        assert value(found, "rapport_degraded", part=part) == 0
    assert value(found, "rapport_database_up") == 1
    assert value(found, "rapport_model_processes", version="", source="rules") == 1
    assert value(found, "rapport_spool_limit_bytes") > 0
    assert [labels for name, labels in found if name == "rapport_build_info"]


def test_openmetrics_is_spoken_too(service: Service) -> None:
    answer = service.request("GET", "/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert "rapport_requests" in {family.name for family in parse_openmetrics(answer.text)}


def test_keys_are_counted_by_role(tmp_path: Path) -> None:
    url = new_database(tmp_path)
    make_key(url, "review")
    key = make_key(url, "predict", ACCOUNT)
    with running(tmp_path / "store", auth=True, database=url, model="rules") as service:
        service.key = key
        found = samples(service)
        assert [value(found, "rapport_keys", role=role) for role in ("predict", "review", "admin")] == [1, 1, 0]
        assert ACCOUNT not in service.get("/metrics").text


def test_every_answer_has_the_headers_that_all_have(service: Service) -> None:
    for path in ("/healthz", "/v1/signals", "/v1/nothing", "/docs", "/metrics"):
        headers = service.get(path).headers
        assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
        assert headers["x-request-id"]
        assert "server" not in headers
        assert not [name for name in headers if name.startswith("access-control")]


def test_a_request_keeps_its_callers_number(service: Service) -> None:
    answer = service.request("GET", "/v1/nothing", headers={"x-request-id": "crm-7f.3:1_a"})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "crm-7f.3:1_a"


@given(number=st.binary(max_size=80).filter(lambda raw: b"\n" not in raw and b"\r" not in raw))
def test_a_number_that_may_do_harm_is_not_taken(service: Service, number: bytes) -> None:
    answer = service.request("GET", "/healthz", headers=[(b"x-request-id", number)])
    given = answer.headers["x-request-id"]
    assert given.isascii()
    assert len(given) <= 64
    assert not set(given) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-")


def test_numbers_differ(service: Service) -> None:
    assert len({service.get("/healthz").headers["x-request-id"] for _ in range(50)}) == 50


def test_a_line_a_request_names_no_account(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        service.request("POST", "/v1/predictions?reasons=2", json=BODY, headers={"x-request-id": "one"})
        service.get(f"/v1/accounts/{ACCOUNT}/predictions?limit=3")
        service.get(f"/{ACCOUNT}?{ACCOUNT}={ACCOUNT}")
        service.post({"account": {"account_id": ACCOUNT, ACCOUNT: ACCOUNT}})
        service.request("DELETE", f"/v1/accounts/{ACCOUNT}")
    lines = [record for record in caplog.records if record.name == "serving.requests"]
    facts: list[dict[str, Any]] = [vars(record)["facts"] for record in lines]
    assert [(line["method"], line["path"]) for line in facts] == [
        ("POST", "/v1/predictions"),
        ("GET", "/v1/accounts/{account_id}/predictions"),
        ("GET", "(unknown)"),
        ("POST", "/v1/predictions"),
        ("DELETE", "/v1/accounts/{account_id}"),
    ]
    assert (facts[0]["request_id"], facts[0]["status"], facts[0]["key"]) == ("one", 200, None)
    assert facts[0]["milliseconds"] > 0
    # httpx is the caller here, and logs for itself what it asks.
    ours = [record for record in caplog.records if not record.name.startswith("httpx")]
    assert ACCOUNT not in json.dumps([{name: str(part) for name, part in vars(record).items()} for record in ours])
