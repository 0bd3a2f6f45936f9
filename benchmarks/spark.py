"""Signals on Spark: one executor against two, and against this machine without Spark."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from benchmarks.exports import AS_OF, make_events, write_export
from benchmarks.race import Row, race, show
from benchmarks.signals import OURS, _work
from features.spark import signals_table_spark
from features.spark_refusals import without_pandas
from features.stream import SCHEMA

EXECUTORS = (1, 2)


def measure_spark(console: Console, folder: Path, n_events: int, runs: int) -> None:
    """Time an unsorted export from Parquet to Parquet, executors with one core each."""
    console.print(f"Making {n_events:,} events …")
    export = write_export(make_events(n_events), folder / "export", in_order=False)
    work = _work(OURS, export, folder)
    work()
    medians = race({OURS: work}, runs)
    for executors in EXECUTORS:
        name, out = _name(executors), folder / f"{executors}.parquet"
        with _cluster(executors, folder) as session:
            table = signals_table_spark(session.read.parquet(str(export / "events.parquet")), AS_OF)
            # The first run starts the workers, which load the kernel.
            table.write.mode("overwrite").parquet(str(out))
            _check_same_bits(folder / f"{OURS}.parquet", out)
            medians |= race({name: lambda table=table, out=out: table.write.mode("overwrite").parquet(str(out))}, runs)
    speed = f"{medians[_name(1)] / medians[_name(2)]:.2f} × as fast as one"
    notes = {OURS: "on one machine", _name(2): speed}
    rows = [Row(name, seconds, notes.get(name, "")) for name, seconds in medians.items()]
    show(console, f"Signals of {n_events:,} events, unsorted, Parquet to Parquet", rows, OURS, {})
    console.print("Every bit is the same. Time to start Spark and its workers is left out.")


def _name(executors: int) -> str:
    return f"Spark, {executors} executor{'s' if executors > 1 else ''}"


@contextmanager
def _cluster(executors: int, folder: Path) -> Iterator[Any]:
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    import pyspark
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.executorEnv.PYTHONPATH": str(Path(__file__).resolve().parent.parent),
        "spark.local.dir": str(folder / "shuffled"),
        "spark.log.level": "OFF",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    session = SparkSession.builder.master(f"local-cluster[{executors},1,2048]").config(map=settings).getOrCreate()
    # Workers of a Spark of this machine leave there what they ran.
    left = Path(pyspark.__file__).parent / "work" / session.sparkContext.applicationId
    try:
        with without_pandas():
            yield session
    finally:
        session.stop()
        shutil.rmtree(left, ignore_errors=True)


def _check_same_bits(ours: Path, theirs: Path) -> None:
    one, many = pq.read_table(ours), pq.read_table(theirs).sort_by("account_id").cast(SCHEMA)
    assert one.column("account_id").to_pylist() == many.column("account_id").to_pylist(), "Spark has other accounts"
    for name in SCHEMA.names[1:]:
        assert _bits(one.column(name)) == _bits(many.column(name)), f"Spark differs in {name}"


def _bits(column: pa.ChunkedArray) -> tuple[bytes, bytes]:
    values = np.asarray(column.fill_null(0.0), dtype=np.float64)
    return values.tobytes(), np.asarray(column.is_null()).tobytes()
