"""A second run that takes over what has not changed, against one that decides everything anew."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from benchmarks.exports import AS_OF, make_events, write_export
from benchmarks.large import RAPPORT, Took, took

_SHARE = 100
"""One account in as many gets an event more."""


def measure_again(console: Console, folder: Path, n_events: int, runs: int) -> None:
    """Time `rapport classify --since` where nothing changed and where an account in a hundred did.

    Its table is compared with that of a full run.
    """
    events = make_events(n_events)
    same = write_export(events, folder / "same", in_order=True)
    changed = write_export(pa.concat_tables([events, _late(events)]), folder / "changed", in_order=True)
    last, out = folder / "last.parquet", folder / "out.parquet"
    _classify(same, last, ["--since", str(last)])
    cases: dict[str, tuple[Path, Sequence[str]]] = {
        "everything anew": (same, []),
        "--since, nothing changed": (same, ["--since", str(last)]),
        "--since, 1 account in 100 changed": (changed, ["--since", str(last)]),
    }
    table = Table(title=f"rapport classify, {n_events:,} events, start-up and all", title_justify="left")
    for column in ("run", "seconds", "seconds of CPU", "× everything anew"):
        table.add_column(column, justify="left" if column == "run" else "right")
    first = 0.0
    for name, (crm, options) in cases.items():
        took_least = min((_classify(crm, out, options) for _ in range(runs)), key=_cpu)
        first = first or took_least.cpu
        table.add_row(name, f"{took_least.wall:.1f}", f"{took_least.cpu:.1f}", f"{took_least.cpu / first:.2f}")
    full = folder / "full.parquet"
    _classify(changed, full, [])
    names = pq.read_schema(full).names
    assert pq.read_table(out, columns=names).equals(pq.read_table(full)), "--since gave another table than a full run"
    console.print(table)
    console.print("The least of CPU of several runs; the table with --since is equal to that of a full run.")


def _late(events: pa.Table) -> pa.Table:
    """Return one more event, of another amount, for an account in a hundred."""
    ids = events.column("account_id").unique()
    chosen = ids.take(pa.array(range(0, len(ids), _SHARE)))
    rows = pc.index_in(chosen, events.column("account_id").combine_chunks())
    late = events.take(rows)
    amount = late.schema.get_field_index("amount")
    return late.set_column(amount, "amount", pc.add(late.column("amount"), 1.0))


def _classify(crm: Path, out: Path, options: Sequence[str]) -> Took:
    return took([RAPPORT, "classify", str(crm), "--out", str(out), "--model", "starter", "--as-of", AS_OF, *options])


def _cpu(one: Took) -> float:
    return one.cpu
