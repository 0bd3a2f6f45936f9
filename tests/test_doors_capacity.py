"""What is beyond the service's capacity is told so at once, and whoever watches over it is let in all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from starlette.responses import Response

from serving.errors import PROBLEM_JSON
from tests.service import Service, running


def test_beyond_what_fits_callers_are_told_at_once(tmp_path: Path) -> None:
    with running(tmp_path, model="rules", max_waiting=3) as service:
        answers = service.run(crowd(service))
    early, late, watched = answers[:3], answers[3:6], answers[6:]
    assert [answer.status_code for answer in early] == [204] * 3
    for answer in late:
        assert (answer.status_code, answer.headers["content-type"]) == (503, PROBLEM_JSON)
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.json()["type"] == "/errors#overloaded"
    assert [answer.status_code for answer in watched] == [200] * 3
    assert "rapport_requests_in_hand 3.0" in watched[2].text


async def crowd(service: Service) -> list[httpx.Response]:
    """Six requests to a route that answers once all others have been, and three of those who watch."""
    done = asyncio.Event()

    async def slow() -> Response:
        await done.wait()
        return Response(status_code=204)

    service.app.add_api_route("/slow", slow, response_model=None)
    waiting = [asyncio.create_task(service.ask("GET", "/slow")) for _ in range(3)]
    await asyncio.sleep(0.05)
    late = [await asyncio.wait_for(service.ask("GET", "/slow"), 1) for _ in range(3)]
    watched = [await service.ask("GET", path) for path in ("/healthz", "/readyz", "/metrics")]
    done.set()
    return [*await asyncio.gather(*waiting), *late, *watched]


@pytest.mark.parametrize("fault", [RuntimeError, asyncio.CancelledError])
def test_a_request_that_fails_gives_its_place_back(tmp_path: Path, fault: type[BaseException]) -> None:
    async def fail() -> None:
        raise fault

    with running(tmp_path, model="rules", max_waiting=1) as service:
        service.app.add_api_route("/fail", fail)
        for _ in range(3):
            try:
                assert service.get("/fail").status_code == 500
            except asyncio.CancelledError:
                assert fault is asyncio.CancelledError
        assert service.get("/v1/signals").status_code == 200
