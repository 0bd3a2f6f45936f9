"""Printing what an export holds."""

from __future__ import annotations

from pathlib import Path

from features.coverage import Coverage
from features.events import EVENT_COLUMNS
from rapport.show import print_table, say, time_text

__all__ = ["print_coverage"]

_OPTIONAL = tuple(column.name for column in EVENT_COLUMNS if not column.required)


def print_coverage(path: Path, coverage: Coverage) -> None:
    """Print counts, kinds with the columns that they fill, accounts and labels."""
    say(
        f"[bold green]{path} is a valid export[/]: {coverage.n_events:,} events of {coverage.n_accounts:,} accounts, "
        f"{coverage.n_without_events:,} of them without an event."
    )
    order = "in order of account and time" if coverage.in_order else "in no stated order, so each run sorts them"
    say(f"Events stand {order}.\n")
    spans = [(kind.kind, kind.events, time_text(kind.first)[:10], time_text(kind.last)[:10]) for kind in coverage.kinds]
    print_table("Events", ("kind", "events", "first", "last"), spans)
    filled = [(kind.kind, *_shares(kind.filled)) for kind in coverage.kinds]
    print_table("How many of them fill each column", ("kind", *_OPTIONAL), filled)
    silent = [kind for kind in coverage.records if kind not in {each.kind for each in coverage.kinds}]
    if silent:
        say(f"Recorded, but without an event, which counts as 0: {', '.join(silent)}.")
        say("A kind that the source does not record at all is left out of `records` in export.json.\n")
    if coverage.account_columns is not None:
        shares = [(name, f"{share:.0%}") for name, share in coverage.account_columns.items()]
        print_table("Accounts, and how many fill each column", ("column", "filled"), shares)
    if coverage.labels is not None:
        print_table("Labels", ("relationship", "rows"), coverage.labels.items())
    else:
        say("No labels: classify it by rules or the starter model; training needs labels.csv or labels.parquet.")
    for file, columns in coverage.unknown_columns.items():
        if columns:
            say(f"{file}: passed over, since an export has no such column: {', '.join(columns)}")


def _shares(filled: dict[str, float]) -> list[str]:
    return [f"{filled[name]:.0%}" if filled[name] else "·" for name in _OPTIONAL]
