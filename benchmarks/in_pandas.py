"""The signals with pandas: masks and vectorised groupby, no Python per group."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.rivals import ACTIVE, AS_OF_MICROS, COUNTS, DAY, RATIOS, Count

Mask = pd.Series


def _micros(times: pd.Series) -> pd.Series:
    """Microseconds, nan where missing."""
    return times.astype("int64").where(times.notna())


def _read(events: Path) -> pd.DataFrame:
    # Categories make masks cheap; plain texts take several times as long.
    table = pd.read_parquet(events)
    for name in ("account_id", "kind", "subtype", "contact_id"):
        table[name] = table[name].astype("category")
    table["age"] = AS_OF_MICROS - table["occurred_at"].astype("int64")
    late = table["recorded_at"].notna() & (_micros(table["recorded_at"]) >= AS_OF_MICROS)
    return table[(table["age"] > 0) & ~late]


def _of(known: pd.DataFrame, count: Count) -> Mask:
    mask = known["kind"].isin(count.kinds)
    if count.subtype:
        mask &= known["subtype"] == count.subtype
    if count.days:
        mask &= known["age"] <= count.days * DAY
    return mask


def _sums(known: pd.DataFrame) -> pd.DataFrame:
    """All that is added up, in one groupby."""
    kind, age, amount = known["kind"], known["age"], known["amount"]
    purchase, year = kind == "purchase", age <= 365 * DAY
    ends = _micros(known["ends_at"])
    in_force = (kind == "contract") & ~(ends <= AS_OF_MICROS)
    has_term = (kind == "contract") & ends.notna()
    closed = (kind == "deal") & (ends < AS_OF_MICROS)
    lasted = (ends - (AS_OF_MICROS - age)) / DAY
    parts = {name: _of(known, count) for name, count in COUNTS.items()}
    parts |= {f"{word}_active": in_force & (known["subtype"] == word) for word in ACTIVE}
    parts |= {
        "_spend": amount.where(purchase),
        "_spend_365d": amount.where(purchase & year),
        "_priced": purchase & amount.notna(),
        "_value": amount.where(in_force),
        "_valued": in_force & amount.notna(),
        "_term": lasted.where(has_term),
        "_terms": has_term,
        "_cycle": lasted.where(closed),
        "_cycles": closed,
        "_score": known["score"].where(kind == "feedback"),
        "_scored": (kind == "feedback") & known["score"].notna(),
        "events": pd.Series(True, index=known.index),
    }
    return pd.DataFrame(parts).groupby(known["account_id"], observed=True).sum()


def _distinct(known: pd.DataFrame, values: pd.Series) -> pd.Series:
    rows = pd.DataFrame({"account_id": known["account_id"], "value": values}).dropna().drop_duplicates()
    return rows.groupby("account_id", observed=True).size()


def _gaps(known: pd.DataFrame, kind: str, counted: str, longest: str) -> pd.DataFrame:
    bought = known[known["kind"] == kind]
    days = pd.DataFrame({"account_id": bought["account_id"], "day": bought["age"] // DAY}).drop_duplicates()
    days = days.sort_values(["account_id", "day"])
    gap = days.groupby("account_id", observed=True)["day"].diff()
    gaps = gap.groupby(days["account_id"], observed=True)
    return pd.DataFrame(
        {
            counted: gaps.size(),
            f"{kind}_gap_days": gaps.mean(),
            longest: gaps.max(),
            f"{kind}_gap_variation": gaps.std(ddof=0) / gaps.mean(),
        }
    )


def _extremes(known: pd.DataFrame) -> pd.DataFrame:
    age, kind = known["age"], known["kind"]
    parts = pd.DataFrame(
        {word: age.where(kind == word) for word in ("purchase", "deal", "meeting")} | {"any": age}
    ).groupby(known["account_id"], observed=True)
    nearest = parts.min() / DAY
    largest = known["amount"].where(kind == "purchase").groupby(known["account_id"], observed=True).max()
    ends = _micros(known["ends_at"])
    cycle = ((ends - (AS_OF_MICROS - age)) / DAY).where((kind == "deal") & (ends < AS_OF_MICROS))
    oldest = age.groupby(known["account_id"], observed=True).max()
    return pd.DataFrame(
        {
            "days_since_purchase": nearest["purchase"],
            "days_since_deal": nearest["deal"],
            "days_since_meeting": nearest["meeting"],
            "days_since_activity": nearest["any"],
            "tenure_days": oldest / DAY,
            "deal_cycle_longest_days": cycle.groupby(known["account_id"], observed=True).max(),
            "_months": oldest // (30 * DAY) + 1,
            "_largest": largest,
        }
    )


def write_signals(events: Path, out: Path) -> None:
    """Read events, write the table of signals."""
    known = _read(events)
    table = pd.concat(
        [
            _sums(known),
            _extremes(known),
            _gaps(known, "purchase", "purchase_days", "_longest"),
            _gaps(known, "deal", "_deal_days", "deal_gap_longest_days"),
        ],
        axis=1,
    )
    contract = known[known["kind"] == "contract"]
    recent = known[known["age"] <= 365 * DAY]
    kinds = _distinct(contract, contract["subtype"].cat.codes)
    distinct = {
        "active_months": _distinct(known, known["age"] // (30 * DAY)),
        "_contacts": _distinct(known, known["contact_id"]),
        "_contacts_365d": _distinct(recent, recent["contact_id"]),
    }
    for name, counted in distinct.items():
        table[name] = counted.reindex(table.index).fillna(0)
    unpriced = (table["purchases"] > 0) & (table["_priced"] == 0)
    table["spend"] = table["_spend"].mask(unpriced)
    table["spend_365d"] = table["_spend_365d"].mask(unpriced)
    table["purchase_days"] = table["purchase_days"].fillna(0)
    table["contract_value_active"] = table["_value"].where(table["_valued"] > 0)
    table["contract_renewals"] = table["contracts"] - kinds.reindex(table.index).fillna(0)
    table["deals_open"] = table["deals"] - table["_cycles"]
    table["contacts"] = table["_contacts"].where(table["_contacts"] > 0)
    table["contacts_365d"] = table["_contacts_365d"].where(table["_contacts"] > 0)
    table["_told"] = table["_products"] + table["_services"] + table["_advice"]
    table["_told_tickets"] = table["_custom"] + table["_basic"]
    for word in ACTIVE:
        table[f"{word}_active"] = np.minimum(table[f"{word}_active"], 1)
    for name, (part, whole) in RATIOS.items():
        table[name] = table[part] / table[whole].where(table[whole] > 0)
    kept = [name for name in table.columns if not name.startswith("_")]
    table[kept].reset_index().to_parquet(out, compression="zstd")
