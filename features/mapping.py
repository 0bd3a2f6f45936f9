"""Turning any source into an export: a mapping's SQL, run over a source folder, checked and put in order."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from features.aside import AsideFile
from features.events import KINDS, BadInput
from features.export import holds_only_an_export, write_description
from features.extraction import PIECE, Extraction, QueryRows
from features.memory import MEMORY, parse_memory, sorting_share
from features.progress import Progress, silent
from features.recipe import COLUMNS, Mapping, load_mapping
from features.sandbox import count_rows, open_sandbox, source_files
from features.sorting import sort_tables
from features.validate import in_schema

__all__ = ["FileRows", "ImportReport", "Mapping", "QueryRows", "import_source", "load_mapping"]


@dataclass(frozen=True, slots=True)
class FileRows:
    """How many rows a source file has."""

    name: str
    rows: int


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    Attributes
    ----------
    path : Path
        The export.
    files : tuple of FileRows
        The source's files.
    queries : tuple of QueryRows
        The mapping's queries, in its order.
    records : tuple of str
        The kinds that the export says are recorded, in the order of the catalogue.
    """

    path: Path
    files: tuple[FileRows, ...]
    queries: tuple[QueryRows, ...]
    records: tuple[str, ...]


def import_source(
    mapping: Mapping,
    source: Path | str,
    out: Path | str,
    set_aside: Path | str | None = None,
    progress: Progress = silent,
    memory: int | None = None,
) -> ImportReport:
    """Run a mapping over a source folder and write an export.

    Parameters
    ----------
    mapping : Mapping
    source : Path or str
        The folder whose files the mapping's SQL may read.
    out : Path or str
        The export. One that is there is replaced once the new one is whole.
    set_aside : Path or str, optional
        Where rows go that do not fit, with the reason; without it they stop the import.
    progress : callable, optional
        See :data:`features.progress.Progress`.
    memory : int, optional
        Bytes that the process may take, `MEMORY` if not given; what queries and sort need beyond goes to disk.

    Returns
    -------
    ImportReport

    Raises
    ------
    BadInput
        The source cannot be read, a query does not run or reads what is not in the folder, rows do not fit and
        `set_aside` is not given, or `out` holds something else than an export.
    """
    out = Path(out)
    aside = None if set_aside is None else Path(set_aside)
    _refuse_overwriting(out, aside)
    files = source_files(Path(source), leave_out=out)
    # Queries and sort are under way at the same time.
    each = max(sorting_share(parse_memory(MEMORY) if memory is None else memory) // 2, 1)
    with ExitStack() as stack:
        connection = stack.enter_context(open_sandbox(files, each))
        counted = tuple(FileRows(name, count_rows(connection, name)) for name in files)
        extraction = Extraction(connection, mapping, progress)
        if aside is not None:
            columns = [name for names in extraction.names.values() for name in names]
            extraction.aside = stack.enter_context(AsideFile(aside, columns))
        out.parent.mkdir(parents=True, exist_ok=True)
        hidden = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-")))
        new = hidden / "new"
        new.mkdir()
        for table in COLUMNS:
            if mapping.of(table):
                _write(extraction, table, new / f"{table}.parquet", each)
        extraction.refuse_problems()
        write_description(new, extraction.records, in_order=True)
        _put_in_place(new, out, hidden / "old")
    recorded = tuple(kind for kind in KINDS if kind in extraction.records)
    return ImportReport(out, counted, tuple(extraction.rows.values()), recorded)


def _write(extraction: Extraction, table: str, path: Path, memory: int) -> None:
    """Write one file of the export, in order; a row group is what the reader takes at once."""
    schema = extraction.schema(table)
    ordered = sort_tables(extraction.kept(table), PIECE, memory)
    with pq.ParquetWriter(path, schema, compression="snappy") as writer:
        for piece in ordered:
            writer.write_table(in_schema(piece, schema), row_group_size=PIECE)


def _refuse_overwriting(out: Path, aside: Path | None) -> None:
    if out.is_file() or (out.is_dir() and not holds_only_an_export(out)):
        raise BadInput(f"{out} holds something else than an export, which would be lost; name another folder.")
    if aside is not None and aside.resolve().is_relative_to(out.resolve()):
        raise BadInput(
            f"{aside} lies in the export {out}, which holds nothing but its own files; set rows aside elsewhere."
        )


def _put_in_place(new: Path, out: Path, old: Path) -> None:
    """Let the new export take the place of the old one, which goes with the temporary folder."""
    if out.exists():
        out.rename(old)
    new.rename(out)
