"""Timing contenders against each other: interleaved, in one process, the median of several runs each."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

Work = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """A contender's median, and what else is to be told of it."""

    name: str
    seconds: float
    note: str = ""


def race(contenders: Mapping[str, Work], runs: int, repeats: int = 1) -> dict[str, float]:
    """Return each contender's median seconds for one call.

    Each round gives every contender `repeats` calls in a row, so that whatever else the machine does meets all of them.
    """
    rounds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name, work in contenders.items():
            gc.collect()
            began = time.perf_counter()
            for _ in range(repeats):
                work()
            rounds[name].append((time.perf_counter() - began) / repeats)
    return {name: statistics.median(times) for name, times in rounds.items()}


def show(console: Console, title: str, rows: list[Row], ours: str, targets: Mapping[str, float]) -> None:
    """Print a table: how many times as long as ours each contender takes, and what it was to be at least."""
    own = next(row.seconds for row in rows if row.name == ours)
    table = Table(title=title, title_justify="left")
    for column in ("contender", "median", "× ours", "target", ""):
        table.add_column(column, justify="left" if column in {"contender", ""} else "right")
    for row in rows:
        target = targets.get(row.name)
        ratio = row.seconds / own
        said = "" if target is None else f"≥ {target:g}" + (" [green]met[/]" if ratio >= target else " [red]missed[/]")
        table.add_row(row.name, _time(row.seconds), f"{ratio:.2f}", said, row.note)
    console.print(table)


def show_limit(console: Console, what: str, seconds: float, limit: float) -> None:
    """Print one time beside the most that it was to take."""
    verdict = "[green]met[/]" if seconds <= limit else "[red]missed[/]"
    console.print(f"{what}: {_time(seconds)}, target ≤ {_time(limit)} {verdict}")


def _time(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"
