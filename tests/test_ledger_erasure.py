"""Erasure: what goes, what stays, what must not come back, and that the bytes are gone."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from reviews.database import Database, open_database
from reviews.ledger import Tombstone
from reviews.record import Record
from tests.records import entry_of, identity, make_record, make_repeat

AT = 10**12  # after everything that make_record decides


def test_everything_goes_and_a_tombstone_stays(database: Database) -> None:
    ledger = database.ledger
    gone = [make_record("acme", evidence=b"acme's events"), make_record("acme")]
    stays = make_record("other", evidence=b"other's events")
    ledger.write([entry_of(*gone, stays)])
    stone = Tombstone(AT, "asked to", "key-1")
    assert ledger.erase("acme", AT, "asked to", "key-1") == stone
    assert [ledger.prediction(record.id) for record in gone] == [stone, stone]
    assert ledger.history("acme", None, 10) == []
    assert ledger.tombstone("acme") == stone
    assert ledger.tombstone("other") is None
    assert ledger.prediction(stays.id) == stays
    counts = ledger.counts()
    assert (counts["predictions"], counts["evidence"], counts["standing"]) == (1, 1, 1)


def test_changes_name_the_erased_account_for_a_while(database: Database) -> None:
    ledger = database.ledger
    ledger.write([entry_of(make_record("acme"), make_record("other"))])
    seen = ledger.changes(0, 10)[-1].seq
    ledger.erase("acme", AT, None, None)
    (change,) = ledger.changes(seen, 10)
    assert (change.account_id, change.erased, change.decided_at) == ("acme", True, AT)
    assert (change.prediction_id, change.relationship, change.confidence, change.hybrid) == (None, None, None, None)
    assert (ledger.forget_farewells(AT), ledger.last_forgotten()) == (0, 0)
    assert (ledger.forget_farewells(AT + 1), ledger.last_forgotten()) == (1, change.seq)
    assert ledger.changes(seen, 10) == []
    ledger.write([entry_of(make_record("third"))])
    assert ledger.changes(0, 10)[-1].seq > change.seq, "no number is given twice"


def test_unknown_account_is_not_erased(database: Database) -> None:
    ledger = database.ledger
    assert ledger.erase("acme", AT, None, None) is None
    assert ledger.tombstone("acme") is None
    assert ledger.changes(0, 10) == []


def test_erasing_twice_tells_the_first(database: Database) -> None:
    ledger = database.ledger
    ledger.write([entry_of(make_record())])
    first = ledger.erase("acme", AT, "asked to", None)
    seen = ledger.changes(0, 10)
    assert ledger.erase("acme", AT + 5, "asked again", None) == first
    assert ledger.changes(0, 10) == seen


@pytest.mark.parametrize("known", [True, False])
def test_what_was_decided_before_is_not_written_after(database: Database, known: bool) -> None:
    """A spool may hold predictions of an account that is erased meanwhile."""
    ledger = database.ledger
    ledger.write([entry_of(make_record("acme" if known else "other"))])
    ledger.erase("acme", AT, None, None)
    late, at_once, other = make_record(decided_at=AT - 1), make_record(decided_at=AT), make_record("b", decided_at=AT)
    assert ledger.write([entry_of(late, at_once, other)]) == [None]
    assert ledger.history("acme", None, 10) == []
    assert len(ledger.history("b", None, 10)) == 1
    assert [change.account_id for change in ledger.changes(0, 10) if not change.erased] == ["b"] if known else True


def test_account_may_come_back(database: Database) -> None:
    ledger = database.ledger
    ledger.write([entry_of(make_record())])
    ledger.erase("acme", AT, None, None)
    back = make_record(decided_at=AT + 1)
    ledger.write([entry_of(back)])
    assert ledger.history("acme", None, 10) == [back]
    assert [change.erased for change in ledger.changes(0, 10)] == [True, False]
    again = ledger.erase("acme", AT + 2, "again", None)
    assert again == Tombstone(AT + 2, "again", None) == ledger.tombstone("acme")
    assert [change.erased for change in ledger.changes(0, 10)] == [True]


@pytest.mark.parametrize("name", ["acme", 'a "b" \\ c', "Müller & Söhne", "北京 🎈"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_stored_answers_that_name_it_go(database: Database, name: str, ascii_only: bool) -> None:
    """Those of dry runs too, of which no prediction was kept."""

    def answer(account_id: str) -> bytes:
        return json.dumps({"account_id": account_id}, ensure_ascii=ascii_only).encode()

    ledger = database.ledger
    names_it, other = make_repeat("k-1", answer=answer(name)), make_repeat("k-2", answer=answer("other"))
    ledger.write([entry_of(repeat=names_it), entry_of(repeat=other)])
    ledger.erase(name, AT, None, None)
    assert ledger.repeat("crm", "k-1") is None
    assert ledger.repeat("crm", "k-2") == other


def test_bytes_are_gone(sqlite_url: str, tmp_path: Path) -> None:
    """Of accounts that lie among thousands, in rows and indexes that were moved again and again."""
    random = np.random.default_rng(0)
    numbers = random.permutation(np.arange(2500) % 500)
    secret_name = "account-{}-of-which-nothing-stays".format
    with open_database(sqlite_url) as database:
        ledger = database.ledger
        for part in np.array_split(numbers, 25):
            records = [
                make_record(secret_name(i), evidence=secret_name(i).encode() * int(random.integers(1, 90)))
                for i in part.tolist()
            ]
            answer = json.dumps([record.account_id for record in records]).encode()
            ledger.write([entry_of(*records, repeat=make_repeat(f"k-{part[0]}-{len(answer)}", answer=answer))])
        erased = range(0, 500, 20)
        for i in erased:
            assert ledger.erase(secret_name(i), AT, None, None)
        assert ledger.forget_farewells(AT + 1) == len(erased)
        # While the service goes on, not only once it has stopped.
        left = b"".join(path.read_bytes() for path in tmp_path.glob("rapport.db*"))
        assert secret_name(1).encode() in left
        assert [i for i in erased if secret_name(i).encode() in left] == []


def test_bytes_are_gone_once_a_long_reader_has_ended(sqlite_url: str, tmp_path: Path) -> None:
    """Such as a backup, for which nobody who writes should wait."""
    with open_database(sqlite_url) as database:
        ledger = database.ledger
        ledger.write([entry_of(make_record("a-name-to-forget"))])
        with database.reading() as reader:
            reader.exec_driver_sql("SELECT * FROM predictions").all()
            begun = time.monotonic()
            ledger.erase("a-name-to-forget", AT, None, None)
            ledger.write([entry_of(make_record())])
            assert time.monotonic() - begun < 3
            assert ledger.forget_farewells(AT + 1) == 1
        assert ledger.forget_farewells(AT) == 0
        left = b"".join(path.read_bytes() for path in tmp_path.glob("rapport.db*"))
        assert b"a-name-to-forget" not in left


def test_prediction_of_an_erased_account_is_no_record(database: Database) -> None:
    record = make_record()
    database.ledger.write([entry_of(record)])
    assert isinstance(database.ledger.prediction(record.id), Record)
    database.ledger.erase("acme", AT, None, None)
    assert isinstance(database.ledger.prediction(record.id), Tombstone)
    assert database.ledger.prediction(identity(10**6)) is None
