"""How long a reviewer waits for the database: 1,000,000 predictions, 50,000 cases, both databases, plans shown.

`python -m benchmarks.desk [--plans] [--only sqlite|postgresql]`
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from uuid import UUID

import numpy as np
from rich.console import Console
from rich.table import Table
from sqlalchemy import event, text

from features.signals import SIGNAL_NAMES
from reviews.answer import Answer, Shown
from reviews.case import Filters
from reviews.database import Database, open_database
from reviews.desk import Desk
from reviews.desk_tables import answers, audits, cases, readings, verdicts
from reviews.evidence import write_evidence
from reviews.record import CATALOGUE, pack
from reviews.schema import upgrade
from reviews.sql.bulk import Bulk
from reviews.tables import evidence
from reviews.terms import DAY

PREDICTIONS = 1_000_000
CASES = 50_000
OPEN = 30_000
"""Cases that wait; the others were settled over the last year."""
REVIEWERS = [f"reviewer-{i}" for i in range(8)]
NOW = 1_783_000_000_000_000
RUNS = 20
WIDTH = 8 * len(SIGNAL_NAMES)

_PREDICTION = """
    {account}, {at}, {at}, '{catalogue}', {blob}, 'client', 0.9, 0.9, {false}, 'retainer', {true},
    'model', 'auto', '', 'lusab-babad', '0123456789ab', NULL, NULL
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.desk", description=__doc__)
    parser.add_argument("--plans", action="store_true", help="print how each statement is executed")
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--predictions", type=int, default=PREDICTIONS)
    arguments = parser.parse_args()
    console = Console()
    for kind in ("sqlite", "postgresql"):
        if arguments.only in {None, kind}:
            measure_desk(console, kind, arguments.predictions, plans=arguments.plans)


def measure_desk(console: Console, kind: str, predictions: int, *, plans: bool) -> None:
    """Fill a database and measure what pages ask of it."""
    with tempfile.TemporaryDirectory(prefix="rapport-desk-") as folder, _database(kind, Path(folder)) as database:
        started = perf_counter()
        with console.status(f"{kind}: writing {predictions:,} predictions and {CASES:,} cases"):
            fill(database, predictions)
        console.print(f"{kind}: {predictions:,} predictions, {CASES:,} cases, made in {perf_counter() - started:.0f} s")
        columns = ("asked", "median ms", "quickest", "slowest", "this process's CPU ms")
        table = Table(*columns, title=f"The desk on {kind}")
        for name, ask in asked(Desk(database)).items():
            spent = process_time()
            times = sorted(_timed(ask) for _ in range(RUNS))
            spent = (process_time() - spent) / RUNS
            table.add_row(name, *(f"{1e3 * each:.1f}" for each in (times[RUNS // 2], times[0], times[-1], spent)))
        console.print(table)
        if plans:
            show_plans(console, database)


def asked(desk: Desk) -> dict[str, Callable[[], object]]:
    """What pages and reviewers ask, each a few times."""
    middle = desk.queue(Filters(), REVIEWERS[0], NOW, limit=1000)[-1].id
    turns = iter(range(10**6))

    def claim_and_answer() -> None:
        reviewer = REVIEWERS[next(turns) % len(REVIEWERS)]
        case = desk.claim(reviewer, NOW)
        assert case is not None
        desk.answer(case.id, reviewer, Answer("client"), NOW, Shown(case.prediction_id))

    def claim() -> object:
        return desk.claim(f"new-{next(turns)}", NOW)

    me = REVIEWERS[0]
    return {
        "queue, first page of 50": lambda: desk.queue(Filters(), me, NOW),
        "queue, page 21": lambda: desk.queue(Filters(), me, NOW, after=middle),
        "queue, why = audit": lambda: desk.queue(Filters(why="audit"), me, NOW),
        "queue, opened this week": lambda: desk.queue(Filters(opened_from=NOW - 7 * DAY), me, NOW),
        "queue, account begins with (none does)": lambda: desk.queue(Filters(account="nobody"), me, NOW),
        "queue, claimed by me": lambda: desk.queue(Filters(holder=me), me, NOW),
        "queue, wait for a second reader": lambda: desk.queue(Filters(second=True), me, NOW),
        "settled cases": lambda: desk.queue(Filters(state="closed"), me, NOW),
        "team lead's disputes": lambda: desk.lead(me, NOW),
        "overview, 90 days": lambda: desk.overview(NOW - 90 * DAY, NOW, NOW),
        "overview, a year": lambda: desk.overview(NOW - 365 * DAY, NOW, NOW),
        "own history": lambda: desk.history(me),
        "what changed (polled each second)": lambda: desk.standing_verdicts(10**9),
        "typical accounts": desk.typical,
        "claim": claim,
        "claim and answer": claim_and_answer,
    }


def _timed(ask: Callable[[], object]) -> float:
    started = perf_counter()
    ask()
    return perf_counter() - started


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[Database]:
    if kind == "sqlite":
        with open_database(f"sqlite:///{folder / 'rapport.db'}", seconds=600) as database:
            upgrade(database)
            yield database
        return
    from tests.databases import Postgres  # noqa: PLC0415 - starts a server where one is wanted

    folder.chmod(0o755)
    home = folder / "pg"
    home.mkdir(mode=0o755)
    server = Postgres(home)
    try:
        with open_database(server.emptied_database(), seconds=600) as database:
            yield database
    finally:
        server.control("stop", "-m", "immediate")
        shutil.rmtree(home, ignore_errors=True)


def fill(database: Database, predictions: int) -> None:
    """Write a year: predictions by statements that make their own rows, the desk's tables row by row."""
    rng = np.random.default_rng(1)
    with database.writing() as connection:
        sqlite = connection.dialect.name == "sqlite"
        numbers = (
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {predictions}) SELECT "
            if sqlite
            else "SELECT "
        )
        source = " FROM n" if sqlite else f" FROM generate_series(1::bigint, {predictions}) AS n(i)"
        at = f"{NOW - 365 * DAY} + i * {365 * DAY // predictions}"
        padded = "printf('%07d', {})" if sqlite else "lpad(({})::text, 7, '0')"
        words = {
            "account": f"CASE WHEN i > {predictions - CASES} THEN 'case-' || {padded.format(f'{predictions} - i')} "
            f"ELSE 'account-' || {padded.format('i % 200000')} END",
            "at": at,
            "catalogue": CATALOGUE,
            "blob": f"zeroblob({WIDTH})" if sqlite else f"decode(repeat('00', {WIDTH}), 'hex')",
            "true": "1" if sqlite else "true",
            "false": "0" if sqlite else "false",
        }
        # The order of the ids is that of time, as with UUIDs of version 7.
        id_ = "printf('%032x', i)" if sqlite else "lpad(to_hex(i), 32, '0')::uuid"
        connection.exec_driver_sql(f"INSERT INTO predictions {numbers} {id_}, {_PREDICTION.format(**words)} {source}")
    with database.writing() as connection:
        _fill_desk(connection, rng, predictions)
    # As PostgreSQL does by itself in the background, and a service on SQLite now and then.
    with database._engine.connect().execution_options(begin="", isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if database.place.path else "VACUUM ANALYZE")


def _fill_desk(connection: Any, rng: np.random.Generator, predictions: int) -> None:  # noqa: PLR0915 - row by row
    keep = {
        table: Bulk(table, lambda insert: insert) for table in (cases, answers, readings, verdicts, audits, evidence)
    }
    rows: dict[Any, list[tuple[Any, ...]]] = {table: [] for table in keep}
    events = [{"kind": "meeting", "occurred_at": f"2026-0{1 + i % 6}-02T09:00:00Z"} for i in range(40)]
    shown = pack(write_evidence({"account_id": "account", "name": "An account"}, events))
    whys = rng.choice(["route", "audit", "label", "moved", "expired"], CASES, p=[0.6, 0.2, 0.1, 0.05, 0.05])
    opened = NOW - rng.integers(1, 365, CASES) * DAY
    opened[:OPEN] = NOW - rng.integers(0, 60 * DAY, OPEN)
    signals = np.random.default_rng(2).random(len(SIGNAL_NAMES)).tobytes()
    number = 0
    for i in range(CASES):
        prediction, account = UUID(int=predictions - i), f"case-{i:07}"
        state = "closed" if i >= OPEN else "lead" if i % 300 == 0 else "open"
        at = int(opened[i])
        due = at - int(rng.normal(0, 5) * DAY)
        second = 2 if i % 10 == 0 else 1
        closed_at = at + 3 * DAY if state == "closed" else None
        held = (REVIEWERS[i % 8], NOW + DAY) if state == "open" and i % 500 == 1 else (None, None)
        rows[cases].append(
            (prediction, account, whys[i], prediction, at, at, 1.0, due, state, second, *held, closed_at)
        )
        rows[evidence].append((prediction, shown))
        if whys[i] == "audit":
            month = np.datetime64(at, "us").astype("datetime64[M]").astype(str)
            rows[audits].append(
                (account, month, prediction, at, 0.02, "client", "model", "lusab-babad", prediction, None, False, at)
            )
        readers = second if state != "open" else second - 1
        for reader in range(readers):
            number += 1
            who = REVIEWERS[(i // 7 + reader) % 8]
            said = "client" if rng.random() < 0.8 else "customer"
            other = (REVIEWERS[(i // 7 + reader - 1) % 8], "client") if reader else (None, None)
            machine = ("client", "client", "client", "\n".join(rng.choice(SIGNAL_NAMES, 5, replace=False)))
            told = (said, False, "retainer", True, "sure", "", "{}", prediction, "lusab-babad", "0123456789ab")
            rows[answers].append(
                (
                    number,
                    prediction,
                    account,
                    who,
                    at + 2 * DAY,
                    "blind",
                    *told,
                    *machine,
                    *other,
                    None,
                )
            )
            rows[readings].append((prediction, who, at + 2 * DAY, number))
        if state == "closed":
            number += 1
            whose = (number, account, prediction, number - 1, said, False, "retainer", True, who, at + 2 * DAY)
            seen = (at + 367 * DAY, prediction, at, CATALOGUE, signals, 0.02 if whys[i] == "audit" else None)
            rows[verdicts].append((*whose, *seen, *machine[:3], machine[3].splitlines()[0], number, None, None))
    for table, bulk in keep.items():
        bulk.run(connection, rows[table])
    connection.execute(text("UPDATE journal SET change_seq = 1000000"))


def show_plans(console: Console, database: Database) -> None:
    """Print how the statements behind queue and overview are executed."""
    desk, seen = Desk(database), list[tuple[str, Any]]()
    engine = database._engine

    @event.listens_for(engine, "before_cursor_execute")
    def remember(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.lstrip().startswith("SELECT"):
            seen.append((statement, parameters))

    desk.queue(Filters(), REVIEWERS[0], NOW)
    desk.overview(NOW - 90 * DAY, NOW, NOW)
    desk.claim("somebody", NOW)
    event.remove(engine, "before_cursor_execute", remember)
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF) "
    with database.reading() as connection:
        for statement, parameters in seen:
            console.print(" ".join(statement.split())[:300], style="dim", markup=False)
            for row in connection.exec_driver_sql(explain + statement, parameters):
                console.print(f"    {row[-1]}", markup=False)


if __name__ == "__main__":
    main()
