"""On a real Spark of several processes: every bit as on one machine, whatever order and partitions the rows come in."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from benchmarks.exports import AS_OF, make_events
from features.arrow import log_of_tables, to_micros
from features.events import EVENT_COLUMNS, KINDS, BadInput
from features.log import EventLog
from features.mapping import import_source, load_mapping
from features.moment import default_moment
from features.spark import default_moment_spark, refuse_misfits, replace_accounts, signals_table_spark
from features.spark_refusals import RefusedByTask, plain_errors
from features.spark_task import EVENTS
from features.stream import measure
from features.table import signals_matrix
from features.validate import check_table, refuse
from features.written import claimed
from models.bundle import load_bundle
from models.policy import decide
from models.rules import RuleBook
from models.shelf import STARTER
from models.spark import decisions_table_spark
from models.table import decision_table
from rapport.cli import app
from rapport.show import time_text
from rapport.spark_session import write_folder
from tests import logs
from tests.processes import RAPPORT
from tests.sparks import bits, cluster, collected, on_spark, require_spark
from tests.spec import Spec, load_specs

MOMENT = to_micros(AS_OF)
BIG = "account-0000007"


@pytest.fixture(scope="module")
def spark(require: Callable[[str, str], None]) -> Iterator[Any]:
    require_spark(require)
    with cluster() as session:
        yield session


@pytest.fixture
def splitting(spark: Any) -> Iterator[None]:
    """Let Spark split and join partitions wherever it may."""
    eager = {
        "spark.sql.adaptive.advisoryPartitionSizeInBytes": "64k",
        "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
        "spark.sql.adaptive.forceOptimizeSkewedJoin": "true",
        "spark.sql.adaptive.skewJoin.skewedPartitionFactor": "1.1",
        "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes": "64k",
        "spark.sql.shuffle.partitions": "24",
    }
    usual = {name: spark.conf.get(name, None) for name in eager}
    for name, value in eager.items():
        spark.conf.set(name, value)
    yield
    for name, value in usual.items():
        if value is None:
            spark.conf.unset(name)
        else:
            spark.conf.set(name, value)


@cache
def skewed() -> pa.Table:
    """Events of which three in ten are one account's, in random order."""
    events = make_events(60_000, seed=4)
    mine = pa.array(np.random.default_rng(1).random(events.num_rows) < 0.3)
    return events.set_column(0, "account_id", pc.if_else(mine, BIG, events.column("account_id")))


def log_of(events: pa.Table) -> EventLog:
    return log_of_tables(refuse(check_table(events, EVENT_COLUMNS, "events"), "events"), None, frozenset(KINDS))


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(each) for each in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout + done.stderr


def ran(*arguments: object) -> str:
    code, said = run(*arguments)
    assert code == 0, said
    return said


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated export, some of whose labels are verdicts, and which has an account without an event."""
    folder = tmp_path_factory.mktemp("export") / "crm [1] a"
    ran("sample", folder, "--accounts", 300, "--seed", 3)
    labels = pq.read_table(folder / "labels.parquet")
    source = ["reviewer" if row % 3 == 0 else "crm" for row in range(labels.num_rows)]
    known = labels.drop_columns("source") if "source" in labels.column_names else labels
    pq.write_table(known.append_column("source", pa.array(source)), folder / "labels.parquet")
    accounts = pq.read_table(folder / "accounts.parquet")
    alone = pa.table({name: ["nobody" if name == "account_id" else None] for name in accounts.column_names})
    pq.write_table(pa.concat_tables([accounts, alone.cast(accounts.schema)]), folder / "accounts.parquet")
    return folder


def test_an_export_is_decided_as_on_one_machine(spark: Any, crm: Path, tmp_path: Path) -> None:
    # The second time in place of what the first one wrote.
    many = tmp_path / "table [2].parquet"
    for command in ("classify", "signals"):
        one = tmp_path / f"{command}-one.parquet"
        here = ran(command, crm, "--out", one)
        there = ran(command, crm, "--out", many, "--engine", "spark")
        assert [line for line in there.splitlines() if "accounts." not in line] == [
            line for line in here.splitlines() if "accounts." not in line
        ]
        assert (many / "_SUCCESS").is_file()
        wanted = pq.read_table(one)
        assert bits(pq.read_table(many).sort_by("account_id").cast(wanted.schema)) == bits(wanted)
    verdicts = pq.read_table(tmp_path / "classify-one.parquet", filters=[("decided_by", "==", "reviewer")])
    assert verdicts.num_rows > 10
    assert not list(tmp_path.glob(".*"))


def test_a_folder_by_date_and_csv_files_are_exports_too(spark: Any, crm: Path, tmp_path: Path) -> None:
    dated, texts = tmp_path / "dated", tmp_path / "texts"
    events = pq.read_table(crm / "events.parquet")
    rows = by_year(on_spark(spark, events, 2))
    rows.write.partitionBy("year").parquet(str(dated / "events"))
    whole = {"header": True, "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX"}
    rows.drop("year").write.options(**whole).csv(str(texts / "events.csv"))
    (dated / "export.json").write_bytes((crm / "export.json").read_bytes())
    (texts / "export.json").write_bytes((crm / "export.json").read_bytes())
    found = {}
    for folder in (dated, texts):
        out = tmp_path / f"{folder.name}.csv"
        said = ran("signals", folder, "--out", out, "--engine", "spark")
        found[folder] = sorted(line for part in out.glob("part-*") for line in part.read_text("utf-8").splitlines()[1:])
        assert f"As of {time_text(default_moment(crm / 'events.parquet'))}, just after the latest event." in said
    assert found[dated] == found[texts]
    assert len(found[dated]) == len(pc.unique(events.column("account_id")))


def by_year(table: Any) -> Any:
    from pyspark.sql.functions import col, year

    return table.withColumn("year", year(col("occurred_at")))


def test_one_account_with_three_in_ten_of_all_events(spark: Any, splitting: None) -> None:
    events = skewed()
    table = on_spark(spark, events, 5)
    got = signals_table_spark(table, AS_OF)
    assert bits(collected(got)) == bits(measure(log_of(events), MOMENT))
    # Spark did join partitions, and the one that is far too large stayed whole.
    assert got.rdd.getNumPartitions() < 24
    assert default_moment_spark(table) == max(
        pc.max(events.column(name)).cast(pa.int64()).as_py() + 1 for name in ("occurred_at", "recorded_at")
    )


def test_skewed_accounts_are_decided_alike(spark: Any, splitting: None) -> None:
    log, model = log_of(skewed()), load_bundle(STARTER).model
    wanted = decision_table(log.account_ids, decide(signals_matrix(log.at(MOMENT)), RuleBook.default(), model))
    got = collected(decisions_table_spark(on_spark(spark, skewed()), AS_OF, model=model))
    assert bits(got.cast(wanted.schema)) == bits(wanted)


BOOKS = st.lists(st.tuples(st.lists(logs.events(), max_size=8), logs.facts()), min_size=15, max_size=40)


@settings(max_examples=3)
@given(BOOKS, logs.records(), st.randoms(use_true_random=False))
def test_random_logs(spark: Any, accounts: list[Any], recorded: frozenset[str], shuffle: Any) -> None:
    book = {f"{number:x}": account for number, account in enumerate(accounts)}
    rows = logs.rows_of(book)
    shuffle.shuffle(rows)
    events, about = logs.tables_of(book, rows)
    got = signals_table_spark(on_spark(spark, events), logs.AS_OF, on_spark(spark, about), recorded)
    assert bits(collected(got)) == bits(measure(logs.log_of(book, recorded), logs.AS_OF))


def test_signals_are_what_their_specs_say(spark: Any) -> None:
    specs = list(load_specs())

    def told(spec: Spec) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        # A column that is not there says that nobody keeps it.
        return spec.as_of, tuple(spec.records or KINDS), tuple(sorted(spec.account))

    for as_of, records, columns in sorted(set(map(told, specs))):
        some = [spec for spec in specs if told(spec) == (as_of, records, columns)]
        events, accounts = (texts(rows) for rows in _rows(some))
        table = signals_table_spark(on_spark(spark, events), as_of, on_spark(spark, accounts), records)
        found = {row["account_id"]: row for row in collected(table).to_pylist()}
        for spec in some:
            value = found[spec.case][spec.signal]
            wanted = None if np.isnan(spec.expected) else pytest.approx(spec.expected, rel=1e-12)
            assert value == wanted, f"{spec}: {spec.why}"


def _rows(specs: list[Spec]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Events and accounts of several cases, each an account of its own."""
    cases = {spec.case: spec for spec in specs}
    events = [{"account_id": case} | event for case, spec in cases.items() for event in spec.events]
    events += [
        event | {"account_id": f"{case}, {event['account_id']}"}
        for case, spec in cases.items()
        for event in spec.neighbours
    ]
    return events, [spec.account | {"account_id": case} for case, spec in cases.items()]


def texts(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as a table, times as the text that they are; a column that a row lacks is missing there."""
    names = dict.fromkeys(["account_id", "occurred_at", "kind", *(name for row in rows for name in row)])
    columns = {name: [row.get(name) for row in rows] for name in names}
    return pa.table(
        {
            name: pa.array(values, None if name in {"amount", "score"} else pa.string())
            for name, values in columns.items()
        }
    )


def test_accounts_without_events_and_labels_without_accounts(spark: Any) -> None:
    nothing = pa.table({name: pa.array([], pa.string()) for name in ("account_id", "occurred_at", "kind")})
    empty = spark.createDataFrame(nothing)
    assert collected(signals_table_spark(empty, AS_OF)).num_rows == 0
    accounts = on_spark(spark, pa.table({"account_id": ["b", "a", "a"], "party": ["person", None, "organisation"]}))
    labels = pa.table({"account_id": ["b", "c"], "relationship": ["client"] * 2, "source": ["reviewer"] * 2})
    got = collected(decisions_table_spark(empty, AS_OF, accounts_df=accounts, labels_df=on_spark(spark, labels)))
    assert got.select(["account_id", "decided_by"]).to_pylist() == [
        {"account_id": "a", "decided_by": "rules"},
        {"account_id": "b", "decided_by": "reviewer"},
    ]
    with pytest.raises(BadInput, match="events lacks a column that it must have"):
        signals_table_spark(accounts, AS_OF)


def test_the_latest_verdict_stands_wherever_it_comes(spark: Any) -> None:
    events = on_spark(spark, pa.table({"account_id": ["a"], "occurred_at": ["2026-01-01"], "kind": ["call"]}))
    said = [("customer", "2026-02-01"), ("client", "2026-03-01"), ("customer", "2026-08-01"), ("customer", None)]
    for order in (said, said[::-1]):
        labels = texts(
            [
                {"account_id": "a", "relationship": side, "labelled_at": when, "source": "reviewer"}
                for side, when in order
            ]
        )
        got = collected(decisions_table_spark(events, AS_OF, labels_df=on_spark(spark, labels, 1)))
        assert got.column("relationship").to_pylist() == ["client"]


def test_late_rows_need_only_their_own_accounts_again(spark: Any, tmp_path: Path) -> None:
    events = make_events(8_000, seed=9)
    late = pa.array(np.random.default_rng(2).random(events.num_rows) < 0.004)
    folder = str(tmp_path / "events")
    by_year(on_spark(spark, events.filter(pc.invert(late)), 2)).write.partitionBy("year").parquet(folder)
    before = signals_table_spark(spark.read.parquet(folder), AS_OF)
    before.write.parquet(str(tmp_path / "before"))

    by_year(on_spark(spark, events.filter(late), 1)).write.mode("append").partitionBy("year").parquet(folder)
    now = spark.read.parquet(folder)
    ids = spark.createDataFrame(events.filter(late).select(["account_id"]))
    fresh = signals_table_spark(now, AS_OF, only=ids)
    wanted = measure(log_of(events), MOMENT)
    concerned = pc.is_in(wanted.column("account_id"), pc.unique(events.filter(late).column("account_id")))
    assert bits(collected(fresh)) == bits(wanted.filter(concerned))
    assert 0 < fresh.count() < wanted.num_rows / 4

    whole = replace_accounts(spark.read.parquet(str(tmp_path / "before")), fresh, ids)
    assert bits(collected(whole)) == bits(wanted)


ODD_IDS = [" lead", "trail ", "tab\t", 'q"uote', '""', "com,ma", "back\\slash", "two\nlines", "é", "'"]


def test_csv_holds_every_id_as_one_machine_writes_it(spark: Any, tmp_path: Path) -> None:
    folder = tmp_path / "crm"
    folder.mkdir()
    times = ["2026-01-01T00:00:00Z"] * len(ODD_IDS)
    events = pa.table({"account_id": ODD_IDS, "occurred_at": times, "kind": ["visit"] * len(ODD_IDS)})
    pq.write_table(events, folder / "events.parquet")
    told = {}
    for engine in ("spark", "local"):
        out = tmp_path / f"{engine}.csv"
        code, said = run("classify", folder, "--out", out, "--engine", engine, "--as-of", AS_OF, "--model", "rules")
        assert code == 0, said
        assert f"{len(ODD_IDS)} accounts" in said
        files = [out] if out.is_file() else sorted(out.glob("part-*"))
        rows: list[dict[str, str]] = []
        for file in files:
            with file.open(encoding="utf-8", newline="") as lines:
                rows += csv.DictReader(lines)
        told[engine] = {row["account_id"]: row["relationship"] for row in rows}
    assert told["spark"] == told["local"]
    assert set(told["local"]) == set(ODD_IDS)


def test_ids_in_folder_names_and_as_floating_numbers(spark: Any, tmp_path: Path) -> None:
    place = tmp_path / "crm" / "events" / "account_id=007"
    place.mkdir(parents=True)
    pq.write_table(pa.table({"occurred_at": ["2026-01-01"], "kind": ["visit"]}), place / "p.parquet")
    out = tmp_path / "signals.parquet"
    code, said = run("signals", tmp_path / "crm", "--out", out, "--engine", "spark", "--as-of", AS_OF)
    assert code == 0, said
    assert pq.read_table(out).column("account_id").to_pylist() == ["007"]
    ids = pa.array([0.0, 1.0, 10.0, 2.5])
    events = pa.table({"account_id": ids, "occurred_at": ["2026-01-01"] * 4, "kind": ["visit"] * 4})
    found = collected(signals_table_spark(on_spark(spark, events), AS_OF))
    assert sorted(found.column("account_id").to_pylist()) == sorted(ids.cast(pa.string()).to_pylist())


def test_two_runs_do_not_write_one_folder(spark: Any, tmp_path: Path) -> None:
    out = tmp_path / "signals.parquet"
    with claimed(out), pytest.raises(BadInput, match="being written by another run"):
        write_folder(spark.range(3), out)
    write_folder(spark.range(3), out)
    assert [entry.name for entry in tmp_path.iterdir()] == [out.name]


def test_rows_that_do_not_fit_are_refused_and_counted(spark: Any, tmp_path: Path) -> None:
    events = make_events(3_000, seed=2)
    amounts = np.asarray(events.column("amount").fill_null(0.0)).copy()
    amounts[::100] = -3
    bad = events.set_column(4, "amount", pa.array(amounts))
    table = on_spark(spark, bad)
    told = r"^events: at least \d+ rows do not fit\.\n  events, column amount: found '-3.0', expected a number"
    with pytest.raises(RefusedByTask, match=told), plain_errors():
        signals_table_spark(table, AS_OF).count()
    told = r"30 rows do not fit.*\n  events, 30 rows, column amount: found '-3.0', expected a number"
    with pytest.raises(BadInput, match=told):
        refuse_misfits({EVENTS: table})

    (tmp_path / "crm").mkdir()
    pq.write_table(bad, tmp_path / "crm" / "events.parquet")
    out = tmp_path / "signals.parquet"
    code, said = run("signals", tmp_path / "crm", "--out", out, "--engine", "spark", "--as-of", AS_OF)
    assert code == 2
    assert said.startswith("As of")
    assert "events: 30 rows do not fit" in said
    assert "Traceback" not in said
    assert not list(tmp_path.glob("*signals.parquet*"))


def test_what_spark_cannot_read_is_said_in_a_sentence(spark: Any, tmp_path: Path) -> None:
    folder = tmp_path / "crm"
    folder.mkdir()
    (folder / "events.csv").write_text(
        "account_id,occurred_at,kind\na,2026-01-01,call\nb,2026-01-01\n", encoding="utf-8"
    )
    out = tmp_path / "signals.parquet"
    code, said = run("signals", folder, "--out", out, "--engine", "spark", "--as-of", AS_OF)
    assert code == 2
    assert "Spark stopped: " in said
    assert "MALFORMED" in said
    assert "\tat " not in said


def test_spark_is_asked_for_what_it_can_do(tmp_path: Path) -> None:
    code, said = run("classify", tmp_path, "--engine", "spark", "--record", "sqlite:///x.db")
    assert (code, "leave out --record" in said) == (2, True)
    code, said = run("classify", tmp_path, "--engine", "spark")
    assert (code, "name a folder with --out" in said) == (2, True)


@pytest.mark.slow
def test_a_command_speaks_for_itself(spark: Any, crm: Path, tmp_path: Path) -> None:
    command = [RAPPORT, "signals", str(crm), "--out", str(tmp_path / "s.csv"), "--engine", "spark", "--as-of", AS_OF]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    # The one line is Java's own.
    assert [line for line in done.stderr.splitlines() if "jdk.incubator" not in line] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["philadelphia", "hotel", "online_retail"])
def test_real_records(name: str, spark: Any, real_data: Callable[[str], Path], tmp_path: Path) -> None:
    mapping = Path(__file__).resolve().parent.parent / "examples" / f"{name}.toml"
    import_source(load_mapping(mapping), real_data(name), tmp_path / name, tmp_path / "aside.parquet")
    for command in ("signals", "classify"):
        one, many = tmp_path / f"{command}-one.parquet", tmp_path / f"{command}-many.parquet"
        ran(command, tmp_path / name, "--out", one)
        ran(command, tmp_path / name, "--out", many, "--engine", "spark")
        wanted = pq.read_table(one)
        assert bits(pq.read_table(many).sort_by("account_id").cast(wanted.schema)) == bits(wanted)
        assert wanted.num_rows > 500
