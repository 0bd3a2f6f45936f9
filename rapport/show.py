"""What the command line prints: lines, tables and bars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from features.progress import Progress as ReportProgress

__all__ = ["bar", "console", "note", "now", "print_table", "say", "time_text"]


def console() -> Console:
    """Return the screen, as wide as it is now."""
    return Console(highlight=False)


def say(text: str) -> None:
    """Print a line; what is between square brackets is print style."""
    console().print(text, soft_wrap=True)


def note(text: str) -> None:
    """Print a line for people beside what a program may read: on standard error."""
    Console(stderr=True, highlight=False).print(text, soft_wrap=True, markup=False)


def time_text(micros: int) -> str:
    """Return a time as people and `--as-of` write it, to the microsecond where it has any."""
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    return time.isoformat().replace("+00:00", "Z")


def now() -> str:
    """Return the present moment as UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    text_columns: int = 1,
    whole_first: bool = False,
) -> None:
    """Print a table; the first columns are text, the others figures set flush right.

    `whole_first` keeps the very first column whole where there is little room.
    """
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False)
    for position, column in enumerate(columns):
        table.add_column(
            column,
            justify="left" if position < text_columns else "right",
            overflow="fold",
            no_wrap=whole_first and position == 0,
        )
    table.columns[0].no_wrap = whole_first
    for row in rows:
        table.add_row(*(escape(_cell(value)) for value in row))
    console().print(table)
    console().print()


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


@contextmanager
def bar() -> Iterator[ReportProgress]:
    """Show on standard error how far the work in the block is, and remove it after."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    screen = Console(stderr=True)
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        task = progress.add_task("Starting", total=None)

        def report(step: str, done: int, total: int) -> None:
            progress.update(task, description=step, completed=done, total=total or None)

        yield report
