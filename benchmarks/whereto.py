"""Where the time of events to decisions goes, each step by itself on one core."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import TypeVar

import pyarrow as pa
from rich.console import Console
from rich.table import Table

from benchmarks.exports import AS_OF, make_events, write_export
from features.arrow import to_micros
from features.batch import Rows
from features.log import EventLog
from features.order import whole_accounts
from features.pieces import checked_pieces, refuse_bad_rows
from features.reader import Export, open_export
from features.reading import BATCH_EVENTS
from features.sorting import sort_tables
from features.table import signals_matrix
from features.written import write_table
from models.policy import decide
from models.rules import RuleBook
from models.shelf import choose
from models.table import decision_table

Result = TypeVar("Result")


class Clock:
    """Adds up the CPU seconds of steps."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def __call__(self, step: str, work: Callable[[], Result]) -> Result:
        began = process_time()
        found = work()
        self.seconds[step] = self.seconds.get(step, 0.0) + process_time() - began
        return found


def show_steps(console: Console, folder: Path, n_events: int) -> None:
    """Take the pipeline apart and print what each step costs."""
    clock, rules = Clock(), RuleBook.default()
    model, as_of = choose("starter", folder).model, to_micros(AS_OF)
    events = make_events(n_events)
    unsorted = open_export(write_export(events, folder / "steps-unsorted", in_order=False))
    export = open_export(write_export(events, folder / "steps", in_order=True))

    def read(source: Export) -> list[pa.Table]:
        return list(refuse_bad_rows(checked_pieces(source.events, source.event_columns, BATCH_EVENTS), "events"))

    tables = clock("read and check rows", lambda: read(export))
    clock("sort them, where they are not sorted", lambda: list(sort_tables(read(unsorted), BATCH_EVENTS, 4 << 30)))
    # The rows were read and checked once more for it.
    clock.seconds["sort them, where they are not sorted"] -= clock.seconds["read and check rows"]
    batches = clock("cut them into whole accounts", lambda: list(whole_accounts(tables, "events", BATCH_EVENTS)))
    decided = []
    for runs in batches:
        log: EventLog = clock("columns for the kernel", Rows(runs.table, None, export.records).log)
        X = clock("signals", lambda log=log: signals_matrix(log.at(as_of)))
        decisions = clock("scores, reasons and decisions", lambda X=X: decide(X, rules, model))
        decided.append(
            clock("the table, with sentences", lambda d=decisions, log=log: decision_table(log.account_ids, d))
        )
    clock("write it", lambda: write_table(decided, folder / "steps.parquet"))
    whole = sum(seconds for step, seconds in clock.seconds.items() if not step.startswith("sort"))
    table = Table(title=f"CPU seconds for {n_events:,} events", title_justify="left")
    for column in ("step", "seconds", "share", "ns an event"):
        table.add_column(column, justify="left" if column == "step" else "right")
    for step, seconds in clock.seconds.items():
        share = "" if step.startswith("sort") else f"{seconds / whole:.0%}"
        table.add_row(step, f"{seconds:.2f}", share, f"{seconds / n_events * 1e9:.0f}")
    table.add_row("all, sorted by import", f"{whole:.2f}", "100%", f"{whole / n_events * 1e9:.0f}")
    console.print(table)
