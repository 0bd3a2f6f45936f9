"""Keeping in real databases that hang, go away, fill up and come back, and that others write to meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from reviews.change import Tombstone
from reviews.database import open_database
from reviews.record import Entry
from serving.recording.records import Kept, Records
from serving.recording.spool import Spool
from serving.settings import Settings
from tests.databases import Postgres
from tests.faults import MICROS, NOW, make_entry, until
from tests.outages import Broken, Fault, cut, hanging, locked, moved, restarted


@asynccontextmanager
async def keeping_in(url: str, folder: Path, patience: float = 1.0) -> AsyncIterator[Records]:
    with open_database(url, seconds=1.0) as database:
        records = Records(
            database,
            Settings(spool=folder / "spool", record_seconds=patience, database_seconds=1.0),
            lambda: NOW,
        )
        records.start()
        try:
            await records.keep(make_entry("warm"))
            yield records
        finally:
            await records.stop()


async def settled(records: Records) -> None:
    await until(lambda: (records.state.mode, records.state.spooled) == ("direct", 0), 20)


def check_kept(url: str, entries: Sequence[Entry], services: int = 1) -> None:
    """Each record is there, once and unaltered, and one for each service besides."""
    with open_database(url) as database:
        for entry in entries:
            for record in entry.records:
                assert database.ledger.prediction(record.id) == record
        assert database.ledger.counts()["predictions"] == services + sum(len(entry.records) for entry in entries)


async def outage(records: Records, break_it: Fault, mend_it: Fault) -> list[Entry]:
    """Keep before, while and after something is broken; nobody waits for much longer than the patience."""
    entries = [make_entry() for _ in range(9)]
    for entry in entries[:3]:
        assert await records.keep(entry) == Kept(recorded=True)
    break_it()
    begun = time.monotonic()
    for entry in entries[3:6]:
        assert await records.keep(entry) == Kept(recorded=False)
    assert time.monotonic() - begun < 3
    assert records.state.mode == "spooling"
    mend_it()
    await settled(records)
    for entry in entries[6:]:
        assert await records.keep(entry) == Kept(recorded=True)
    return entries


def live_through(url: str, broken: Broken, folder: Path) -> None:
    async def run() -> list[Entry]:
        with broken(url) as (given, break_it, mend_it):
            async with keeping_in(given, folder) as records:
                return await outage(records, break_it, mend_it)

    check_kept(url, asyncio.run(run()))


@pytest.mark.parametrize("broken", [locked, moved])
def test_a_sqlite_file_that_cannot_be_written_to(sqlite_url: str, tmp_path: Path, broken: Broken) -> None:
    live_through(sqlite_url, broken, tmp_path)


@pytest.mark.parametrize("broken", [hanging, cut])
def test_a_postgres_server_that_cannot_be_reached(postgres: Postgres, tmp_path: Path, broken: Broken) -> None:
    live_through(postgres.emptied_database(), broken, tmp_path)


def test_a_postgres_server_that_is_restarted(postgres: Postgres, tmp_path: Path) -> None:
    live_through(postgres.emptied_database(), restarted(postgres), tmp_path)


def test_an_account_that_is_erased_while_it_waits_in_the_spool_stays_away(database_url: str, tmp_path: Path) -> None:
    """Also its answer under an Idempotency-Key, which names it."""
    gone, other = make_entry("gone", key="a"), make_entry("other", key="b")

    (tmp_path / "spool").mkdir()
    with closing(Spool(tmp_path / "spool" / "1.spool", 100_000)) as spool:
        spool.append([gone, other])
    with open_database(database_url) as database:
        database.ledger.write([make_entry("gone")])
        erased = database.ledger.erase("gone", MICROS + 10**12, "asked for", None)
        assert isinstance(erased, Tombstone)

    async def run() -> None:
        async with keeping_in(database_url, tmp_path) as records:
            await settled(records)

    asyncio.run(run())
    with open_database(database_url) as database:
        assert database.ledger.prediction(gone.records[0].id) is None
        assert database.ledger.prediction(other.records[0].id) == other.records[0]
        assert database.ledger.repeat("k", "b") == other.repeat
        assert database.ledger.repeat("k", "a") is None


def test_two_processes_write_side_by_side(database_url: str, tmp_path: Path) -> None:
    entries = [make_entry(f"a{number % 7}", n=1 + number % 3) for number in range(120)]

    async def run() -> None:
        async with keeping_in(database_url, tmp_path, 5) as one, keeping_in(database_url, tmp_path, 5) as other:
            answers = await asyncio.gather(
                *((one if number % 2 else other).keep(entry) for number, entry in enumerate(entries))
            )
        assert set(answers) == {Kept(recorded=True)}

    asyncio.run(run())
    check_kept(database_url, entries, services=2)
