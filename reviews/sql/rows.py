"""Records as rows, and back."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Row, Select, select

from reviews.record import Record, unpack
from reviews.tables import evidence, predictions

__all__ = ["WITH_EVIDENCE", "record_of", "row_of"]

_COLUMNS: Final = tuple(predictions.columns.keys())
_REASONS: Final = _COLUMNS.index("review_reasons")
_values = attrgetter(*_COLUMNS)

WITH_EVIDENCE: Final[Select[Any]] = select(*predictions.columns, evidence.c.content).outerjoin_from(
    predictions, evidence, evidence.c.prediction_id == predictions.c.id
)
"""Whole records; `record_of` reads the rows."""


def row_of(record: Record) -> tuple[Any, ...]:
    """Return a record as a row of predictions."""
    values: tuple[Any, ...] = _values(record)
    return (*values[:_REASONS], " ".join(record.review_reasons), *values[_REASONS + 1 :])


def record_of(row: Row[Any] | Sequence[Any]) -> Record:
    """Return a row of `WITH_EVIDENCE` as a record."""
    *values, content = row
    kept = dict(zip(_COLUMNS, values, strict=True))
    kept["review_reasons"] = tuple(kept["review_reasons"].split())
    return Record(**kept, evidence=None if content is None else unpack(content))
