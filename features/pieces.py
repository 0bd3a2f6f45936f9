"""Reading one file of an export piece by piece, each piece checked and its rows numbered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from features.events import BadInput, Column, Problem
from features.threads import in_threads
from features.validate import Checked, check_table, require_columns

__all__ = ["checked_pieces", "column_names", "count_rows", "refuse_bad_rows", "rows_up_to", "unknown_columns"]

CSV_BLOCK = 1 << 24
"""Bytes of a CSV file read at once."""


def column_names(path: Path) -> list[str]:
    """Return the names of a file's columns.

    Raises
    ------
    BadInput
        The file cannot be read as what its suffix says, or names a column twice.
    """
    with _readable(path):
        names = pq.read_schema(path).names if path.suffix == ".parquet" else _open_csv(path).schema.names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(
            f"{path.name} names a column twice.",
            [Problem(path.name, None, name, None, "one column of that name") for name in twice],
        )
    return list(names)


def unknown_columns(path: Path, columns: Sequence[Column]) -> list[str]:
    """Return the names of columns that an export does not know, which are passed over."""
    known = {column.name for column in columns}
    return [name for name in column_names(path) if name not in known]


def count_rows(path: Path) -> int:
    """Return how many rows a file has."""
    if path.suffix == ".parquet":
        with _readable(path):
            return int(pq.read_metadata(path).num_rows)
    with _readable(path), _open_csv(path, column_names(path)[:1]) as reader:
        return sum(batch.num_rows for batch in reader)


def rows_up_to(path: Path, account_id: str) -> int:
    """Return how many rows of a file in order of account can be passed over, since none is of a greater account.

    Of Parquet that is told by what the file says of its row groups, without reading them; of CSV nothing is told: 0.
    """
    if path.suffix != ".parquet":
        return 0
    with _readable(path):
        metadata = pq.read_metadata(path)
    passed = 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        columns = (group.column(place) for place in range(group.num_columns))
        told = next(column.statistics for column in columns if column.path_in_schema == "account_id")
        if told is None or not isinstance(told.max, str) or told.max.encode() > account_id.encode():
            break
        passed += group.num_rows
    return passed


def checked_pieces(path: Path, columns: Sequence[Column], rows: int, start: int = 0) -> Iterator[Checked]:
    """Read and check a file in pieces.

    Parameters
    ----------
    path : Path
        Parquet or CSV, by its suffix.
    columns : sequence of Column
        What to read; others are passed over.
    rows : int
        Most rows of a piece of Parquet; a piece of CSV is as long as `CSV_BLOCK`.
    start : int, default=0
        So many rows of the file are passed over.

    Yields
    ------
    Checked
        At least one, which may be empty, so that the types of the columns are known. Rows are numbered from 1 by
        their position in the file.

    Raises
    ------
    BadInput
        The file cannot be read, or lacks a required column.
    """
    present = column_names(path)
    require_columns(present, columns, path.name)
    wanted = [column for column in columns if column.name in present]
    read = _parquet_pieces if path.suffix == ".parquet" else _csv_pieces
    pieces = _numbered(read(path, wanted, rows, start), 1 + start)
    # Checking takes several times as long as reading.
    return in_threads(lambda piece: check_table(piece[1], columns, path.name, piece[0]), pieces)


def _numbered(pieces: Iterable[pa.Table], first_row: int) -> Iterator[tuple[int, pa.Table]]:
    for piece in pieces:
        yield first_row, piece
        first_row += piece.num_rows


def refuse_bad_rows(pieces: Iterable[Checked], file: str) -> Iterator[pa.Table]:
    """Hand on the tables of pieces, up to the first that has a bad row.

    Raises
    ------
    BadInput
        Naming file, row, column, value and what was expected.
    """
    for piece in pieces:
        if piece.problems:
            count = len(piece.problems)
            rows = "a row that does" if count == 1 else f"{count:,} rows that do"
            raise BadInput(f"{file} has {rows} not fit; mend the file or leave them out.", piece.problems)
        yield piece.table


def _parquet_pieces(path: Path, columns: Sequence[Column], rows: int, start: int) -> Iterator[pa.Table]:
    names = [column.name for column in columns]
    with _readable(path):
        schema = pq.read_schema(path)
    texts = [c.name for c in columns if c.type == "string" and pa.types.is_string(schema.field(c.name).type)]
    with _readable(path), pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False) as file:
        groups, passed = _groups_from(file.metadata, start)
        batches = file.iter_batches(rows, groups, names)
        yield from _from_row(batches, file.schema_arrow.empty_table().select(names), start - passed)


def _groups_from(metadata: pq.FileMetaData, start: int) -> tuple[list[int], int]:
    """Return the row groups that hold row `start` and later ones, and how many rows stand before them."""
    sizes = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    passed = 0
    for number, size in enumerate(sizes):
        if passed + size > start:
            return list(range(number, len(sizes))), passed
        passed += size
    return [], passed


def _from_row(batches: Iterable[pa.RecordBatch], nothing: pa.Table, start: int) -> Iterator[pa.Table]:
    """Hand on batches from a row on; at least one table."""
    seen = False
    for batch in batches:
        if start >= batch.num_rows:
            start -= batch.num_rows
            continue
        seen = True
        yield pa.Table.from_batches([batch.slice(start)])
        start = 0
    if not seen:
        yield nothing


def _csv_pieces(path: Path, columns: Sequence[Column], rows: int, start: int) -> Iterator[pa.Table]:
    del rows
    names = [column.name for column in columns]
    with _readable(path), _open_csv(path, names) as reader:
        yield from _from_row(reader, reader.schema.empty_table(), start)


def _open_csv(path: Path, names: list[str] | None = None) -> pc_csv.CSVStreamingReader:
    """Open a CSV file whose values stay text: what they mean is for the check of their columns to say."""
    convert = None
    if names is not None:
        convert = pc_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), include_columns=names, strings_can_be_null=False
        )
    return pc_csv.open_csv(
        path,
        read_options=pc_csv.ReadOptions(block_size=CSV_BLOCK),
        parse_options=pc_csv.ParseOptions(newlines_in_values=True),
        convert_options=convert,
    )


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        kind = "Parquet" if path.suffix == ".parquet" else "CSV with a header, in UTF-8"
        raise BadInput(f"{path} cannot be read as {kind}: {reason}.") from error
