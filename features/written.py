"""Writing tables to a file, Parquet or CSV, that appears only when it is whole."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from features.events import BadInput

__all__ = ["check_suffix", "claimed", "settle", "write_table", "write_whole"]


def write_table(tables: Iterable[pa.Table], path: Path | str, schema: pa.Schema | None = None) -> int:
    """Write tables of one schema as one file, Parquet or CSV by its suffix.

    The file appears only when it is whole: a run that fails leaves what stood there before.

    Parameters
    ----------
    tables : iterable of pyarrow.Table
        At least one, unless there is a schema.
    path : Path or str
        Ends in `.parquet` or `.csv`; its folder must exist.
    schema : pyarrow.Schema, optional
        Of the tables; the first one's if not given.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    BadInput
        The suffix is another, the file cannot be written, or another run writes it.
    """
    target = Path(path)
    check_suffix(target)
    if not target.parent.is_dir():
        raise BadInput(f"{target} cannot be written: there is no folder {target.parent}; make it first.")
    with claimed(target):
        try:
            return write_whole(tables, target, schema)
        except OSError as error:
            raise BadInput(f"{target} cannot be written: {error.strerror or error}.") from error


@contextmanager
def claimed(target: Path) -> Iterator[None]:
    """Keep other runs from writing the same file or folder until the block ends, however this one ends.

    Raises
    ------
    BadInput
        Another run writes it, or nothing can be written beside it.
    """
    path = target.with_name(f".{target.name}.lock")
    try:
        lock = path.open("w")
        while not _is_held(lock, path):
            lock.close()
            lock = path.open("w")
    except BlockingIOError as error:
        raise BadInput(f"{target} is being written by another run; wait for it, or name another.") from error
    except OSError as error:
        raise BadInput(
            f"{target} cannot be written: nothing can be put beside it ({error.strerror}); name another place."
        ) from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.close()


def _is_held(lock: IO[str], path: Path) -> bool:
    """Lock a file, and say whether it still bears its name: who held it before takes that away at the end."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False
    except OSError:
        lock.close()
        raise


def write_whole(tables: Iterable[pa.Table], target: Path, schema: pa.Schema | None = None) -> int:
    """Write tables as :func:`write_table` does, for one who knows what to do where the disk refuses.

    Raises
    ------
    OSError
        What stood there stands.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        rows = _write(iter(tables), part, target.suffix, schema)
        settle(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return rows


def settle(path: Path) -> None:
    """Have a file on disk before it bears its name, which must not outlive a power cut that its rows do not."""
    with path.open("rb") as written:
        os.fsync(written.fileno())


def check_suffix(path: Path) -> None:
    """Refuse a file whose suffix does not say how a table is written.

    Raises
    ------
    BadInput
        Naming those that do.
    """
    if path.suffix not in _WRITERS:
        raise BadInput(f"{path} must end in {' or '.join(_WRITERS)}: the suffix says how the table is written.")


def _write(tables: Iterator[pa.Table], path: Path, suffix: str, schema: pa.Schema | None) -> int:
    if schema is None:
        first = next(tables)
        schema, tables = first.schema, chain([first], tables)
    rows = 0
    with _WRITERS[suffix](path, schema) as writer:
        for table in tables:
            if table.num_rows:
                writer.write_table(table)
                rows += table.num_rows
    return rows


def _parquet(path: Path, schema: pa.Schema) -> AbstractContextManager[Any]:
    # Measures hardly repeat, so dictionaries would cost time and save no space.
    texts = [field.name for field in schema if not pa.types.is_floating(field.type) and field.name != "account_id"]
    writer: AbstractContextManager[Any] = pq.ParquetWriter(
        path, schema, use_dictionary=texts, compression="zstd", write_page_checksum=True
    )
    return writer


def _csv(path: Path, schema: pa.Schema) -> AbstractContextManager[Any]:
    writer: AbstractContextManager[Any] = pc_csv.CSVWriter(path, schema)
    return writer


_WRITERS = {".parquet": _parquet, ".csv": _csv}
