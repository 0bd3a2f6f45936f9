"""How long work says how far it has come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from features.log import EventLog

__all__ = ["Progress", "follow", "silent"]

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is; 0 where nobody knows."""


def silent(step: str, done: int, total: int) -> None:
    """Say nothing."""


def follow(logs: Iterable[EventLog], step: str, total: int, progress: Progress) -> Iterator[EventLog]:
    """Hand on the batches of an export and, after each is dealt with, say how many of its events are."""
    done = 0
    for log in logs:
        yield log
        done += log.n_events
        progress(step, done, total)
