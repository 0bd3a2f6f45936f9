"""Keeping in real databases that hang, go away, fill up and come back, and that others write to meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from reviews.change import Tombstone
from reviews.database import open_database
from reviews.record import Entry
from serving.recording.records import Kept, Records
from serving.recording.spool import Spool
from serving.settings import Settings
from tests.databases import Postgres
from tests.faults import MICROS, NOW, make_entry, until
from tests.proxy import Proxy, proxied

Fault = Callable[[], None]
Broken = Callable[[Path], AbstractContextManager[tuple[Fault, Fault]]]


@asynccontextmanager
async def keeping_in(url: str, folder: Path, patience: float = 0.3) -> AsyncIterator[Records]:
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


@contextmanager
def locked(path: Path) -> Iterator[tuple[Fault, Fault]]:
    """Another process holds the file for itself."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        yield lambda: _run(other, "BEGIN EXCLUSIVE"), lambda: _run(other, "ROLLBACK")


@contextmanager
def moved(path: Path) -> Iterator[tuple[Fault, Fault]]:
    """Somebody moves the file away, and later back."""
    away = path.with_suffix(".away")
    yield lambda: _move(path, away), lambda: _move(away, path)


def _run(connection: sqlite3.Connection, statement: str) -> None:
    connection.execute(statement)


def _move(here: Path, there: Path) -> None:
    here.rename(there)


@contextmanager
def postgres_proxy(url: str) -> Iterator[tuple[str, Proxy]]:
    """A PostgreSQL server behind a wire, and its URL there."""
    known = make_url(url)
    with proxied(f"{known.query['host']}/.s.PGSQL.5432") as proxy:
        through = known.set(host="127.0.0.1", port=proxy.port, query={})
        yield through.render_as_string(hide_password=False), proxy


async def outage(records: Records, break_it: Fault, mend_it: Fault) -> list[Entry]:
    """Keep before, while and after something is broken; nobody waits for much longer than the patience."""
    entries = [make_entry() for _ in range(9)]
    for entry in entries[:3]:
        assert await records.keep(entry) == Kept(recorded=True)
    break_it()
    begun = time.monotonic()
    for entry in entries[3:6]:
        assert await records.keep(entry) == Kept(recorded=False)
    assert time.monotonic() - begun < 2
    assert records.state.mode == "spooling"
    mend_it()
    await settled(records)
    for entry in entries[6:]:
        assert await records.keep(entry) == Kept(recorded=True)
    return entries


@pytest.mark.parametrize("broken", [locked, moved])
def test_a_sqlite_file_that_cannot_be_written_to(sqlite_url: str, tmp_path: Path, broken: Broken) -> None:
    async def run() -> None:
        async with keeping_in(sqlite_url, tmp_path) as records:
            with broken(Path(sqlite_url.removeprefix("sqlite:///"))) as (break_it, mend_it):
                entries = await outage(records, break_it, mend_it)
        check_kept(sqlite_url, entries)

    asyncio.run(run())


@pytest.mark.parametrize("mode", ["hanging", "cut"])
def test_a_postgres_server_that_cannot_be_reached(postgres: Postgres, tmp_path: Path, mode: str) -> None:
    url = postgres.emptied_database()

    async def run() -> None:
        with postgres_proxy(url) as (through, proxy):
            async with keeping_in(through, tmp_path) as records:
                entries = await outage(records, lambda: proxy.set(mode), lambda: proxy.set("open"))
        check_kept(url, entries)

    asyncio.run(run())


def test_a_postgres_server_that_is_restarted(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.emptied_database()

    async def run() -> None:
        async with keeping_in(url, tmp_path) as records:
            entries = await outage(records, lambda: postgres.control("stop", "-m", "immediate"), postgres.start)
        check_kept(url, entries)

    asyncio.run(run())


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
