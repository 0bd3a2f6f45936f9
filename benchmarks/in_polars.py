"""The signals as lazy expressions of Polars, on its streaming engine."""

from __future__ import annotations

from functools import reduce
from operator import and_
from pathlib import Path

import polars as pl

from benchmarks.rivals import ACTIVE, AS_OF_MICROS, COUNTS, DAY, RATIOS, Count

kind, age, amount = pl.col("kind"), pl.col("age"), pl.col("amount")


def _of(count: Count) -> pl.Expr:
    terms = [kind.is_in(count.kinds) if len(count.kinds) > 1 else kind == count.kinds[0]]
    terms += [pl.col("subtype") == count.subtype] if count.subtype else []
    terms += [age <= count.days * DAY] if count.days else []
    return reduce(and_, terms)


def _known(events: Path) -> pl.LazyFrame:
    ends = pl.col("ends_at").dt.epoch("us")
    return (
        pl.scan_parquet(events)
        .with_columns(
            age=AS_OF_MICROS - pl.col("occurred_at").dt.epoch("us"),
            late=pl.col("recorded_at").dt.epoch("us").ge(AS_OF_MICROS).fill_null(value=False),
            lasted=(ends - pl.col("occurred_at").dt.epoch("us")) / DAY,
            in_force=(kind == "contract") & (ends.is_null() | (ends > AS_OF_MICROS)),
            has_term=(kind == "contract") & ends.is_not_null(),
            closed=(kind == "deal") & (ends < AS_OF_MICROS).fill_null(value=False),
        )
        .filter((age > 0) & ~pl.col("late"))
    )


def _aggregates() -> list[pl.Expr]:
    purchase, lasted, score, contact = kind == "purchase", pl.col("lasted"), pl.col("score"), pl.col("contact_id")
    return [
        *(_of(count).sum().alias(name) for name, count in COUNTS.items()),
        *(((pl.col("subtype") == word) & pl.col("in_force")).any().alias(f"{word}_active") for word in ACTIVE),
        (age.filter(purchase).min() / DAY).alias("days_since_purchase"),
        (age.filter(kind == "deal").min() / DAY).alias("days_since_deal"),
        (age.filter(kind == "meeting").min() / DAY).alias("days_since_meeting"),
        (age.min() / DAY).alias("days_since_activity"),
        (age.max() / DAY).alias("tenure_days"),
        amount.filter(purchase).sum().alias("_spend"),
        amount.filter(purchase & (age <= 365 * DAY)).sum().alias("_spend_365d"),
        amount.filter(purchase).count().alias("_priced"),
        amount.filter(purchase).max().alias("_largest"),
        amount.filter(pl.col("in_force")).sum().alias("_value"),
        amount.filter(pl.col("in_force")).count().alias("_valued"),
        lasted.filter(pl.col("has_term")).sum().alias("_term"),
        pl.col("has_term").sum().alias("_terms"),
        lasted.filter(pl.col("closed")).sum().alias("_cycle"),
        pl.col("closed").sum().alias("_cycles"),
        lasted.filter(pl.col("closed")).max().alias("deal_cycle_longest_days"),
        pl.col("subtype").fill_null("").filter(kind == "contract").n_unique().alias("_contract_kinds"),
        (age // (30 * DAY)).n_unique().alias("active_months"),
        (age.max() // (30 * DAY) + 1).alias("_months"),
        contact.drop_nulls().n_unique().alias("_contacts"),
        contact.filter(age <= 365 * DAY).drop_nulls().n_unique().alias("_contacts_365d"),
        score.filter(kind == "feedback").sum().alias("_score"),
        score.filter(kind == "feedback").count().alias("_scored"),
        pl.len().alias("events"),
    ]


def _gaps(known: pl.LazyFrame, of: str, days: str, longest: str) -> pl.LazyFrame:
    gap = pl.col("day").sort().diff()
    return (
        known.filter(kind == of)
        .select("account_id", day=age // DAY)
        .unique()
        .group_by("account_id")
        .agg(
            pl.len().alias(days),
            gap.mean().alias(f"{of}_gap_days"),
            gap.max().alias(longest),
            (gap.std(ddof=0) / gap.mean()).alias(f"{of}_gap_variation"),
        )
    )


def write_signals(events: Path, out: Path) -> None:
    """Read events, write the table of signals."""
    known = _known(events)
    c = pl.col
    unpriced = (c("purchases") > 0) & (c("_priced") == 0)
    joined = (
        known.group_by("account_id")
        .agg(_aggregates())
        .join(_gaps(known, "purchase", "purchase_days", "_longest"), on="account_id", how="left")
        .join(_gaps(known, "deal", "_deal_days", "deal_gap_longest_days"), on="account_id", how="left")
        .with_columns(
            purchase_days=c("purchase_days").fill_null(0),
            spend=pl.when(~unpriced).then(c("_spend")),
            spend_365d=pl.when(~unpriced).then(c("_spend_365d")),
            contract_value_active=pl.when(c("_valued") > 0).then(c("_value")),
            contract_renewals=c("contracts").cast(pl.Int64) - c("_contract_kinds").cast(pl.Int64),
            deals_open=c("deals").cast(pl.Int64) - c("_cycles").cast(pl.Int64),
            contacts=pl.when(c("_contacts") > 0).then(c("_contacts")),
            contacts_365d=pl.when(c("_contacts") > 0).then(c("_contacts_365d")),
            _told=c("_products") + c("_services") + c("_advice"),
            _told_tickets=c("_custom") + c("_basic"),
        )
        .with_columns(
            pl.when(c(whole) > 0).then(c(part) / c(whole)).alias(name) for name, (part, whole) in RATIOS.items()
        )
        .select(pl.exclude("^_.*$"))
    )
    joined.sink_parquet(out, compression="zstd", engine="streaming")
