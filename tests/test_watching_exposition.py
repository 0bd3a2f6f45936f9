"""`GET /metrics` of a service of several processes, while one of them is just starting."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import httpx
from fastapi import FastAPI
from prometheus_client.mmap_dict import MmapedDict, mmap_key

from serving.watching.exposition import metrics_routes
from tests.service import Service


class Nothing:
    """Gauges and metrics of a process that counts nothing itself."""

    async def look(self) -> None:
        """Look at nothing."""


def ask(folder: Path) -> httpx.Response:
    app = FastAPI()
    app.include_router(metrics_routes(Nothing(), Nothing(), folder))  # type: ignore[arg-type]
    with asyncio.Runner() as loop:
        return Service(app, loop).get("/metrics")


def write(path: Path, value: float) -> None:
    numbers = MmapedDict(str(path))
    numbers.write_value(mmap_key("asked", "asked_total", [], [], "How often."), value, 0.0)
    numbers.close()


def test_a_file_that_is_being_made_is_waited_for(tmp_path: Path) -> None:
    write(tmp_path / "counter_1.db", 2.0)
    half_made = tmp_path / "counter_2.db"
    half_made.touch()

    def end() -> None:
        time.sleep(0.1)
        write(half_made, 3.0)

    thread = threading.Thread(target=end)
    thread.start()
    answer = ask(tmp_path)
    thread.join()
    assert answer.status_code == 200
    assert "asked_total 5.0" in answer.text


def test_a_file_that_is_never_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "counter_1.db").touch()
    assert ask(tmp_path).status_code == 500
