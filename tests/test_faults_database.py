"""The database hangs, goes or fills up while callers ask: each gets an answer, and in the end all is kept, once."""

from __future__ import annotations

import asyncio
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from reviews.database import open_database
from tests.acknowledged import check_kept, check_statuses
from tests.databases import Postgres
from tests.load import Load, Process, loaded, recovered, singles
from tests.outages import Broken, Fault, cut, hanging, locked, moved, path_of, restarted

Start = Callable[..., Process]
Told = Callable[[str], None]

PATIENT = {"record_seconds": 3.0}
"""Where it is seen at once that the database is away, nothing that is slow on a busy machine is to look like it."""

SLOWEST = 8.0
"""Seconds: more than the patience, since tests share their machine; less than an outage that is waited for."""


async def outage(process: Process, break_it: Fault, mend_it: Fault, seconds: float) -> Load:
    """A load before, while and after the database is broken."""
    async with loaded(process.port, pause=0.02) as load:
        await load.more(20, seconds / 2)
        await asyncio.to_thread(break_it)
        await load.more(40, seconds)
        await asyncio.to_thread(mend_it)
        await recovered(process)
    await recorded_again(process)
    assert not load.unanswered
    assert load.slowest < SLOWEST
    return load


async def recorded_again(process: Process) -> None:
    """Wait until a prediction is answered as recorded."""
    async with loaded(process.port, singles, callers=1, pause=0.05) as load:
        for _ in range(200):
            await asyncio.sleep(0.05)
            if load.recorded[True]:
                return
    pytest.fail("Nothing is recorded any more.")


def survive(process: Process, url: str, break_it: Fault, mend_it: Fault, seconds: float) -> str:
    """Live through an outage; what happened, in figures."""
    load = asyncio.run(outage(process, break_it, mend_it, seconds))
    check_statuses(load, "database-unavailable")
    assert load.recorded[False] > 5
    assert process.end() == 0
    found = check_kept(url, load)
    assert "acme-" not in process.log
    return (
        f"{len(load.answers)} answers {dict(load.statuses)}, {found} predictions found, of them "
        f"{load.recorded[False]} spooled first; slowest {load.slowest:.2f} s"
    )


@pytest.mark.slow
def test_a_postgres_server_is_away(start_service: Start, postgres: Postgres) -> None:
    direct = postgres.emptied_database()
    with cut(direct) as (url, break_it, mend_it):
        survive(start_service(url, **PATIENT), direct, break_it, mend_it, 1.0)


@pytest.mark.slow
@pytest.mark.parametrize("broken", [locked, moved])
def test_a_sqlite_file_is_away_for_long(start_service: Start, sqlite_url: str, broken: Broken, told: Told) -> None:
    with broken(sqlite_url) as (url, break_it, mend_it):
        told(f"SQLite {broken.__name__}: " + survive(start_service(url), sqlite_url, break_it, mend_it, 20.0))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hanging", "cut", "restarted"])
def test_a_postgres_server_is_away_for_long(start_service: Start, postgres: Postgres, name: str, told: Told) -> None:
    direct = postgres.emptied_database()
    broken = {"hanging": hanging, "cut": cut, "restarted": restarted(postgres)}[name]
    with broken(direct) as (url, break_it, mend_it):
        told(f"PostgreSQL {name}: " + survive(start_service(url), direct, break_it, mend_it, 20.0))


@contextmanager
def limited(process: Process, size: int) -> Iterator[Callable[[], None]]:
    """No file of the process grows beyond a size, as on a full disk, until the callable is called."""
    soft, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, hard))
    yield lambda: resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (soft, hard)) and None


async def fill_up(process: Process, log: Path) -> Load:
    """First there is no room for the database, then none for the spool either, then for both again."""
    async with loaded(process.port, singles, pause=0.02) as load:
        await load.more(20)
        with limited(process, (await asyncio.to_thread(log.stat)).st_size + 4096) as mend_it:
            while not load.statuses[503]:  # noqa: ASYNC110 - nothing tells that it is full but its answers
                await asyncio.sleep(0.05)
            await load.more(20)
            mend_it()
        await recovered(process)
    await recorded_again(process)
    return load


@pytest.mark.slow
def test_a_disk_that_is_full_for_database_and_spool(start_service: Start, sqlite_url: str) -> None:
    process = start_service(sqlite_url, **PATIENT)
    load = asyncio.run(asyncio.wait_for(fill_up(process, Path(f"{path_of(sqlite_url)}-wal")), 60))
    check_statuses(load, "spool-full")
    assert load.recorded[False] > 5
    assert process.end() == 0
    check_kept(sqlite_url, load)
    refused = {answer.asked.accounts[0] for answer in load.answers if answer.status == 503}
    assert not refused & accounts_of(sqlite_url), "what was refused is not kept"


async def fill_the_spool(process: Process, break_it: Fault, mend_it: Fault) -> Load:
    async with loaded(process.port, singles, pause=0.02) as load:
        await asyncio.to_thread(break_it)
        while load.statuses[503] < 20:  # noqa: ASYNC110 - nothing tells that it is full but its answers
            await asyncio.sleep(0.05)
        await asyncio.to_thread(mend_it)
        await recovered(process)
    await recorded_again(process)
    return load


def test_a_spool_that_is_full(start_service: Start, sqlite_url: str) -> None:
    with locked(sqlite_url) as (url, break_it, mend_it):
        process = start_service(url, spool_bytes=60_000, **PATIENT)
        load = asyncio.run(asyncio.wait_for(fill_the_spool(process, break_it, mend_it), 60))
    check_statuses(load, "spool-full")
    assert process.end() == 0
    check_kept(sqlite_url, load)
    refused = {answer.asked.accounts[0] for answer in load.answers if answer.status == 503}
    assert not refused & accounts_of(sqlite_url), "what was refused is not kept"


def accounts_of(url: str) -> set[str]:
    with open_database(url) as database:
        return {record.account_id for record in database.ledger.latest(10**9)}


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own, which only root may make."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if made.returncode:
        pytest.skip("Only root may mount a small disk.")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.slow
def test_a_disk_that_has_no_room_left(start_service: Start, sqlite_url: str, tmp_path: Path, told: Told) -> None:
    with small_disk(tmp_path / "disk", 256) as disk:
        path = disk / "rapport.db"
        shutil.copyfile(path_of(sqlite_url), path)
        ballast, url = disk / "ballast", f"sqlite:///{path}"
        process = start_service(url)

        def fill() -> None:
            with ballast.open("wb", buffering=0) as file:
                for size in (1_048_576, 4096):
                    with suppress(OSError):
                        while file.write(bytes(size)):
                            pass

        told("Disk full: " + survive(process, url, fill, ballast.unlink, 10.0))
