"""An export is read in batches of whole accounts, checked row by row, within what it promises."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.coverage import cover
from features.events import EVENT_COLUMNS, KINDS, BadInput
from features.log import EventLog
from features.memory import PROGRAM
from features.reader import open_export
from features.reading import Reading
from features.table import signals_matrix, signals_table
from features.validate import check_table
from training.simulator.simulate import simulate, write_export

START = pd.Timestamp("2025-01-01", tz="UTC")
DAY = 86_400_000_000
EVENTS = "account_id,occurred_at,kind,amount\nb,2025-01-02,purchase,5\na,2025-01-03,visit,\nb,2025-01-01,purchase,7.5\n"


def export(folder: Path, events: str | None = EVENTS, said: object = None, **files: str) -> Path:
    """Write an export in CSV, `said` as its export.json."""
    folder.mkdir(parents=True, exist_ok=True)
    if events is not None:
        (folder / "events.csv").write_text(events, encoding="utf-8")
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    if said is not None:
        (folder / "export.json").write_text(said if isinstance(said, str) else json.dumps(said), encoding="utf-8")
    return folder


def parquet(folder: Path, rows: list[tuple[str, int]], *, in_order: bool, row_group: int = 1000) -> Path:
    """Write an export in Parquet with a purchase on a day for each account."""
    folder.mkdir(parents=True, exist_ok=True)
    table = pa.table(
        {
            "account_id": pa.array([name for name, _ in rows], pa.string()),
            "occurred_at": pa.array([START + pd.Timedelta(days=day) for _, day in rows], pa.timestamp("us", tz="UTC")),
            "kind": pa.array(["purchase"] * len(rows), pa.string()),
            "amount": pa.array([float(day) for _, day in rows]),
        }
    )
    pq.write_table(table, folder / "events.parquet", row_group_size=row_group)
    (folder / "export.json").write_text(json.dumps({"sorted": in_order}), encoding="utf-8")
    return folder


def ids_of(logs: list[EventLog]) -> list[str]:
    return [name for log in logs for name in log.account_ids.tolist()]


# Batches


def test_a_folder_of_csv_is_an_export(tmp_path: Path) -> None:
    opened = open_export(export(tmp_path / "crm"))
    assert opened.records == frozenset(KINDS)
    assert not opened.sorted
    assert opened.n_events() == 3
    (log,) = opened.batches()
    assert log.account_ids.tolist() == ["a", "b"]
    assert log.account.tolist() == [0, 1, 1]
    assert log.amount is not None
    assert log.amount[1:].tolist() == [7.5, 5.0]


def test_an_export_without_an_event_has_the_accounts_on_file(tmp_path: Path) -> None:
    folder = export(tmp_path, "account_id,occurred_at,kind\n", accounts="account_id,party\nz,person\na,\n")
    (log,) = open_export(folder).batches()
    assert log.account_ids.tolist() == ["a", "z"]
    assert log.n_events == 0


def test_an_empty_export_has_no_batch(tmp_path: Path) -> None:
    assert list(open_export(export(tmp_path, "account_id,occurred_at,kind\n")).batches()) == []


def test_of_an_account_that_stands_twice_the_last_row_counts(tmp_path: Path) -> None:
    about = "account_id,party\nb,person\na,person\nb,organisation\n"
    (log,) = open_export(export(tmp_path, accounts=about)).batches()
    assert log.account_ids.tolist() == ["a", "b"]
    assert log.facts.is_organisation.tolist() == [0.0, 1.0]


_IDS = st.sampled_from(["a", "b", "B", "ab", "ß", "zz", "é", "10", "9"])
_ROWS = st.lists(st.tuples(_IDS, st.integers(0, 30)), min_size=1, max_size=40)


@given(
    _ROWS, st.lists(_IDS, max_size=9), st.integers(1, 9), st.integers(1, 9), st.sampled_from(["told", "sort", "spill"])
)
def test_each_account_is_whole_and_in_one_batch(
    rows: list[tuple[str, int]], known: list[str], size: int, row_group: int, how: str
) -> None:
    in_order = how == "told"
    if in_order:
        rows = sorted(rows, key=lambda row: (row[0].encode(), row[1]))
    with TemporaryDirectory() as folder:
        path = parquet(Path(folder), rows, in_order=in_order, row_group=row_group)
        if known:
            about = pd.DataFrame({"account_id": known, "party": ["person"] * len(known)})
            about.to_csv(path / "accounts.csv", index=False)
        # With a limit of one byte every table that is read becomes a run on disk.
        logs = list(open_export(path).batches(Reading(size, memory=1 if how == "spill" else 1 << 32)))
        whole = list(open_export(path).batches())
    assert ids_of(logs) == sorted({*known, *(name for name, _ in rows)}, key=str.encode)
    assert sum(log.n_events for log in logs) == len(rows)
    as_of = START.value // 1000 + 20 * DAY
    np.testing.assert_array_equal(
        np.vstack([signals_matrix(log.at(as_of)) for log in logs]),
        np.vstack([signals_matrix(log.at(as_of)) for log in whole]),
    )


def test_a_batch_is_about_as_long_as_asked(tmp_path: Path) -> None:
    rows = [(f"{account:03d}", day) for account in range(200) for day in range(5)]
    logs = list(open_export(parquet(tmp_path, rows, in_order=True, row_group=100)).batches(Reading(100)))
    assert max(log.n_events for log in logs) < 200
    assert len(logs) <= 11


def test_an_account_longer_than_a_batch_stays_whole(tmp_path: Path) -> None:
    rows = [("a", 0), *(("b", day) for day in range(500)), ("c", 0)]
    logs = list(open_export(parquet(tmp_path, rows, in_order=True, row_group=50)).batches(Reading(50)))
    assert ids_of(logs) == ["a", "b", "c"]
    assert sum(log.n_events for log in logs) == 502


def test_many_accounts_without_events_do_not_swell_a_batch(tmp_path: Path) -> None:
    folder = parquet(tmp_path, [("m", 1)], in_order=False)
    pd.DataFrame({"account_id": [f"{number:04d}" for number in range(1000)]}).to_csv(
        folder / "accounts.csv", index=False
    )
    logs = list(open_export(folder).batches(Reading(100)))
    assert len(ids_of(logs)) == 1001
    assert max(log.n_accounts for log in logs) < 200


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        ([("b", 1), ("a", 1)], "account_id"),
        ([("a", 2), ("a", 1)], "occurred_at"),
        ([("a", 1), ("b", 1), ("a", 2)], "account_id"),
    ],
)
def test_a_lie_about_the_order_is_refused(tmp_path: Path, rows: list[tuple[str, int]], column: str) -> None:
    many = [("0", day) for day in range(50)]
    opened = open_export(parquet(tmp_path, [*many, *rows], in_order=True, row_group=10))
    with pytest.raises(BadInput, match=rf"events.parquet, row 5\d: {column} is less.*sorted"):
        list(opened.batches(Reading(10)))


def test_a_sort_that_does_not_fit_in_memory_spills(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [(f"{account:05d}", 0) for account in rng.integers(0, 50_000, 100_000)]
    opened = open_export(parquet(tmp_path, rows, in_order=False, row_group=5_000))
    ids = ids_of(list(opened.batches(Reading(5_000, memory=PROGRAM + (1 << 20)))))
    assert ids == sorted({name for name, _ in rows})


def test_an_id_that_no_row_bears_is_no_account(tmp_path: Path) -> None:
    """A categorical column keeps the ids of rows that were left out."""
    frame = pd.DataFrame({"account_id": ["a", "gone"], "occurred_at": ["2025-01-02"] * 2, "kind": ["visit"] * 2})
    frame["account_id"] = frame["account_id"].astype("category")
    assert signals_table(frame[:1], "2025-02-01")["account_id"].tolist() == ["a"]
    frame[:1].to_parquet(export(tmp_path, None) / "events.parquet")
    assert ids_of(list(open_export(tmp_path).batches())) == ["a"]


# Rows and files that do not fit


BAD = {
    "a time that is none": ("x,yesterday,visit,", "occurred_at", "yesterday"),
    "a time long past": ("x,0001-01-01,visit,", "occurred_at", "0001-01-01"),
    "an unknown kind": ("x,2025-01-01,sale,", "kind", "sale"),
    "an amount below zero": ("x,2025-01-01,refund,-3", "amount", "-3"),
    "an amount that is no number": ("x,2025-01-01,refund,many", "amount", "many"),
    "nobody": (",2025-01-01,visit,", "account_id", None),
}


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_bad_row_is_named_by_its_place_in_the_file(tmp_path: Path, what: str, suffix: str) -> None:
    row, column, value = BAD[what]
    folder = export(tmp_path, EVENTS + row + "\n")
    if suffix == "parquet":
        frame = pd.read_csv(folder / "events.csv", dtype="str").astype(object)
        frame.where(frame.notna(), None).to_parquet(folder / "events.parquet")
        (folder / "events.csv").unlink()
    with pytest.raises(BadInput, match=r"do not fit|does not fit") as refused:
        list(open_export(folder).batches())
    (problem,) = refused.value.problems
    assert (problem.file, problem.row, problem.column) == (f"events.{suffix}", 4, column)
    assert problem.value == (value or (None if suffix == "parquet" else ""))
    with pytest.raises(BadInput, match=r"do not fit|does not fit"):
        cover(open_export(folder))


def test_an_event_of_a_kind_that_is_not_recorded_is_refused(tmp_path: Path) -> None:
    opened = open_export(export(tmp_path, said={"records": ["purchase"]}))
    with pytest.raises(BadInput) as refused:
        list(opened.batches())
    (problem,) = refused.value.problems
    assert (problem.row, problem.column, problem.value, problem.expected) == (2, "kind", "visit", "one of purchase")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("{", "is not JSON"),
        ([], "must be a JSON object"),
        ({"record": []}, "key that is not known"),
        ({"records": "purchase"}, "cannot be read"),
        ({"records": ["sale"]}, "not known is said to be recorded"),
        ({"sorted": "yes"}, "cannot be read"),
    ],
)
def test_a_wrong_description_is_refused(tmp_path: Path, said: object, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        open_export(export(tmp_path, said=said))


def test_what_is_no_export_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        open_export(tmp_path / "nowhere")
    with pytest.raises(BadInput, match=r"neither events.parquet nor events.csv"):
        open_export(export(tmp_path, None))
    with pytest.raises(BadInput, match="is a file"):
        open_export(export(tmp_path) / "events.csv")
    (tmp_path / "events.parquet").write_bytes(b"")
    with pytest.raises(BadInput, match="remove one"):
        open_export(tmp_path)


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ("", "cannot be read as CSV"),
        ("account_id,occurred_at\na,2025-01-01\n", "lacks a column"),
        ("account_id,occurred_at,kind\na,2025-01-01\n", "cannot be read as CSV"),
        ("account_id,occurred_at,kind,kind\na,2025-01-01,visit,visit\n", "names a column twice"),
        ("x\n1\n", "lacks a column"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, events: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        list(open_export(export(tmp_path, events)).batches())


def test_a_parquet_file_must_be_one(tmp_path: Path) -> None:
    folder = export(tmp_path, None)
    (folder / "events.parquet").write_bytes(b"not Parquet at all")
    with pytest.raises(BadInput, match="cannot be read as Parquet"):
        list(open_export(folder).batches())


def test_a_column_of_a_type_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    folder = export(tmp_path, None)
    table = pa.table({"account_id": [["a"]], "occurred_at": ["2025-01-01"], "kind": ["visit"]})
    pq.write_table(table, folder / "events.parquet")
    with pytest.raises(BadInput, match=r"column account_id: found 'values of type list.*a column of type string"):
        list(open_export(folder).batches())


def test_categories_are_read_as_their_values(tmp_path: Path) -> None:
    frame = pd.DataFrame({"account_id": ["a"], "occurred_at": ["2025-01-02"], "kind": ["purchase"], "amount": [2**49]})
    frame.astype(dict.fromkeys(frame.columns, "category")).to_parquet(export(tmp_path, None) / "events.parquet")
    (log,) = open_export(tmp_path).batches()
    assert log.amount is not None
    assert log.amount.tolist() == [2.0**49]


# Labels, the default moment, coverage


def test_labels_have_all_columns(tmp_path: Path) -> None:
    assert open_export(export(tmp_path)).labels() is None
    export(tmp_path, labels="relationship,account_id,labelled_at\nclient,b,2025-03-01\nprospect,a,\n")
    labels = open_export(tmp_path).labels()
    assert labels is not None
    assert labels.columns.tolist() == ["account_id", "relationship", "labelled_at", "source", "labeller", "inclusion"]
    assert labels["account_id"].tolist() == ["b", "a"]
    assert labels["labelled_at"].iloc[0] == pd.Timestamp("2025-03-01", tz="UTC")
    assert labels[["labelled_at", "source", "labeller", "inclusion"]].iloc[1].isna().all()


def test_a_wrong_label_is_refused(tmp_path: Path) -> None:
    folder = export(tmp_path, labels="account_id,relationship\na,client\nb,friend\n")
    with pytest.raises(BadInput, match=r"labels.csv, row 2, column relationship: found 'friend'"):
        open_export(folder).labels()


def test_the_default_moment_is_just_after_the_latest(tmp_path: Path) -> None:
    last = pd.Timestamp("2025-01-03", tz="UTC").value // 1000
    assert open_export(export(tmp_path / "a")).default_as_of() == last + 1
    late = "account_id,occurred_at,kind,recorded_at\na,2025-01-02,visit,2025-02-01T12:00:00Z\na,2025-01-03,visit,\n"
    recorded = pd.Timestamp("2025-02-01T12:00", tz="UTC").value // 1000
    assert open_export(export(tmp_path / "b", late)).default_as_of() == recorded + 1


def test_one_event_far_ahead_asks_for_a_moment(tmp_path: Path) -> None:
    rows = [("a", day) for day in range(100)]
    with pytest.raises(BadInput, match="pass --as-of, such as --as-of 2025-04-11"):
        open_export(parquet(tmp_path / "far", [*rows, ("a", 600)], in_order=True)).default_as_of()
    near = open_export(parquet(tmp_path / "near", [*rows, ("a", 460)], in_order=True)).default_as_of()
    assert near == START.value // 1000 + 460 * DAY + 1


def test_no_event_asks_for_a_moment(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"holds no event.*--as-of"):
        open_export(export(tmp_path, "account_id,occurred_at,kind\n")).default_as_of()


def test_coverage_says_what_is_there(tmp_path: Path) -> None:
    folder = export(
        tmp_path,
        said={"records": ["visit", "purchase", "call"]},
        accounts="account_id,party,colour\na,person,red\nz,,blue\n",
        labels="account_id,relationship\na,client\nb,client\n",
    )
    found = cover(open_export(folder))
    assert found.records == ("purchase", "call", "visit")
    assert (found.n_events, found.n_accounts, found.n_without_events) == (3, 3, 1)
    assert [(kind.kind, kind.events) for kind in found.kinds] == [("purchase", 2), ("visit", 1)]
    assert found.kinds[0].first == START.value // 1000
    assert found.kinds[0].last == START.value // 1000 + DAY
    assert found.kinds[0].filled["amount"] == 1.0
    assert found.kinds[1].filled["amount"] == 0.0
    assert found.kinds[1].filled["contact_id"] == 0.0
    assert found.account_columns is not None
    assert found.account_columns["party"] == 0.5
    assert found.labels == {"client": 2, "customer": 0, "prospect": 0}
    assert found.unknown_columns == {"accounts.csv": ("colour",)}


def test_coverage_names_the_bad_rows_of_all_files(tmp_path: Path) -> None:
    folder = export(tmp_path, EVENTS + "x,2025-01-01,sale,\n", labels="account_id,relationship\na,friend\n")
    with pytest.raises(BadInput, match="2 rows that do not fit") as refused:
        cover(open_export(folder))
    assert [(problem.file, problem.row) for problem in refused.value.problems] == [("events.csv", 4), ("labels.csv", 1)]


# What is wrong with a folder is said, not passed over


FAR = {
    "the largest": (2**63 - 1, "us", None, "infinity"),
    "the largest with a zone": (2**63 - 1, "us", "UTC", "infinity"),
    "the year 10000": (253_402_300_800, "s", "UTC", "10000-01-01T00:00:00"),
    "seconds that wrap around in microseconds": (2**62, "s", None, "146138514283-06-19T07:45:04"),
}


@pytest.mark.parametrize("what", FAR)
def test_a_time_that_no_calendar_holds_is_a_bad_row(tmp_path: Path, what: str) -> None:
    number, unit, zone, shown = FAR[what]
    table = pa.table(
        {"account_id": ["a"], "occurred_at": pa.array([number], pa.timestamp(unit, zone)), "kind": ["visit"]}
    )
    checked = check_table(table, EVENT_COLUMNS, "events.parquet")
    assert [(p.row, p.column) for p in checked.problems] == [(1, "occurred_at")]
    assert checked.problems[0].value == shown
    if unit == "us":
        pq.write_table(table, tmp_path / "events.parquet")
        with pytest.raises(BadInput, match="a row that does not fit") as refused:
            list(open_export(tmp_path).batches())
        assert refused.value.problems[0].value == shown


def test_an_export_that_records_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="a list of one kind or more"):
        open_export(export(tmp_path, said={"records": []}))


def test_a_description_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    (export(tmp_path) / "export.json").mkdir()
    with pytest.raises(BadInput, match="is not a file"):
        open_export(tmp_path)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_without_times_the_columns_that_are_there_are_named(tmp_path: Path, suffix: str) -> None:
    folder = export(tmp_path, "account_id,when,kind\na,2025-01-02,visit\n")
    if suffix == "parquet":
        pd.read_csv(folder / "events.csv").to_parquet(folder / "events.parquet")
        (folder / "events.csv").unlink()
    with pytest.raises(BadInput, match="it has: account_id, when, kind"):
        open_export(folder).default_as_of()


def test_a_simulated_export_replaces_nothing_but_another_one(tmp_path: Path) -> None:
    world, real = simulate(3, seed=1), export(tmp_path / "real")
    with pytest.raises(BadInput, match="would be lost"):
        write_export(world, real, "csv")
    assert (real / "events.csv").read_text(encoding="utf-8") == EVENTS
    with pytest.raises(BadInput, match="is a file"):
        write_export(world, real / "events.csv")
    with pytest.raises(BadInput, match="cannot be made"):
        write_export(world, real / "events.csv" / "sample")
    for _ in range(2):
        write_export(world, tmp_path / "sample")
    assert open_export(tmp_path / "sample").n_events() == len(world.events)
