"""Checking a table against the columns that its file may have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.events import KINDS, BadInput, Column, Problem
from features.times import text_of, within_bounds

__all__ = ["Checked", "check_table", "codes", "in_schema", "refuse", "require_columns", "schema_of"]

TIME = pa.timestamp("us", tz="UTC")
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Checked:
    """A table after checking.

    Attributes
    ----------
    table : pyarrow.Table
        All columns of the file's kind that were there, in their types; texts may be dictionaries. A value that was
        refused is null here.
    bad : ndarray of bool
        True for each row with a problem.
    problems : list of Problem
        The first problem of each bad row, in row order. Rows count from 1.
    """

    table: pa.Table
    bad: Mask
    problems: list[Problem]


def check_table(table: pa.Table, columns: Sequence[Column], file: str, first_row: int = 1) -> Checked:
    """Bring a table into the types of its columns and name each row that does not fit.

    Parameters
    ----------
    table : pyarrow.Table
        As read; columns that are not in `columns` are passed over.
    columns : sequence of Column
    file : str
        How messages call the source.
    first_row : int
        Number of the first row in messages.

    Raises
    ------
    BadInput
        A required column is missing altogether.
    """
    require_columns(table.column_names, columns, file)
    clean: dict[str, pa.ChunkedArray] = {}
    wrong: dict[str, tuple[Mask, str]] = {}
    for column in columns:
        if column.name not in table.column_names:
            continue
        values, mask = _cast(table.column(column.name), column, file)
        if column.required:
            mask = mask | _mask(pc.is_null(values, nan_is_null=True))
        clean[column.name] = values
        wrong[column.name] = (mask, column.expected)
    _check_rows(clean, wrong)
    bad = np.zeros(table.num_rows, dtype=bool)
    for mask, _ in wrong.values():
        bad |= mask
    problems = [_problem(table, wrong, row, file, first_row) for row in np.flatnonzero(bad).tolist()]
    return Checked(pa.table(clean), bad, problems)


def refuse(checked: Checked, file: str) -> pa.Table:
    """Return the table, or refuse it if any row is bad.

    Raises
    ------
    BadInput
        Naming the file, and row, column, value and what was expected of the first rows.
    """
    if checked.problems:
        count = len(checked.problems)
        rows = "1 row does" if count == 1 else f"{count:,} rows do"
        raise BadInput(f"{file}: {rows} not fit; mend them or set them aside.", checked.problems)
    return checked.table


def schema_of(columns: Sequence[Column]) -> pa.Schema:
    """Return the Arrow types of columns as files hold them."""
    types = {"string": pa.string(), "time": TIME, "number": pa.float64()}
    return pa.schema([pa.field(column.name, types[column.type]) for column in columns])


def in_schema(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a checked table with the columns of a schema alone; one that it does not have is missing in all rows."""
    return pa.table(
        {
            field.name: table.column(field.name).cast(field.type)
            if field.name in table.column_names
            else pa.nulls(table.num_rows, field.type)
            for field in schema
        },
        schema=schema,
    )


def require_columns(names: Sequence[str], columns: Sequence[Column], file: str) -> None:
    """Refuse a file, known by the names of its columns, that lacks a required one."""
    missing = [c for c in columns if c.required and c.name not in names]
    if missing:
        found = ", ".join(names) or "no column at all"
        raise BadInput(
            f"{file} lacks a column that it must have; it has: {found}.",
            [Problem(file, None, c.name, None, f"a column {c.name} ({c.type}): {c.meaning}") for c in missing],
        )


def _problem(table: pa.Table, wrong: dict[str, tuple[Mask, str]], row: int, file: str, first_row: int) -> Problem:
    name, expected = next((name, expected) for name, (mask, expected) in wrong.items() if mask[row])
    return Problem(file, row + first_row, name, text_of(table.column(name)[row]), expected)


def _cast(raw: pa.ChunkedArray, column: Column, file: str) -> tuple[pa.ChunkedArray, Mask]:
    """Return a column in its type, null where a value does not fit, and where that is."""
    try:
        if column.type != "string" and pa.types.is_dictionary(raw.type):
            raw = raw.cast(raw.type.value_type)
        return _CASTS[column.type](raw, column)
    except pa.ArrowException as error:
        problem = Problem(file, None, column.name, f"values of type {raw.type}", f"a column of type {column.type}")
        raise BadInput(f"{file} has a column of a type that cannot be read.", [problem]) from error


def _mask(values: pa.ChunkedArray | pa.Array) -> Mask:
    """Return a boolean column as numpy, null as False."""
    return np.asarray(pc.fill_null(values, fill_value=False)).astype(bool)


def _as_text(raw: pa.ChunkedArray, column: Column) -> tuple[pa.ChunkedArray, Mask]:
    values = raw if pa.types.is_dictionary(raw.type) else raw.cast(pa.string())
    if not pa.types.is_dictionary(values.type):
        values = values.dictionary_encode()
    values = values.unify_dictionaries()
    words = values.chunk(0).dictionary.cast(pa.string()) if values.num_chunks else pa.array([], pa.string())
    blank = _mask(pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(words)), 0))
    fits = np.ones(len(words), dtype=bool)
    if column.allowed is not None:
        fits = _mask(pc.is_in(words, pa.array(column.allowed, pa.string())))
    good = fits & ~blank
    if good.all():
        return values, np.zeros(len(values), dtype=bool)
    table = pa.array(np.append(good, True))
    codes = pc.fill_null(pa.chunked_array([c.indices for c in values.chunks]).cast(pa.int64()), len(words))
    kept = _mask(table.take(codes.combine_chunks()))
    # An empty text is a missing one, which is wrong only where the column is required.
    empty = _mask(pa.array(np.append(blank, False)).take(codes.combine_chunks()))
    texts = pc.if_else(pa.array(kept), values.cast(pa.string()), None)
    return _chunked(texts).dictionary_encode(), ~kept & ~empty


def _as_time(raw: pa.ChunkedArray, column: Column) -> tuple[pa.ChunkedArray, Mask]:
    del column
    if pa.types.is_timestamp(raw.type) or pa.types.is_date(raw.type):
        fits = within_bounds(raw)
        values = raw.cast(pa.timestamp("us", tz=getattr(raw.type, "tz", None)), safe=False).cast(TIME)
    elif pa.types.is_string(raw.type) or pa.types.is_large_string(raw.type):
        texts = raw.to_pandas()
        parsed = pd.to_datetime(texts.where(texts != "", None), utc=True, errors="coerce", format="ISO8601")
        values = _chunked(pa.array(parsed, type=TIME, from_pandas=True))
        fits = within_bounds(values)
    elif pa.types.is_null(raw.type):
        return _chunked(pa.nulls(len(raw), TIME)), np.zeros(len(raw), dtype=bool)
    else:
        return _chunked(pa.nulls(len(raw), TIME)), _mask(pc.is_valid(raw))
    return _keep(values, raw, fits)


def _as_number(raw: pa.ChunkedArray, column: Column) -> tuple[pa.ChunkedArray, Mask]:
    if pa.types.is_string(raw.type) or pa.types.is_large_string(raw.type):
        numbers = pd.to_numeric(raw.to_pandas(), errors="coerce")
        values = _chunked(pa.array(numbers, type=pa.float64(), from_pandas=True))
    elif pa.types.is_boolean(raw.type) or pa.types.is_temporal(raw.type):
        return _chunked(pa.nulls(len(raw), pa.float64())), _mask(pc.is_valid(raw))
    else:
        values = raw.cast(pa.float64(), safe=False)
        # nan is how files without nulls write a missing number.
        raw = values = pc.if_else(pc.is_nan(values), None, values)
    within = pc.and_(pc.greater_equal(values, column.low), pc.less_equal(values, column.high))
    return _keep(values, raw, _mask(pc.and_(pc.is_finite(values), within)))


def _keep(values: pa.ChunkedArray, raw: pa.ChunkedArray, fits: Mask) -> tuple[pa.ChunkedArray, Mask]:
    """Return the values that fit, and where there was one that does not."""
    there = _mask(pc.is_valid(raw))
    if pa.types.is_string(raw.type) or pa.types.is_large_string(raw.type):
        there &= _mask(pc.not_equal(raw, ""))
    wrong = there & ~fits
    return (_chunked(pc.if_else(pa.array(fits), values, None)) if wrong.any() else _chunked(values)), wrong


def _chunked(values: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    return values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])


_CASTS = {"string": _as_text, "time": _as_time, "number": _as_number}


def _check_rows(clean: dict[str, pa.ChunkedArray], wrong: dict[str, tuple[Mask, str]]) -> None:
    """Find what is wrong only in view of another column of the row."""
    if "subtype" in clean and "kind" in clean:
        mask, _ = wrong["subtype"]
        listed = {kind.name: kind.subtypes for kind in KINDS.values() if kind.subtypes}
        alien = _foreign_subtypes(clean["kind"], clean["subtype"])
        words = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in listed.items())
        wrong["subtype"] = (mask | alien, f"a subtype of the event's kind, or none ({words})")
    if "ends_at" in clean and "occurred_at" in clean:
        mask, expected = wrong["ends_at"]
        early = _mask(pc.less(clean["ends_at"], clean["occurred_at"]))
        if early.any():
            wrong["ends_at"] = (mask | early, f"{expected}, not before occurred_at")


def _foreign_subtypes(kinds: pa.ChunkedArray, subtypes: pa.ChunkedArray) -> Mask:
    """Say where a kind that lists its subtypes bears another one."""
    (kind, names), (subtype, words) = codes(kinds), codes(subtypes)
    table = np.zeros((len(names) + 1, len(words) + 1), dtype=bool)
    for row, name in enumerate(names.to_pylist()):
        known = KINDS[name].subtypes if name in KINDS else ()
        table[row, :-1] = [bool(known) and word not in known for word in words.to_pylist()]
    mask: Mask = table[kind, subtype]
    return mask


def codes(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], pa.Array]:
    """Return a text column as codes, -1 where missing, and its dictionary."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    column = column.unify_dictionaries()
    if column.num_chunks == 0:
        return np.empty(0, dtype=np.int64), pa.array([], pa.string())
    parts = [np.asarray(pc.fill_null(chunk.indices.cast(pa.int64()), -1)) for chunk in column.chunks]
    return np.concatenate(parts), column.chunk(0).dictionary.cast(pa.string())
