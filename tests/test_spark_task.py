"""What needs no Spark of its engine: cutting rows at the bounds of accounts, and saying what went wrong."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from importlib import import_module
from inspect import signature
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.events import BadInput
from features.order import whole_accounts
from features.spark_refusals import plain_errors, said_by_task
from features.spark_task import EVENTS, count_misfits, run
from rapport.spark_session import check_folder, check_master, find_java
from tests.sparks import ROOT, SPARK_HINT

ACCOUNTS = st.lists(st.integers(1, 9), max_size=12)


@given(ACCOUNTS, st.lists(st.integers(0, 60), max_size=8), st.integers(1, 20))
def test_no_account_is_parted(sizes: list[int], cuts: list[int], rows: int) -> None:
    ids = [f"a{number:02}" for number, size in enumerate(sizes) for _ in range(size)]
    whole = pa.table({"account_id": pa.array(ids, pa.string()), "row": range(len(ids))})
    tables = [
        whole.slice(start, end - start)
        for start, end in pairwise(sorted({0, len(ids), *(min(cut, len(ids)) for cut in cuts)}))
    ]
    pieces = list(whole_accounts(tables, rows))
    assert [row for piece in pieces for row in piece.column("row").to_pylist()] == list(range(len(ids)))
    named = [set(piece.column("account_id").to_pylist()) for piece in pieces]
    assert all(named)
    assert sum(map(len, named)) == len(set(ids))
    # No more than asked for, but for the newest table and for the account at which the piece before broke off.
    most = max((table.num_rows for table in tables), default=0)
    for piece in pieces:
        owners = piece.column("account_id").to_pylist()
        assert len(owners) - owners.count(owners[0]) < rows + most


def events(**columns: list[object]) -> pa.RecordBatch:
    n = len(next(iter(columns.values())))
    usual = {"account_id": ["a"] * n, "occurred_at": ["2026-01-05"] * n, "kind": ["purchase"] * n}
    return pa.RecordBatch.from_pydict(usual | columns)


def test_misfits_are_counted_by_what_is_wrong() -> None:
    told = count_misfits([events(amount=["1", "-3", "-2"]), events(kind=["purchas", "call"])], EVENTS)
    (batch,) = told
    rows = [(row["column"], row["found"], row["rows"]) for row in batch.to_pylist()]
    assert rows == [("amount", "-2", 2), ("kind", "purchas", 1)]
    assert list(count_misfits([events(amount=["1"])], EVENTS)) == []


def test_a_task_refuses_without_a_row_that_nobody_could_find() -> None:
    flat = events(amount=["-3", "-3"])
    inner = pa.StructArray.from_arrays(flat.columns[1:], names=flat.schema.names[1:])
    batch = pa.RecordBatch.from_arrays([flat.column("account_id"), inner], names=["account_id", "events"])
    with pytest.raises(BadInput, match="at least 2 rows do not fit") as refused:
        list(run([batch], (EVENTS,), lambda tables: tables["events"]))
    assert "\n  events, column amount: found '-3'" in str(refused.value)
    assert len(refused.value.problems) == 1


def test_a_refusal_is_found_in_what_spark_says() -> None:
    said = "features.events.BadInput: events: at least 2 rows do not fit.\n  events, column amount: found '-3'"
    text = f"An exception was thrown:\nTraceback …\n{said}\n SQLSTATE: 38000\n  x"
    assert said_by_task(text) == said.partition(": ")[2]
    assert said_by_task("[PATH_NOT_FOUND] Path does not exist") is None


def test_what_spark_says_becomes_a_sentence(require: Callable[[str, str], None]) -> None:
    require("pyspark", SPARK_HINT)
    from pyspark.errors import PySparkException

    lines = (
        "An error occurred while calling o1.count.",
        ": org.apache.spark.SparkException: [FAILED_READ_FILE] Cannot read a.csv.  SQLSTATE: KD001",
        "\tat x.y",
        "Caused by: org.apache.spark.SparkRuntimeException: [MALFORMED] A row is short.",
        "\tat z",
    )
    with pytest.raises(BadInput) as refused, plain_errors():
        raise PySparkException("\n".join(lines))
    assert str(refused.value) == "Spark stopped: [FAILED_READ_FILE] Cannot read a.csv. [MALFORMED] A row is short."


def test_java_is_looked_for_before_spark_starts(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"needs Java 17 or newer.* no java on the PATH"):
        find_java({"PATH": str(tmp_path)})
    with pytest.raises(BadInput, match="holds no bin/java"):
        find_java({"JAVA_HOME": str(tmp_path), "PATH": ""})
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.touch(mode=0o755)
    assert find_java({"JAVA_HOME": str(tmp_path), "PATH": ""}) == str(java)


def test_a_master_is_one_that_spark_knows() -> None:
    for master in ("local", "local[*]", "local-cluster[2,1,1024]", "yarn", "spark://a:7077", "k8s://https://a"):
        check_master(master)
    with pytest.raises(BadInput, match="--master 'lokal' names no Spark"):
        check_master("lokal")


def test_only_what_spark_wrote_is_replaced(tmp_path: Path) -> None:
    export, out = tmp_path / "crm", tmp_path / "decisions.parquet"
    export.mkdir()
    check_folder(export, out)
    out.mkdir()
    for name in ("_SUCCESS", "._SUCCESS.crc", "part-00000-x.snappy.parquet", ".part-00000-x.snappy.parquet.crc"):
        (out / name).touch()
    check_folder(export, out)
    (out / "notes.txt").touch()
    with pytest.raises(BadInput, match="did not write there; name another folder"):
        check_folder(export, out)
    file = tmp_path / "signals.csv"
    file.touch()
    for wrong, told in ((file, "is a file"), (export / "x.csv", "only read"), (tmp_path / "x", "must end in")):
        with pytest.raises(BadInput, match=told):
            check_folder(export, wrong)
    with pytest.raises(BadInput, match="make it first"):
        check_folder(export, tmp_path / "no" / "x.csv")


def test_the_guide_imports_and_calls_what_there_is() -> None:
    text = (ROOT / "docs" / "spark.md").read_text(encoding="utf-8")
    blocks = [ast.parse(block) for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)]
    known: dict[str, Any] = {}
    for node in (node for block in blocks for node in ast.walk(block)):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            known |= {each.name: getattr(import_module(node.module), each.name) for each in node.names}
    called = [node for block in blocks for node in ast.walk(block) if isinstance(node, ast.Call)]
    ours = [node for node in called if isinstance(node.func, ast.Name) and node.func.id in known]
    assert len({node.func.id for node in ours if isinstance(node.func, ast.Name)}) >= 6
    for node in ours:
        assert isinstance(node.func, ast.Name)
        names = [name for word in node.keywords for name in _names(word, blocks)]
        signature(known[node.func.id]).bind(*node.args, **dict.fromkeys(names))


def _names(word: ast.keyword, blocks: list[ast.Module]) -> list[str]:
    """The argument's name; of `**how` those that the guide puts into `how`."""
    if word.arg is not None:
        return [word.arg]
    assert isinstance(word.value, ast.Name)
    for node in (node for block in blocks for node in ast.walk(block) if isinstance(node, ast.Assign)):
        if isinstance(node.targets[0], ast.Name) and node.targets[0].id == word.value.id:
            assert isinstance(node.value, ast.Dict)
            return [key.value for key in node.value.keys if isinstance(key, ast.Constant)]
    raise AssertionError(f"the guide does not say what {word.value.id} is")
