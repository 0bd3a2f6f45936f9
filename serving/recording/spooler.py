"""The thread that puts what the database cannot take into the spool, and answers that it is there."""

from __future__ import annotations

import logging
from asyncio import AbstractEventLoop
from collections.abc import Sequence
from threading import Thread

from serving.errors import Refusal
from serving.recording.asks import Answer, Ask, Job, Keep, settle
from serving.recording.intake import Intake
from serving.recording.spool import Spool
from serving.recording.state import Kept

__all__ = ["Spooler", "away"]

_log = logging.getLogger(__name__)


class Spooler(Thread):
    """Takes what is stuck, all of it at once, so that one wait for the disk serves every request that waits.

    Parameters
    ----------
    intake : Intake
    spool : Spool
    loop : AbstractEventLoop
        In which answers are awaited.

    Attributes
    ----------
    diverted : int
        Records that were spooled.
    """

    def __init__(self, intake: Intake, spool: Spool, loop: AbstractEventLoop) -> None:
        super().__init__(name="spooler", daemon=True)
        self.diverted = 0
        self._intake = intake
        self._spool = spool
        self._loop = loop

    def run(self) -> None:
        """Work until the intake is closed and empty."""
        while (stuck := self._intake.take_stuck()) is not None:
            settle(self._loop, self._answer(stuck))

    def _answer(self, stuck: Sequence[Ask]) -> list[Answer]:
        jobs = [(ask, away()) for ask in stuck if isinstance(ask, Job)]
        keeps = [ask for ask in stuck if isinstance(ask, Keep)]
        kept = self._append(keeps)
        self.diverted += sum(ask.records for ask in keeps[:kept])
        return [
            *jobs,
            *((ask, Kept(recorded=False)) for ask in keeps[:kept]),
            *((ask, _full()) for ask in keeps[kept:]),
        ]

    def _append(self, keeps: Sequence[Keep]) -> int:
        try:
            return self._spool.append([ask.spooled for ask in keeps])
        except OSError as error:
            _log.error("%s cannot be written to: %s.", self._spool.path, error.strerror)
            return 0


def away() -> Refusal:
    """Return the refusal of what only the database can answer."""
    # Not why: that names where it is, which is no caller's business. The log has it, and so has `State`.
    return Refusal("database-unavailable", "The database cannot be used now. Send it again later.")


def _full() -> Refusal:
    return Refusal(
        "spool-full",
        "The database is away, and there is no room for what waits for it. Nothing was decided: send it again later.",
    )
