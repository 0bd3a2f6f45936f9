"""What of the service is not as it should be, since when, and a line in the log when that changes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from serving.clock import Clock

__all__ = ["Condition", "Watch"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Condition:
    """How a part of the service is.

    Attributes
    ----------
    wrong : str or None
        What is not as it should be, in a sentence; None where all is well.
    since : datetime
        Since when it is, or is not, as it should be.
    """

    wrong: str | None
    since: datetime


class Watch:
    """Looks after the parts of the service.

    Parameters
    ----------
    parts : mapping of str to callable
        Of each part, what returns the sentence that says what is wrong with it, or None.
    clock : callable
        Returns the present moment.
    """

    def __init__(self, parts: Mapping[str, Callable[[], str | None]], clock: Clock) -> None:
        self._parts = parts
        self._clock = clock
        self._known = {name: Condition(None, clock()) for name in parts}

    def look(self) -> Mapping[str, Condition]:
        """Return how each part is now."""
        for name, look in self._parts.items():
            before, wrong = self._known[name], look()
            if (wrong is None) == (before.wrong is None):
                self._known[name] = Condition(wrong, before.since)
                continue
            self._known[name] = Condition(wrong, self._clock())
            facts = {"part": name, "status": "ok" if wrong is None else "degraded"}
            _log.warning("%s", wrong or _well(name), extra={"facts": facts})
        return self._known


def _well(name: str) -> str:
    verb, they = ("are", "they") if name.endswith("s") else ("is", "it")
    return f"The {name} {verb} as {they} should be again."
