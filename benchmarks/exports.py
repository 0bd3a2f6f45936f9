"""Exports made up for measuring: as many events as wanted, in no particular order or sorted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from features.events import KINDS

AS_OF = "2026-07-01"
_AS_OF_DAY = int(np.datetime64(AS_OF, "D").astype(int))
_DAY = 86_400_000_000
SHARES = {
    "purchase": 0.38,
    "refund": 0.02,
    "contract": 0.02,
    "deal": 0.03,
    "meeting": 0.08,
    "call": 0.08,
    "email": 0.14,
    "visit": 0.02,
    "ticket": 0.08,
    "delivery": 0.03,
    "feedback": 0.03,
    "usage": 0.08,
    "referral": 0.01,
}
EVENTS_AN_ACCOUNT = 40


def make_events(n_events: int, seed: int = 1, n_accounts: int | None = None) -> pa.Table:
    """Return events in random order: all columns but `event_id`, with missing values.

    They are of `n_accounts` accounts, by default one for 40 events.

    Amounts are whole cents below 2**20, so that sums are exact in any order and contenders can be compared.
    """
    rng = np.random.default_rng(seed)
    n_accounts = n_accounts or max(n_events // EVENTS_AN_ACCOUNT, 1)
    # Unlike an equal share, a gamma's gives accounts of one event and accounts of hundreds.
    weights = rng.gamma(1.2, size=n_accounts)
    account = rng.choice(n_accounts, n_events, p=weights / weights.sum())
    kind = rng.choice(len(SHARES), n_events, p=np.array(list(SHARES.values())))
    began = _AS_OF_DAY * _DAY - (rng.gamma(2.0, 250.0, n_accounts)[account] * _DAY).astype(np.int64)
    occurred = began + (rng.random(n_events) * (_AS_OF_DAY * _DAY + 20 * _DAY - began)).astype(np.int64)
    occurred -= occurred % 1_000_000
    late = np.where(rng.random(n_events) < 0.1, rng.integers(0, 30 * _DAY, n_events), 0)
    kinds = np.array(list(SHARES))
    ends = occurred + rng.integers(1, 500, n_events) * _DAY
    has_end = np.isin(kinds[kind], ["contract", "deal"]) & (rng.random(n_events) < 0.7)
    priced = np.isin(kinds[kind], ["purchase", "refund", "contract"]) & (rng.random(n_events) < 0.95)
    scored = (kinds[kind] == "feedback") & (rng.random(n_events) < 0.8)
    ids = pa.array(np.char.add("account-", np.char.zfill(np.arange(n_accounts).astype(str), 7)))
    return pa.table(
        {
            "account_id": ids.take(pa.array(account)),
            "occurred_at": _times(occurred, np.ones(n_events, bool)),
            "kind": pa.array(kinds).take(pa.array(kind)),
            "subtype": _subtypes(kind, rng),
            "amount": pa.array(np.round(rng.lognormal(5, 1.2, n_events) * 100) / 100, mask=~priced),
            "score": pa.array(rng.integers(0, 11, n_events).astype(float), mask=~scored),
            "contact_id": _contacts(account, rng),
            "ends_at": _times(ends, has_end),
            "recorded_at": _times(occurred + late, late > 0),
        }
    )


def _times(micros: npt.NDArray[np.int64], there: npt.NDArray[np.bool_]) -> pa.Array:
    return pa.array(micros, pa.timestamp("us", tz="UTC"), mask=~there)


def _subtypes(kind: npt.NDArray[np.int64], rng: np.random.Generator) -> pa.Array:
    words: list[str | None] = []
    starts, widths = [], []
    for name in SHARES:
        starts.append(len(words))
        words += [*KINDS[name].subtypes, None]
        widths.append(len(KINDS[name].subtypes) + 1)
    pick = np.array(starts)[kind] + (rng.random(len(kind)) * np.array(widths)[kind]).astype(np.int64)
    return pa.array(words, pa.string()).take(pa.array(pick))


def _contacts(account: npt.NDArray[np.int64], rng: np.random.Generator) -> pa.Array:
    n = len(account)
    person = np.minimum(rng.geometric(0.5, n), 9)
    names = pa.array([f"person {i}" for i in range(10)])
    return names.take(pa.array(person, mask=rng.random(n) < 0.4))


def write_large_export(folder: Path, n_events: int, chunk: int = 2_500_000) -> Iterator[int]:
    """Write an export of any size, in no order: each account's events lie in many chunks. Yields rows written."""
    folder.mkdir(parents=True)
    n_accounts, written = max(n_events // EVENTS_AN_ACCOUNT, 1), 0
    schema = make_events(1).schema
    with pq.ParquetWriter(folder / "events.parquet", schema) as writer:
        while written < n_events:
            rows = min(chunk, n_events - written)
            writer.write_table(make_events(rows, 1 + written // chunk, n_accounts), row_group_size=1 << 20)
            written += rows
            yield written


def write_export(events: pa.Table, folder: Path, *, in_order: bool) -> Path:
    """Write an export that records every kind; in order of account and time, or as the rows come."""
    folder.mkdir(parents=True)
    if in_order:
        with duckdb.connect() as connection:
            events = connection.sql("FROM events ORDER BY account_id, occurred_at, amount, score").to_arrow_table()
    pq.write_table(events, folder / "events.parquet")
    (folder / "export.json").write_text(json.dumps({"sorted": in_order}), encoding="utf-8")
    return folder
