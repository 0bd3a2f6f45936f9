"""A Spark of several processes on this machine, and looking at its tables bit by bit."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from features.spark_refusals import without_pandas
from rapport.spark_session import AS_WRITTEN

ROOT = Path(__file__).resolve().parent.parent
JAVA_HINT = "Spark needs Java 17, as by 'apt-get install openjdk-17-jre-headless'"
SPARK_HINT = "'make spark' installs pyspark"

# Tests are over before compiling pays, be it by the JVM or by Spark itself.
_BRIEF = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

SETTINGS = {
    "spark.driver.extraJavaOptions": _BRIEF,
    "spark.executor.extraJavaOptions": _BRIEF,
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.executorEnv.PYTHONPATH": str(ROOT),
    "spark.log.level": "OFF",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.task.maxFailures": "1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    **AS_WRITTEN,
}


def require_spark(require: Callable[[str, str], None]) -> None:
    """Skip the test where Spark or Java is missing, or fail it where everything has to be tested."""
    require("pyspark", SPARK_HINT)
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        require("java", JAVA_HINT)


@contextmanager
def cluster(executors: int = 2) -> Iterator[Any]:
    """Start a master and executors, each a process with Python workers of its own."""
    # Executors may still be clearing up when Spark has stopped.
    with tempfile.TemporaryDirectory(prefix="rapport-spark-", ignore_cleanup_errors=True) as work:
        yield from _session(Path(work), executors)


def _session(work: Path, executors: int) -> Iterator[Any]:
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(f"local-cluster[{executors},1,1024]").config(map=SETTINGS)
    session = builder.config("spark.local.dir", str(work)).getOrCreate()
    application = session.sparkContext.applicationId
    try:
        yield session
    finally:
        session.stop()
        shutil.rmtree(left_behind(application), ignore_errors=True)


def left_behind(application: str) -> Path:
    """Where the workers of a Spark of this machine keep what they ran: beside Spark itself, for good."""
    import pyspark

    return Path(os.environ.get("SPARK_HOME") or Path(pyspark.__file__).parent) / "work" / application


def on_spark(session: Any, table: pa.Table, partitions: int = 2) -> Any:
    """A table on Spark, its rows dealt out."""
    return session.createDataFrame(table).repartition(partitions)


def collected(table: Any) -> pa.Table:
    """What a Spark table comes to, in order of account."""
    with without_pandas():
        found: pa.Table = table.toArrow()
    return found.sort_by("account_id")


def bits(table: pa.Table) -> dict[str, list[Any]]:
    """A table's columns, floats as the bits that they are."""
    return {name: _bits(table.column(name)) for name in table.column_names}


def _bits(column: pa.ChunkedArray) -> list[Any]:
    if not pa.types.is_floating(column.type):
        return list(column.to_pylist())
    missing = np.asarray(column.is_null())
    values = np.asarray(column.fill_null(0.0), dtype=np.float64).view(np.int64)
    return [None if gone else int(value) for gone, value in zip(missing, values, strict=True)]
