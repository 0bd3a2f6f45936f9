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

from rich.console import Console
from rich.table import Table
from sqlalchemy import event

from benchmarks.desk_year import CASES, NOW, REVIEWERS, fill
from reviews.answer import Answer, Shown
from reviews.case import Filters
from reviews.database import Database, open_database
from reviews.desk import Desk
from reviews.schema import upgrade
from reviews.terms import DAY

PREDICTIONS = 1_000_000
RUNS = 20


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
