"""Signals of one account and of millions of events, against DuckDB, Polars and pandas."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from benchmarks import in_duckdb, in_pandas, in_polars, synthesis
from benchmarks.beside import Contender, draw_contenders
from benchmarks.exports import AS_OF, make_events, write_export
from benchmarks.page import ROOT
from benchmarks.race import Row, race, show, show_limit
from benchmarks.rivals import LEFT_OUT
from features.arrow import to_micros
from features.events import KINDS
from features.reader import open_export
from features.request import EVENT_FIELDS, log_of_one
from features.signals import SIGNAL_NAMES
from features.stream import stream_signals
from features.table import signals_matrix
from features.written import write_table

RIVALS: dict[str, Callable[[Path, Path], None]] = {
    "DuckDB, hand-written SQL": in_duckdb.write_signals,
    "Polars, lazy and streaming": in_polars.write_signals,
    "pandas, vectorised groupby": in_pandas.write_signals,
}
OURS = "Rapport"
SYNTHESIS = "Featuretools"

FEATURETOOLS = ROOT / ".venv" / "featuretools" / "bin" / "python"
"""An environment of its own: it does not run beside pandas 3."""


def measure_one(console: Console) -> None:
    """Time the signals of one account of 40 events, as a request brings it."""
    events = _as_request(make_events(40, seed=3))
    account, everything, as_of = {"account_id": "one"}, frozenset(KINDS), to_micros(AS_OF)
    log = log_of_one(account, events, everything)
    assert signals_matrix(log.at(as_of)).shape == (1, len(SIGNAL_NAMES))
    work = {
        "log": lambda: log_of_one(account, events, everything),
        "signals": lambda: signals_matrix(log.at(as_of)),
    }
    medians = race(work, runs=9, repeats=500)
    show_limit(console, "Signals of one account of 40 events, from its log", medians["signals"], 100e-6)
    console.print(f"  building that log from a request's names and values: {medians['log'] * 1e6:.3g} µs more")


def _as_request(events: pa.Table) -> list[dict[str, object]]:
    table = events.drop_columns("account_id").append_column("event_id", pa.nulls(events.num_rows, pa.string()))
    names = [field.name for field in EVENT_FIELDS]
    rows = table.select(names).to_pylist()
    times = ("occurred_at", "ends_at", "recorded_at")
    return [row | {name: row[name] and row[name].isoformat() for name in times} for row in rows]


def measure_export(console: Console, folder: Path, n_events: int, runs: int, picture: Path | None) -> None:
    """Time an export from Parquet to Parquet, unsorted and as import sorts it."""
    found: dict[str, list[Contender]] = {}
    console.print(f"Making {n_events:,} events …")
    events = make_events(n_events)
    exports = {in_order: write_export(events, folder / str(in_order), in_order=in_order) for in_order in (True, False)}
    del events
    for in_order, path in exports.items():
        work = {name: _work(name, path, folder) for name in (OURS, *RIVALS)}
        for run in work.values():
            run()
        for name in RIVALS:
            _check_equal(folder / f"{OURS}.parquet", folder / f"{name}.parquet")
        medians = race(work, runs)
        order = "sorted by import" if in_order else "unsorted"
        peaks = {name: _peak(name, path, folder) for name in work}
        found[order] = [Contender(name, seconds, peaks[name]) for name, seconds in medians.items()]
        rows = [Row(name, seconds, f"{peaks[name]:,} MB") for name, seconds in medians.items()]
        best = min(medians[name] for name in list(RIVALS)[:2])
        rows.insert(1, Row("the better of DuckDB and Polars", best))
        title = f"Signals of {n_events:,} events, {order}, Parquet to Parquet"
        pandas = list(RIVALS)[2]
        show(console, title, rows, OURS, {rows[1].name: 1.5 if in_order else 0.7, pandas: 2.5})
    if picture is not None:
        picture.write_bytes(draw_contenders(found, n_events))
    _against_synthesis(console, folder, n_events // 5)
    left_out = ", ".join(LEFT_OUT)
    console.print(
        f"Equal to 1e-9 for every account with a known event; left out for all: {left_out}. Memory is the peak."
    )


def _against_synthesis(console: Console, folder: Path, n_events: int) -> None:
    """Race deep feature synthesis on fewer events: its time grows with them as ours does."""
    if not FEATURETOOLS.exists():
        console.print(f"Featuretools is left out: `make bench` installs it in {FEATURETOOLS.parent.parent.name}.")
        return
    few = write_export(make_events(n_events), folder / "few", in_order=True)
    theirs = folder / f"{SYNTHESIS}.parquet"
    work = {
        OURS: _work(OURS, few, folder),
        SYNTHESIS: lambda: synthesis.run(FEATURETOOLS, few / "events.parquet", theirs),
    }
    for run in work.values():
        run()
    _check_equal(folder / f"{OURS}.parquet", theirs, synthesis.SIGNALS, unknown_too=False)
    medians = race(work, 1)
    nothing = [str(FEATURETOOLS), "-c", "import featuretools"]
    start = race({"nothing": lambda: subprocess.run(nothing, check=True)}, 1)  # noqa: S603 - the same command
    medians[SYNTHESIS] -= start["nothing"]
    rows = [Row(name, seconds) for name, seconds in medians.items()]
    title = f"Signals of {n_events:,} events: all {len(SIGNAL_NAMES)} of ours, {len(synthesis.SIGNALS)} by Featuretools"
    show(console, title, rows, OURS, {SYNTHESIS: 100.0})
    console.print("Its start-up is taken off; ours, which is in this process, has none.")


def _work(name: str, export: Path, folder: Path) -> Callable[[], object]:
    out = folder / f"{name}.parquet"
    if name == OURS:
        return lambda: write_table(stream_signals(open_export(export), AS_OF), out)
    return lambda: RIVALS[name](export / "events.parquet", out)


def _check_equal(ours: Path, theirs: Path, names: Collection[str] = SIGNAL_NAMES, *, unknown_too: bool = True) -> None:
    own = pq.read_table(ours).to_pandas().set_index("account_id")
    own = own[own["events"] > 0]
    other = pq.read_table(theirs).to_pandas()
    other = other.set_index(other.pop("account_id").astype(str))
    assert len(other) == len(own), f"{theirs.stem} has {len(other)} accounts, we have {len(own)}"
    other = other.reindex(own.index)
    for name in names:
        if name not in LEFT_OUT:
            left, right = own[name].to_numpy(float), other[name].to_numpy(float, na_value=np.nan)
            equal = np.isclose(left, right, rtol=1e-9, atol=1e-12, equal_nan=True)
            equal |= np.isnan(left) & (not unknown_too)
            assert equal.all(), f"{theirs.stem} differs in {name} for {int((~equal).sum())} accounts"


def _peak(name: str, export: Path, folder: Path) -> int:
    """Peak memory in MB of a process of its own that does the work once."""
    code = (
        "import sys; from pathlib import Path; from benchmarks import signals; "
        "signals._work(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))(); print(signals._own_peak())"
    )
    arguments = [sys.executable, "-c", code, name, str(export), str(folder)]
    done = subprocess.run(arguments, check=True, capture_output=True, text=True)  # noqa: S603 - our own code
    return int(done.stdout.split()[-1]) // 1024**2


def _own_peak() -> int:
    """Peak memory of this process in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # On Linux getrusage would also count what the process that started this one held.
        return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
