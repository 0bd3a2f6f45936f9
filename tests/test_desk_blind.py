"""Blind first: whatever the machine thinks of a case, a reviewer who has not answered it gets the same bytes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from features.signals import SIGNAL_NAMES
from reviews.database import open_database
from reviews.evidence import write_evidence
from reviews.record import Entry, Record
from serving.doors.scopes import SCOPES, is_page
from tests.desks import signals
from tests.records import make_record
from tests.service import NOW, Service, bearer, make_key, new_database, running
from tests.visitors import Visitor, seen, text_of

MICROS = int(NOW.timestamp()) * 1_000_000
DAY = 86_400_000_000
ACCOUNT = "zanzibar-traders"
EVENTS = [
    {"kind": "purchase", "subtype": "product", "occurred_at": "2026-03-02T09:00:00Z", "amount": 120},
    {"kind": "meeting", "subtype": "strategic", "occurred_at": "2026-04-02T09:00:00Z", "contact_id": "c-1"},
]
SEEN = {
    "as_of": MICROS - DAY,
    "decided_at": MICROS - DAY,
    "signals": signals(**dict.fromkeys(SIGNAL_NAMES, 1.0)),
    "evidence": write_evidence({"account_id": ACCOUNT, "name": "Zanzibar Traders"}, EVENTS),
}
THOUGHTS: dict[str, dict[str, Any]] = {
    "a client, for sure": {
        "relationship": "client",
        "confidence": 0.9712,
        "probability_client": 0.9712,
        "hybrid": True,
        "engagement_model": "retainer",
        "strategic_services": True,
        "decided_by": "model",
        "route": "auto",
        "review_reasons": (),
        "model": "lusab-babad",
        "rules": "0123456789ab",
        "inclusion": 0.02,
    },
    "a customer, perhaps": {
        "relationship": "customer",
        "confidence": 0.5123,
        "probability_client": 0.4877,
        "hybrid": False,
        "engagement_model": "one-time purchase",
        "strategic_services": False,
        "decided_by": "rules",
        "route": "review",
        "review_reasons": ("rules_uncertain", "few_events"),
        "model": None,
        "rules": "ba9876543210",
        "inclusion": None,
    },
}
ANSWER = {"relationship": "customer", "sureness": "sure", "note": "They buy spices."}
ABOUT_ALL = {"/readyz"}
"""What tells of the whole service, in words that change by themselves."""


class Twins:
    """Two services that differ in what the machine thinks of one account."""

    def __init__(self, services: list[Service], keys: dict[str, str], record: Record) -> None:
        self.services = services
        self.record = record
        self.keys = keys
        self.case = str(record.id)

    def visitors(self, name: str) -> list[Visitor]:
        visitors = [Visitor(service) for service in self.services]
        for visitor in visitors:
            assert visitor.sign_in(self.keys[name]).status_code == 303
        return visitors

    def call(self, name: str, method: str, path: str, body: Any = None) -> list[httpx.Response]:
        headers = bearer(self.keys[name]) | {"x-request-id": "the-same"}
        return [service.request(method, path, headers=headers, json=body) for service in self.services]


@contextmanager
def twins(home: Path, **settings: Any) -> Iterator[Twins]:
    """Both databases hold the same secrets and keys, and the same predictions but for the machine's part of one."""
    first, second = home / "first", home / "second"
    first.mkdir()
    url = new_database(first)
    keys = {name: make_key(url, "review", name) for name in ("Ann", "Ben")}
    with running(first / "store", database=url, model="rules", auth=True) as service:
        service.request("GET", "/v1/labels", headers=bearer(keys["Ann"]))
        assert Visitor(service).sign_in(keys["Ann"]).status_code == 303
    shutil.copytree(first, second)
    record = make_record(ACCOUNT, **SEEN)
    urls = [f"sqlite:///{folder / 'rapport.db'}" for folder in (first, second)]
    for each, thought in zip(urls, THOUGHTS.values(), strict=True):
        with open_database(each) as database:
            database.ledger.write([Entry((replace(record, **thought),))])
    given = {"model": "rules", "auth": True, **settings}
    with (
        running(first / "store", database=urls[0], spool=first / "spool", **given) as one,
        running(second / "store", database=urls[1], spool=second / "spool", **given) as other,
    ):
        yield Twins([one, other], keys, record)


def look_everywhere(pair: Twins, name: str) -> Iterator[tuple[str, list[Any]]]:
    """Call every route that reads, as this reviewer, with this case, account and prediction in its address."""
    visitors = pair.visitors(name)
    known = {"case_id": pair.case, "prediction_id": pair.case, "account_id": ACCOUNT, "name": "errors"}
    for template, method in SCOPES:
        if method != "GET" or template in ABOUT_ALL or "{path" in template or "{digest" in template:
            continue
        path = template
        for part, value in known.items():
            path = path.replace(f"{{{part}}}", value)
        for query in QUERIES.get(template, ("",)):
            if is_page(path):
                yield path + query, [seen(visitor.get(path + query)) for visitor in visitors]
            else:
                yield path + query, [seen(answer) for answer in pair.call(name, "GET", path + query)]


QUERIES = {
    "/desk/": ("", "?state=lead", "?state=closed", "?account=zan", "?why=audit", "?why=route", "?second=yes", "?age=1"),
    "/desk/cases/{case_id}": ("", "?year=2026", "?events=all", "?refused=held", "?after=1"),
    "/v1/reviews": ("", "?state=closed", "?account=zan", "?why=audit", "?second=true", "?held=no"),
}


def assert_alike(pair: Twins, name: str) -> None:
    statuses = {}
    for path, (one, other) in look_everywhere(pair, name):
        assert one == other, path
        statuses[path] = one[0]
    assert statuses[f"/desk/cases/{pair.case}"] == statuses[f"/v1/reviews/{pair.case}"] == 200
    assert statuses[f"/v1/reviews/{pair.case}/reveal"] == 409
    for prediction in (f"/v1/predictions/{pair.case}", f"/v1/accounts/{ACCOUNT}/predictions", "/v1/changes"):
        assert statuses[prediction] == 403


def test_before_the_answer_nothing_depends_on_what_the_machine_thinks(tmp_path: Path) -> None:
    with twins(tmp_path, second_share=1.0) as pair:
        assert_alike(pair, "Ann")

        # Claiming, by page and by program.
        visitors = pair.visitors("Ann")
        one, other = (seen(visitor.post("/desk/next")) for visitor in visitors)
        assert one == other
        assert dict(one[1])["location"] == f"/desk/cases/{pair.case}"
        for path in ("/v1/reviews/claim", f"/v1/reviews/{pair.case}/claim"):
            one, other = (seen(answer) for answer in pair.call("Ann", "POST", path))
            assert one == other
            assert one[0] == 200

        # What cannot be kept tells nothing either, nor does passing it by and coming back.
        for path, form in (("answer", {}), ("answer", {"relationship": "maybe"}), ("skip", {}), ("undo", {})):
            one, other = (seen(visitor.post(f"/desk/cases/{pair.case}/{path}", form)) for visitor in visitors)
            assert one == other, path
        assert_alike(pair, "Ann")

        # From her answer on Ann sees what the machine thinks, and Ben does not.
        form = ANSWER | {"prediction": pair.case}
        for visitor in visitors:
            assert visitor.post(f"/desk/cases/{pair.case}/answer", form).status_code == 303
        pages = [visitor.get(f"/desk/cases/{pair.case}") for visitor in visitors]
        assert seen(pages[0]) != seen(pages[1])
        assert all("What the machine thinks" in text_of(page) for page in pages)
        told = [answer.json() for answer in pair.call("Ann", "GET", f"/v1/reviews/{pair.case}/reveal")]
        assert [each["relationship"] for each in told] == ["client", "customer"]
        assert [each["confidence"] for each in told] == [0.9712, 0.5123]

        for visitor in pair.visitors("Ben"):
            assert visitor.post("/desk/next").headers["location"] == f"/desk/cases/{pair.case}"
        assert_alike(pair, "Ben")
