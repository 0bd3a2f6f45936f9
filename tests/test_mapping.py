"""Any source becomes an export, losing nothing; and a mapping can read its folder and do nothing else."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.events import BadInput
from features.mapping import ImportReport, import_source, load_mapping
from features.reader import Export, open_export
from features.table import signals_matrix
from tests.logs import AS_OF, Accounts, accounts, measure, rows_of

ORDERS_CSV = "customer,day,paid\na,2025-01-02,10\nb,2025-01-03,20.5\na,2025-01-01,5\n"
ORDERS_SQL = "SELECT customer AS account_id, day AS occurred_at, paid AS amount FROM 'orders.csv'"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with one file of three orders, and beside it a file that is nobody's business."""
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "orders.csv").write_text(ORDERS_CSV, encoding="utf-8")
    (tmp_path / "secret.csv").write_text("customer,day\nx,2025-01-01\n", encoding="utf-8")
    return folder


def run(source: Path, toml: str, set_aside: Path | None = None) -> ImportReport:
    mapping = source.parent / "mapping.toml"
    mapping.write_text(toml, encoding="utf-8")
    return import_source(load_mapping(mapping), source, source.parent / "out", set_aside)


def purchases(sql: str) -> str:
    return f'[events.purchase]\nsql = """{sql}"""\n'


def events(source: Path) -> pd.DataFrame:
    return pq.read_table(source.parent / "out" / "events.parquet").to_pandas()


# Importing


def test_an_export_is_written_in_order_and_says_so(source: Path) -> None:
    report = run(source, purchases(ORDERS_SQL))
    assert [(file.name, file.rows) for file in report.files] == [("orders.csv", 3)]
    assert [(q.name, q.returned, q.kept, q.set_aside) for q in report.queries] == [("events.purchase", 3, 3, 0)]
    assert report.records == ("purchase",)
    assert events(source)[["account_id", "amount", "kind"]].to_numpy().tolist() == [
        ["a", 5.0, "purchase"],
        ["a", 10.0, "purchase"],
        ["b", 20.5, "purchase"],
    ]
    export = open_export(source.parent / "out")
    assert export.sorted
    assert export.records == {"purchase"}


def test_several_queries_make_one_export(source: Path) -> None:
    (source / "calls.json").write_text('[{"who": "b", "at_time": "2025-02-01T10:00:00+02:00"}]', encoding="utf-8")
    run(
        source,
        purchases(ORDERS_SQL)
        + """[events.phone]\nkind = "call"\n"""
        + """sql = "SELECT who AS account_id, at_time AS occurred_at FROM 'calls.json'"\n"""
        + """[accounts]\nsql = "SELECT DISTINCT customer AS account_id, 'person' AS party FROM 'orders.csv'"\n"""
        + """[labels]\nsql = "SELECT 'a' AS account_id, 'customer' AS relationship"\n""",
    )
    (log,) = open_export(source.parent / "out").batches()
    assert log.account_ids.tolist() == ["a", "b"]
    assert log.facts.is_organisation.tolist() == [0.0, 0.0]
    assert log.amount is not None
    assert np.isnan(log.amount[-1])
    assert log.occurred_at[-1] == pd.Timestamp("2025-02-01T08:00Z").value // 1000
    labels = open_export(source.parent / "out").labels()
    assert labels is not None
    assert labels[["account_id", "relationship"]].to_numpy().tolist() == [["a", "customer"]]


@pytest.mark.parametrize("name", ["x.csv.gz", "deep/er/x.csv", "x.parquet", "it's.csv", "x y.json"])
def test_a_file_of_any_sort_bears_its_relative_name(source: Path, name: str) -> None:
    path = source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame({"c": ["z"], "t": ["2025-01-01"]})
    if name.endswith("parquet"):
        frame.to_parquet(path)
    elif name.endswith("json"):
        frame.to_json(path, orient="records")
    else:
        text = frame.to_csv(index=False).encode()
        path.write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    quoted = name.replace("'", "''")
    report = run(source, purchases(f"SELECT c AS account_id, t AS occurred_at FROM '{quoted}'"))
    assert (name, 1) in [(file.name, file.rows) for file in report.files]
    assert events(source)["account_id"].tolist() == ["z"]


def test_types_are_told_from_the_whole_file(source: Path) -> None:
    """The letter stands past any sample of the first rows; zeros in front of a number belong to it."""
    rows = "".join(f"{number:06d},2025-01-01\n" for number in range(30_000)) + "x,2025-01-01\n"
    (source / "ids.csv").write_text("id,day\n" + rows, encoding="utf-8")
    run(source, purchases("SELECT id AS account_id, day AS occurred_at FROM 'ids.csv'"))
    ids = events(source)["account_id"]
    assert len(ids) == 30_001
    assert ids.iloc[0] == "000000"
    assert ids.iloc[-1] == "x"


def test_an_earlier_export_is_replaced_and_nothing_stays_beside_it(source: Path) -> None:
    run(source, purchases(ORDERS_SQL))
    run(source, purchases(ORDERS_SQL + " WHERE customer = 'b'"))
    assert events(source)["account_id"].tolist() == ["b"]
    assert sorted(path.name for path in source.parent.iterdir()) == ["mapping.toml", "out", "secret.csv", "source"]


def test_what_is_not_an_export_is_never_replaced(source: Path) -> None:
    out = source.parent / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("three years of work", encoding="utf-8")
    with pytest.raises(BadInput, match="would be lost"):
        run(source, purchases(ORDERS_SQL))
    assert (out / "thesis.txt").read_text(encoding="utf-8") == "three years of work"


def test_a_failed_import_leaves_the_earlier_export(source: Path) -> None:
    run(source, purchases(ORDERS_SQL))
    with pytest.raises(BadInput):
        run(source, purchases("SELECT customer AS account_id, day AS occurred_at, -1 AS amount FROM 'orders.csv'"))
    assert len(events(source)) == 3
    assert sorted(path.name for path in source.parent.iterdir()) == ["mapping.toml", "out", "secret.csv", "source"]


def test_an_export_within_the_source_is_no_source(source: Path) -> None:
    mapping = source.parent / "mapping.toml"
    mapping.write_text(purchases(ORDERS_SQL), encoding="utf-8")
    for _ in range(2):
        report = import_source(load_mapping(mapping), source, source / "out")
        assert [file.name for file in report.files] == ["orders.csv"]


# Rows that do not fit

HALF_SQL = (
    "SELECT CASE customer WHEN 'b' THEN NULL ELSE customer END AS account_id, day AS occurred_at, paid - 6 AS amount, "
    "'note' AS row FROM 'orders.csv'"
)


def test_without_a_place_to_set_them_aside_bad_rows_stop_the_import(source: Path) -> None:
    with pytest.raises(BadInput, match=r"2 rows that do not fit.*--set-aside") as refused:
        run(source, purchases(HALF_SQL))
    assert [(p.file, p.row, p.column, p.value) for p in refused.value.problems] == [
        ("events.purchase", 2, "account_id", None),
        ("events.purchase", 3, "amount", "-1.0"),
    ]
    assert not (source.parent / "out").exists()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_bad_rows_are_set_aside_with_reason_and_values(source: Path, suffix: str) -> None:
    path = source.parent / f"aside.{suffix}"
    for _ in range(2):
        report = run(source, purchases(HALF_SQL), path)
    assert [(q.returned, q.kept, q.set_aside) for q in report.queries] == [(3, 1, 2)]
    aside = pd.read_csv(path) if suffix == "csv" else pd.read_parquet(path)
    assert aside["query"].tolist() == ["events.purchase"] * 2
    assert aside["row"].tolist() == [2, 3]
    assert aside["reason"].tolist() == [
        "account_id is missing, expected a text that is not empty",
        "amount is '-1.0', expected a number, at least 0 and at most 1e+15",
    ]
    assert aside["original_row"].tolist() == ["note", "note"]
    assert aside["amount"].astype(float).tolist() == [14.5, -1.0]


def test_rows_are_never_set_aside_over_another_file(source: Path) -> None:
    with pytest.raises(BadInput, match="no import wrote it"):
        run(source, purchases(HALF_SQL), source / "orders.csv")
    assert (source / "orders.csv").read_text(encoding="utf-8") == ORDERS_CSV


def test_a_kind_that_is_not_recorded_is_a_bad_row(source: Path) -> None:
    sql = "SELECT customer AS account_id, day AS occurred_at, 'visit' AS kind FROM 'orders.csv'"
    with pytest.raises(BadInput, match="3 rows that do not fit"):
        run(source, 'records = ["purchase"]\n' + purchases(sql))


# What a mapping may not do

FORBIDDEN = {
    "a file beside the folder, by its relative name": "SELECT * FROM '../secret.csv'",
    "a file beside the folder, by its absolute name": "SELECT * FROM '{outside}/secret.csv'",
    "a table function on a file outside": "SELECT * FROM read_csv('{outside}/secret.csv')",
    "the text of any file": "SELECT * FROM read_text('/etc/passwd')",
    "the bytes of any file": "SELECT * FROM read_blob('/etc/passwd')",
    "the names of files": "SELECT * FROM glob('..')",
    "the names of files in the folder": "SELECT * FROM glob('{source}/*')",
    "sniffing at a file outside": "SELECT * FROM sniff_csv('{outside}/secret.csv')",
    "a file by a name that is put together": "SELECT * FROM query_table('{outside}/secret.csv')",
    "a link that leads out, by its name": "SELECT * FROM 'link.csv'",
    "a link that leads out, by its path": "SELECT * FROM read_csv('{source}/link.csv')",
    "a folder link that leads out": "SELECT * FROM read_csv('{source}/links/secret.csv')",
    "the network": "SELECT * FROM 'https://localhost:1/x.csv'",
    "a variable of the program": "SELECT * FROM mapping",
    "writing a file": "COPY (SELECT 1) TO '{outside}/written.csv'",
    "writing over the source": "COPY (SELECT 1) TO '{source}/orders.csv'",
    "writing from within a SELECT": "SELECT * FROM query('COPY (SELECT 1) TO ''{outside}/written.csv''')",
    "attaching a database": "ATTACH '{outside}/written.db'",
    "installing an extension": "INSTALL httpfs",
    "loading an extension": "LOAD httpfs",
    "changing a setting": "SET enable_external_access = true",
    "a pragma": "PRAGMA enable_profiling",
    "a call": "CALL enable_logging()",
    "making a table": "CREATE TABLE t AS SELECT 1",
    "dropping a view": 'DROP VIEW "orders.csv"',
    "a second statement": "SELECT 1; COPY (SELECT 1) TO '{outside}/written.csv'",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_mapping_may_not(source: Path, what: str) -> None:
    outside = source.parent
    (source / "link.csv").symlink_to(outside / "secret.csv")
    (source / "links").symlink_to(outside, target_is_directory=True)
    sql = FORBIDDEN[what].format(outside=outside, source=source)
    with pytest.raises(BadInput, match=r"key events\.purchase\.sql"):
        run(source, purchases(sql))
    assert (source / "orders.csv").read_text(encoding="utf-8") == ORDERS_CSV
    assert not list(outside.glob("written*"))
    assert not (outside / "out").exists()


def test_the_working_directory_does_not_matter(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = source.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "orders.csv").write_text("customer,day,paid\nwrong,2025-01-01,1\n", encoding="utf-8")
    monkeypatch.chdir(elsewhere)
    run(source, purchases(ORDERS_SQL))
    assert "wrong" not in events(source)["account_id"].tolist()


# Files and mappings that are wrong

BROKEN = {
    "too few values": ("a,b\n1,2\n3\n", "row 2 has 1 values, expected 2"),
    "too many values": ("a,b\n1,2\n3,4,5\n", "row 2 has 3 values, expected 2"),
    "the first row too short": ("a,b,c\n1,2\n1,2,3\n", "row 1 has 2 values, expected 3"),
    "a quote that never closes": ('a,b\n1,"x\n2,y\n', "broken.csv cannot be read"),
    "not UTF-8": (b"a,b\n1,\xff\n", "broken.csv cannot be read"),
    "empty": ("", "a first line that names its columns"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_is_an_error_and_not_a_column_of_text(source: Path, what: str) -> None:
    content, message = BROKEN[what]
    (source / "broken.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadInput, match=r"broken\.csv cannot be read") as refused:
        run(source, purchases(ORDERS_SQL))
    assert message in str(refused.value)


@pytest.mark.parametrize(("name", "content"), [("x.parquet", b"no"), ("x.json", b"{bad"), ("x.csv.gz", b"no gzip")])
def test_a_file_must_be_what_its_name_says(source: Path, name: str, content: bytes) -> None:
    (source / name).write_bytes(content)
    with pytest.raises(BadInput, match=f"{name} cannot be read"):
        run(source, purchases(ORDERS_SQL))


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    with pytest.raises(BadInput, match="holds no file that can be read"):
        run(tmp_path / "source", purchases("SELECT 1"))
    with pytest.raises(BadInput, match="does not exist"):
        run(tmp_path / "nowhere", purchases("SELECT 1"))


WRONG = {
    "not TOML": ("events = [", "is not a TOML file"),
    "no events": ("records = ['purchase']", "maps no events"),
    "an unknown key": (purchases("SELECT 1") + "[event.x]\nsql = 'SELECT 1'", "key event: not known"),
    "an unknown key of a query": (purchases("SELECT 1") + "query = 1", r"key events\.purchase\.query: not known"),
    "a kind of labels": (
        purchases("SELECT 1") + "[labels]\nsql = 'SELECT 1'\nkind = 'x'",
        r"key labels\.kind: not known",
    ),
    "no sql": ("[events.purchase]\nkind = 'purchase'", r"key events\.purchase\.sql: expected a text"),
    "an unknown kind": ("[events.x]\nkind = 'sale'\nsql = 'SELECT 1'", r"key events\.x\.kind: found 'sale'"),
    "an unknown recorded kind": ("records = ['sale']\n" + purchases("SELECT 1"), "said to be recorded"),
    "records of another type": ("records = 'purchase'\n" + purchases("SELECT 1"), "key records: expected a list"),
    "a kind that is not recorded": ("records = ['visit']\n" + purchases("SELECT 1"), "does not list that kind"),
    "SQL that is none": (purchases("SELEC 1"), r"key events\.purchase\.sql: "),
    "two statements": (purchases("SELECT 1; SELECT 2"), "found 2 statements"),
    "no statement": (purchases("-- later"), "expected a single SELECT"),
    "a column that is not there": (purchases("SELECT nobody FROM 'orders.csv'"), r"key events\.purchase\.sql: "),
    "a file that is not there": (purchases("SELECT * FROM 'order.csv'"), r"by their names: orders\.csv"),
    "no account_id": (purchases("SELECT day AS occurred_at FROM 'orders.csv'"), "expected also account_id"),
    "a table whose kind nobody names": (f'[events.x]\nsql = """{ORDERS_SQL}"""', "'x' is no kind of event"),
    "a column kind without records": (
        purchases("SELECT *, 'visit' AS kind FROM (" + ORDERS_SQL + ")"),
        "column kind, so say",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_mapping_is_refused_by_its_key(source: Path, what: str) -> None:
    toml, message = WRONG[what]
    with pytest.raises(BadInput, match=message):
        run(source, toml)
    assert not (source.parent / "out").exists()


# Properties


def _signals(export: Export) -> dict[str, np.ndarray]:
    return {
        name: row
        for log in export.batches()
        for name, row in zip(log.account_ids, signals_matrix(log.at(AS_OF)), strict=True)
    }


def _frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    for name in ("occurred_at", "ends_at", "recorded_at"):
        frame[name] = pd.to_datetime(pd.array(frame[name], dtype="Int64"), unit="us", utc=True)
    return frame.astype(
        {"amount": "float64", "score": "float64", "subtype": "str", "contact_id": "str", "event_id": "str"}
    )


@settings(max_examples=settings.default.max_examples // 2)
@given(accounts(), st.randoms(use_true_random=False), st.sampled_from(["csv", "parquet"]))
def test_an_imported_log_in_any_order_gives_the_same_signals(book: Accounts, order: object, suffix: str) -> None:
    rows = rows_of(book)
    if not rows:
        return
    order.shuffle(rows)  # type: ignore[attr-defined]
    with TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        source.mkdir()
        frame = _frame(rows)
        if suffix == "csv":
            frame.to_csv(source / "log.csv", index=False)
        else:
            frame.to_parquet(source / "log.parquet")
        about = [(name, known.party, known.owner or None, known.owner_since) for name, (_, known) in book.items()]
        people = pd.DataFrame(about, columns=["account_id", "party", "owner_id", "owner_since"])
        people["owner_since"] = pd.to_datetime(pd.array(people["owner_since"], dtype="Int64"), unit="us", utc=True)
        people.astype({"party": "str", "owner_id": "str"}).to_parquet(source / "people.parquet")
        kinds = sorted({row["kind"] for row in rows})
        toml = (
            f"records = {kinds}\n[events.log]\nsql = \"FROM 'log.{suffix}'\"\n"
            "[accounts]\nsql = \"FROM 'people.parquet'\"\n"
        )
        run(source, toml)
        imported = _signals(open_export(source.parent / "out"))
    expected = measure(book, recorded=frozenset(kinds))
    assert list(imported) == list(expected)
    for name, row in expected.items():
        np.testing.assert_array_equal(imported[name], row)


def test_times_do_not_depend_on_where_the_machine_stands(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TZ", "Pacific/Auckland")
    run(
        source, purchases("SELECT 'a' AS account_id, CAST(TIMESTAMPTZ '2025-01-01 23:30:00+00' AS DATE) AS occurred_at")
    )
    assert events(source)["occurred_at"].tolist() == [pd.Timestamp("2025-01-01", tz="UTC")]


# Names and times that a database allows and an export does not


@pytest.mark.parametrize(
    ("sql", "twice"),
    [
        ("SELECT customer AS account_id, customer AS Account_ID, day AS occurred_at FROM 'orders.csv'", "Account_ID"),
        ("SELECT customer AS account_id, day AS occurred_at, day AS occurred_at FROM 'orders.csv'", "occurred_at"),
        (
            "SELECT * FROM (SELECT customer AS account_id, day AS occurred_at FROM 'orders.csv') AS l "
            "JOIN (SELECT day AS occurred_at FROM 'orders.csv') AS r ON true",
            "occurred_at",
        ),
    ],
)
def test_a_column_that_is_returned_twice_is_refused(source: Path, sql: str, twice: str) -> None:
    with pytest.raises(BadInput, match=f"returns {twice} twice"):
        run(source, purchases(sql))


def test_a_mapping_that_records_nothing_is_refused(source: Path) -> None:
    with pytest.raises(BadInput, match="a list of one kind or more"):
        run(source, "records = []\n" + purchases(ORDERS_SQL))


@pytest.mark.parametrize("type_name", ["TIMESTAMP", "TIMESTAMPTZ", "DATE"])
def test_an_infinite_time_is_a_bad_row(source: Path, type_name: str) -> None:
    sql = (
        f"SELECT customer AS account_id, CASE paid WHEN 5 THEN {type_name} 'infinity' ELSE day::{type_name} END "
        f"AS occurred_at, [{type_name} 'infinity'] AS noted FROM 'orders.csv'"
    )
    with pytest.raises(BadInput, match="a row that does not fit") as refused:
        run(source, purchases(sql))
    (problem,) = refused.value.problems
    assert (problem.row, problem.column) == (3, "occurred_at")
    path = source.parent / "aside.csv"
    (query,) = run(source, purchases(sql), path).queries
    assert (query.kept, query.set_aside) == (2, 1)
    (found,) = pd.read_csv(path, dtype="str")["occurred_at"]
    assert problem.value == found == ("5881580-07-11" if type_name == "DATE" else "infinity")
