"""What was asked and is not answered yet, shared by the event loop and the two threads that keep.

The event loop puts asks in. While the database answers, the writer takes them in groups. As soon as it does not, or an
entry has waited for too long, the mode is "spooling": then the spooler takes all that waits, also what the writer has
in hand and may be stuck with, and the writer sees to the database and empties the spool::

                 an entry waited too long, or DatabaseDown
        direct ─────────────────────────────────────────────► spooling
               ◄─────────────────────────────────────────────
                 the spool is all but empty

While the spool is emptied, what comes waits for its turn, as it would for a transaction: else a service that has all
hands full would fill the spool faster than it empties it.
"""

from __future__ import annotations

import logging
from collections import deque
from itertools import chain
from threading import Condition, Lock
from time import monotonic
from typing import Final

from serving.recording.asks import Ask, Job, Keep
from serving.recording.spool import Spool
from serving.recording.state import Mode

__all__ = ["GROUP", "Intake"]

GROUP: Final = 500
"""Records that one transaction writes, unless a single entry has more."""

_log = logging.getLogger(__name__)


class Intake:
    """Asks in the order in which they came.

    Parameters
    ----------
    patience : float
        Seconds that an entry may wait for the database.

    Attributes
    ----------
    mode : {"direct", "spooling"}
    why : str or None
        Why it is "spooling".
    closing : bool
        Nothing more will be asked.
    """

    def __init__(self, patience: float) -> None:
        self.mode: Mode = "direct"
        self.why: str | None = None
        self.closing = False
        self._patience = patience
        self._waiting: deque[Ask] = deque()
        self._in_hand: list[Keep] = []
        self._spooling = False
        self._resuming = False
        self._emptying = False
        self._turn = False
        lock = Lock()
        self._for_writer = Condition(lock)
        self._for_spooler = Condition(lock)

    def put(self, ask: Ask) -> None:
        """Ask for something."""
        with self._for_writer:
            self._waiting.append(ask)
            if self.mode == "direct":
                self._for_writer.notify()
            elif not self._emptying:
                self._for_spooler.notify()

    @property
    def waits(self) -> bool:
        """Whether something waits to be taken."""
        return bool(self._waiting)

    def nudge(self) -> None:
        """Have the writer look around, though nothing is asked."""
        with self._for_writer:
            self._for_writer.notify()

    def take(self, seconds: float) -> list[Ask]:
        """Return the asks that are next, for the writer; none where none has come within so many seconds.

        They are entries of about `GROUP` records, or a single job. What was taken before counts as answered.
        """
        with self._for_writer:
            self._in_hand = []
            if self.mode == "direct" and not (self._waiting or self.closing):
                self._for_writer.wait(seconds)
            return self._group() if self.mode == "direct" else []

    def finish(self) -> None:
        """Say that what the writer took is in the database, and need not be spooled any more."""
        with self._for_writer:
            self._in_hand = []

    def divert(self, why: str) -> None:
        """Have everything spooled from now on, also what the writer has in hand."""
        with self._for_writer:
            news = self._divert(why)
        if news:
            _log.warning("Predictions are spooled from now on. %s", why)

    def take_stuck(self) -> list[Ask] | None:
        """Wait until something has to be spooled, and return it, for the spooler; None at the very end.

        What was taken before counts as spooled.
        """
        with self._for_spooler:
            self._spooling = False
            self._for_writer.notify()
            late, stuck = False, None
            while stuck is None:
                if self.mode == "direct":
                    late = self._late()
                elif self._in_hand or (self._waiting and self._may_spool()):
                    stuck = self._stuck()
                elif self.closing and not self._waiting:
                    break
                else:
                    self._for_spooler.wait(self._patience_left() if self._emptying else None)
        if late:
            _log.warning("Predictions are spooled from now on. %s", self.why)
        return stuck

    def resume(self, spool: Spool) -> bool:
        """Go back to "direct" where the spool is all but empty; the writer has to write the rest of it first."""
        if spool.records > GROUP:
            return False
        with self._for_writer:
            # What waited for its turn has waited long enough to be late next; it goes into the spool, too.
            self._turn = True
            self._for_spooler.notify()
            self._for_writer.wait_for(lambda: not self._turn or (self._taken() and not self._waiting))
            self._resuming = True
            self._for_writer.wait_for(self._taken)
            self._resuming = False
            self.mode, self.why = "direct", None
            self._for_spooler.notify()
        _log.warning("Predictions go to the database again.")
        return True

    def give_turn(self) -> None:
        """Say that a part of the spool is in the database: what waits may be spooled."""
        with self._for_writer:
            self._emptying = self._turn = True
            self._for_spooler.notify()

    def pause(self, seconds: float) -> None:
        """Wait before the database is tried again; less where the service is about to end."""
        with self._for_writer:
            self._for_writer.wait_for(lambda: self.closing, seconds)

    def end(self) -> None:
        """Have what the writer did not get to spooled, now that it has had its time."""
        with self._for_writer:
            self._divert("The service ends.")

    def close(self) -> None:
        """Say that nothing more will be asked."""
        with self._for_writer:
            self.closing = True
            self._for_writer.notify()
            self._for_spooler.notify()

    def _group(self) -> list[Ask]:
        group: list[Ask] = []
        records = 0
        while self._waiting and records < GROUP:
            ask = self._waiting[0]
            if isinstance(ask, Job):
                return group or [self._waiting.popleft()]
            self._waiting.popleft()
            group.append(ask)
            self._in_hand.append(ask)
            records += ask.records
        return group

    def _divert(self, why: str) -> bool:
        news = self.mode == "direct"
        self.mode, self.why = "spooling", why
        self._emptying = False
        self._for_spooler.notify()
        self._for_writer.notify()
        return news

    def _late(self) -> bool:
        """Wait, in "direct", until an entry has waited for too long or the mode changes; whether this changed it."""
        left = self._patience_left()
        if left > 0:
            # An entry that comes meanwhile is late only after this, so nobody need wake the spooler.
            self._for_spooler.wait(left)
            return False
        return self._divert(f"The database took more than {self._patience:g} s to write.")

    def _may_spool(self) -> bool:
        """Whether what waits may be spooled: at once; where the spool is emptied, in its turn or when it is late."""
        if self._resuming:
            return False
        return self._turn or not self._emptying or self._patience_left() <= 0

    def _taken(self) -> bool:
        """Whether the spooler has nothing in hand, nor will have what the writer had."""
        return not self._spooling and not self._in_hand

    def _stuck(self) -> list[Ask]:
        stuck = [*self._in_hand, *self._waiting]
        self._in_hand = []
        self._waiting.clear()
        self._spooling, self._turn = True, False
        return stuck

    def _patience_left(self) -> float:
        """Seconds until the entry that waits for longest has waited for too long."""
        oldest = next((ask for ask in chain(self._in_hand, self._waiting) if isinstance(ask, Keep)), None)
        return self._patience if oldest is None else oldest.since + self._patience - monotonic()
