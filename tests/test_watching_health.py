"""What is not as it should be is said part by part, with its time, and stops nobody from asking."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from serving.watching.rounds import going_round
from serving.watching.watch import Watch
from tests.databases import Postgres
from tests.service import NOW, Service, crown_model, running

BODY = {"account": {"account_id": "acme"}, "events": [{"kind": "purchase", "occurred_at": "2026-01-01"}]}


def test_what_is_wrong_is_known_with_its_time_and_logged_when_it_changes(caplog: pytest.LogCaptureFixture) -> None:
    moment, wrong = [datetime(2026, 1, 1, tzinfo=UTC)], {"spool": None, "model": None}
    watch = Watch({name: lambda name=name: wrong[name] for name in wrong}, lambda: moment[0])  # type: ignore[misc]
    start = moment[0]
    with caplog.at_level(logging.INFO):
        assert {found.since for found in watch.look().values()} == {start}
        moment[0] += timedelta(hours=1)
        wrong["spool"] = "It is full."  # type: ignore[assignment]
        spool = watch.look()["spool"]
        assert (spool.wrong, spool.since) == ("It is full.", moment[0])
        moment[0] += timedelta(hours=1)
        wrong["spool"] = "It is fuller."  # type: ignore[assignment]
        spool = watch.look()["spool"]
        assert (spool.wrong, spool.since) == ("It is fuller.", moment[0] - timedelta(hours=1))
        wrong["spool"] = None
        spool = watch.look()["spool"]
        assert (spool.wrong, spool.since) == (None, moment[0])
        assert watch.look()["model"].since == start
    assert [record.getMessage() for record in caplog.records] == [
        "It is full.",
        "The spool is as it should be again.",
    ]


def test_what_there_are_several_of_is_well_again_in_its_own_words(caplog: pytest.LogCaptureFixture) -> None:
    wrong: list[str | None] = ["They cannot be read.", None]
    watch = Watch({"keys": lambda: wrong[0]}, lambda: datetime(2026, 7, 1, tzinfo=UTC))
    watch.look()
    wrong.pop(0)
    watch.look()
    assert caplog.records[-1].getMessage() == "The keys are as they should be again."


def test_work_that_fails_comes_round_again(caplog: pytest.LogCaptureFixture) -> None:
    done = []

    async def live() -> None:
        enough = asyncio.Event()

        async def work() -> None:
            done.append(len(done))
            if len(done) == 1:
                raise RuntimeError("Zanzibar-4711")
            if len(done) == 3:
                enough.set()

        async with going_round((0.001, work)):
            await enough.wait()

    asyncio.run(live())
    assert "RuntimeError at " in caplog.text
    assert "Zanzibar" not in caplog.text


def test_a_service_that_is_whole_is_ok(tmp_path: Path) -> None:
    version = crown_model(tmp_path)
    with running(tmp_path) as service:
        ready = service.get("/readyz").json()
    assert (ready["status"], ready["model"]) == ("ok", version)
    assert ready["parts"] == {
        name: {"status": "ok", "detail": None, "since": NOW.isoformat().replace("+00:00", "Z")}
        for name in ("model", "database", "spool")
    }


def test_a_service_that_ends_says_so(tmp_path: Path) -> None:
    with running(tmp_path, model="rules") as service:
        service.app.state.lookout.ending.begun = True
        ready = service.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "stopping")
        assert service.get("/healthz").status_code == 200


def test_a_database_that_goes_and_comes_back(tmp_path: Path, postgres: Postgres) -> None:
    """Gone at the start, and while the service runs: predictions are given, and kept in the end."""
    url = postgres.emptied_database()
    postgres.control("stop", "-m", "immediate")
    away = True
    try:
        with running(tmp_path, model="rules", database=url) as service:
            assert service.predict(BODY)["recorded"] is False
            ready = wait_for(service, "degraded")
            assert ready["parts"]["database"]["status"] == ready["parts"]["spool"]["status"] == "degraded"
            # Whoever asks here shows no key.
            assert not any(told in json.dumps(ready) for told in (url, "postgres", "@", "rapport?"))
            assert "rapport_database_up 0.0" in service.get("/metrics").text
            assert 'rapport_records_total{fate="spooled"} 1.0' in service.get("/metrics").text
            postgres.start()
            away = False
            assert wait_for(service, "ok")["parts"]["database"]["detail"] is None
            assert service.predict(BODY)["recorded"] is True
            assert 'rapport_records_total{fate="drained"} 1.0' in service.get("/metrics").text
    finally:
        if away:
            postgres.start()


def wait_for(service: Service, status: str) -> dict[str, dict[str, dict[str, object]]]:
    for _ in range(400):
        ready = service.get("/readyz").json()
        if ready["status"] == status:
            found: dict[str, dict[str, dict[str, object]]] = ready
            return found
        service.wait(0.05)
    pytest.fail(f"The service does not become {status}: {service.get('/readyz').text}")
