"""The thread that writes to the database: what waits in groups, and what was spooled once the database is back."""

from __future__ import annotations

import logging
from asyncio import AbstractEventLoop
from collections.abc import Callable, Sequence
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Final

from features.events import BadInput
from reviews.database import DatabaseDown
from reviews.record import Repeat
from serving.errors import Refusal
from serving.recording.asks import Ask, Job, Keep, settle
from serving.recording.commits import Outcome, commit
from serving.recording.draining import drain
from serving.recording.errands import Errands
from serving.recording.intake import GROUP, Intake
from serving.recording.spool import Spool
from serving.recording.spooler import away
from serving.recording.state import Kept

if TYPE_CHECKING:
    from reviews.ledger import Ledger

__all__ = ["Writer"]

FIRST_WAIT: Final = 0.2
LONGEST_WAIT: Final = 5.0
"""Seconds before the database is tried again: so long at first, twice as long each time, and never longer."""

PART: Final = 4 * GROUP
QUICK: Final = 0.3
"""Records of a spool that one transaction writes at most, and seconds: if it takes longer, the next has fewer."""

_log = logging.getLogger(__name__)


class Writer(Thread):
    """Takes everything that waits, up to a group, into one transaction: what comes meanwhile makes the next.

    Parameters
    ----------
    ledger : Ledger
    check : callable
        Raises BadInput where the database is of another version, and DatabaseDown.
    intake : Intake
    spool : Spool
    errands : Errands
    loop : AbstractEventLoop
        In which answers are awaited.

    Attributes
    ----------
    kept, drained, set_aside : int
        Records, as `State` counts them.
    """

    def __init__(
        self,
        ledger: Ledger,
        check: Callable[[], object],
        intake: Intake,
        spool: Spool,
        errands: Errands,
        loop: AbstractEventLoop,
    ) -> None:
        super().__init__(name="writer", daemon=True)
        self.kept = self.drained = self.set_aside = 0
        self._ledger = ledger
        self._check = check
        self._intake = intake
        self._spool = spool
        self._errands = errands
        self._loop = loop
        self._wait = FIRST_WAIT
        self._part = GROUP

    def run(self) -> None:
        """Work until the intake is closed, whatever happens to the database."""
        while True:
            why = self._try_to_work()
            if why is not None:
                self._intake.divert(why)
            if self._intake.closing:
                return
            self._intake.pause(self._wait)
            self._wait = min(2 * self._wait, LONGEST_WAIT)

    def drain(self, spool: Spool) -> None:
        """Move a part of what a spool holds to the database; the next is smaller where this was too much for it."""
        begun = monotonic()
        part, self._part = self._part, max(1, self._part // 4)
        drained, aside = drain(spool, part, self._ledger, self._check)
        quick = monotonic() - begun < QUICK
        self._part = min(2 * part, PART) if quick else max(part // 2, GROUP)
        self.drained += drained
        self.set_aside += aside
        self._wait = FIRST_WAIT

    def _try_to_work(self) -> str | None:
        """Work until the intake is closed, or something is in the way; what that is."""
        try:
            self._check()
            while not self._intake.closing or self._intake.waits:
                self._turn()
        except (DatabaseDown, BadInput) as error:
            return str(error)
        except OSError as error:
            return f"The spool cannot be used: {error.strerror}."
        except Exception as error:  # noqa: BLE001 - a fault of ours must not end recording: it is told and tried again
            _log.error("The writer failed.", exc_info=error)
            return "The service failed at writing; its log says how."
        return None

    def _turn(self) -> None:
        if self._intake.mode == "spooling":
            if self._intake.resume(self._spool):
                self._drain_rest()
            else:
                self.drain(self._spool)
                self._intake.give_turn()
            return
        asks = self._intake.take(self._errands.wait())
        if asks:
            self._answer(asks)
        if not self._intake.closing:
            self._errands.run(self._ledger)

    def _drain_rest(self) -> None:
        """Write the last group, after new asks are let through again and before any of them."""
        while not self._spool.empty and self._intake.mode == "direct":
            self.drain(self._spool)

    def _answer(self, asks: Sequence[Ask]) -> None:
        if isinstance(asks[0], Job):
            self._do(asks[0])
            return
        keeps = [ask for ask in asks if isinstance(ask, Keep)]
        outcomes = commit(self._ledger, [ask.entry for ask in keeps], self._check)
        self._intake.finish()
        self._wait = FIRST_WAIT
        self.kept += sum(ask.records for ask, outcome in zip(keeps, outcomes, strict=True) if outcome is None)
        settle(self._loop, [(ask, _result(outcome)) for ask, outcome in zip(keeps, outcomes, strict=True)])

    def _do(self, job: Job) -> None:
        try:
            result = job.do(self._ledger)
        except DatabaseDown:
            settle(self._loop, [(job, away())])
            raise
        except Exception as error:  # noqa: BLE001 - raised where it was asked
            result = error
        settle(self._loop, [(job, result)])


def _result(outcome: Outcome) -> Kept | Refusal:
    """Return what is answered to whoever asked to keep an entry."""
    if outcome is None:
        return Kept(recorded=True)
    if isinstance(outcome, Repeat):
        return Kept(recorded=True, repeat=outcome)
    return Refusal("internal-error", "The prediction could not be kept; the service's log says why.")
