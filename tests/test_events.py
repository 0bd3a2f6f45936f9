"""Input that does not fit is named: file, row, column, value and what was expected; what fits becomes the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.arrow import log_of_frames, to_micros
from features.events import EVENT_COLUMNS, KINDS, LABEL_COLUMNS, BadInput, Problem, check_records
from features.table import signals_table
from features.validate import check_table, refuse

GOOD = {"account_id": "acme", "occurred_at": "2026-03-02T09:00:00Z", "kind": "purchase"}


def check(**columns: list[Any]) -> list[Problem]:
    """The problems of events whose other columns are in order."""
    n = len(next(iter(columns.values())))
    table = pa.table({name: [value] * n for name, value in GOOD.items()} | columns)
    return check_table(table, EVENT_COLUMNS, "events.csv", first_row=5).problems


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("account_id", "", "a text that is not empty"),
        ("account_id", "  ", "a text that is not empty"),
        ("account_id", None, "a text that is not empty"),
        ("occurred_at", None, "a time from 1970-01-01"),
        ("occurred_at", "yesterday", "such as 2026-03-02T09:00:00Z"),
        ("occurred_at", "1899-12-31", "a time from 1970-01-01 to 2200-01-01"),
        ("occurred_at", "2200-01-01", "a time from 1970-01-01 to 2200-01-01"),
        ("kind", "sale", "one of purchase, refund"),
        ("kind", "Purchase", "one of purchase, refund"),
        ("kind", None, "one of purchase, refund"),
        ("subtype", "retainer", "a subtype of the event's kind"),
        ("amount", "-0.01", "a number, at least 0"),
        ("amount", "12,50", "a number, at least 0"),
        ("amount", "inf", "a number, at least 0"),
        ("score", "10.5", "at most 10"),
        ("ends_at", "2026-03-02T08:59:59Z", "not before occurred_at"),
        ("recorded_at", "soon", "a time"),
    ],
)
def test_a_bad_value_is_named(column: str, value: str | None, expected: str) -> None:
    good = {"amount": "1", "score": "1", "recorded_at": GOOD["occurred_at"], "ends_at": GOOD["occurred_at"]}
    usual = GOOD.get(column, good.get(column))
    (problem,) = check(**{column: [usual, value, usual]})
    assert (problem.file, problem.row, problem.column, problem.value) == ("events.csv", 6, column, value)
    assert expected in problem.expected
    assert str(problem).startswith(f"events.csv, row 6, column {column}: ")


@pytest.mark.parametrize(
    "columns",
    [
        {"subtype": ["", None, "product"]},
        {"amount": [0.0, float("nan"), None]},
        {"amount": ["", None, "1e3"]},
        {"score": [0, 10, None]},
        {"ends_at": [None, "", "2026-03-02T09:00:00Z"]},
        {"kind": ["call"], "subtype": ["whatever it was called"]},
        {"contact_id": pa.array(["c-1", None, "c-1"]).dictionary_encode()},
        {"occurred_at": [date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)]},
        {"occurred_at": pa.array([1, 2, 3], pa.timestamp("s"))},
        {"amount": pa.nulls(3)},
        {"an unknown column": [object.__name__] * 3},
    ],
)
def test_what_fits_has_no_problem(columns: dict[str, Any]) -> None:
    assert check(**columns) == []


@pytest.mark.parametrize("values", [[True, False], [date(2026, 1, 1)] * 2], ids=["truth", "time"])
def test_a_column_of_another_type_is_no_number(values: list[Any]) -> None:
    assert [problem.column for problem in check(amount=values)] == ["amount", "amount"]


def test_a_number_is_no_time() -> None:
    assert [problem.column for problem in check(occurred_at=[20260302])] == ["occurred_at"]


def test_only_the_first_problem_of_a_row_is_told() -> None:
    problems = check(occurred_at=["never", GOOD["occurred_at"]], amount=["-1", "-1"])
    assert [(problem.row, problem.column) for problem in problems] == [(5, "occurred_at"), (6, "amount")]


def test_a_missing_column_is_named_with_its_meaning() -> None:
    with pytest.raises(BadInput, match=r"labels\.csv lacks a column.*it has: account_id") as caught:
        check_table(pa.table({"account_id": ["a"]}), LABEL_COLUMNS, "labels.csv")
    assert [problem.column for problem in caught.value.problems] == ["relationship"]


def test_refusal_shows_the_first_rows_and_counts_the_rest() -> None:
    checked = check_table(
        pa.table({**{n: [v] * 9 for n, v in GOOD.items()}, "kind": ["x"] * 9}), EVENT_COLUMNS, "e.csv"
    )
    with pytest.raises(BadInput, match="9 rows do not fit") as caught:
        refuse(checked, "e.csv")
    assert len(caught.value.problems) == 9
    assert str(caught.value).count("column kind") == BadInput.SHOWN
    assert "4 more like these" in str(caught.value)


@given(st.lists(st.sampled_from([*KINDS, "", "sale", None, " call"]), min_size=1, max_size=20))
def test_bad_rows_are_exactly_those_with_a_problem(kinds: list[str | None]) -> None:
    columns = {name: [value] * len(kinds) for name, value in GOOD.items()} | {"kind": pa.array(kinds, pa.string())}
    checked = check_table(pa.table(columns), EVENT_COLUMNS, "e")
    assert checked.bad.tolist() == [kind not in KINDS for kind in kinds]
    assert [problem.row for problem in checked.problems] == (np.flatnonzero(checked.bad) + 1).tolist()


def test_records_are_all_unless_said() -> None:
    assert check_records(None) == frozenset(KINDS)
    assert check_records(["call", "call"]) == {"call"}
    with pytest.raises(BadInput, match="found 'sale', expected one of purchase"):
        check_records(["sale"])


@pytest.mark.parametrize(
    "time",
    [
        "2026-03-02T09:00:00Z",
        "2026-03-02 09:00",
        "2026-03-02T10:00:00+01:00",
        datetime(2026, 3, 2, 9),  # noqa: DTZ001 - a time without a zone is what this is about
        datetime(2026, 3, 2, 9, tzinfo=UTC),
        datetime(2026, 3, 2, 4, tzinfo=timezone(timedelta(hours=-5))),
        1_772_442_000_000_000,
    ],
)
def test_a_time_without_a_zone_is_utc(time: Any) -> None:
    assert to_micros(time) == 1_772_442_000_000_000


@pytest.mark.parametrize("text", ["soon", "", " ", "2026-13-01", "now", "NaT", "nan"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="not a time"):
        to_micros(text)


def test_the_log_holds_every_account_once_in_order() -> None:
    events = pd.DataFrame([GOOD | {"account_id": name} for name in ("b", "ä", "B", "b")])
    accounts = pd.DataFrame({"account_id": ["z", "b"]})
    log = log_of_frames(events, accounts)
    assert log.account_ids.tolist() == ["B", "b", "z", "ä"]
    assert np.bincount(log.account, minlength=log.n_accounts).tolist() == [1, 2, 0, 1]


def test_rows_of_accounts_are_checked_too() -> None:
    with pytest.raises(BadInput, match="column party: found 'firm', expected one of person, organisation"):
        log_of_frames(pd.DataFrame([GOOD]), pd.DataFrame({"account_id": ["acme"], "party": ["firm"]}))


def test_the_table_has_a_row_an_account_and_its_id_first() -> None:
    table = signals_table(pd.DataFrame([GOOD]), "2026-07-01", pd.DataFrame({"account_id": ["new", "acme"]}))
    assert table.columns[0] == "account_id"
    assert table["account_id"].tolist() == ["acme", "new"]
    assert table["purchases"].tolist() == [1, 0]
    assert set(table.dtypes[1:]) == {np.dtype(float)}


@pytest.mark.parametrize("time", ["0001-01-01", "1969-12-31", "2200-01-02", "9999-12-31T23:59:59Z", -1, 2**62])
def test_a_time_at_which_nothing_can_happen_is_refused(time: Any) -> None:
    with pytest.raises(BadInput, match="expected 1970-01-01 to 2200-01-01"):
        to_micros(time)


def test_an_amount_beyond_all_business_is_refused() -> None:
    (problem,) = check(amount=[1e15, 1.1e15])
    assert (problem.row, problem.column) == (6, "amount")
    assert "at most 1e+15" in problem.expected


def test_a_column_that_allows_no_value_takes_none() -> None:
    columns = [replace(column, allowed=()) if column.name == "kind" else column for column in EVENT_COLUMNS]
    checked = check_table(pa.table({name: [value] for name, value in GOOD.items()}), columns, "events.csv")
    assert [problem.column for problem in checked.problems] == ["kind"]
