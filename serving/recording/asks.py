"""What the event loop asks of the threads that keep, and how they answer it."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reviews.record import Entry

if TYPE_CHECKING:
    from reviews.ledger import Ledger

__all__ = ["Answer", "Ask", "Job", "Keep", "settle"]


@dataclass(slots=True, eq=False)
class Keep:
    """An entry to keep.

    Attributes
    ----------
    entry : Entry
    spooled : Entry
        What the spool gets in its place, where the database cannot take it: it may hold another answer.
    future : Future
        Of a `Kept`.
    since : float
        When it was asked, as `time.monotonic` has it.
    """

    entry: Entry
    spooled: Entry
    future: Future[Any]
    since: float

    @property
    def records(self) -> int:
        """How many records it is counted as; one for an answer in which nothing was predicted."""
        return len(self.entry.records) or 1


@dataclass(slots=True, eq=False)
class Job:
    """Something to do with the ledger, in its turn among the entries.

    Attributes
    ----------
    do : callable
    future : Future
        Of what `do` returns.
    """

    do: Callable[[Ledger], Any]
    future: Future[Any]


Ask = Keep | Job

Answer = tuple[Ask, Any]
"""An ask and what came of it; an exception is raised where it was asked."""


def settle(loop: AbstractEventLoop, answers: Iterable[Answer]) -> None:
    """Answer asks, with one wake-up of the loop for all of them.

    One may be answered twice, by a writer that was stuck and by the spooler that did not wait for it: the first counts.
    """
    with suppress(RuntimeError):  # the loop has ended: nobody waits any more
        loop.call_soon_threadsafe(_give, list(answers))


def _give(answers: list[Answer]) -> None:
    for ask, result in answers:
        if ask.future.done():
            continue
        if isinstance(result, Exception):
            ask.future.set_exception(result)
        else:
            ask.future.set_result(result)
