"""The signals that deep feature synthesis can express: counts, sums, times since and distinct people, in windows.

Featuretools does not run beside pandas 3, so this is a program of its own that imports nothing of ours:
`python in_featuretools.py EVENTS OUT`, with what is to be counted as JSON on standard input.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import featuretools as ft
import pandas as pd

SECONDS_A_DAY = 86_400.0


def main() -> None:
    """Read an export's events and write the signals of each account."""
    warnings.simplefilter("ignore")
    asked = json.load(sys.stdin)
    moment = pd.Timestamp(asked["as_of"])
    entities = entity_set(known(Path(sys.argv[1]), moment))
    parts = [matrix(entities, asked["signals"], moment, days) for days in (None, 365, 90)]
    table = pd.concat(parts, axis=1).astype(float)
    timed = [name for name, signal in asked["signals"].items() if "Time" in signal["primitive"]]
    table[timed] /= SECONDS_A_DAY
    table.rename_axis("account_id").reset_index().to_parquet(sys.argv[2])


def known(events: Path, moment: pd.Timestamp) -> pd.DataFrame:
    """Return the events that count; of those that are recorded late Featuretools knows nothing."""
    rows = pd.read_parquet(events)
    for name in ("occurred_at", "recorded_at"):
        rows[name] = rows[name].dt.tz_localize(None).astype("datetime64[ns]")
    rows = rows[(rows["occurred_at"] < moment) & ~(rows["recorded_at"] >= moment)].copy()
    rows["number"] = range(len(rows))
    rows["sort"] = rows["kind"] + ":" + rows["subtype"].fillna("")
    return rows[["number", "account_id", "occurred_at", "kind", "sort", "amount", "contact_id"]]


def entity_set(rows: pd.DataFrame) -> Any:
    """Return events and, made of them, accounts."""
    entities = ft.EntitySet("crm")
    words = dict.fromkeys(("kind", "sort", "account_id", "contact_id"), "Categorical")
    entities.add_dataframe(
        dataframe_name="events", dataframe=rows, index="number", time_index="occurred_at", logical_types=words
    )
    # Without a time of their own accounts are there in every window.
    return entities.normalize_dataframe("events", "accounts", "account_id", make_time_index=False)


def matrix(entities: Any, signals: dict[str, dict[str, Any]], moment: pd.Timestamp, days: int | None) -> pd.DataFrame:
    """Compute the signals of one window."""
    wanted = {name: signal for name, signal in signals.items() if signal["days"] == days}
    found = ft.calculate_feature_matrix(
        [feature(entities, **signal) for signal in wanted.values()],
        entities,
        cutoff_time=moment,
        training_window=None if days is None else ft.Timedelta(days, "d"),
        include_cutoff_time=False,
    )
    return found.set_axis(list(wanted), axis=1)


def feature(entities: Any, primitive: str, column: str, kind: str | None, subtype: str | None, days: int | None) -> Any:
    """Put one signal into its words."""
    del days
    made = getattr(ft.primitives, primitive)
    made = made(unit="seconds") if "Time" in primitive else made
    where = None
    if kind is not None:
        name, value = ("kind", kind) if subtype is None else ("sort", f"{kind}:{subtype}")
        where = ft.Feature(entities["events"].ww[name]) == value
    base = ft.Feature(entities["events"].ww[column])
    return ft.Feature(base, parent_dataframe_name="accounts", primitive=made, where=where)


if __name__ == "__main__":
    main()
