"""What was decided is decided again from the record, to the last bit; whatever was changed since is found."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from features.events import BadInput
from features.signals import SIGNAL_NAMES
from models.bundle import load_bundle
from models.policy import Model, decide
from models.rules import RuleBook
from models.shelf import STARTER, Shelf
from reviews.record import CATALOGUE, Record
from reviews.replay import FIELDS, replay
from tests.records import identity
from tests.service import put_model

BOOK = RuleBook.default()
OWN_RULES = """
[[rule]]
name = "met"
when = "meetings_90d >= 2"
vote = "client"
weight = 1.5
text = "They meet."
"""


def decided(
    rules: RuleBook, model: Model | None, n: int, first: int, verdicts: list[str | None] | None = None
) -> list[Record]:
    """Records of n accounts, as the service would keep them."""
    random = np.random.default_rng(first)
    X = np.where(random.random((n, len(SIGNAL_NAMES))) < 0.2, np.nan, random.integers(0, 9, (n, len(SIGNAL_NAMES))))
    decisions = decide(X, rules, model, verdicts)
    return [_record(first + i, X[i], decisions.decision(i, 0)) for i in range(n)]


def _record(number: int, signals: Any, decision: Any) -> Record:
    return Record(
        id=identity(number),
        account_id=f"a-{number}",
        decided_at=number,
        as_of=number,
        catalogue=CATALOGUE,
        signals=signals.astype("<f8").tobytes(),
        **{name: getattr(decision, name) for name in FIELDS},
        model=decision.versions.model,
        rules=decision.versions.rules,
    )


def find_rules(digest: str) -> RuleBook:
    for book in (BOOK, RuleBook.parse(OWN_RULES)):
        if book.digest == digest:
            return book
    raise BadInput(f"The rules {digest} were not kept.")


def no_model(version: str) -> Model:
    raise BadInput(f"Model {version} is not in the store.")


def test_nothing_differs(tmp_path: Path) -> None:
    """By rules, by two models, by a tenant's rules, by reviewers: all in one go, in no order."""
    shelf = Shelf(tmp_path)
    own, starter = shelf.load(put_model(tmp_path)).model, load_bundle(STARTER).model
    models = {each.version: each for each in (own, starter)}
    verdicts: list[str | None] = ["client", "customer", "prospect", None] * 25
    records = [
        *decided(BOOK, own, 700, 1),
        *decided(BOOK, None, 700, 1001),
        *decided(RuleBook.parse(OWN_RULES), starter, 700, 2001),
        *decided(BOOK, starter, 100, 3001, verdicts),
    ]
    assert {record.decided_by for record in records} == {"reviewer", "rules", "model"}
    assert {record.route for record in records} == {"auto", "review"}
    seen: list[int] = []

    def progress(step: str, done: int, total: int) -> None:
        seen.append(done)

    shuffled = [records[i] for i in np.random.default_rng(0).permutation(len(records))]
    found = replay(shuffled, find_rules, models.__getitem__, progress)
    assert (found.equal, found.different, found.differences, dict(found.gone)) == (2200, 0, [], {})
    assert seen == [1000, 2000, 2200]


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("relationship", "prospect"),
        ("confidence", np.nextafter(0.9, 1)),
        ("probability_client", 0.123),
        ("hybrid", None),
        ("engagement_model", "barter"),
        ("strategic_services", None),
        ("decided_by", "model"),
        ("route", None),
        ("review_reasons", ("few_events", "no_such_reason")),
    ],
)
def test_what_was_changed_is_found(name: str, changed: object) -> None:
    records = decided(BOOK, None, 3, 1)
    given = getattr(records[1], name)
    if changed is None:
        changed = {"auto": "review", "review": "auto"}.get(given, not given)
    records[1] = dataclasses.replace(records[1], **{name: changed})
    found = replay(records, find_rules, no_model)
    assert (found.equal, found.different) == (2, 1)
    assert [(each.record.id, each.name, each.now) for each in found.differences] == [(records[1].id, name, given)]


def test_changed_signals_are_found() -> None:
    record = decided(BOOK, None, 1, 1)[0]
    nothing_known = np.full(len(SIGNAL_NAMES), np.nan).astype("<f8").tobytes()
    found = replay([dataclasses.replace(record, signals=nothing_known)], find_rules, no_model)
    assert found.different == 1


def test_what_is_gone_is_counted() -> None:
    record = decided(BOOK, None, 1, 1)[0]
    records = [
        dataclasses.replace(record, model="lusab-babad"),
        dataclasses.replace(record, model="lusab-babad", id=UUID(int=2)),
        dataclasses.replace(record, rules="0" * 12),
        dataclasses.replace(record, catalogue="1" * 12),
        dataclasses.replace(record, signals=b"short"),
        record,
    ]
    found = replay(records, find_rules, no_model)
    assert (found.recomputed, found.equal) == (1, 1)
    assert dict(found.gone) == {
        "Model lusab-babad is not in the store.": 2,
        "The rules 000000000000 were not kept.": 1,
        f"They were judged by the signals 111111111111; this Rapport measures {CATALOGUE}.": 1,
        f"Their signals are 5 bytes long, not {len(SIGNAL_NAMES) * 8}.": 1,
    }


def test_nothing_to_replay() -> None:
    found = replay([], find_rules, no_model)
    assert (found.recomputed, dict(found.gone)) == (0, {})
