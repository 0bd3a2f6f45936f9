"""Verdicts of the review desk beside the labels of an export."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from features.events import LABEL_COLUMNS
from features.reader import Export
from features.written import write_table
from reviews.verdict import LabelGiven

__all__ = ["DeskLabels", "Merged", "merge_labels", "write_labels"]

GIVEN_AT: Final = "given_at"
"""A column of the file beside an export's own: when the reviewer said so. Training passes it over, since a label is
learned from as of what the reviewer saw."""

_TIMES: Final = ("labelled_at", GIVEN_AT)
_NAMES: Final = [column.name for column in LABEL_COLUMNS]


@dataclass(frozen=True, slots=True)
class DeskLabels:
    """What a desk gives.

    Attributes
    ----------
    given : sequence of LabelGiven
    reviewers : collection of str
        Names of its reviewers, also of those who gave no label.
    """

    given: Sequence[LabelGiven]
    reviewers: Collection[str]


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """Labels of an export with those of a desk.

    Attributes
    ----------
    labels : DataFrame
        The columns of an export's labels, and `given_at`.
    kept : Series of bool
        Which rows of the export's labels are there still.
    added : int
        Rows of the desk.
    """

    labels: pd.DataFrame
    kept: pd.Series[bool]
    added: int

    @property
    def replaced(self) -> int:
        """Rows of the export that were the desk's reviewers' own."""
        return int((~self.kept).sum())


def merge_labels(labels: pd.DataFrame | None, desk: DeskLabels) -> Merged:
    """Put the desk's labels in the place of those that it gave before.

    A row of a reviewer whom the desk knows came from the desk. It is there again, unless it was taken back or its
    account erased since. Every other row stays, so that merging twice is merging once.

    Parameters
    ----------
    labels : DataFrame or None
        As :meth:`features.reader.Export.labels` returns them.
    desk : DeskLabels

    Returns
    -------
    Merged
        The desk's rows last, the oldest first.
    """
    here = _empty() if labels is None else labels.reindex(columns=[*_NAMES, GIVEN_AT])
    here = here.assign(**{name: pd.to_datetime(here[name], utc=True).dt.as_unit("us") for name in _TIMES})
    known = {*desk.reviewers, *(label.labeller for label in desk.given)}
    kept = ~(here["source"].eq("reviewer").fillna(False) & here["labeller"].isin(known)).astype(bool)
    rows = pd.DataFrame(
        {
            "account_id": [label.account_id for label in desk.given],
            "relationship": [label.relationship for label in desk.given],
            "labelled_at": _times([label.labelled_at for label in desk.given]),
            "source": "reviewer",
            "labeller": [label.labeller for label in desk.given],
            "inclusion": pd.Series([label.inclusion for label in desk.given], dtype="float64"),
            GIVEN_AT: _times([label.given_at for label in desk.given]),
        }
    )
    parts = [part for part in (here[kept], rows) if len(part)]
    return Merged(pd.concat(parts, ignore_index=True) if parts else _empty(), kept, len(rows))


def write_labels(export: Export, desk: DeskLabels) -> tuple[Path, Merged]:
    """Merge the desk's labels into an export's file, which is written anew as a whole, or into a first one.

    Columns that an export does not know stay as they are.

    Returns
    -------
    path : Path
        The file, of the kind that was there, else of that of the events; untouched where nothing changes.
    merged : Merged

    Raises
    ------
    BadInput
        A row of the export's labels does not fit, or the file cannot be written.
    """
    labels, raw = export.labels(), None if export.labels_file is None else _read(export.labels_file)
    if labels is not None and raw is not None and GIVEN_AT in raw:
        labels = labels.assign(**{GIVEN_AT: pd.to_datetime(raw[GIVEN_AT], utc=True, errors="coerce").to_numpy()})
    merged = merge_labels(labels, desk)
    path = export.labels_file or export.path / f"labels{export.events.suffix}"
    if not merged.added and not merged.replaced:
        return path, merged
    table = merged.labels
    if raw is not None:
        table = _with_others(table, raw, merged.kept)
    write_table([pa.Table.from_pandas(_readable(table, path), preserve_index=False)], path)
    return path, merged


def _with_others(table: pd.DataFrame, raw: pd.DataFrame, kept: pd.Series[bool]) -> pd.DataFrame:
    others = raw.loc[kept.to_numpy(), [name for name in raw.columns if name not in {*_NAMES, GIVEN_AT}]]
    return table.join(others.reset_index(drop=True))


def _read(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=str)


def _readable(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return times as texts where the file is one: CSV would write them without their zone."""
    if path.suffix == ".parquet":
        return table
    texts = {name: table[name].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ") for name in _TIMES}
    return table.assign(**texts)


def _times(micros: Sequence[int]) -> pd.Series[pd.Timestamp]:
    return pd.Series(pd.to_datetime(list(micros), unit="us", utc=True).as_unit("us"))


def _empty() -> pd.DataFrame:
    texts = {name: pd.Series(dtype="str") for name in _NAMES}
    times = {name: _times([]) for name in _TIMES}
    return pd.DataFrame({**texts, **times, "inclusion": pd.Series(dtype="float64")})
