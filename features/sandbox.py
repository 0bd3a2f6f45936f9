"""A DuckDB connection that can read the files of one folder, and nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from features.delimited import csv_reader, ragged_row
from features.events import BadInput

__all__ = ["count_rows", "open_sandbox", "source_files"]

READERS: dict[str, str] = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".parquet": "read_parquet({file})",
    ".json": "read_json({file}, sample_size = -1)",
    ".jsonl": "read_json({file}, sample_size = -1)",
    ".ndjson": "read_json({file}, sample_size = -1)",
}
GLOB = "*?[]"


def source_files(source: Path, leave_out: Path | None = None) -> dict[str, Path]:
    """Return the files that a mapping may read, by their name relative to the source folder.

    Parameters
    ----------
    source : Path
        The folder; its subfolders are searched too.
    leave_out : Path, optional
        A folder inside it that is no source: where the export goes.

    Returns
    -------
    dict of str to Path
        Resolved paths. What is hidden, or leads out of the folder, is not among them.

    Raises
    ------
    BadInput
        There is no such folder, it holds no file that can be read, or the name of one cannot be told from a pattern.
    """
    if not source.is_dir():
        raise BadInput(f"The source folder {source} does not exist.")
    root = source.resolve()
    outside = None if leave_out is None else leave_out.resolve()
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root)
        real = path.resolve()
        hidden = any(part.startswith(".") for part in name.parts)
        ours = outside is not None and real.is_relative_to(outside)
        if real.is_file() and real.is_relative_to(root) and not hidden and not ours and _suffix(path) is not None:
            found[name.as_posix()] = real
    if not found:
        raise BadInput(f"The source folder {source} holds no file that can be read ({', '.join(READERS)}).")
    _refuse_ambiguous(found)
    return found


def _suffix(path: Path) -> str | None:
    return next((suffix for suffix in READERS if path.name.lower().endswith(suffix)), None)


def _refuse_ambiguous(files: dict[str, Path]) -> None:
    """Refuse names that DuckDB would take for a pattern, or for one another."""
    for path in files.values():
        if any(sign in str(path) for sign in GLOB):
            raise BadInput(f"{path} has one of {GLOB} in its name, which would read as a pattern; rename it.")
    seen: dict[str, str] = {}
    for name in files:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise BadInput(f"{other} and {name} differ only in case, which SQL does not tell apart; rename one.")


@contextmanager
def open_sandbox(files: dict[str, Path], memory_limit: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection in which each file is a view that bears its relative name.

    The views are made first. Then these files alone are allowed, all other access to the world outside is switched
    off, and the configuration is locked, so that nothing a query does can undo it. Times are in UTC.

    Parameters
    ----------
    files : dict of str to Path
        As :func:`source_files` returns them.
    memory_limit : int
        Bytes that DuckDB may hold before it spills to a temporary folder.

    Yields
    ------
    duckdb.DuckDBPyConnection

    Raises
    ------
    BadInput
        A file cannot be read as what its suffix says.
    """
    with tempfile.TemporaryDirectory(prefix="rapport-") as spill, duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET python_enable_replacements = false")
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"SET memory_limit = '{memory_limit}B'")
        connection.execute(f"SET temp_directory = {_text(str(Path(spill) / 'sandbox'))}")
        for name, path in files.items():
            _make_view(connection, name, path)
        allowed = ", ".join(_text(str(path)) for path in files.values())
        connection.execute(f"SET allowed_paths = [{allowed}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


def count_rows(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    """Return how many rows a source file has.

    Raises
    ------
    BadInput
        The file cannot be read to its end.
    """
    try:
        return int(connection.table(_quoted(name)).count("*").fetchall()[0][0])
    except duckdb.Error as error:
        raise BadInput(f"{name} cannot be read: {error}") from error


def _make_view(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    reader = READERS[_suffix(path) or ".csv"]
    reader = csv_reader(path) if reader == "csv" else reader.format(file=_text(str(path)))
    try:
        connection.execute(f"CREATE VIEW {_quoted(name)} AS FROM {reader}")
    except duckdb.Error as error:
        raise BadInput(f"{name} cannot be read: {ragged_row(path) or str(error).splitlines()[0]}") from error


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
