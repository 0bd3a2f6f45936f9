"""How time and memory grow with the events, and how far all of it is from reading them."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from benchmarks.exports import AS_OF, make_events, write_export, write_large_export
from benchmarks.large import RAPPORT, Took, took
from features.memory import size_text
from features.reader import open_export
from features.validate import in_schema
from models.drawing import MODEL, YARDSTICK, draw, drawing

SIZES = (1_000_000, 2_000_000, 4_000_000, 8_000_000, 16_000_000)
MEMORY = "1GB"
_SECONDS = (2, 5, 10, 20, 50, 100)
"""Marked on the axis of time."""

Found = dict[bool, list[Took]]
"""What each size took, of exports that are in order and of others."""


def measure_growth(console: Console, folder: Path, sizes: Sequence[int], picture: Path | None) -> None:
    """Decide exports of several sizes, unsorted and as import sorts them, each in a process of its own."""
    found: Found = {True: [], False: []}
    for size in sizes:
        crm = folder / f"{size}"
        for _ in write_large_export(crm, size):
            pass
        for in_order in (False, True):
            path = _sorted(crm, folder / f"sorted-{size}") if in_order else crm
            options = ["--model", "starter", "--as-of", AS_OF, "--memory", MEMORY]
            found[in_order].append(
                took([RAPPORT, "classify", str(path), "--out", str(folder / "out.parquet"), *options])
            )
    _show(console, sizes, found)
    if picture is not None:
        picture.write_bytes(_draw(sizes, found))


def _show(console: Console, sizes: Sequence[int], found: Found) -> None:
    table = Table(title=f"rapport classify --memory {MEMORY}, events to decisions", title_justify="left")
    for column in ("events", "sorted by import", "CPU", "peak memory", "unsorted", "CPU", "peak memory"):
        table.add_column(column, justify="right")
    for size, *both in zip(sizes, found[True], found[False], strict=True):
        cells = [cell for one in both for cell in (f"{one.wall:.1f} s", f"{one.cpu:.1f} s", size_text(one.peak))]
        table.add_row(f"{size:,}", *cells)
    console.print(table)
    for in_order, name in ((True, "sorted"), (False, "unsorted")):
        for what, of in (("time", _wall), ("CPU time", _cpu), ("memory", _peak)):
            values = [of(one) for one in found[in_order]]
            four = values[-1] / values[-3]
            console.print(
                f"{name}: slope of {what} {_slope(sizes, values):.2f}; from {sizes[-3]:,} to {sizes[-1]:,} events "
                f"{four:.2f} × the {what}"
            )


def _sorted(crm: Path, out: Path) -> Path:
    """Sort an export as import does."""
    out.mkdir()
    schema = pq.read_schema(crm / "events.parquet")
    with pq.ParquetWriter(out / "events.parquet", schema) as writer:
        for rows in open_export(crm).rows():
            writer.write_table(in_schema(rows.events, schema))
    (out / "export.json").write_text('{"sorted": true}', encoding="utf-8")
    return out


def _wall(one: Took) -> float:
    return one.wall


def _cpu(one: Took) -> float:
    return one.cpu


def _peak(one: Took) -> float:
    return float(one.peak)


def _slope(sizes: Sequence[int], values: Sequence[float]) -> float:
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def _draw(sizes: Sequence[int], found: Found) -> bytes:
    from matplotlib.figure import Figure

    with drawing():
        figure = Figure(figsize=(9.2, 3.6), layout="constrained")
        time_axes, memory_axes = figure.subplots(1, 2)
        for in_order, colour, style in ((True, MODEL, "solid"), (False, YARDSTICK, (0, (5, 2)))):
            name = "sorted by import" if in_order else "unsorted"
            millions = np.array(sizes) / 1e6
            looks = {"color": colour, "linestyle": style, "marker": "o", "markersize": 4, "label": name}
            time_axes.loglog(millions, [one.wall for one in found[in_order]], **looks)
            memory_axes.semilogx(millions, [one.peak / 1e9 for one in found[in_order]], **looks)
        time_axes.set_ylabel("seconds")
        time_axes.set_yticks(_SECONDS, [f"{seconds}" for seconds in _SECONDS])
        time_axes.set_yticks([], minor=True)
        memory_axes.set_ylabel("peak memory, GB")
        memory_axes.set_ylim(0, 1.3)
        memory_axes.axhline(1.0, color="#888888", linewidth=0.9, linestyle=(0, (1, 2)))
        memory_axes.annotate(
            f"--memory {MEMORY}", (sizes[0] / 1e6, 1.0), (2, 4), textcoords="offset points", fontsize=8
        )
        for axes in (time_axes, memory_axes):
            axes.set_xticks(np.array(sizes) / 1e6, [f"{size // 10**6}" for size in sizes])
            axes.set_xticks([], minor=True)
            axes.set_xlabel("million events")
            axes.grid(visible=True)
            axes.legend(frameon=False, fontsize=9)
        told = "Time grows as the events do; memory stays below what was asked for."
        return draw(figure, "growth", "Time and memory against events", told).image


def measure_limit(console: Console, folder: Path, n_events: int) -> None:
    """Compare events to decisions with reading the same file from disk, and say where the time goes."""
    crm = write_export(make_events(n_events), folder / "limit", in_order=True)
    path = crm / "events.parquet"
    disk, decoded = _best(lambda: _read_from_disk(path)), _best(lambda: _decode(path))
    out = folder / "limit.parquet"
    options = ["--model", "starter", "--as-of", AS_OF]
    whole = min((took([RAPPORT, "classify", str(crm), "--out", str(out), *options]) for _ in range(3)), key=_wall)
    table = Table(title=f"{n_events:,} events, {size_text(path.stat().st_size)} of Parquet", title_justify="left")
    for column in ("work", "seconds", "× the disk", "M events/s"):
        table.add_column(column, justify="left" if column == "work" else "right")
    rows = (("the disk's bytes, nothing cached", disk), ("those decoded, all columns", decoded))
    for name, seconds in (*rows, ("rapport classify, start-up and all", whole.wall)):
        table.add_row(name, f"{seconds:.2f}", f"{seconds / disk:.1f}", f"{n_events / seconds / 1e6:.1f}")
    console.print(table)


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def _read_from_disk(path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        if sys.platform == "linux":
            # What lies in memory already would not show the disk.
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        block = bytearray(io.DEFAULT_BUFFER_SIZE << 8)
        while file.readinto(block):
            pass


def _decode(path: Path) -> None:
    for _ in pq.ParquetFile(path).iter_batches(250_000):
        pass
