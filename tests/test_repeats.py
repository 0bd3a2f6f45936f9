"""Sending a request twice: the first answer again, under every way in which the two can meet."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.record import Entry, Repeat
from serving.errors import Refusal
from serving.recording.recent import Recent
from serving.recording.records import Kept, Records
from serving.recording.repeats import Repeats, first_answer
from tests.faults import MICROS, FakeLedger, keeping, make_entry, until

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


async def answer(records: Records, repeats: Repeats, key: str = KEY, request: bytes = b"r", key_id: str = "k") -> bytes:
    """What the service does with a request that has a key."""
    async with repeats.claim(key_id, key, request) as first:
        if first is not None:
            return first
        entry = make_entry(key=key, request=request)
        assert entry.repeat is not None
        repeat = replace(entry.repeat, key_id=key_id)
        false = replace(repeat, answer=repeat.answer + b" spooled")
        kept = await records.keep(Entry(entry.records, repeat), Entry(entry.records, false))
    if kept.repeat is not None:
        return first_answer(kept.repeat, request)
    return repeat.answer if kept.recorded else false.answer


async def refusal_of(records: Records, repeats: Repeats, key: str = KEY, request: bytes = b"r") -> str:
    with pytest.raises(Refusal) as refused:
        await answer(records, repeats, key, request)
    return refused.value.name


def test_the_first_answer_is_given_again(tmp_path: Path, ledger: FakeLedger) -> None:
    async def run() -> None:
        async with keeping(ledger, tmp_path) as records:
            repeats = Repeats(records)
            first = await answer(records, repeats)
            assert await answer(records, repeats) == first
            # Of each API key, and of each of its keys.
            others = [await answer(records, repeats, "another"), await answer(records, repeats, key_id="k2")]
            assert len({first, *others}) == 3
            assert len(ledger.records) == 3
            assert await refusal_of(records, repeats, request=b"another") == "idempotency-reused"
            assert await answer(records, repeats) == first

    asyncio.run(run())


def test_while_the_first_is_answered_the_second_has_to_wait(tmp_path: Path, ledger: FakeLedger) -> None:
    async def run() -> None:
        async with keeping(ledger, tmp_path, record_seconds=5) as records:
            repeats = Repeats(records)
            ledger.answers.clear()
            first = asyncio.create_task(answer(records, repeats))
            await asyncio.sleep(0.02)
            assert await refusal_of(records, repeats) == "idempotency-conflict"
            assert await refusal_of(records, repeats, request=b"another") == "idempotency-reused"
            ledger.answers.set()
            assert await answer(records, repeats, "another")
            assert await first == await answer(records, repeats)
            assert len(ledger.records) == 2

    asyncio.run(run())


def test_what_fails_frees_its_key(tmp_path: Path, ledger: FakeLedger) -> None:
    async def run() -> None:
        async with keeping(ledger, tmp_path) as records:
            repeats = Repeats(records)
            ledger.refused = {"acme"}
            assert await refusal_of(records, repeats) == "internal-error"
            ledger.refused = set()
            with pytest.raises(ZeroDivisionError):
                async with repeats.claim("k", KEY, b"another"):
                    raise ZeroDivisionError
            assert await answer(records, repeats)
            assert len(ledger.records) == 1

    asyncio.run(run())


def test_the_database_decides_between_processes(tmp_path: Path, ledger: FakeLedger) -> None:
    async def run() -> None:
        async with keeping(ledger, tmp_path) as one, keeping(ledger, tmp_path) as other:
            here, there = Repeats(one), Repeats(other)
            answers = await asyncio.gather(answer(one, here), answer(other, there))
            assert len({*answers}) == 1
            assert len(ledger.records) == 1
            assert await refusal_of(other, there, request=b"another") == "idempotency-reused"
            # The request of the second is another: it gets no answer that is not its own.
            ledger.answers.clear()
            raced = asyncio.gather(
                answer(one, here, "race"), answer(other, there, "race", b"another"), return_exceptions=True
            )
            await asyncio.sleep(0.02)
            ledger.answers.set()
            names = [each.name if isinstance(each, Refusal) else "answered" for each in await raced]
            assert sorted(names) == ["answered", "idempotency-reused"]

    asyncio.run(run())


def test_it_holds_while_the_database_is_away(tmp_path: Path, ledger: FakeLedger) -> None:
    async def run() -> None:
        async with keeping(ledger, tmp_path) as records:
            repeats = Repeats(records)
            before = await answer(records, repeats, "before")
            ledger.away = True
            spooled = await answer(records, repeats, "spooled")
            assert spooled.endswith(b"spooled")
            assert await answer(records, repeats, "spooled") == spooled
            assert await answer(records, repeats, "before") == before
            assert await refusal_of(records, repeats, "spooled", b"another") == "idempotency-reused"
        # The next process finds it in the spool.
        async with keeping(ledger, tmp_path) as records:
            repeats = Repeats(records)
            assert await answer(records, repeats, "spooled") == spooled
            ledger.away = False
            await until(lambda: records.state.mode == "direct" and records.state.spooled == 0)
            assert await answer(records, repeats, "spooled") == spooled
            assert len(ledger.records) == 2

    asyncio.run(run())


def test_a_key_that_only_the_database_knew_costs_no_prediction(tmp_path: Path, ledger: FakeLedger) -> None:
    """It is answered anew while the database is away. Both answers were given, so both are kept; the first wins."""

    async def run() -> None:
        first = make_entry(key=KEY)
        ledger.write([first])
        async with keeping(ledger, tmp_path) as records:
            repeats = Repeats(records)
            ledger.away = True
            second = await answer(records, repeats)
            assert await answer(records, repeats) == second
            ledger.away = False
            await until(lambda: records.state.mode == "direct" and records.state.spooled == 0)
            assert len(ledger.records) == 2
            assert first.repeat is not None
            assert await answer(records, repeats) == first.repeat.answer

    asyncio.run(run())


def test_an_answer_that_the_database_forgot_is_not_given_again(tmp_path: Path, ledger: FakeLedger) -> None:
    """As when its account was erased by another process."""

    async def run() -> None:
        async with keeping(ledger, tmp_path) as records:
            repeats = Repeats(records)
            first = await answer(records, repeats)
            ledger.repeats.clear()
            assert await answer(records, repeats) != first

    asyncio.run(run())


def test_a_stuck_write_that_comes_about_after_all_is_no_second_request(tmp_path: Path, ledger: FakeLedger) -> None:
    async def run() -> None:
        async with keeping(ledger, tmp_path) as records:
            repeats = Repeats(records)
            ledger.answers.clear()
            first = await answer(records, repeats)
            ledger.answers.set()
            await until(lambda: records.state.mode == "direct" and records.state.spooled == 0)
            assert len(ledger.records) == 1
            assert (await answer(records, repeats)).startswith(first.removesuffix(b" spooled"))
            assert await records.keep(make_entry()) == Kept(recorded=True)
            assert len(ledger.records) == 2

    asyncio.run(run())


@given(st.text(st.characters(max_codepoint=0x1FF), max_size=300))
def test_what_is_a_key(key: str) -> None:
    visible = 1 <= len(key) <= 255 and all("!" <= character <= "~" for character in key)

    async def claim() -> bool:
        try:
            async with Repeats(_Deaf()).claim("", key, b"r") as first:  # type: ignore[arg-type]
                return first is None
        except Refusal:
            return False

    assert asyncio.run(claim()) == visible


@pytest.mark.parametrize("key", ["!", "~" * 255, '"8e03978e"'])
def test_what_is_a_key_at_the_edges(key: str) -> None:
    async def claim() -> None:
        async with Repeats(_Deaf()).claim("", key, b"r") as first:  # type: ignore[arg-type]
            assert first is None

    asyncio.run(claim())


class _Deaf:
    """Remembers nothing."""

    recent = Recent()


def test_what_is_remembered_is_bounded() -> None:
    recent = Recent(100)
    for number in range(20):
        recent.put(Repeat(str(number), "k", b"r", bytes(30), MICROS))
    assert [number for number in range(20) if recent.find("k", str(number))] == [17, 18, 19]
    first = recent.find("k", "17")
    recent.put(Repeat("17", "k", b"another", bytes(1), MICROS))
    assert recent.find("k", "17") == first
    recent.forget("k", "17")
    recent.forget("k", "17")
    assert recent.find("k", "17") is None
    recent.put(Repeat("large", "k", b"r", bytes(101), MICROS))
    assert recent.find("k", "large") is None
    recent.clear()
    assert recent.find("k", "19") is None
