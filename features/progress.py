"""How long work says how far it has come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

__all__ = ["Progress", "follow", "silent"]

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is; 0 where nobody knows."""


def silent(step: str, done: int, total: int) -> None:
    """Say nothing."""


class OfEvents(Protocol):
    """A batch of an export, or what came of it."""

    @property
    def n_events(self) -> int:
        """How many events it has."""


Batch = TypeVar("Batch", bound=OfEvents)


def follow(batches: Iterable[Batch], step: str, total: int, progress: Progress, *, done: int = 0) -> Iterator[Batch]:
    """Hand on batches of an export and, after each is dealt with, say how many of its events are."""
    progress(step, done, total)
    for batch in batches:
        yield batch
        done += batch.n_events
        progress(step, done, total)
