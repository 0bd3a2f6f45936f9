"""What is kept comes back as it was, once, in both databases."""

from __future__ import annotations

import dataclasses
import math
import struct
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.signals import SIGNAL_NAMES
from reviews.database import Database
from reviews.record import CATALOGUE, Record
from tests.databases import clear, on_disk
from tests.records import entry_of, identity, make_record, make_repeat

# What a CRM may call an account: any text but a control character or half a character.
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
shares = st.floats(0.0, 1.0)
times = st.integers(0, 7_258_118_400_000_000)  # to the year 2200, as everything that is let in
records = st.builds(
    Record,
    id=st.uuids(version=None),
    account_id=names,
    decided_at=times,
    as_of=times,
    catalogue=st.just(CATALOGUE),
    signals=st.lists(st.floats(), min_size=3, max_size=3).map(lambda values: struct.pack("<3d", *values)),
    relationship=st.sampled_from(["client", "customer", "prospect"]),
    confidence=shares,
    probability_client=shares,
    hybrid=st.booleans(),
    engagement_model=st.none() | names,
    strategic_services=st.booleans(),
    decided_by=st.sampled_from(["reviewer", "rules", "model"]),
    route=st.sampled_from(["auto", "review"]),
    review_reasons=st.lists(st.sampled_from(["few_events", "outside_training"]), unique=True).map(tuple),
    model=st.none() | names,
    rules=st.just("0123456789ab"),
    key_id=st.none() | names,
    inclusion=st.none() | shares,
    evidence=st.none() | st.binary(),
)


def same(a: Record | object, b: Record) -> bool:
    """Whether two records are equal to the last bit, which `==` does not say of floats."""
    return repr(a) == repr(b) and a == b


@on_disk()
@given(kept=st.lists(records, max_size=5, unique_by=lambda record: record.id))
def test_record_comes_back_unaltered(database: Database, kept: list[Record]) -> None:
    clear(database)
    ledger = database.ledger
    assert ledger.write([entry_of(*kept)]) == [None]
    for record in kept:
        assert same(ledger.prediction(record.id), record)
    newest_first = sorted(kept, key=lambda record: record.id, reverse=True)
    assert list(ledger.latest(10)) == newest_first
    assert list(ledger.latest(2)) == newest_first[:2]


def test_unknown_things_are_none(database: Database) -> None:
    ledger = database.ledger
    assert ledger.prediction(identity(1)) is None
    assert ledger.history("acme", None, 10) == []
    assert ledger.tombstone("acme") is None
    assert ledger.changes(0, 10) == []
    assert ledger.repeat("crm", "k-1") is None
    assert ledger.rules("0123456789ab") is None
    assert ledger.catalogue(CATALOGUE) is None
    assert ledger.write([]) == []
    assert ledger.write([entry_of()]) == [None]


def test_written_twice_is_kept_once(database: Database) -> None:
    ledger, record = database.ledger, make_record(evidence=b"seen")
    repeat = make_repeat()
    for _ in range(2):
        assert ledger.write([entry_of(record, repeat=repeat), entry_of(make_record("other"))]) == [None, None]
    ledger.write([entry_of(dataclasses.replace(record, confidence=0.1))])
    assert ledger.history("acme", None, 10) == [record]
    assert ledger.repeat("crm", "k-1") == repeat


def test_names_of_the_signals_are_kept(database: Database) -> None:
    for _ in range(2):
        database.ledger.write([entry_of(make_record())])
    assert database.ledger.catalogue(CATALOGUE) == SIGNAL_NAMES


def test_history_pages_from_the_newest(database: Database) -> None:
    ledger = database.ledger
    kept = [make_record() for _ in range(7)]
    ledger.write([entry_of(*kept, make_record("other"))])
    pages: list[Record] = []
    before: UUID | None = None
    while page := ledger.history("acme", before, 3):
        pages += page
        before = page[-1].id
    assert pages == kept[::-1]


def test_many_pages_of_the_latest(database: Database) -> None:
    kept = [make_record(f"a-{i}") for i in range(2300)]
    database.ledger.write([entry_of(*kept)])
    assert list(database.ledger.latest(2200)) == kept[:-2201:-1]


def test_a_key_used_again_gets_the_first_answer(database: Database) -> None:
    ledger = database.ledger
    first, again = make_repeat(), make_repeat(answer=b'{"id": 2}', at=2000)
    assert ledger.write([entry_of(make_record(), repeat=first)]) == [None]
    later = make_record()
    assert ledger.write([entry_of(later, repeat=again), entry_of(make_record("other"))]) == [first, None]
    assert ledger.prediction(later.id) is None, "nothing of an entry is kept whose key was used"
    assert len(ledger.history("other", None, 10)) == 1


def test_a_key_used_twice_at_once_gets_the_first_answer(database: Database) -> None:
    first, again = make_repeat(), make_repeat(answer=b'{"id": 2}')
    kept, dropped = make_record(), make_record()
    assert database.ledger.write([entry_of(kept, repeat=first), entry_of(dropped, repeat=again)]) == [None, first]
    assert database.ledger.history("acme", None, 10) == [kept]


def test_keys_of_two_callers_do_not_meet(database: Database) -> None:
    mine, yours = make_repeat(key_id="a"), make_repeat(key_id="b", answer=b"{}")
    assert database.ledger.write([entry_of(repeat=mine), entry_of(repeat=yours)]) == [None, None]
    assert database.ledger.repeat("b", "k-1") == yours


def test_repeats_are_forgotten(database: Database) -> None:
    old, new = make_repeat("old", at=10), make_repeat("new", at=20)
    database.ledger.write([entry_of(repeat=old), entry_of(repeat=new)])
    assert database.ledger.forget_repeats(20) == 1
    assert database.ledger.repeat("crm", "old") is None
    assert database.ledger.repeat("crm", "new") == new


def test_a_failed_write_keeps_nothing(database: Database) -> None:
    broken = make_record(signals=None)
    with pytest.raises(Exception, match=r"(?i)null|NoneType"):
        database.ledger.write([entry_of(make_record(), repeat=make_repeat()), entry_of(broken)])
    assert database.ledger.history("acme", None, 10) == []
    assert database.ledger.repeat("crm", "k-1") is None
    assert database.ledger.write([entry_of(make_record())]) == [None], "and the next write is not in its way"


def test_rules_and_secrets_are_kept_once(database: Database) -> None:
    ledger = database.ledger
    ledger.keep_rules("0123456789ab", "the first")
    ledger.keep_rules("0123456789ab", "the second")
    assert ledger.rules("0123456789ab") == "the first"
    assert ledger.secret("audit", lambda: b"one") == b"one"
    assert ledger.secret("audit", lambda: b"two") == b"one"
    assert ledger.secret("cursor", lambda: b"two") == b"two"


def test_counts(database: Database) -> None:
    database.ledger.write([entry_of(make_record("a"), make_record("a"), make_record("b", evidence=b"x"))])
    counts = database.ledger.counts()
    assert (counts["predictions"], counts["standing"], counts["evidence"]) == (3, 2, 1)
    database.ledger.ping()


def test_signals_keep_nan(database: Database) -> None:
    record = make_record()
    database.ledger.write([entry_of(record)])
    found = database.ledger.prediction(record.id)
    assert isinstance(found, Record)
    assert math.isnan(struct.unpack_from("<4d", found.signals)[3])
