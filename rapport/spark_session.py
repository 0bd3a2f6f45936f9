"""Starting Spark for a command, and the folders that Spark writes."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from features.events import BadInput
from features.spark_export import CSV, path_pattern
from features.spark_refusals import plain_errors, without_pandas
from features.written import claimed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["AS_WRITTEN", "check_folder", "check_master", "find_java", "read_folder", "spark_session", "write_folder"]

_SUFFIXES = (".parquet", ".csv")
_MASTERS = ("local", "yarn", "spark://", "k8s://")
_LOG = Path(__file__).with_name("spark_log.properties")
AS_WRITTEN = {"spark.sql.sources.partitionColumnTypeInference.enabled": "false"}
"""Words that stand in the names of folders are read as such: the account 007 is not 7."""
_ALONE = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false"}


@contextmanager
def spark_session(master: str) -> Iterator[SparkSession]:
    """Start Spark and stop it after the block; where it runs already, take what runs and leave it running.

    Raises
    ------
    BadInput
        `master` names no Spark, Java is missing, or Spark does not start.
    ModuleNotFoundError
        pyspark is missing.
    """
    from pyspark.sql import SparkSession

    running = SparkSession.getActiveSession()
    if running is not None:
        yield running
        return
    check_master(master)
    find_java(os.environ)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # In place of Spark's own, which cannot be told later: it speaks before it is asked.
    os.environ.setdefault("SPARK_SUBMIT_OPTS", f"-Dlog4j2.configurationFile={_LOG.as_uri()}")
    settings = AS_WRITTEN | {"spark.ui.showConsoleProgress": str(sys.stderr.isatty()).lower()}
    if master.startswith("local"):
        # Nobody on another machine has to reach it.
        settings |= _ALONE
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    with plain_errors(), without_pandas():
        session = SparkSession.builder.master(master).appName("rapport").config(map=settings).getOrCreate()
    try:
        with without_pandas():
            yield session
    finally:
        session.stop()


def check_master(master: str) -> None:
    """Refuse what can be no Spark, before Java starts and says so at length.

    Raises
    ------
    BadInput
        It begins like none of what Spark knows.
    """
    if not master.startswith(_MASTERS):
        raise BadInput(
            f"--master {master!r} names no Spark; write local[*], yarn, spark://HOST:7077 or k8s://https://HOST."
        )


def find_java(environment: os._Environ[str] | dict[str, str]) -> str:
    """Return where Java is, as Spark looks for it.

    Raises
    ------
    BadInput
        It is nowhere.
    """
    home = environment.get("JAVA_HOME")
    found = shutil.which(f"{home}/bin/java") if home else shutil.which("java", path=environment.get("PATH"))
    if found is None:
        where = f"JAVA_HOME is {home}, which holds no bin/java" if home else "there is no java on the PATH"
        raise BadInput(
            f"Spark needs Java 17 or newer, and {where}; install one, as by 'apt-get install openjdk-17-jre-headless', "
            "or leave out --engine spark."
        )
    return found


def check_folder(export: Path, out: Path) -> None:
    """Refuse a folder that Spark cannot write, or must not replace.

    Raises
    ------
    BadInput
        Naming the folder and what to do.
    """
    if out.suffix not in _SUFFIXES:
        raise BadInput(f"{out} must end in {' or '.join(_SUFFIXES)}: the suffix says how Spark writes the folder.")
    if export.resolve() in out.resolve().parents:
        raise BadInput(f"{out} lies in the export {export}, which is only read; write to another folder.")
    if not out.parent.is_dir():
        raise BadInput(f"{out} cannot be written: there is no folder {out.parent}; make it first.")
    if not os.access(out.parent, os.W_OK):
        raise BadInput(f"{out} cannot be written: permission is missing; name another place.")
    if out.is_file():
        raise BadInput(f"{out} is a file, and Spark writes a folder of that name; remove it or name another.")
    if out.is_dir() and not all(_is_of_spark(entry) for entry in out.iterdir()):
        raise BadInput(f"{out} holds what Spark did not write there; name another folder.")


def _is_of_spark(entry: Path) -> bool:
    name = entry.name.removeprefix(".") if entry.suffix == ".crc" else entry.name
    return entry.is_file() and name.startswith(("part-", "_SUCCESS"))


def write_folder(table: DataFrame, out: Path) -> None:
    """Write a table as a folder of files, Parquet or CSV by its suffix.

    The folder appears only when it is whole: a run that fails leaves what stood there before.

    Parameters
    ----------
    table : DataFrame
    out : Path
        Checked by :func:`check_folder`.

    Raises
    ------
    BadInput
        Another run writes it.
    """
    part, old = (out.with_name(f".{out.name}.{what}") for what in ("part", "old"))
    with claimed(out):
        try:
            _write(table, part, out.suffix)
            shutil.rmtree(old, ignore_errors=True)
            if out.exists():
                out.rename(old)
            part.rename(out)
        finally:
            shutil.rmtree(part, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)


def _write(table: DataFrame, folder: Path, suffix: str) -> None:
    writer, where = table.write.mode("overwrite"), f"file://{folder.resolve()}"
    if suffix == ".csv":
        writer.options(**CSV).csv(where)
    else:
        writer.parquet(where)


def read_folder(session: SparkSession, out: Path) -> DataFrame:
    """Return what :func:`write_folder` has written."""
    where = path_pattern(out)
    if out.suffix == ".parquet":
        return session.read.parquet(where)
    return session.read.options(**CSV, multiLine=True).csv(where)
