"""`GET /metrics`: of this process, or of all processes of the service where there are several."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from serving.watching.gauges import Gauges
from serving.watching.metrics import Metrics

__all__ = ["metrics_routes"]

_LIVE: Final = "gauge_live*_*.db"

_HALF_MADE: Final = (struct.error, RuntimeError, FileNotFoundError)
"""What a file raises that a process is just making, or has just taken away."""

_TRIES: Final = 20
_PAUSE: Final = 0.02
"""Seconds between them."""


def metrics_routes(metrics: Metrics, gauges: Gauges, folder: Path | None) -> APIRouter:
    """Make the route.

    Parameters
    ----------
    metrics : Metrics
    gauges : Gauges
    folder : Path or None
        Where the processes of the service write down their metrics; None where there is one alone.
    """
    routes = APIRouter(tags=["Health"])

    @routes.get(
        "/metrics",
        summary="What is counted and measured, for Prometheus",
        response_class=Response,
        responses={200: {"description": "Metrics.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def metrics_now(request: Request) -> Response:
        await gauges.look()
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        content = encode(metrics.registry) if folder is None else await _of_all(folder, encode)
        return Response(content, headers={"content-type": content_type})

    return routes


async def _of_all(folder: Path, encode: Callable[[CollectorRegistry], bytes]) -> bytes:
    """Encode what all processes wrote down, a moment later where one of them is just making its file."""
    for process in _dead(folder):
        mark_process_dead(process, str(folder))  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    for _ in range(_TRIES):
        with suppress(*_HALF_MADE):
            return encode(registry)
        await asyncio.sleep(_PAUSE)
    return encode(registry)


def _dead(folder: Path) -> Iterator[int]:
    """Yield processes that wrote down how they are and are no more: one that was killed can take nothing back."""
    for process in {int(path.stem.rpartition("_")[2]) for path in folder.glob(_LIVE)}:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            yield process
        except OSError:
            continue
