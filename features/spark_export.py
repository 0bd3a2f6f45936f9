"""An export as Spark reads it: the folder that one machine takes, or one that Spark itself has written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from features.events import BadInput
from features.export import SUFFIXES, TABLES, read_description
from features.reader import Export
from features.spark import Tables, default_moment_spark
from features.spark_task import ACCOUNTS, EVENTS, LABELS, Part

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["CSV", "SparkExport", "open_export_spark", "path_pattern"]

CSV: Final[dict[str, Any]] = {
    "header": True,
    "quote": '"',
    "escape": '"',
    "ignoreLeadingWhiteSpace": False,
    "ignoreTrailingWhiteSpace": False,
}
"""CSV as one machine reads and writes it."""

_STRICT: Final[dict[str, Any]] = {
    "multiLine": True,  # a text may hold a line break
    "mode": "FAILFAST",  # a row with too few or too many values is refused, not filled up
    "columnPruning": False,  # else such a row is passed over
    "enforceSchema": False,  # in a folder of files each header has to agree
}

# What Spark would take for a pattern, and how it is told not to.
_PATTERN = re.compile(r"([\\{}\[\]*?])")
_ESCAPED = r"\\\1"


@dataclass(frozen=True, slots=True)
class SparkExport:
    """An export's tables as Spark DataFrames; made by :func:`open_export_spark`.

    Attributes
    ----------
    files : Export
        Where they are, each a file or a folder, and what `export.json` says.
    tables : dict of Part to DataFrame
        Events, and accounts and labels where there are any.
    """

    files: Export
    tables: Tables

    @property
    def records(self) -> frozenset[str]:
        """The kinds that the source records."""
        return self.files.records

    def default_as_of(self) -> int:
        """Return 1 µs after the latest event, as :meth:`features.reader.Export.default_as_of` does.

        Raises
        ------
        BadInput
            No event is there, a time cannot be read, or the latest lies more than a year past almost all others.
        """
        return default_moment_spark(next(iter(self.tables.values())), str(self.files.events))


def open_export_spark(session: SparkSession, path: Path) -> SparkExport:
    """Open an export with Spark.

    Parameters
    ----------
    session : SparkSession
    path : Path
        A folder with `events`, and optional `accounts`, `labels` and `export.json`. A table is a file or a folder of
        files: `events.parquet`, `events.csv`, or `events/` with Parquet files, as Spark writes them, parted by date or
        not.

    Raises
    ------
    BadInput
        There is no such folder, it holds no events, a table is there twice, or `export.json` is wrong.
    """
    if not path.is_dir():
        what = "is a file" if path.is_file() else "does not exist"
        raise BadInput(f"{path} {what}; an export is a folder with events.parquet, events.csv or events/.")
    found = {name: _find(path, name) for name in TABLES}
    events = found["events"]
    if events is None:
        raise BadInput(f"{path} is not an export: it holds neither events.parquet nor events.csv nor events/.")
    files = Export(path, events, found["accounts"], found["labels"], read_description(path))
    parts = {"events": Part(EVENTS.name, files.event_columns), "accounts": ACCOUNTS, "labels": LABELS}
    tables = {parts[name]: _read(session, place) for name, place in found.items() if place is not None}
    return SparkExport(files, tables)


def _find(folder: Path, table: str) -> Path | None:
    """Return the file or folder of a table, None where the export has none."""
    found = [folder / (table + suffix) for suffix in (*SUFFIXES, "") if (folder / (table + suffix)).exists()]
    if len(found) > 1:
        names = " and ".join(place.name for place in found)
        raise BadInput(f"{folder} holds both {names}; remove one, since they may differ.")
    return found[0] if found else None


def _read(session: SparkSession, place: Path) -> DataFrame:
    where = path_pattern(place)
    if place.suffix == ".csv":
        return session.read.options(**CSV, **_STRICT).csv(where)
    # A column that only some files have is there, too; else it would depend on which file was looked at.
    return session.read.option("mergeSchema", True).parquet(where)


def path_pattern(path: Path) -> str:
    """Return what Spark is asked to read for one file or folder of this machine, whatever signs its name has."""
    return f"file://{_PATTERN.sub(_ESCAPED, str(path.resolve()))}"
