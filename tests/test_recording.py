"""Keeping: what was acknowledged is in the ledger in the end, once and in order, and nobody waits for a dead database.

The ledger is a fake here, so that it can hang, be away or refuse at will; test_recording_databases.py has real ones.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from features.events import BadInput
from reviews.ledger import Ledger
from reviews.record import Entry
from serving.errors import Refusal
from serving.recording.intake import GROUP
from serving.recording.records import Kept, Records
from serving.recording.spool import Spool
from tests.faults import FakeLedger, keeping, make_entry, until

ACCOUNT = "Zanzibar-4711"


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


async def keep_all(records: Records, entries: list[Entry]) -> list[Kept | BaseException]:
    return await asyncio.gather(*map(records.keep, entries), return_exceptions=True)


async def refusal_of(asked: Awaitable[object]) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await asked
    return refused.value


async def settled(records: Records) -> None:
    """Wait until the spool is empty and entries go to the database again."""
    await until(lambda: (records.state.mode, records.state.spooled) == ("direct", 0))


def held(ledger: FakeLedger) -> list[Any]:
    """The ids in the ledger, in the order in which they came there."""
    return list(ledger.records)


def ids(entries: list[Entry]) -> list[Any]:
    return [record.id for entry in entries for record in entry.records]


def test_what_waits_makes_one_transaction(tmp_path: Path, ledger: FakeLedger) -> None:
    async def run() -> None:
        async with keeping(ledger, tmp_path, record_seconds=5) as records:
            await records.keep(make_entry())
            ledger.answers.clear()
            first = asyncio.create_task(records.keep(make_entry()))
            await asyncio.sleep(0.05)
            entries = [make_entry() for _ in range(40)]
            others = asyncio.create_task(keep_all(records, entries))
            await asyncio.sleep(0.05)
            assert records.state.queued == 41
            ledger.answers.set()
            assert await first == Kept(recorded=True)
            assert set(await others) == {Kept(recorded=True)}
            assert (records.state.queued, records.state.kept, records.state.mode) == (0, 42, "direct")
            assert ledger.groups == [1, 1, 40]
            assert held(ledger)[2:] == ids(entries)

    asyncio.run(run())


def test_a_group_is_bounded(tmp_path: Path, ledger: FakeLedger) -> None:
    async def run() -> None:
        async with keeping(ledger, tmp_path, record_seconds=5, queue=9_999) as records:
            ledger.answers.clear()
            entries = [make_entry(n=GROUP // 2 + 1) for _ in range(4)] + [make_entry(n=3 * GROUP)]
            answers = asyncio.create_task(keep_all(records, entries))
            await asyncio.sleep(0.05)
            ledger.answers.set()
            assert set(await answers) == {Kept(recorded=True)}
            assert sum(ledger.groups) == 5
            assert max(ledger.groups) == 2
            assert held(ledger) == ids(entries)

    asyncio.run(run())


def test_a_database_that_hangs_is_waited_for_once(tmp_path: Path, ledger: FakeLedger) -> None:
    async def run() -> None:
        async with keeping(ledger, tmp_path) as records:
            await records.keep(make_entry())
            ledger.answers.clear()
            begun = time.monotonic()
            stuck = [make_entry() for _ in range(3)]
            assert await keep_all(records, stuck) == [Kept(recorded=False)] * 3
            assert 0.25 <= time.monotonic() - begun < 2
            assert records.state.mode == "spooling"
            assert "0.25 s" in str(records.state.why)
            later = [make_entry() for _ in range(20)]
            begun = time.monotonic()
            for entry in later:
                assert await records.keep(entry) == Kept(recorded=False)
            assert time.monotonic() - begun < 20 * 0.25 / 2
            assert (records.state.spooled, records.state.diverted) == (23, 23)
            assert len(ledger.records) == 1
            # What hung comes about after all, and then the spool says the same once more.
            ledger.answers.set()
            await settled(records)
            last = make_entry()
            await records.keep(last)
            await settled(records)
            assert held(ledger)[1:] == ids([*stuck, *later, last])
            await until(lambda: records.state.drained == 23)

    asyncio.run(run())


def test_a_database_that_is_away_is_not_waited_for(tmp_path: Path, ledger: FakeLedger) -> None:
    async def run() -> None:
        async with keeping(ledger, tmp_path, record_seconds=5) as records:
            ledger.away = True
            begun = time.monotonic()
            entries = [make_entry() for _ in range(20)]
            for entry in entries:
                assert await records.keep(entry) == Kept(recorded=False)
            assert time.monotonic() - begun < 2
            assert "away" in str(records.state.why)
            ledger.away = False
            await until(lambda: records.state.mode == "direct")
            assert await records.keep(make_entry()) == Kept(recorded=True)
            assert held(ledger)[:20] == ids(entries)

    asyncio.run(run())


@pytest.mark.parametrize("seconds", [0.0, 0.15])
def test_it_returns_under_load_without_reordering(tmp_path: Path, ledger: FakeLedger, seconds: float) -> None:
    """Entries come all the time, so the spool is never empty by itself; and faster than a slow database takes them."""

    async def run() -> None:
        async with keeping(ledger, tmp_path, record_seconds=2, database_seconds=5) as records:
            entries: list[Entry] = []
            ended = asyncio.Event()

            async def load() -> None:
                while not ended.is_set():
                    entries.append(make_entry())
                    await records.keep(entries[-1])

            ledger.away, ledger.seconds = True, seconds
            loads = [asyncio.create_task(load()) for _ in range(20)]
            await until(lambda: records.state.spooled > 2 * GROUP)
            ledger.away = False
            await settled(records)
            await until(lambda: records.state.kept > 0)
            ended.set()
            await asyncio.gather(*loads)
            assert held(ledger) == ids(entries)

    asyncio.run(run())


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 30))])
def test_whatever_befalls_the_database_all_is_kept_once(tmp_path: Path, ledger: FakeLedger, seed: int) -> None:
    chance = np.random.default_rng(seed)

    async def trouble() -> None:
        for _ in range(12):
            match chance.integers(3):
                case 0:
                    ledger.away = not ledger.away
                case 1:
                    ledger.answers.clear()
                case _:
                    ledger.answers.set()
            await asyncio.sleep(chance.uniform(0, 0.1))
        ledger.away = False
        ledger.answers.set()

    async def run() -> None:
        async with keeping(ledger, tmp_path, record_seconds=0.03) as records:
            troubles = asyncio.create_task(trouble())
            entries: list[Entry] = []
            while not troubles.done():
                batch = [make_entry(n=int(chance.integers(1, 4))) for _ in range(chance.integers(1, 9))]
                entries += batch
                assert {type(kept) for kept in await keep_all(records, batch)} == {Kept}
                await asyncio.sleep(0.001)
            await troubles
            await settled(records)
            assert held(ledger) == ids(entries)

    asyncio.run(run())


def test_an_entry_that_is_refused_stands_in_nobodys_way(
    tmp_path: Path, ledger: FakeLedger, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.refused = {ACCOUNT}
    entries = [make_entry(ACCOUNT if number in (3, 17) else "acme") for number in range(20)]

    async def run() -> None:
        async with keeping(ledger, tmp_path, record_seconds=5) as records:
            ledger.answers.clear()
            answers = asyncio.create_task(keep_all(records, entries))
            await asyncio.sleep(0.05)
            ledger.answers.set()
            for number, answer in enumerate(await answers):
                if number in (3, 17):
                    assert isinstance(answer, Refusal)
                    assert answer.name == "internal-error"
                else:
                    assert answer == Kept(recorded=True)
            assert len(ledger.records) == 18
            assert records.state.mode == "direct"

    with caplog.at_level(logging.INFO):
        asyncio.run(run())
    assert "ValueError" in caplog.text
    assert ACCOUNT not in caplog.text


def test_a_spooled_entry_that_is_refused_is_set_aside(tmp_path: Path, ledger: FakeLedger) -> None:
    async def run() -> None:
        async with keeping(ledger, tmp_path) as records:
            ledger.away = True
            entries = [make_entry("bad" if number == 2 else "acme") for number in range(5)]
            assert await keep_all(records, entries) == [Kept(recorded=False)] * 5
            ledger.refused, ledger.away = {"bad"}, False
            await settled(records)
            assert held(ledger) == ids(entries[:2] + entries[3:])
            await until(lambda: (records.state.drained, records.state.set_aside) == (4, 1))
        # What was set aside is a spool's line: once the fault is mended it can be put back.
        (tmp_path / "spool" / "1.spool.bad").rename(tmp_path / "spool" / "2.spool")
        ledger.refused = set()
        async with keeping(ledger, tmp_path):
            await until(lambda: len(ledger.records) == 5)

    asyncio.run(run())


def test_a_database_of_another_version_is_no_fault_of_the_entries(tmp_path: Path, ledger: FakeLedger) -> None:
    """Somebody migrates it under the service: all it would say is that each entry fails."""
    ahead = False

    def check() -> None:
        if ahead:
            raise BadInput("It is ahead: use the newer Rapport.")

    async def run() -> None:
        nonlocal ahead
        async with keeping(ledger, tmp_path, check=check) as records:
            await records.keep(make_entry())
            ahead, ledger.refused = True, {"acme"}
            assert await records.keep(make_entry()) == Kept(recorded=False)
            assert "newer Rapport" in str(records.state.why)
            ahead, ledger.refused = False, set()
            await until(lambda: len(ledger.records) == 2)

    asyncio.run(run())


def test_more_than_may_wait_is_refused_and_not_kept(tmp_path: Path, ledger: FakeLedger) -> None:
    async def run() -> None:
        async with keeping(ledger, tmp_path, record_seconds=5, queue=10) as records:
            await records.keep(make_entry(n=30))  # a batch of any size, where nothing waits
            ledger.answers.clear()
            answers = asyncio.gather(*(records.keep(make_entry()) for _ in range(15)), return_exceptions=True)
            await asyncio.sleep(0.05)
            ledger.answers.set()
            kept = await answers
            refused = [answer for answer in kept if isinstance(answer, Refusal)]
            assert kept[:10] == [Kept(recorded=True)] * 10
            assert [answer.name for answer in refused] == ["overloaded"] * 5
            assert len(ledger.records) == 40
            assert records.state.queued == 0

    asyncio.run(run())


def test_a_full_spool_refuses_rather_than_loses(tmp_path: Path, ledger: FakeLedger) -> None:
    async def run() -> None:
        async with keeping(ledger, tmp_path, spool_bytes=3_000) as records:
            ledger.away = True
            entries = [make_entry() for _ in range(10)]
            answers = await keep_all(records, entries)
            kept = answers.index(next(answer for answer in answers if isinstance(answer, Refusal)))
            assert 0 < kept < 10
            assert answers[:kept] == [Kept(recorded=False)] * kept
            assert {answer.name for answer in answers[kept:] if isinstance(answer, Refusal)} == {"spool-full"}
            assert records.state.spool_bytes <= records.state.spool_limit == 3_000
            ledger.away = False
            await settled(records)
            assert held(ledger) == ids(entries[:kept])
            assert await records.keep(make_entry()) == Kept(recorded=True)

    asyncio.run(run())


def test_a_change_comes_after_all_that_was_asked_before(tmp_path: Path, ledger: FakeLedger) -> None:
    async def run() -> None:
        async with keeping(ledger, tmp_path, record_seconds=5) as records:
            ledger.answers.clear()
            entries = [make_entry() for _ in range(9)]
            before = [asyncio.create_task(records.keep(entry)) for entry in entries[:5]]
            await asyncio.sleep(0.02)
            change = asyncio.create_task(records.write(lambda asked: len(cast("FakeLedger", asked).records)))
            await asyncio.sleep(0.02)
            after = [asyncio.create_task(records.keep(entry)) for entry in entries[5:]]
            await asyncio.sleep(0.02)
            ledger.answers.set()
            assert await change == 5
            await asyncio.gather(*before, *after)
            assert held(ledger) == ids(entries)

    asyncio.run(run())


def test_what_only_the_database_can_tell_is_refused_while_it_is_away(tmp_path: Path, ledger: FakeLedger) -> None:
    def look(asked: Ledger) -> object:
        return asked.repeat("", "")

    async def run() -> None:
        async with keeping(ledger, tmp_path, database_seconds=1) as records:
            assert await records.read(look) is None
            assert await records.write(look) is None
            ledger.away = True
            for asked in (records.read(look), records.write(look), records.write(look)):
                assert (await refusal_of(asked)).name == "database-unavailable"
            assert records.state.mode == "spooling"
            ledger.away = False
            await until(lambda: records.state.mode == "direct")
            ledger.answers.clear()
            begun = time.monotonic()
            refused = await asyncio.gather(*(refusal_of(records.read(look)) for _ in range(100)))
            assert {refusal.name for refusal in refused} == {"database-unavailable", "overloaded"}
            assert time.monotonic() - begun < 3
            await records.keep(make_entry())
            # By now all threads that read are stuck, and the database is known to hang: nobody waits any more.
            begun = time.monotonic()
            assert (await refusal_of(records.read(look))).name == "database-unavailable"
            assert time.monotonic() - begun < 0.5
            ledger.answers.set()
            await until(lambda: records.state.mode == "direct")
            assert await records.read(look) is None

    asyncio.run(run())


def test_a_fault_of_a_question_is_the_askers(tmp_path: Path, ledger: FakeLedger) -> None:
    def fail(_: Ledger) -> None:
        raise ZeroDivisionError

    async def run() -> None:
        async with keeping(ledger, tmp_path) as records:
            for asked in (records.read(fail), records.write(fail)):
                with pytest.raises(ZeroDivisionError):
                    await asked
            assert await records.keep(make_entry()) == Kept(recorded=True)

    asyncio.run(run())


def test_stopping_keeps_what_waits(tmp_path: Path, ledger: FakeLedger) -> None:
    async def run() -> None:
        async with keeping(ledger, tmp_path, record_seconds=5) as records:
            answers = asyncio.gather(*(records.keep(make_entry()) for _ in range(700)))
            await asyncio.sleep(0)
        assert set(await answers) == {Kept(recorded=True)}
        assert len(ledger.records) == 700
        assert (await refusal_of(records.keep(make_entry()))).name == "overloaded"

    asyncio.run(run())


def test_stopping_while_the_database_hangs_spools_what_waits(tmp_path: Path, ledger: FakeLedger) -> None:
    entries = [make_entry() for _ in range(20)]

    async def run() -> None:
        async with keeping(ledger, tmp_path, record_seconds=1) as records:
            ledger.answers.clear()
            answers = asyncio.create_task(keep_all(records, entries))
            await asyncio.sleep(0.05)
            begun = time.monotonic()
        assert time.monotonic() - begun < 3
        assert await answers == [Kept(recorded=False)] * 20
        ledger.answers.set()

    asyncio.run(run())
    ledger.records.clear()

    async def again() -> None:
        async with keeping(ledger, tmp_path) as records:
            await settled(records)
            assert held(ledger) == ids(entries)

    asyncio.run(again())


def test_what_a_dead_process_left_is_taken_over(tmp_path: Path, ledger: FakeLedger) -> None:
    """At the start, and later, when another process of several dies."""
    folder = tmp_path / "spool"
    folder.mkdir()
    entries = [make_entry() for _ in range(3 * GROUP)]

    def leave(name: str, left: list[Entry]) -> Spool:
        spool = Spool(folder / name, 10_000_000)
        spool.append(left)
        return spool

    leave("1.spool", entries[:5]).close()
    leave("2.spool", entries[5:20]).close()
    alive = leave("3.spool", entries[20:])

    async def run() -> None:
        async with keeping(ledger, tmp_path) as records:
            await until(lambda: len(ledger.records) == 20)
            assert await records.keep(make_entry("new")) == Kept(recorded=True)
            alive.close()
            await until(lambda: records.state.drained == 3 * GROUP)
            assert len(ledger.records) == 3 * GROUP + 1
        assert [path.stat().st_size for path in sorted(folder.glob("*.spool"))] == [0, 0, 0]

    asyncio.run(run())


def test_errands_wait_for_the_database(tmp_path: Path, ledger: FakeLedger) -> None:
    done: list[str] = []

    def fail(_: Ledger) -> None:
        done.append("failed")
        raise ZeroDivisionError

    def keep_rules(_: Ledger) -> None:
        ledger.reach()
        done.append("kept")

    async def run() -> None:
        ledger.away = True
        async with keeping(ledger, tmp_path) as records:
            assert records.audit_secret is None
            records.later(fail)
            records.later(keep_rules)
            await asyncio.sleep(0.05)
            assert done == []
            ledger.away = False
            await until(lambda: done == ["failed", "kept"])
            assert records.audit_secret == ledger.secrets["audit"]
            records.later(keep_rules)
            await until(lambda: len(done) == 3, 1)

    asyncio.run(run())


def test_an_answer_that_was_not_awaited_is_kept(tmp_path: Path, ledger: FakeLedger) -> None:
    async def run() -> None:
        async with keeping(ledger, tmp_path, record_seconds=5) as records:
            ledger.answers.clear()
            asked = asyncio.create_task(records.keep(make_entry()))
            await asyncio.sleep(0.02)
            asked.cancel()
            ledger.answers.set()
            assert await records.keep(make_entry()) == Kept(recorded=True)
            assert len(ledger.records) == 2
            assert records.state.queued == 0

    asyncio.run(run())
