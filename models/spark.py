"""Decisions on Spark: signals and scores in one pass, by the code that decides on one machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from features.arrow import to_micros
from features.events import LABEL_COLUMNS, check_records
from features.spark import Tables, by_account
from features.spark_task import ACCOUNTS, EVENTS, LABELS, log_of
from features.validate import in_schema, schema_of
from models.classify import Decider, Verdicts, standing_verdicts
from models.policy import Model
from models.rules import RuleBook
from models.table import SCHEMA, decision_table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["decide_tables", "decisions_table_spark"]


def decisions_table_spark(
    events_df: DataFrame,
    as_of: datetime | str | int,
    rules: RuleBook | None = None,
    model: Model | None = None,
    accounts_df: DataFrame | None = None,
    labels_df: DataFrame | None = None,
    records: Iterable[str] | None = None,
    *,
    only: DataFrame | None = None,
) -> DataFrame:
    """Return what each account is, as Spark DataFrame, bit for bit what one machine decides.

    Parameters
    ----------
    events_df, as_of, accounts_df, records, only
        As :func:`features.spark.signals_table_spark` takes them.
    rules : RuleBook, optional
        Default: the rules that ship. Rules and model are sent to the tasks.
    model : Model, optional
        Without one the rules decide.
    labels_df : DataFrame, optional
        An export's labels: a reviewer's known at `as_of` is a verdict, of several on one account the latest.

    Returns
    -------
    DataFrame
        A row an account, of the columns that `rapport classify` writes, in no order.

    Raises
    ------
    BadInput
        A required column is missing, `as_of` is not a time, or a name in `records` is no kind.
    """
    given = {EVENTS: events_df, ACCOUNTS: accounts_df, LABELS: labels_df}
    tables: Tables = {part: table for part, table in given.items() if table is not None}
    book = RuleBook.default() if rules is None else rules
    return decide_tables(tables, to_micros(as_of), book, model, check_records(records), only)


def decide_tables(
    tables: Tables,
    as_of: int,
    rules: RuleBook,
    model: Model | None,
    records: frozenset[str],
    only: DataFrame | None = None,
) -> DataFrame:
    """Decide the accounts of an export's tables, as :func:`decisions_table_spark` does."""
    work = partial(_decisions, as_of=as_of, rules=rules, model=model, records=records)
    return by_account(tables, work, SCHEMA, only)


def _decisions(
    tables: Mapping[str, pa.Table], as_of: int, rules: RuleBook, model: Model | None, records: frozenset[str]
) -> pa.Table:
    decider = Decider(as_of, rules, model, _verdicts(tables.get(LABELS.name), as_of))
    return decision_table(*decider.answer(log_of(tables, records)))


def _verdicts(labels: pa.Table | None, as_of: int) -> Verdicts:
    if labels is None or not labels.num_rows:
        return {}
    # Rows come in any order: of two verdicts of one moment the same one has to count each time.
    whole = in_schema(labels, schema_of(LABEL_COLUMNS))
    return standing_verdicts(whole.sort_by([(name, "ascending") for name in whole.column_names]).to_pandas(), as_of)
