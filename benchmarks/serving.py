"""The service over HTTP against an endpoint that only validates, against mlflow, and where a request's time goes."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import contenders
from benchmarks.contenders import N_EVENTS, PREDICT, ROOT, Asked
from benchmarks.stages import show_stages
from features.signals import SIGNAL_NAMES
from training.train import Trained

UNRECORDED = "Rapport, record=false"
RECORDED = "Rapport, recorded in SQLite"
ON_POSTGRES = "Rapport, recorded in PostgreSQL"
READY = "Rapport, ready signals, record=false"
BATCH = "Rapport, batch, record=false"
BATCH_RECORDED = "Rapport, batch, recorded in SQLite"
EMPTY = "Empty FastAPI, validates the same body"
NOTHING = "Nothing: the load generator's own ceiling"
MLFLOW = "mlflow models serve, ready signals"
TARGETS = ((UNRECORDED, EMPTY, 0.7), (RECORDED, EMPTY, 0.5), (ON_POSTGRES, EMPTY, None), (READY, MLFLOW, 20.0))
CONNECTIONS = 64


@dataclass(frozen=True)
class Contender:
    """Somebody who is asked: where and what, and of how many accounts at once."""

    name: str
    port: int
    requests: Path
    accounts: int = 1


@dataclass(frozen=True)
class Measured:
    """The medians over rounds: requests a second, and seconds that they took."""

    rate: float
    p50: float
    p99: float


def measure_serving(console: Console, folder: Path, *, quick: bool) -> None:
    """Start every contender, measure them in turn, and print the tables."""
    folder.chmod(0o755)  # PostgreSQL runs as a user of its own
    rounds, seconds = (1, 1.0) if quick else (5, 3.0)
    with console.status("Training the model that is served"):
        trained, world = contenders.make_model(folder, 1_000 if quick else 3_000)
        asked = contenders.make_requests(world, 1_000)
    with ExitStack() as stack, console.status("Starting services") as status:
        field = list(_start(stack, folder, trained, asked))
        status.update("Measuring under load")
        loaded = _race(field, CONNECTIONS, rounds, seconds)
        status.update("Measuring one request at a time")
        alone = _race([each for each in field if each.accounts == 1], 1, max(1, rounds // 2), seconds)
    console.print(f"One worker each on loopback, {N_EVENTS} events an account, bodies of {_size(asked)} bytes.")
    _show(console, f"{CONNECTIONS} connections (batches: 1)", field, loaded)
    _show_targets(console, loaded)
    _show(console, "One connection: a request by itself", field, alone)
    show_stages(
        console, folder / "store", asked.events, {UNRECORDED: loaded[UNRECORDED].rate, NOTHING: loaded[NOTHING].rate}
    )


def _start(stack: ExitStack, folder: Path, trained: Trained, asked: Asked) -> Iterator[Contender]:
    """Start the services; who asks the same one for something else shares it."""

    def contender(name: str, port: int, bodies: Sequence[object], target: str, key: str = "", n: int = 1) -> Contender:
        path = folder / f"{name.replace(' ', '-').replace('/', '-')}.json"
        return Contender(name, port, contenders.write_requests(path, bodies, target, key), n)

    def rapport(name: str, url: str) -> tuple[int, str]:
        key = contenders.make_key(url)
        return stack.enter_context(contenders.service(folder / name, url, folder / "store")).port, key

    nothing = stack.enter_context(contenders.started(contenders.uvicorn("benchmarks.empty:nothing"), folder / "0", "/"))
    yield contender(NOTHING, nothing.port, asked.events, PREDICT)
    empty = stack.enter_context(contenders.started(contenders.uvicorn("benchmarks.empty:app"), folder / "1", "/docs"))
    yield contender(EMPTY, empty.port, asked.events, PREDICT)
    port, key = rapport("sqlite", f"sqlite:///{folder / 'rapport.db'}")
    yield contender(UNRECORDED, port, asked.events, f"{PREDICT}?record=false", key)
    yield contender(RECORDED, port, asked.events, PREDICT, key)
    url = stack.enter_context(contenders.postgres(folder))
    if url is not None:
        other, other_key = rapport("postgresql", url)
        yield contender(ON_POSTGRES, other, asked.events, PREDICT, other_key)
    yield contender(READY, port, asked.signals, f"{PREDICT}?record=false", key)
    mlflow = stack.enter_context(contenders.mlflow_service(folder / "mlflow", trained))
    frames = [{"dataframe_split": {"columns": list(SIGNAL_NAMES), "data": [row]}} for row in asked.table[:200]]
    yield contender(MLFLOW, mlflow.port, frames, "/invocations")
    batch = [{"accounts": asked.events}]
    yield contender(BATCH, port, batch, f"{PREDICT}/batch?record=false", key, len(asked.events))
    yield contender(BATCH_RECORDED, port, batch, f"{PREDICT}/batch", key, len(asked.events))


def _race(field: Sequence[Contender], connections: int, rounds: int, seconds: float) -> dict[str, Measured]:
    """Measure each in every round, so that whatever else the machine does meets all of them."""
    found: dict[str, list[Measured]] = {each.name: [] for each in field}
    for _ in range(rounds):
        for each in field:
            found[each.name].append(_ask(each, connections if each.accounts == 1 else 1, seconds))
    return {name: _median(measured) for name, measured in found.items()}


def _ask(contender: Contender, connections: int, seconds: float) -> Measured:
    command = [sys.executable, "-m", "benchmarks.load", str(contender.port), str(contender.requests)]
    given = ["--connections", str(connections), "--seconds", str(seconds)]
    ran = subprocess.run([*command, *given], cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - our own
    measured = json.loads(ran.stdout)
    statuses = measured.pop("statuses")
    assert statuses.keys() == {"200"}, f"{contender.name} answered {statuses}"
    return Measured(**measured)


def _median(rounds: Sequence[Measured]) -> Measured:
    return Measured(*(statistics.median(getattr(each, name) for each in rounds) for name in ("rate", "p50", "p99")))


def _show(console: Console, title: str, field: Sequence[Contender], measured: Mapping[str, Measured]) -> None:
    table = Table(title=title, title_justify="left")
    for column in ("contender", "requests/s", "accounts/s", "p50 ms", "p99 ms", "× empty"):
        table.add_column(column, justify="left" if column == "contender" else "right")
    for each in field:
        if each.name in measured:
            its = measured[each.name]
            accounts = its.rate * each.accounts
            times = (f"{1000 * wait:.2f}" for wait in (its.p50, its.p99))
            table.add_row(
                each.name, f"{its.rate:,.4g}", f"{accounts:,.0f}", *times, f"{accounts / measured[EMPTY].rate:.2f}"
            )
    console.print(table)


def _show_targets(console: Console, measured: Mapping[str, Measured]) -> None:
    for ours, theirs, target in TARGETS:
        if ours in measured:
            ratio = measured[ours].rate / measured[theirs].rate
            said = (
                ""
                if target is None
                else f", target ≥ {target:g} " + ("[green]met[/]" if ratio >= target else "[red]missed[/]")
            )
            console.print(f"{ours}: {ratio:.2f} × {theirs}{said}")


def _size(asked: Asked) -> str:
    sizes = [len(json.dumps(body)) for body in asked.events]
    return f"{statistics.mean(sizes):,.0f}"
