"""Where rows go that do not fit: a file that says of each what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from features.events import BadInput, Problem
from features.times import text_of

__all__ = ["AsideFile"]

OWN = ("query", "row", "reason")
"""Columns of the file before those of the row itself."""

_BY_VALUE = (pa.types.is_nested, pa.types.is_binary, pa.types.is_timestamp, pa.types.is_date)
"""Types that Arrow cannot write as text, or writes wrong: a time of the year 300000 becomes another one."""


class AsideFile:
    """Rows set aside, written as they come.

    Parameters
    ----------
    path : Path
        `.parquet` or `.csv`. One from an earlier import is replaced.
    columns : iterable of str
        All columns that a row set aside may have.

    Raises
    ------
    BadInput
        Another suffix, or a file is there that no import wrote.
    """

    def __init__(self, path: Path, columns: Iterable[str]) -> None:
        if path.suffix not in (".parquet", ".csv"):
            raise BadInput(f"{path}: rows are set aside in a file that ends in .csv or .parquet.")
        _refuse_foreign(path)
        names = dict.fromkeys(columns)
        # A column of the source that is called like one of ours steps aside.
        self._names = {name: f"original_{name}" if name in OWN else name for name in names}
        texts = [pa.field(name, pa.string()) for name in self._names.values()]
        own = [pa.field("query", pa.string()), pa.field("row", pa.int64()), pa.field("reason", pa.string())]
        self._schema = pa.schema([*own, *texts])
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = pq.ParquetWriter if path.suffix == ".parquet" else pc_csv.CSVWriter
        self._writer = writer(self._part, self._schema)

    def add(self, query: str, rows: pa.Table, problems: list[Problem]) -> None:
        """Set rows aside, with one problem each."""
        columns = {
            "query": pa.array([query] * len(problems), pa.string()),
            "row": pa.array([problem.row for problem in problems], pa.int64()),
            "reason": pa.array([_reason(problem) for problem in problems], pa.string()),
        }
        for name, ours in self._names.items():
            columns[ours] = _texts(rows, name)
        self._writer.write_table(pa.table(columns, schema=self._schema))

    def __enter__(self) -> AsideFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        """Put the file in its place if all went well, else drop it."""
        del rest
        self._writer.close()
        if kind is None:
            self._part.replace(self._path)
        else:
            self._part.unlink()


def _reason(problem: Problem) -> str:
    found = "is missing" if problem.value is None else f"is {problem.value!r}"
    return f"{problem.column} {found}, expected {problem.expected}"


def _texts(rows: pa.Table, name: str) -> pa.Array:
    if name not in rows.column_names:
        return pa.nulls(rows.num_rows, pa.string())
    column = rows.column(name)
    if any(is_such(column.type) for is_such in _BY_VALUE):
        return pa.array([text_of(value) for value in column], pa.string())
    return column.cast(pa.string()).combine_chunks()


def _refuse_foreign(path: Path) -> None:
    """Refuse to replace a file that no import wrote: a slip of the pen must not cost a source file."""
    if not path.exists():
        return
    try:
        names = pq.read_schema(path).names if path.suffix == ".parquet" else pc_csv.open_csv(path).schema.names
    except (pa.ArrowException, OSError):
        names = []
    if tuple(names[: len(OWN)]) != OWN:
        raise BadInput(f"{path} is there already and no import wrote it; name another file for rows set aside.")
