"""A table that is being written part by part, so that a run that was broken off goes on where it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from features.events import BadInput
from features.stream import Done
from features.written import check_suffix, claimed, write_whole

__all__ = ["PART_ROWS", "Unfinished"]

PART_ROWS: Final = 100_000
"""Accounts of a part: about as many have to be done again after a run was killed."""

_IDENTITY: Final = "run.json"
_EVENTS: Final = b"events"


class Unfinished:
    """The parts of a table that were written so far, in a hidden folder beside the file that they are to become.

    Parameters
    ----------
    target : Path
        Ends in `.parquet` or `.csv`; its folder must exist. What stands there stays until the new table is whole.
    identity : mapping
        All that decides what the table holds, as JSON can say it. Parts of a run with another identity are dropped.
    schema : pyarrow.Schema
        Of the table.
    part_rows : int, default=PART_ROWS
        About how many rows a part has.

    Attributes
    ----------
    after : str or None
        Accounts up to this id are in the parts.
    events, rows : int
        Events that were dealt with, and accounts that are in the parts.
    scratch : Path
        A folder for what else the run wants to find again.

    Raises
    ------
    BadInput
        Another run writes the same table, or the folder cannot be written.

    Notes
    -----
    Use it as a context. Where the input is at fault nothing is kept, since the next run has another input; where the
    run breaks off in any other way, the next one goes on from there. A part is on disk before it bears its name.
    """

    def __init__(
        self, target: Path, identity: Mapping[str, object], schema: pa.Schema, part_rows: int = PART_ROWS
    ) -> None:
        check_suffix(target)
        self._target, self._schema, self._part_rows = target, schema, part_rows
        self._folder = target.with_name(f".{target.name}.unfinished")
        self.scratch = self._folder / "scratch"
        self.after: str | None = None
        self.events = self.rows = 0
        with ExitStack() as stack:
            stack.enter_context(claimed(target))
            self._open(json.dumps(identity, sort_keys=True, indent=2))
            self._parts = sorted(self._folder.glob("*.parquet"))
            for part in self._parts:
                self._count(part)
            self._claim = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._claim:
            if kind is not None and issubclass(kind, BadInput):
                self._clear()

    def done(self, columns: list[str]) -> Iterator[pa.Table]:
        """Return some columns of what earlier runs wrote."""
        for part in self._parts:
            yield pq.read_table(part, columns=columns)

    def write(self, batches: Iterable[Done]) -> int:
        """Write what is left, and make one file of all parts.

        Parameters
        ----------
        batches : iterable of Done
            Of the accounts after `after`, ids ascending.

        Returns
        -------
        int
            Rows of the whole table.

        Raises
        ------
        OSError
            The disk refuses; what was done is kept.
        """
        try:
            for tables, events in _in_parts(batches, self._part_rows):
                self._add(tables, events)
            rows = self._finish()
        except OSError as error:
            why = f"{error.strerror or error}; what was done is kept beside it, and the same command goes on from there"
            raise OSError(error.errno, why, str(self._target)) from error
        self._clear()
        return rows

    def _open(self, identity: str) -> None:
        self._folder.mkdir(exist_ok=True)
        known = self._folder / _IDENTITY
        if not known.exists() or known.read_text(encoding="utf-8") != identity:
            self._empty()
            known.write_text(identity, encoding="utf-8")
        self.scratch.mkdir(exist_ok=True)

    def _count(self, part: Path) -> None:
        metadata = pq.read_metadata(part)
        self.rows += metadata.num_rows
        self.events += int(metadata.metadata[_EVENTS])
        if metadata.num_rows:
            with pq.ParquetFile(part) as file:
                ids = file.read_row_group(metadata.num_row_groups - 1, ["account_id"]).column(0)
            self.after = ids[-1].as_py()

    def _add(self, tables: list[pa.Table], events: int) -> None:
        whole = pa.concat_tables([table.select(self._schema.names) for table in tables])
        whole = whole.replace_schema_metadata({_EVENTS: str(events).encode()})
        part = self._folder / f"{len(self._parts):05}.parquet"
        write_whole([whole], part)
        self._parts.append(part)
        self.events, self.rows = self.events + events, self.rows + whole.num_rows

    def _finish(self) -> int:
        if len(self._parts) == 1 and self._target.suffix == ".parquet":
            self._parts[0].replace(self._target)
            return self.rows
        return write_whole(_read_again(self._parts, self._schema), self._target, self._schema)

    def _empty(self) -> None:
        for entry in self._folder.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def _clear(self) -> None:
        shutil.rmtree(self._folder)


def _in_parts(batches: Iterable[Done], part_rows: int) -> Iterator[tuple[list[pa.Table], int]]:
    """Gather batches until they are enough for a part."""
    held: list[pa.Table] = []
    rows = events = 0
    for table, n_events in batches:
        held.append(table)
        rows, events = rows + table.num_rows, events + n_events
        if rows >= part_rows:
            yield held, events
            held, rows, events = [], 0, 0
    if held:
        yield held, events


def _read_again(parts: Iterable[Path], schema: pa.Schema) -> Iterator[pa.Table]:
    for part in parts:
        with pq.ParquetFile(part) as file:
            for group in range(file.num_row_groups):
                yield file.read_row_group(group).cast(schema)
