"""The service is killed at any moment, under load on all routes that write: nothing that it acknowledged is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable

import numpy as np
import pytest

from reviews.database import open_database
from tests.acknowledged import check_kept, check_statuses
from tests.load import Connection, Load, Process, loaded, recovered
from tests.outages import Broken, hanging, locked

Start = Callable[..., Process]
BROKEN: dict[str, Broken] = {"sqlite": locked, "postgresql": hanging}


@pytest.fixture
def chance() -> np.random.Generator:
    """Moments at random, other ones each time: what is right has to be right at every moment."""
    return np.random.default_rng()


async def crash(process: Process, seconds: float) -> Load:
    """Put a load on the service and kill it in the middle."""
    async with loaded(process.port) as load:
        await asyncio.sleep(seconds)
        await asyncio.to_thread(process.kill)
        load.ended = True
    return load


async def ask_again(process: Process, load: Load) -> None:
    """Callers who got no answer, and sent a key, send their request once more."""
    connection = Connection(process.port)
    for asked in [asked for asked in load.unanswered if asked.key]:
        load.answers.append(await connection.ask(asked))
    connection.close()


def crash_again_and_again(process: Process, url: str, rounds: int, chance: np.random.Generator) -> str:
    """Crash and restart; all that was ever acknowledged has to be there. What happened, in figures."""
    loads: list[Load] = []
    for _ in range(rounds):
        loads.append(asyncio.run(crash(process, chance.uniform(0.1, 1.0))))
        process.start()
        asyncio.run(ask_again(process, loads[-1]))
        check_statuses(loads[-1])
    promised = check_kept(url, *loads)
    assert promised > 0
    assert "acme-" not in process.log
    unanswered = sum(len(load.unanswered) for load in loads)
    return f"{rounds} crashes: {promised} acknowledged predictions found, {unanswered} requests without an answer"


def test_what_was_acknowledged_survives_crashes(
    start_service: Start, sqlite_url: str, chance: np.random.Generator
) -> None:
    crash_again_and_again(start_service(sqlite_url), sqlite_url, 2, chance)


@pytest.mark.slow
def test_what_was_acknowledged_survives_twenty_crashes(
    start_service: Start, database_url: str, chance: np.random.Generator, told: Callable[[str], None]
) -> None:
    told(crash_again_and_again(start_service(database_url), database_url, 20, chance))


def count_of(url: str) -> int:
    with open_database(url) as database:
        return database.ledger.counts()["predictions"]


def wait_for_more(url: str, before: int) -> None:
    for _ in range(3000):
        if count_of(url) > before:
            return
        time.sleep(0.01)
    pytest.fail("Nothing comes out of the spool.")


async def crash_in_an_outage(
    process: Process, mend_it: Callable[[], object], url: str, chance: np.random.Generator
) -> Load:
    """Kill the service while the database is away, and once more while the spool is emptied."""
    load = await crash(process, chance.uniform(2.0, 4.0))
    await asyncio.to_thread(process.start)
    await ask_again(process, load)
    before = await asyncio.to_thread(count_of, url)
    mend_it()
    await asyncio.to_thread(wait_for_more, url, before)
    await asyncio.to_thread(process.kill)
    await asyncio.to_thread(process.start)
    await recovered(process)
    return load


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(3))
def test_what_was_spooled_survives_crashes(
    start_service: Start, database_url: str, turn: int, chance: np.random.Generator, told: Callable[[str], None]
) -> None:
    with BROKEN[database_url.partition(":")[0]](database_url) as (url, break_it, mend_it):
        process = start_service(url, record_seconds=0.3, database_seconds=2)
        break_it()
        load = asyncio.run(crash_in_an_outage(process, mend_it, database_url, chance))
        process.end()
    check_statuses(load, "database-unavailable")
    assert load.recorded[False] > 100
    promised = check_kept(database_url, load)
    told(
        f"killed while away and while emptying the spool: {promised} predictions found, {dict(load.recorded)} recorded"
    )


async def kill_a_worker(process: Process, mend_it: Callable[[], object]) -> Load:
    """Kill one of several workers while the database is away; the others go on, and it is replaced."""
    async with loaded(process.port, callers=12, pause=0.01) as load:
        await load.more(100, 2.0)
        assert len(process.spools()) > 1, "each worker has a spool of its own"
        os.kill(process.workers()[0], signal.SIGKILL)
        await load.more(50, 3.0)
        await asyncio.to_thread(mend_it)
    await recovered(process)
    return load


@pytest.mark.slow
def test_what_a_killed_worker_spooled_is_taken_over(
    start_service: Start, sqlite_url: str, told: Callable[[str], None]
) -> None:
    with locked(sqlite_url) as (url, break_it, mend_it):
        process = start_service(url, workers=2, record_seconds=0.5)
        process.wait_for_spools(2)
        break_it()
        load = asyncio.run(kill_a_worker(process, mend_it))
        assert process.end() == 0
    check_statuses(load, "database-unavailable")
    promised = check_kept(sqlite_url, load)
    told(f"one of two workers killed while away: {promised} predictions found, {len(load.unanswered)} unanswered")
