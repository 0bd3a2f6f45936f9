"""The table of signals of an export, streamed and written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.events import BadInput
from features.reader import open_export
from features.reading import Reading
from features.stream import SCHEMA, stream_signals
from features.table import signals_table
from features.written import write_table

AS_OF = "2026-07-01"
EVENTS = pd.DataFrame(
    {
        "account_id": [f"a-{number % 7}" for number in range(60)],
        "occurred_at": pd.date_range("2026-01-01", periods=60, freq="3D", tz="UTC"),
        "kind": ["purchase", "meeting", "call"] * 20,
        "amount": [0.1 * number for number in range(60)],
    }
)


def export_of(folder: Path, events: pd.DataFrame, **said: object) -> Path:
    """An export with these events."""
    events.to_parquet(folder / "events.parquet")
    (folder / "export.json").write_text(json.dumps(said), encoding="utf-8")
    return folder


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("size", [5, 1000])
def test_batches_and_threads_change_no_bit(tmp_path: Path, size: int, workers: int) -> None:
    export = open_export(export_of(tmp_path, EVENTS))
    table = pa.concat_tables(stream_signals(export, AS_OF, Reading(size), workers))
    expected = signals_table(EVENTS, AS_OF)
    assert table.schema == SCHEMA
    assert table["account_id"].to_pylist() == expected["account_id"].tolist()
    streamed = table.drop_columns("account_id").to_pandas().to_numpy()
    np.testing.assert_array_equal(streamed, expected.drop(columns="account_id").to_numpy(), strict=True)


def test_what_is_unknown_is_null(tmp_path: Path) -> None:
    export = open_export(export_of(tmp_path, EVENTS, records=["purchase", "meeting", "call"]))
    table = pa.concat_tables(stream_signals(export, AS_OF))
    assert table["contracts"].null_count == table.num_rows == 7
    assert table["purchases"].null_count == 0


def test_an_export_without_an_account_is_an_empty_table(tmp_path: Path) -> None:
    export = open_export(export_of(tmp_path, EVENTS[:0]))
    (table,) = stream_signals(export, AS_OF)
    assert table.equals(SCHEMA.empty_table())
    assert write_table([table], tmp_path / "signals.csv") == 0
    assert pd.read_csv(tmp_path / "signals.csv").columns.tolist() == SCHEMA.names


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_file_gives_back_what_was_written(tmp_path: Path, suffix: str) -> None:
    export = open_export(export_of(tmp_path, EVENTS))
    out = tmp_path / f"signals.{suffix}"
    assert write_table(stream_signals(export, AS_OF, Reading(10)), out) == 7
    back = pd.read_parquet(out) if suffix == "parquet" else pd.read_csv(out)
    expected = signals_table(EVENTS, AS_OF)
    assert back["account_id"].tolist() == expected["account_id"].tolist()
    np.testing.assert_array_equal(back.iloc[:, 1:].astype(float), expected.iloc[:, 1:])


def test_a_run_that_fails_leaves_what_stood_there(tmp_path: Path) -> None:
    out = tmp_path / "signals.parquet"
    write_table([SCHEMA.empty_table()], out)
    before = out.read_bytes()

    def failing() -> Iterator[pa.Table]:
        yield SCHEMA.empty_table()
        raise BadInput("row 9 does not fit")

    with pytest.raises(BadInput, match="row 9"):
        write_table(failing(), out)
    assert out.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["signals.parquet"]


def test_other_tables_are_written_too(tmp_path: Path) -> None:
    table = pa.table({"account_id": ["a"], "relationship": ["client"], "confidence": [0.9], "hybrid": [True]})
    write_table([table], tmp_path / "decisions.parquet")
    assert pq.read_table(tmp_path / "decisions.parquet").equals(table)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("signals.xlsx", "must end in \\.parquet or \\.csv"),
        ("signals", "must end in \\.parquet or \\.csv"),
        ("nowhere/signals.csv", "there is no folder"),
    ],
)
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        write_table([SCHEMA.empty_table()], tmp_path / name)


def test_a_bad_row_stops_the_stream(tmp_path: Path) -> None:
    bad = EVENTS.assign(kind=["sale", *EVENTS["kind"][1:]])
    with pytest.raises(BadInput, match=r"events\.parquet.*row 1, column kind"):
        list(stream_signals(open_export(export_of(tmp_path, bad)), AS_OF))
