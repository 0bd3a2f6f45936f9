"""The service is told to end while callers ask: whatever it has begun it answers, and what it answered is kept."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

import pytest

from reviews.database import open_database
from tests.acknowledged import check_kept, check_statuses
from tests.load import Answer, Load, Process, fetch, loaded, singles
from tests.outages import locked

Start = Callable[..., Process]


async def end_under_load(process: Process) -> Load:
    async with loaded(process.port, callers=16) as load:
        await load.more(50)
        code = await asyncio.to_thread(process.end, signal.SIGTERM)
        load.ended = True
    assert code == 0
    return load


def end(process: Process, url: str) -> tuple[int, int]:
    """End it under load; answers, and requests that it did not take any more."""
    load = asyncio.run(end_under_load(process))
    check_statuses(load)
    check_kept(url, load)
    assert process.spooled() == 0
    with open_database(url) as database:
        kept = {record.account_id for record in database.ledger.latest(10**9)}
    begun = {account for asked in load.unanswered for account in asked.accounts if asked.method == "POST"} & kept
    assert not begun, "what was predicted and kept was answered"
    return len(load.answers), len(load.unanswered)


def test_what_was_begun_is_answered(start_service: Start, sqlite_url: str) -> None:
    process = start_service(sqlite_url, record_seconds=5)
    answers, _ = end(process, sqlite_url)
    assert answers > 50


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(10))
def test_what_was_begun_is_answered_on_both(
    start_service: Start, database_url: str, turn: int, told: Callable[[str], None]
) -> None:
    answers, refused = end(start_service(database_url, record_seconds=5), database_url)
    told(f"ended under load: {answers} answers, {refused} requests that were not taken, none of them kept")


async def end_while_the_database_hangs(process: Process, break_it: Callable[[], object]) -> Load:
    """Every request waits for the database at the moment at which the service is told to end."""
    await asyncio.to_thread(break_it)
    async with loaded(process.port, singles, callers=12) as load:
        while waiting(await fetch(process.port, "/metrics")) < 12:  # noqa: ASYNC110 - nothing else tells it
            await asyncio.sleep(0.02)
        os.kill(process.pid, signal.SIGTERM)
        await load.more(12)
        load.ended = True
    return load


def waiting(metrics: Answer) -> float:
    (line,) = [line for line in metrics.body.decode().splitlines() if line.startswith("rapport_records_waiting ")]
    return float(line.split()[1])


@pytest.mark.slow
def test_what_waits_for_a_database_that_hangs_is_answered(start_service: Start, sqlite_url: str) -> None:
    with locked(sqlite_url) as (url, break_it, _):
        process = start_service(url, record_seconds=2, database_seconds=3)
        load = asyncio.run(end_while_the_database_hangs(process, break_it))
        assert process.end() == 0
        assert len(load.answers) == 12
        check_statuses(load)
        assert load.recorded == {False: 12}
        assert process.spooled() > 0
    process.start()
    asyncio.run(emptied(process))
    check_kept(sqlite_url, load)


async def emptied(process: Process) -> None:
    for _ in range(400):
        if not process.spooled():
            return
        await asyncio.sleep(0.05)
    pytest.fail("The spool is not emptied.")
