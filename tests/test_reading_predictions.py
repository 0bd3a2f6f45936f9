"""A prediction that is read back says what was answered, to the last bit, however much has changed since."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.signals import CATALOGUE, SIGNAL_NAMES
from reviews.record import Record
from serving.describing.examples import REQUESTS
from serving.reading.schemas import PredictionKept
from tests.reading import Kept, keeping
from tests.records import make_record
from tests.service import crown_model

ACME = REQUESTS["events"]["value"]
RULES = '[[rule]]\nname = "buys"\nwhen = "purchases >= 1"\nvote = "client"\nweight = 3.0\ntext = "It buys."\n'


@pytest.fixture(scope="module")
def by_rules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    with keeping(tmp_path_factory.mktemp("store"), audit_share=0.5) as kept:
        yield kept


@pytest.fixture(scope="module")
def by_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("store")
    crown_model(folder)
    with keeping(folder, model=None) as kept:
        yield kept


def exactly(text: str) -> dict[str, Any]:
    """Read JSON with each number as it is written."""
    content: dict[str, Any] = json.loads(text, parse_float=str, parse_int=str)
    return content


def read_back(kept: Kept, identity: str, query: str = "") -> dict[str, Any]:
    answer = kept.service.get(f"/v1/predictions/{identity}{query}")
    assert answer.status_code == 200, answer.text
    told = PredictionKept.model_validate_json(answer.content)
    assert list(answer.json()) == [name for name in PredictionKept.model_fields if name in told.model_fields_set]
    return exactly(answer.text)


SIGNALS = st.fixed_dictionaries(
    {},
    optional={
        signal.name: st.none()
        | (
            st.integers(int(signal.unit.low), int(min(signal.unit.high, 1e6)))
            if signal.unit.whole
            else st.floats(signal.unit.low, min(signal.unit.high, 1e15), allow_nan=False)
        )
        for signal in CATALOGUE
    },
)


@given(signals=SIGNALS, reasons=st.sampled_from(("", "reasons=0", "reasons=2", "reasons=all")))
@settings(max_examples=12)
def test_it_is_what_was_answered(by_rules: Kept, by_model: Kept, signals: dict[str, Any], reasons: str) -> None:
    for kept in (by_rules, by_model):
        body = {"account": {"account_id": "acme"}, "signals": signals}
        answer = kept.service.post(body, f"?signals=true&{reasons}".rstrip("&"))
        first = exactly(answer.text)
        again = read_back(kept, first["id"], f"?{reasons}")
        told = {name: again.pop(name) for name in ("note", "evidence", "audit_sample")}
        assert list(again.items()) == list(first.items())
        assert first["recorded"] is True
        assert told["note"] is None
        # What goes to a reviewer, or may, is kept with what the machine saw.
        assert told["evidence"] is (first["route"] == "review" or told["audit_sample"])
        assert not (first["route"] == "review" and told["audit_sample"])


def test_events_too_are_read_back_as_their_signals(by_model: Kept) -> None:
    first = by_model.service.predict(ACME, "?signals=true&reasons=all")
    again = by_model.read(f"/v1/predictions/{first['id']}?reasons=all")
    assert {name: again[name] for name in first} == first


def test_the_model_that_decided_explains_after_another_took_over(tmp_path: Path) -> None:
    first = crown_model(tmp_path)
    with keeping(tmp_path, model=None, champion_seconds=0.01) as kept:
        answer = kept.service.predict(ACME, "?reasons=all")
        second = crown_model(tmp_path, base=-0.4)
        while kept.read("/v1/model")["version"] != second:
            kept.service.wait(0.01)
        again = kept.read(f"/v1/predictions/{answer['id']}?reasons=all")
        assert again["versions"]["model"] == first
        assert (again["base_log_odds"], again["reasons"]) == (answer["base_log_odds"], answer["reasons"])


def test_a_model_in_office_explains_without_its_files(tmp_path: Path) -> None:
    version = crown_model(tmp_path)
    with keeping(tmp_path, model=None) as kept:
        shutil.rmtree(tmp_path / version)
        answer = kept.service.predict(ACME)
        assert kept.read(f"/v1/predictions/{answer['id']}")["reasons"] == answer["reasons"]


def test_the_starter_explains_what_it_decided(tmp_path: Path) -> None:
    with keeping(tmp_path, model="starter") as kept:
        answer = kept.service.predict(ACME)
    crown_model(tmp_path)
    with keeping(tmp_path, model=None) as kept:
        assert kept.read(f"/v1/predictions/{answer['id']}")["reasons"] == answer["reasons"]


def test_where_the_model_is_gone_everything_but_its_reasons_is_told(tmp_path: Path) -> None:
    version = crown_model(tmp_path)
    with keeping(tmp_path, model=None) as kept:
        answer = kept.service.predict(ACME, "?signals=true")
    (tmp_path / version).rename(tmp_path / "away")
    with keeping(tmp_path) as kept:
        path = f"/v1/predictions/{answer['id']}"
        again = kept.read(path)
        assert (again["reasons"], again["note"]) == (None, f"Model {version} is no longer in the store, or damaged.")
        assert {name: again[name] for name in answer if name != "reasons"} == {
            name: value for name, value in answer.items() if name != "reasons"
        }
        assert "base_log_odds" not in kept.read(f"{path}?reasons=all")
        (tmp_path / "away").rename(tmp_path / version)
        assert kept.read(path)["reasons"] == answer["reasons"]


def test_the_rules_that_decided_explain_after_others_took_over(tmp_path: Path) -> None:
    own = tmp_path / "rules.toml"
    own.write_text(RULES)
    body = {"account": {"account_id": "acme"}, "signals": {"purchases": 3, "events": 3}}
    with keeping(tmp_path, rules=own) as kept:
        answer = kept.service.predict(body)
        assert [reason["name"] for reason in answer["reasons"]] == ["buys"]
        for _ in range(500):
            if kept.ledger.rules(answer["versions"]["rules"]) == RULES:
                break
            kept.service.wait(0.01)
    own.unlink()
    with keeping(tmp_path) as kept:
        again = kept.read(f"/v1/predictions/{answer['id']}")
        assert {name: again[name] for name in answer} == answer


def recorded(kept: Kept, **changes: Any) -> Record:
    """Keep what is like an answer of the rules but for some changes."""
    answer = kept.service.predict(ACME)
    record = kept.ledger.prediction(UUID(answer["id"]))
    assert isinstance(record, Record)
    record = replace(record, id=uuid4(), **changes)
    kept.keep(record)
    return record


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"rules": "0123456789ab"}, "The text of the rules 0123456789ab was not kept."),
        ({"model": "no-such"}, "Model no-such is no longer in the store, or damaged."),
        ({"catalogue": "x"}, "It was judged by other signals than this version measures."),
        ({"probability_client": 0.5}, "This version decides otherwise"),
        ({"route": "review", "review_reasons": ("few_events",)}, "This version decides otherwise"),
    ],
)
def test_why_there_are_no_reasons_is_told(by_rules: Kept, changes: dict[str, Any], note: str) -> None:
    record = recorded(by_rules, **changes)
    again = by_rules.read(f"/v1/predictions/{record.id}")
    assert again["reasons"] is None
    assert again["note"].startswith(note)
    assert again["probability_client"] == record.probability_client


def test_signals_of_another_version_keep_their_names(by_rules: Kept) -> None:
    record = recorded(by_rules, catalogue="x", signals=make_record().signals[:16])
    assert by_rules.read(f"/v1/predictions/{record.id}")["signals"] is None
    known = recorded(by_rules)
    assert list(by_rules.read(f"/v1/predictions/{known.id}")["signals"]) == list(SIGNAL_NAMES)


def test_rules_that_name_what_is_measured_no_more_explain_nothing(by_rules: Kept) -> None:
    record = recorded(by_rules, rules="old")
    by_rules.ledger.keep_rules("old", RULES.replace("purchases", "telegrams"))
    assert "name signals" in by_rules.read(f"/v1/predictions/{record.id}")["note"]


def test_a_verdict_is_told_as_one(by_rules: Kept) -> None:
    stated = {"relationship": "customer", "confidence": 1.0, "decided_by": "reviewer", "route": "auto"}
    record = recorded(by_rules, **stated, review_reasons=())
    again = by_rules.read(f"/v1/predictions/{record.id}")
    assert again["note"] is None
    assert again["reasons"][0]["name"] == "verdict"


def test_what_is_no_id_is_an_address_of_something_else_or_of_nothing(by_rules: Kept) -> None:
    assert by_rules.service.get("/v1/predictions/batch").status_code == 405
    assert by_rules.service.get("/v1/predictions/x").status_code == 404


def test_what_was_never_kept_is_not_found(by_rules: Kept) -> None:
    tried = by_rules.service.predict(ACME, "?record=false")["id"]
    for identity in (tried, str(uuid4()), "x", "%00", f"{tried}x"):
        answer = by_rules.service.get(f"/v1/predictions/{identity}")
        assert (answer.status_code, answer.json()["type"]) == (404, "/errors#not-found")


@pytest.mark.parametrize("query", ["reasons=some", "reasons=1000", "signals=true", "reasons="])
def test_a_parameter_that_does_not_fit_is_named(by_rules: Kept, query: str) -> None:
    assert list(by_rules.flaw(f"/v1/predictions/{uuid4()}?{query}")) == [query.partition("=")[0]]


def test_without_a_database_nothing_is_read_and_that_is_said(tmp_path: Path) -> None:
    with keeping(tmp_path) as kept:
        answer = kept.service.predict(ACME)
        (tmp_path / "rapport.db").rename(tmp_path / "away.db")
        for method, path in (
            ("GET", f"/v1/predictions/{answer['id']}"),
            ("GET", "/v1/accounts/acme/predictions"),
            ("GET", "/v1/changes"),
            ("DELETE", "/v1/accounts/acme?reason=x"),
        ):
            refused = kept.service.request(method, path)
            assert (refused.status_code, refused.json()["type"]) == (503, "/errors#database-unavailable"), path
            assert int(refused.headers["retry-after"]) > 0
