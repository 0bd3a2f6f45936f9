"""The one door through which serving reaches the database."""

from __future__ import annotations

import asyncio
import secrets
from asyncio import AbstractEventLoop
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeVar

from reviews.change import FAREWELL_DAYS
from reviews.database import Database, DatabaseDown
from reviews.record import Entry
from reviews.sample import AUDIT, SECRET_BYTES
from reviews.schema import check_schema
from serving.clock import Clock, now
from serving.errors import Refusal
from serving.recording.asks import Job, Keep
from serving.recording.errands import Errand, Errands
from serving.recording.intake import Intake
from serving.recording.recent import Recent
from serving.recording.slots import claim_spool
from serving.recording.spooler import Spooler, away
from serving.recording.state import Kept, State
from serving.recording.takeover import Takeover
from serving.recording.writer import Writer
from serving.settings import Settings

if TYPE_CHECKING:
    from reviews.ledger import Ledger

__all__ = ["Kept", "Records", "State"]

READERS: Final = 3
"""Reads at once, in threads; as many as the database has connections beside the writer's."""

MOST_READS: Final = 64
"""Reads that may wait: a database that hangs must not gather every caller."""

_HOURLY: Final = 3600.0
_LEFTOVERS: Final = 2.0
_ENDING: Final = 10.0
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

T = TypeVar("T")


class Records:
    """Keeps what was answered, come what may, and asks the database what was kept.

    Parameters
    ----------
    database : Database
        May be down, now or later. Whoever opened it closes it, after `stop`.
    settings : Settings
    clock : callable, optional
        Returns the present moment.
    check : callable, optional
        Raises BadInput where the database is of another version. Default: :func:`reviews.schema.check_schema`.

    Attributes
    ----------
    recent : Recent
        First answers that this process remembers.
    audit_secret : bytes or None
        Key of the audit sample; None until the database has answered for the first time.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Clock = now,
        check: Callable[[], object] | None = None,
    ) -> None:
        self.recent = Recent()
        self.audit_secret: bytes | None = None
        self._ledger = database.ledger
        self._settings = settings
        self._clock = clock
        self._check = check or partial(check_schema, database)
        self._queued = 0
        self._errands = Errands()
        self._intake = Intake(settings.record_seconds)

    def start(self) -> None:
        """Claim a spool and start to keep; within the event loop that will ask.

        Raises
        ------
        BadInput
            The spool's folder cannot be used.
        """
        settings = self._settings
        self._loop: AbstractEventLoop = asyncio.get_running_loop()
        self._spool = claim_spool(settings.spool, settings.spool_bytes, self._remember)
        if not self._spool.empty:
            self._intake.divert("What an earlier process left is written first.")
        self._spooler = Spooler(self._intake, self._spool, self._loop)
        self._writer = Writer(self._ledger, self._check, self._intake, self._spool, self._errands, self._loop)
        self._takeover = Takeover(settings.spool, self._writer.drain)
        self._readers = ThreadPoolExecutor(READERS, "reader")
        self._reading: set[Future[Any]] = set()
        self._errands.once(self._learn_secret)
        self._errands.every(_LEFTOVERS, self._takeover.step)
        self._errands.every(_HOURLY, self._forget)
        self._spooler.start()
        self._writer.start()

    async def stop(self) -> None:
        """Keep what waits, in the database within a moment or else in the spool, and let go of everything."""
        self._intake.close()
        await asyncio.to_thread(self._writer.join, self._settings.record_seconds)
        self._intake.end()
        await asyncio.to_thread(self._spooler.join, _ENDING)
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._takeover.close()
        self._spool.close()

    async def keep(self, entry: Entry, spooled: Entry | None = None) -> Kept:
        """Keep an entry; it is on disk when this returns.

        Parameters
        ----------
        entry : Entry
        spooled : Entry, optional
            What is spooled in its place, where the answer under an `Idempotency-Key` is another then.

        Raises
        ------
        Refusal
            Too much waits already, or there is room neither in the database nor in the spool, or the database refuses
            the entry for what it holds. In each case nothing of it is kept.
        """
        records = len(entry.records) or 1
        if self._intake.closing or (self._queued and self._queued + records > self._settings.queue):
            raise Refusal("overloaded", "Too many predictions wait to be kept. Nothing was decided: send it again.")
        self._queued += records
        asked = Keep(entry, spooled or entry, self._loop.create_future(), monotonic())
        self._intake.put(asked)
        try:
            kept: Kept = await asked.future
        finally:
            self._queued -= records
        if kept.repeat is None:
            self._remember(asked.entry if kept.recorded else asked.spooled)
        return kept

    async def read(self, job: Callable[[Ledger], T], *, urgent: bool = False) -> T:
        """Ask the database something, in a thread.

        Parameters
        ----------
        job : callable
        urgent : bool
            However many ask: callers must not keep the service itself from learning which keys stand.

        Raises
        ------
        Refusal
            It does not answer, or too many ask.
        """
        waiting = len(self._reading)
        if waiting >= READERS and self._intake.mode == "spooling":
            raise away()
        if waiting >= MOST_READS and not urgent:
            raise Refusal("overloaded", "Too many questions wait for the database. Send it again later.")
        reading = self._readers.submit(job, self._ledger)
        self._reading.add(reading)
        reading.add_done_callback(self._reading.discard)
        return await self._within(asyncio.wrap_future(reading))

    async def write(self, job: Callable[[Ledger], T]) -> T:
        """Change something in the database, after everything that was asked before.

        Raises
        ------
        Refusal
            It does not answer. Where it hangs, the change may still come about.
        """
        if self._intake.closing:
            raise away()
        asked = Job(job, self._loop.create_future())
        self._intake.put(asked)
        return await self._within(asked.future)

    def later(self, errand: Errand) -> None:
        """Have something done as soon as the database answers, such as keeping the text of the rules."""
        self._errands.once(errand)
        self._intake.nudge()

    @property
    def state(self) -> State:
        """How keeping goes."""
        return State(
            mode=self._intake.mode,
            why=self._intake.why,
            queued=self._queued,
            spooled=self._spool.records,
            spool_bytes=self._spool.size,
            spool_limit=self._spool.most,
            kept=self._writer.kept,
            diverted=self._spooler.diverted,
            drained=self._writer.drained,
            set_aside=self._writer.set_aside,
        )

    async def _within(self, future: asyncio.Future[T]) -> T:
        try:
            async with asyncio.timeout(self._settings.database_seconds):
                return await future
        except (DatabaseDown, TimeoutError):
            raise away() from None

    def _remember(self, entry: Entry) -> None:
        if entry.repeat is not None:
            self.recent.put(entry.repeat)

    def _learn_secret(self, ledger: Ledger) -> None:
        self.audit_secret = ledger.secret(AUDIT, lambda: secrets.token_bytes(SECRET_BYTES))

    def _forget(self, ledger: Ledger) -> None:
        for forget, after in (
            (ledger.forget_repeats, timedelta(hours=self._settings.repeat_hours)),
            (ledger.forget_farewells, timedelta(days=FAREWELL_DAYS)),
        ):
            forget((self._clock() - after - _EPOCH) // _MICROSECOND)
