"""The commands that measure or decide an export, on Spark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.events import BadInput
from features.spark import measure_tables, refuse_misfits
from features.spark_export import SparkExport, open_export_spark
from features.spark_refusals import RefusedByTask, plain_errors
from models.shelf import choose
from models.spark import decide_tables
from rapport.choose_rules import load_rules
from rapport.options import moment
from rapport.show import say
from rapport.show_decisions import COUNTED, Tally
from rapport.spark_session import check_folder, read_folder, spark_session, write_folder

__all__ = ["classify_on_spark", "refuse_options", "signals_on_spark"]


def refuse_options(record: str | None, since: Path | None) -> None:
    """Refuse what is for one machine alone.

    Raises
    ------
    BadInput
        Saying what to do instead.
    """
    if record is not None:
        raise BadInput("Spark keeps nothing in a database: leave out --record, or --engine spark.")
    if since is not None:
        raise BadInput("Spark goes by changed partitions, as docs/spark.md says: leave out --since, or --engine spark.")


def classify_on_spark(
    export: Path,
    out: Path | None,
    *,
    as_of: str | None,
    model: str | None,
    rules: Path | None,
    store: Path,
    master: str,
) -> None:
    """Decide every account of an export on Spark and say how many there were of each.

    Raises
    ------
    BadInput
        A row does not fit, no folder is named, or it cannot be written.
    """
    if out is None:
        raise BadInput("Nothing would come of it: name a folder with --out.")
    check_folder(export, out)
    book, choice = load_rules(rules), choose(model, store)
    say(choice.note)
    tally = Tally()
    with spark_session(master) as session, plain_errors():
        source = open_export_spark(session, export)
        with _counting_misfits(source):
            at = moment(as_of, source)
            write_folder(decide_tables(source.tables, at, book, choice.model, source.records), out)
        for row in read_folder(session, out).groupBy(*COUNTED).count().collect():
            tally.add(*row)
    tally.show()
    say(f"{out}: {tally.n_accounts:,} accounts.")


def signals_on_spark(export: Path, out: Path, as_of: str | None, master: str) -> None:
    """Measure every account of an export on Spark.

    Raises
    ------
    BadInput
        A row does not fit, or the folder cannot be written.
    """
    check_folder(export, out)
    with spark_session(master) as session, plain_errors():
        source = open_export_spark(session, export)
        with _counting_misfits(source):
            at = moment(as_of, source)
            write_folder(measure_tables(source.tables, at, source.records), out)
        rows = read_folder(session, out).count()
    say(f"{out}: {rows:,} accounts.")


@contextmanager
def _counting_misfits(source: SparkExport) -> Iterator[None]:
    """Say of an export that is refused how many rows do not fit in all: a task knows only those that it met first."""
    try:
        with plain_errors():
            yield
    except RefusedByTask:
        refuse_misfits(source.tables)
        raise
