"""Whoever follows the changes ends up with what holds of every account, and hears of every erasure."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from reviews.database import Database, open_database
from reviews.ledger import Change, Ledger
from reviews.record import Record
from reviews.sql.writing import write
from tests.databases import clear, on_disk
from tests.records import entry_of, make_record

TOLD: Final = ("relationship", "hybrid", "engagement_model", "strategic_services", "route")


@dataclass
class Follower:
    """A CRM that keeps itself up to date by asking again and again."""

    ledger: Ledger
    seen: int = 0
    known: dict[str, Change] = field(default_factory=dict)
    told: int = 0

    def poll(self, limit: int) -> int:
        changes = self.ledger.changes(self.seen, limit)
        assert len(changes) <= limit
        for change in changes:
            assert change.seq > self.seen
            self.seen = change.seq
            self.known[change.account_id] = change
        self.told += len(changes)
        return len(changes)

    def catch_up(self, limit: int) -> None:
        while self.poll(limit):
            pass


@dataclass
class Truth:
    """What holds of each account, kept by a few lines of Python."""

    latest: dict[str, Record] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)

    def write(self, record: Record) -> None:
        if record.decided_at <= self.erased.get(record.account_id, -1):
            return
        known = self.latest.get(record.account_id)
        if known is None or (record.decided_at, record.id) > (known.decided_at, known.id):
            self.latest[record.account_id] = record

    def erase(self, account_id: str, at: int) -> None:
        self.latest.pop(account_id, None)
        self.erased[account_id] = max(at, self.erased.get(account_id, -1))


def agrees(follower: Follower, truth: Truth) -> None:
    known = {name: change for name, change in follower.known.items() if not change.erased}
    assert known.keys() == truth.latest.keys()
    for name, record in truth.latest.items():
        assert [getattr(known[name], each) for each in TOLD] == [getattr(record, each) for each in TOLD]
        assert (known[name].decided_by == "reviewer") == (record.decided_by == "reviewer")


accounts = st.sampled_from(["a", "b", "c"])
predictions = st.fixed_dictionaries(
    {
        "account_id": accounts,
        "decided_at": st.integers(1, 30),
        "relationship": st.sampled_from(["client", "customer"]),
        "engagement_model": st.sampled_from([None, "retainer"]),
        "decided_by": st.sampled_from(["reviewer", "rules", "model"]),
        "confidence": st.sampled_from([0.6, 0.9]),
    }
)
steps = st.one_of(
    st.lists(predictions, min_size=1, max_size=4).map(lambda given: ("write", given)),
    st.tuples(st.just("erase"), accounts),
    st.tuples(st.just("poll"), st.integers(1, 3)),
)


@on_disk()
@given(script=st.lists(steps, max_size=12), limit=st.integers(1, 3))
def test_follower_misses_nothing(database: Database, script: list[tuple[str, Any]], limit: int) -> None:
    clear(database)
    ledger, truth, follower = database.ledger, Truth(), Follower(database.ledger)
    ever: set[str] = set()
    for at, (what, given_) in enumerate(script):
        if what == "write":
            records = [make_record(**each) for each in given_]
            ledger.write([entry_of(*records)])
            for record in records:
                truth.write(record)
            ever |= truth.latest.keys()
        elif what == "erase":
            known = given_ in truth.latest
            assert (ledger.erase(given_, at, None, None) is not None) == (given_ in ever) or not known
            truth.erase(given_, at)
        else:
            follower.poll(given_)
    follower.catch_up(limit)
    agrees(follower, truth)
    # Whoever begins only now learns the same.
    late = Follower(ledger)
    late.catch_up(limit)
    agrees(late, truth)
    assert {name for name, change in late.known.items() if change.erased} == {
        name for name in ever if name not in truth.latest
    }


def test_change_says_what_holds(database: Database) -> None:
    record = make_record(hybrid=True, route="review")
    database.ledger.write([entry_of(record)])
    (change,) = database.ledger.changes(0, 10)
    assert change == Change(
        change.seq,
        "acme",
        False,
        record.id,
        record.decided_at,
        "client",
        0.9,
        True,
        "retainer",
        True,
        "model",
        "review",
    )


def test_confidence_alone_is_no_change(database: Database) -> None:
    follower = Follower(database.ledger)
    for confidence in (0.9, 0.8, 0.7):
        database.ledger.write([entry_of(make_record(confidence=confidence, decided_by="rules"))])
    database.ledger.write([entry_of(make_record(confidence=0.6, decided_by="model"))])
    follower.catch_up(10)
    assert follower.told == 1
    assert follower.known["acme"].confidence == 0.6, "and yet it is told as it is now"
    database.ledger.write([entry_of(make_record(decided_by="reviewer"))])
    follower.catch_up(10)
    assert follower.told == 2


def test_late_prediction_changes_nothing(database: Database) -> None:
    database.ledger.write([entry_of(make_record(decided_at=20))])
    database.ledger.write([entry_of(make_record(decided_at=10, relationship="customer"))])
    (change,) = database.ledger.changes(0, 10)
    assert change.relationship == "client"


def test_whoever_takes_a_number_is_seen_before_a_higher_one(database_url: str) -> None:
    """One writer has taken its number and not committed: another does not get past it."""
    with open_database(database_url) as first, open_database(database_url) as second:
        follower = Follower(second.ledger)
        second.ledger.write([])  # so that it need not connect first
        overtaking = threading.Thread(target=second.ledger.write, args=([entry_of(make_record("b"))],))
        with first.writing() as connection:
            write(connection, [entry_of(make_record("a"))])
            overtaking.start()
            overtaking.join(0.5)
            follower.catch_up(10)
            assert follower.known == {}
        overtaking.join()
        follower.catch_up(10)
        assert list(follower.known) == ["a", "b"]


def test_four_writers_at_once(database_url: str) -> None:
    """With several workers on one database, a number is never seen before a lower one."""
    url, writers, rounds = database_url, 4, 12
    names = [f"a-{i}" for i in range(6)]
    with open_database(url) as database:
        follower = Follower(database.ledger)
        failures: list[BaseException] = []

        def write(worker: int) -> None:
            try:
                with open_database(url, seconds=60) as mine:
                    for i in range(rounds):
                        account = names[(i + worker) % len(names)]
                        mine.ledger.write([entry_of(make_record(account, engagement_model=f"{worker}-{i}"))])
            except BaseException as error:  # noqa: BLE001 - told to the test's own thread
                failures.append(error)

        threads = [threading.Thread(target=write, args=(worker,)) for worker in range(writers)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            follower.poll(2)
        for thread in threads:
            thread.join()
        assert not failures
        follower.catch_up(2)
        for name in names:
            newest = max(database.ledger.history(name, None, 1000), key=lambda record: (record.decided_at, record.id))
            assert follower.known[name].engagement_model == newest.engagement_model
        assert sum(len(database.ledger.history(name, None, 1000)) for name in names) == writers * rounds
