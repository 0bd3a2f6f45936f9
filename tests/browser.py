"""A desk with cases of simulated accounts, served on a socket, and a real Chromium to look at it."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import uvicorn

from models.bundle import load_bundle
from models.rules import RuleBook
from models.shelf import STARTER
from reviews.database import open_database
from reviews.record import Entry, Record
from serving.answering.identities import Identities
from serving.answering.judgement import judge
from serving.answering.question import read_question
from serving.answering.record import record_of
from serving.answering.schemas import request_form
from serving.app import create_app
from serving.settings import Settings
from serving.times import micros_of
from tests.service import NOW, make_key, new_database

ODD_NAMES = (
    "<script>document.title = 'owned'</script>",
    "A name that somebody typed until the field was full, " + "and then some more, " * 7 + "end.",
    "شركة الأمل للاستشارات",
)
"""Names of the first accounts."""

PEOPLE = {"Ann": "review", "Ben": "review", "Lea": "admin"}
"""Roles by name; Lea is the team lead."""


CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""Programs that will do; the first is the same engine without windows, and takes half the time."""


def chromium() -> str | None:
    """Where a Chromium is installed."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


@cache
def questions(n: int = 150) -> tuple[bytes, ...]:
    """What a CRM asks about simulated accounts; the first ones bear odd names."""
    import pandas as pd

    from training.simulator.simulate import simulate

    world = simulate(n, seed=5)
    events = dict(list(world.events.groupby("account_id")))
    asked = []
    for place, account in enumerate(world.accounts.to_dict("records")):
        rows = events.get(account["account_id"], pd.DataFrame()).to_dict("records")
        said = {name: _plain(value) for name, value in account.items()}
        if place < len(ODD_NAMES):
            said["name"] = ODD_NAMES[place]
        known = [{k: _plain(v) for k, v in row.items() if k != "account_id" and not pd.isna(v)} for row in rows]
        body = {"account": said, "events": known, "records": sorted(world.records), "as_of": world.as_of.isoformat()}
        asked.append(json.dumps(body).encode())
    return tuple(asked)


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if value is None or value != value:  # noqa: PLR0124 - nan is not itself
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value


@cache
def records(drawn: int, n: int = 150) -> tuple[Record, ...]:
    """What the service keeps of such requests, of which the audit sample draws the first ones, and so opens cases."""
    form, identities, model = request_form(10_000), Identities(), load_bundle(STARTER).model
    asked = [read_question(body, form) for body in questions(n)]
    at = micros_of(NOW - timedelta(days=20))
    kept = []
    for place, (question, judged) in enumerate(zip(asked, judge(asked, RuleBook.default(), model, at), strict=True)):
        assert not isinstance(judged, Exception)
        share = 1.0 if place < drawn else 0.0
        kept.append(record_of(identities.make(at), question, judged, None, bytes(32), share))
    return tuple(kept)


class Ticking:
    """A clock that goes on a second each time it is looked at."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


class Served:
    """A desk that is served.

    Attributes
    ----------
    address : str
    keys : dict
        Texts of the API keys of `PEOPLE`, by name.
    """

    def __init__(self, address: str, keys: dict[str, str]) -> None:
        self.address = address
        self.keys = keys


@contextmanager
def serving_desk(home: Path, kept: tuple[Record, ...], **given: Any) -> Iterator[Served]:
    """Run the service, with these predictions kept, on a socket of this machine."""
    url = new_database(home)
    with open_database(url) as database:
        database.ledger.write([Entry(kept)])
    keys = {name: make_key(url, role, name) for name, role in PEOPLE.items()}
    usual = {"database": url, "spool": home / "spool", "store": home / "store", "model": "starter", "second_share": 0.0}
    app = create_app(Settings(**usual | given), clock=Ticking())
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the service did not start"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(f"http://127.0.0.1:{port}", keys)
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def browsing() -> Iterator[Any]:
    """Start a Chromium."""
    from playwright.sync_api import sync_playwright

    flags = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync")
    quiet = ("--disable-background-networking", "--disable-component-update")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*flags, *quiet])
        try:
            yield browser
        finally:
            browser.close()
