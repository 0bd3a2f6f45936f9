"""Sorted runs on disk, which a run that goes on finds again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.pieces import rows_up_to
from features.validate import codes
from features.written import settle

__all__ = ["Run", "Spills"]


GROUP_ROWS: Final = 16_384
"""Rows of a row group of a run. While runs are merged, of each about one row group is decoded at a time."""


class Spills:
    """A folder of sorted runs, each of which holds the rows of the input that follow those of the run before.

    Parameters
    ----------
    folder : Path
        It must exist. Whole runs that are there already are taken up.

    Attributes
    ----------
    runs : list of Path
    rows : int
        So many rows of the input are in them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.runs = sorted(folder.glob("*.parquet"))
        self.rows = int(self.runs[-1].stem.partition("-")[2]) if self.runs else 0

    def add(self, pieces: Iterator[pa.Table], rows: int) -> None:
        """Write so many rows of the input as a run; it is there whole or not at all."""
        part = self._folder / "run.part"
        try:
            _write(pieces, part)
        except OSError:
            # A disk that is full has no room for half a run.
            part.unlink(missing_ok=True)
            raise
        self.rows += rows
        # The name says how far the input is in the runs, so that no second file has to agree with it.
        self.runs.append(part.replace(self._folder / f"{len(self.runs):05}-{self.rows}.parquet"))

    def open(self, rows: int, after: str | None) -> list[Run]:
        """Return the runs as they are read, so many rows of each at once, past the accounts up to `after`."""
        return [Run(path, rows, after) for path in self.runs]


class Run:
    """A sorted run on disk, of which the next rows are in memory.

    Attributes
    ----------
    table : pyarrow.Table
        The rows in memory.
    ended : bool
        No row is left on disk.
    """

    def __init__(self, path: Path, rows: int, after: str | None = None) -> None:
        texts = [field.name for field in pq.read_schema(path) if pa.types.is_string(field.type)]
        file = pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False)
        passed = 0 if after is None else rows_up_to(path, after)
        groups = [n for n, start in enumerate(_starts(file.metadata)) if start >= passed]
        self._rows = rows
        self._batches = file.iter_batches(rows, groups)
        self.table = file.schema_arrow.empty_table()
        self.ended = False
        self.read()

    def read(self) -> None:
        """Take more rows into memory."""
        batch = next(self._batches, None)
        self.ended = batch is None
        if batch is not None:
            self.table = pa.concat_tables([self.table, pa.Table.from_batches([batch])])

    @property
    def low(self) -> bool:
        """Whether fewer rows are in memory than are read at once."""
        return bool(self.table.num_rows < self._rows)

    @property
    def last(self) -> str:
        """Account of the last row in memory."""
        return str(self.table.column("account_id")[-1].as_py())

    def take_before(self, account_id: str | None) -> pa.Table:
        """Take out the rows of lesser accounts; of all, if None."""
        count = self.table.num_rows
        if account_id is not None and count:
            owner, ids = codes(self.table.column("account_id"))
            lesser = pc.less(ids, account_id).to_numpy(zero_copy_only=False).astype(bool)
            count = int(lesser[owner].sum())
        taken, self.table = self.table.slice(0, count), self.table.slice(count)
        return taken


def _write(pieces: Iterator[pa.Table], path: Path) -> None:
    first = next(pieces)
    plain = _plain(first.schema)
    with pq.ParquetWriter(path, plain, compression="snappy") as writer:
        for piece in chain([first], pieces):
            writer.write_table(piece.cast(plain), row_group_size=GROUP_ROWS)
    settle(path)


def _plain(schema: pa.Schema) -> pa.Schema:
    """Return the columns with texts as such: a row group would bear the dictionary of its whole piece."""
    types = [field.type.value_type if pa.types.is_dictionary(field.type) else field.type for field in schema]
    return pa.schema(list(zip(schema.names, types, strict=True)))


def _starts(metadata: pq.FileMetaData) -> Iterator[int]:
    """Return the first row of each row group."""
    start = 0
    for number in range(metadata.num_row_groups):
        yield start
        start += metadata.row_group(number).num_rows
