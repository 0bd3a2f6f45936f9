"""Work in threads, in order, with no more of it under way than there are threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["WORKERS", "in_threads"]

WORKERS = 2
"""Threads where nobody says how many; they pay because the kernel and Arrow run without Python's lock."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(work: Callable[[Item], Result], items: Iterable[Item], workers: int = WORKERS) -> Iterator[Result]:
    """Do work on each item in threads and hand on what comes of it, in the order of the items.

    The items are taken in the caller's thread, at most one more than there are threads before the first result is
    asked for, so that memory is bounded by `workers`.

    Parameters
    ----------
    work : callable
    items : iterable
    workers : int, default=WORKERS
        At least 1.

    Yields
    ------
    Whatever `work` returns; what it raises is raised here.
    """
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
