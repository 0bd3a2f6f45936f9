"""A year of a company's predictions and of its review desk, written straight into a database."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import text

from features.signals import SIGNAL_NAMES
from reviews.database import Database
from reviews.desk_tables import answers, audits, cases, readings, verdicts
from reviews.evidence import write_evidence
from reviews.record import CATALOGUE, pack
from reviews.sql.bulk import Bulk
from reviews.tables import evidence
from reviews.terms import DAY

CASES = 50_000
OPEN = 30_000
"""Cases that wait; the others were settled over the last year."""
REVIEWERS = [f"reviewer-{i}" for i in range(8)]
NOW = 1_783_000_000_000_000
WIDTH = 8 * len(SIGNAL_NAMES)

_PREDICTION = """
    {account}, {at}, {at}, '{catalogue}', {blob}, 'client', 0.9, 0.9, {false}, 'retainer', {true},
    'model', 'auto', '', 'lusab-babad', '0123456789ab', NULL, NULL
"""


def fill(database: Database, predictions: int) -> None:
    """Write a year: predictions by statements that make their own rows, the desk's tables row by row."""
    rng = np.random.default_rng(1)
    with database.writing() as connection:
        sqlite = connection.dialect.name == "sqlite"
        numbers = (
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {predictions}) SELECT "
            if sqlite
            else "SELECT "
        )
        source = " FROM n" if sqlite else f" FROM generate_series(1::bigint, {predictions}) AS n(i)"
        at = f"{NOW - 365 * DAY} + i * {365 * DAY // predictions}"
        padded = "printf('%07d', {})" if sqlite else "lpad(({})::text, 7, '0')"
        words = {
            "account": f"CASE WHEN i > {predictions - CASES} THEN 'case-' || {padded.format(f'{predictions} - i')} "
            f"ELSE 'account-' || {padded.format('i % 200000')} END",
            "at": at,
            "catalogue": CATALOGUE,
            "blob": f"zeroblob({WIDTH})" if sqlite else f"decode(repeat('00', {WIDTH}), 'hex')",
            "true": "1" if sqlite else "true",
            "false": "0" if sqlite else "false",
        }
        # The order of the ids is that of time, as with UUIDs of version 7.
        id_ = "printf('%032x', i)" if sqlite else "lpad(to_hex(i), 32, '0')::uuid"
        connection.exec_driver_sql(f"INSERT INTO predictions {numbers} {id_}, {_PREDICTION.format(**words)} {source}")
    with database.writing() as connection:
        _fill_desk(connection, rng, predictions)
    # As PostgreSQL does by itself in the background, and a service on SQLite now and then.
    with database._engine.connect().execution_options(begin="", isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if database.place.path else "VACUUM ANALYZE")


def _fill_desk(connection: Any, rng: np.random.Generator, predictions: int) -> None:  # noqa: PLR0915 - row by row
    keep = {
        table: Bulk(table, lambda insert: insert) for table in (cases, answers, readings, verdicts, audits, evidence)
    }
    rows: dict[Any, list[tuple[Any, ...]]] = {table: [] for table in keep}
    events = [{"kind": "meeting", "occurred_at": f"2026-0{1 + i % 6}-02T09:00:00Z"} for i in range(40)]
    shown = pack(write_evidence({"account_id": "account", "name": "An account"}, events))
    whys = rng.choice(["route", "audit", "label", "moved", "expired"], CASES, p=[0.6, 0.2, 0.1, 0.05, 0.05])
    opened = NOW - rng.integers(1, 365, CASES) * DAY
    opened[:OPEN] = NOW - rng.integers(0, 60 * DAY, OPEN)
    signals = np.random.default_rng(2).random(len(SIGNAL_NAMES)).tobytes()
    number = 0
    for i in range(CASES):
        prediction, account = UUID(int=predictions - i), f"case-{i:07}"
        state = "closed" if i >= OPEN else "lead" if i % 300 == 0 else "open"
        at = int(opened[i])
        due = at - int(rng.normal(0, 5) * DAY)
        second = 2 if i % 10 == 0 else 1
        closed_at = at + 3 * DAY if state == "closed" else None
        held = (REVIEWERS[i % 8], NOW + DAY) if state == "open" and i % 500 == 1 else (None, None)
        rows[cases].append(
            (prediction, account, whys[i], prediction, at, at, 1.0, due, state, second, *held, closed_at)
        )
        rows[evidence].append((prediction, shown))
        if whys[i] == "audit":
            month = np.datetime64(at, "us").astype("datetime64[M]").astype(str)
            rows[audits].append(
                (account, month, prediction, at, 0.02, "client", "model", "lusab-babad", prediction, None, False, at)
            )
        readers = second if state != "open" else second - 1
        for reader in range(readers):
            number += 1
            who = REVIEWERS[(i // 7 + reader) % 8]
            said = "client" if rng.random() < 0.8 else "customer"
            other = (REVIEWERS[(i // 7 + reader - 1) % 8], "client") if reader else (None, None)
            machine = ("client", "client", "client", "\n".join(rng.choice(SIGNAL_NAMES, 5, replace=False)))
            told = (said, False, "retainer", True, "sure", "", "{}", prediction, "lusab-babad", "0123456789ab")
            rows[answers].append(
                (
                    number,
                    prediction,
                    account,
                    who,
                    at + 2 * DAY,
                    "blind",
                    *told,
                    *machine,
                    *other,
                    None,
                )
            )
            rows[readings].append((prediction, who, at + 2 * DAY, number))
        if state == "closed":
            number += 1
            whose = (number, account, prediction, number - 1, said, False, "retainer", True, who, at + 2 * DAY)
            seen = (at + 367 * DAY, prediction, at, CATALOGUE, signals, 0.02 if whys[i] == "audit" else None)
            rows[verdicts].append((*whose, *seen, *machine[:3], machine[3].splitlines()[0], number, None, None))
    for table, bulk in keep.items():
        bulk.run(connection, rows[table])
    connection.execute(text("UPDATE journal SET change_seq = 1000000"))
