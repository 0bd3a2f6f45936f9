"""Work that comes round again and again beside the requests."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from serving.watching.lines import place_of

__all__ = ["going_round"]

_log = logging.getLogger(__name__)


@asynccontextmanager
async def going_round(*rounds: tuple[float, Callable[[], Awaitable[object]]]) -> AsyncIterator[None]:
    """Do each job now and every so many seconds, for as long as the block lasts.

    A job that fails is logged and done again: what looks after the service must not end without anybody's notice.

    Parameters
    ----------
    *rounds : tuple of float and callable
        Seconds to wait after each time, and the job.
    """
    tasks = [asyncio.create_task(_go_round(seconds, job)) for seconds, job in rounds]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _go_round(seconds: float, job: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await job()
        except Exception as error:  # noqa: BLE001 - whatever it is, the next round may go well
            _log.error("%s at %s", type(error).__name__, place_of(error))
        await asyncio.sleep(seconds)
