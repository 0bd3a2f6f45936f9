"""What the writer does for others whenever the database answers, in between the groups that it writes."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from features.events import BadInput
from reviews.database import DatabaseDown

if TYPE_CHECKING:
    from reviews.ledger import Ledger

__all__ = ["Errand", "Errands"]

Errand = Callable[["Ledger"], Any]
"""Something to do with the ledger."""

LONGEST: Final = 60.0
"""Seconds that the writer sleeps at most."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Round:
    """An errand that is run again and again: every so many seconds, at once where it says that there is more to do."""

    seconds: float
    errand: Errand
    due: float = 0.0


class Errands:
    """Errands to run once, each until it has succeeded, and errands to run regularly."""

    def __init__(self) -> None:
        self._once: deque[Errand] = deque()
        self._rounds: list[_Round] = []

    def once(self, errand: Errand) -> None:
        """Have something done as soon as the database answers."""
        self._once.append(errand)

    def every(self, seconds: float, errand: Errand) -> None:
        """Have something done regularly, and at once again where it returns something true."""
        self._rounds.append(_Round(seconds, errand))

    def wait(self) -> float:
        """Return the seconds until something has to be done."""
        if self._once:
            return 0.0
        now = monotonic()
        return max(0.0, min((each.due - now for each in self._rounds), default=LONGEST))

    def run(self, ledger: Ledger) -> None:
        """Do what is due.

        Raises
        ------
        DatabaseDown
            It is done later.
        """
        while self._once:
            _run(self._once[0], ledger)
            self._once.popleft()
        for each in self._rounds:
            if each.due <= monotonic():
                more = _run(each.errand, ledger)
                each.due = monotonic() + (0.0 if more else each.seconds)


def _run(errand: Errand, ledger: Ledger) -> Any:
    try:
        return errand(ledger)
    except (DatabaseDown, BadInput):
        raise
    except Exception as error:  # noqa: BLE001 - an errand that fails must not keep predictions from being written
        _log.error("An errand failed.", exc_info=error)
        return None
