"""A running service for tests, without a socket, and models for it to answer from."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from secrets import token_bytes
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import httpx
import numpy as np
from fastapi import FastAPI

from features.fingerprint import Fingerprint, fingerprint
from features.signals import CATALOGUE, SIGNAL_NAMES
from models.bundle import save_bundle
from models.manifest import TrainedSignal
from models.policy import Thresholds
from models.scorecard import Curve, Scorecard
from models.shelf import Shelf
from reviews.database import open_database
from reviews.keys import TOKEN_BYTES, Role, key_id_of, new_key
from reviews.schema import prepare
from serving.app import create_app
from serving.clock import Clock
from serving.settings import Settings
from tests.bundles import make_facts

NOW = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
CARD = "# A card\n"

T = TypeVar("T")


class Service:
    """The service and its caller, in one event loop; the caller shows `key`, if it has one."""

    def __init__(self, app: FastAPI, loop: asyncio.Runner) -> None:
        self.app = app
        self.key: str | None = None
        self._loop = loop
        self.come_from("127.0.0.1")

    def come_from(self, address: str) -> None:
        """Let requests come from this address from now on."""
        # What the service fails at must come back as its answer, not as this test's exception.
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 40_000))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        return self.run(self.ask(method, path, **given))

    async def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        if self.key is not None:
            given["headers"] = bearer(self.key) | given.get("headers", {})
        return await self._client.request(method, path, **given)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the loop in which the service runs."""
        return self._loop.run(work)

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    def post(self, body: object, query: str = "") -> httpx.Response:
        # Not httpx's own `json`, which sends nothing at all for None.
        headers = {"content-type": "application/json"}
        return self.request("POST", f"/v1/predictions{query}", content=json.dumps(body), headers=headers)

    def predict(self, body: object, query: str = "") -> dict[str, Any]:
        answer = self.post(body, query)
        assert answer.status_code == 200, answer.text
        content: dict[str, Any] = answer.json()
        return content

    def forget_cookies(self) -> None:
        self._client.cookies.clear()

    def wait(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))


@contextmanager
def running(store: Path, clock: Clock = lambda: NOW, **settings: Any) -> Iterator[Service]:
    """Run the service with its own clock, which stands still at `NOW` unless another is given.

    Unless told otherwise it asks for no keys and keeps what it decides in a SQLite file of its own. With `auth=True`
    and `database=url` it asks for keys, which `make_key` makes, and keeps in whatever database has this URL.
    """
    with TemporaryDirectory() as home, asyncio.Runner() as loop:
        kept = {"auth": False, "database": new_database(Path(home)), "spool": Path(home, "spool")}
        app = create_app(Settings(store=store, **kept | settings), clock=clock)
        life = app.router.lifespan_context(app)
        loop.run(life.__aenter__())
        try:
            yield Service(app, loop)
        finally:
            loop.run(life.__aexit__(None, None, None))


def make_key(database: str, role: Role, name: str = "test") -> str:
    """Make a key as `rapport keys create` does, and return its text."""
    key, text = new_key(role, name, 0, token_bytes(TOKEN_BYTES))
    with open_database(database) as opened:
        opened.ledger.add_key(key)
    return text


def revoke_key(database: str, text: str) -> None:
    """Revoke a key as `rapport keys revoke` does."""
    identity = key_id_of(text)
    assert identity is not None
    with open_database(database) as opened:
        assert opened.ledger.revoke_key(identity, 1)


def bearer(key: str) -> dict[str, str]:
    """The header that shows a key."""
    return {"authorization": f"Bearer {key}"}


def new_database(home: Path) -> str:
    """Put a database with its tables and nothing in them into a folder, and return its URL."""
    path = home / "rapport.db"
    path.write_bytes(_blank_database())
    return f"sqlite:///{path}"


@cache
def _blank_database() -> bytes:
    """A database as the service makes it at its first start; made once, since migrations take their time."""
    with TemporaryDirectory() as home:
        path = Path(home, "rapport.db")
        with open_database(f"sqlite:///{path}") as database:
            prepare(database)
        return path.read_bytes()


def put_model(store: Path, base: float = 0.3, stored: Fingerprint | None = None) -> str:
    """Put a small model on the shelf of `store` and return its version; every signal has a step."""
    levels = np.linspace(-0.2, 0.2, len(SIGNAL_NAMES))
    share = np.array([0.5, 0.3, 0.2])
    curves = tuple(
        Curve.of_steps(name, np.array([0.5]), np.array([-level, level, 0.01]), share)
        for name, level in zip(SIGNAL_NAMES, levels, strict=True)
    )
    facts = make_facts(
        estimator="steps",
        signals=tuple(
            TrainedSignal(name=s.name, unit=s.unit.name, low=0.0, high=1e9, treatment=s.treatment) for s in CATALOGUE
        ),
        fingerprint=stored or fingerprint(),
        thresholds=Thresholds(0.6, 0.4),
    )
    draft = store / "draft"
    extras = {"card.md": CARD.encode()}
    manifest = save_bundle(draft, facts, Scorecard(base, curves), created_at=None, extras=extras)
    draft.rename(store / manifest.version)
    return manifest.version


def crown_model(store: Path, **given: Any) -> str:
    """Put a model on the shelf and make it the champion."""
    version = put_model(store, **given)
    Shelf(store).crown(version)
    return version
