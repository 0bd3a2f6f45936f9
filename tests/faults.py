"""What goes wrong around a service, on demand: a ledger that is away, a network that hangs, a load meanwhile."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from reviews.database import Database, DatabaseDown
from reviews.record import Entry, Record, Repeat
from serving.recording.records import Records
from serving.settings import Settings
from tests import records

PAUSE = 0.005
NOW = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
MICROS = int(NOW.timestamp()) * 1_000_000


class FakeLedger:
    """Keeps in memory what the ledger keeps; it can be away, hang, or refuse an account."""

    def __init__(self) -> None:
        self.records: dict[UUID, Record] = {}
        self.repeats: dict[tuple[str, str], Repeat] = {}
        self.secrets: dict[str, bytes] = {}
        self.groups: list[int] = []
        self.away = False
        self.seconds = 0.0
        self.answers = threading.Event()
        self.refused: set[str] = set()
        self.answers.set()

    def write(self, entries: Sequence[Entry]) -> list[Repeat | None]:
        self.reach()
        if any(record.account_id in self.refused for entry in entries for record in entry.records):
            raise ValueError("what the account holds")
        time.sleep(self.seconds)
        self.groups.append(len(entries))
        return [self._write(entry) for entry in entries]

    def _write(self, entry: Entry) -> Repeat | None:
        if entry.repeat is not None:
            first = self.repeats.setdefault((entry.repeat.key_id, entry.repeat.key), entry.repeat)
            if first != entry.repeat:
                return first
        for record in entry.records:
            self.records.setdefault(record.id, record)
        return None

    def repeat(self, key_id: str, key: str) -> Repeat | None:
        self.reach()
        return self.repeats.get((key_id, key))

    def forget_repeats(self, before: int) -> int:
        old = [use for use, repeat in self.repeats.items() if repeat.at < before]
        return len([self.repeats.pop(use) for use in old])

    def forget_farewells(self, _: int) -> int:
        return 0

    def secret(self, name: str, make: Any) -> bytes:
        self.reach()
        return self.secrets.setdefault(name, make())

    def reach(self) -> None:
        assert self.answers.wait(20)
        if self.away:
            raise DatabaseDown("It is away.")


class FakeDatabase:
    def __init__(self, ledger: FakeLedger) -> None:
        self.ledger = ledger


@asynccontextmanager
async def keeping(ledger: FakeLedger, folder: Path, **settings: Any) -> AsyncIterator[Records]:
    """Records that keep in a fake ledger, with little patience."""
    given: dict[str, Any] = {"record_seconds": 0.25, "database_seconds": 0.5, "spool": folder / "spool"} | settings
    check = given.pop("check", ledger.reach)
    database = cast("Database", FakeDatabase(ledger))
    keeper = Records(database, Settings(**given), lambda: NOW, check)
    keeper.start()
    try:
        yield keeper
    finally:
        await keeper.stop()


_numbers = count()


def make_record(account: str = "acme", **changes: Any) -> Record:
    """A record like no other, of about `NOW`."""
    return records.make_record(account, **{"decided_at": MICROS + next(_numbers), "as_of": MICROS} | changes)


def make_entry(account: str = "acme", key: str | None = None, request: bytes = b"r", n: int = 1) -> Entry:
    """An entry of `n` records; with a key, one that may be sent twice."""
    kept = tuple(make_record(account) for _ in range(n))
    if key is None:
        return Entry(kept)
    return Entry(kept, Repeat(key, "k", request, f"answer {next(_numbers)}".encode(), MICROS))


async def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something holds."""
    for _ in range(int(seconds / PAUSE)):
        if true():
            return
        await asyncio.sleep(PAUSE)
    raise TimeoutError
