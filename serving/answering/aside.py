"""Long work, aside from the event loop, so that short requests need not wait for its end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

import anyio.to_thread

__all__ = ["LARGE", "Aside"]

LARGE: Final = 65_536
"""Bytes of a body from which on what is done with it is long work."""

T = TypeVar("T")


class Aside:
    """Does long work in a thread, one after the other.

    Python runs one thread at a time: two would not be done sooner, and the event loop would wait for both their turns.
    """

    def __init__(self) -> None:
        self._turn = anyio.CapacityLimiter(1)

    async def do(self, work: Callable[..., T], *given: object) -> T:
        """Return what `work` returns."""
        return await anyio.to_thread.run_sync(partial(work, *given), limiter=self._turn)
