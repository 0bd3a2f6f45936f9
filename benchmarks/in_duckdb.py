"""The signals in SQL, as a careful analyst writes them for DuckDB: one pass, and one more for the gaps."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.rivals import ACTIVE, AS_OF_MICROS, COUNTS, DAY, RATIOS, Count


def _where(count: Count) -> str:
    kinds = ", ".join(f"'{kind}'" for kind in count.kinds)
    terms = [f"kind IN ({kinds})"]
    terms += [f"subtype = '{count.subtype}'"] if count.subtype else []
    terms += [f"age <= {count.days * DAY}"] if count.days else []
    return " AND ".join(terms)


_COUNTS = ",\n".join(f"count(*) FILTER (WHERE {_where(count)}) AS {name}" for name, count in COUNTS.items())
_ACTIVE = ",\n".join(
    f"max(CASE WHEN in_force AND subtype = '{word}' THEN 1 ELSE 0 END) AS {word}_active" for word in ACTIVE
)
_GAPS = ",\n".join(
    f"""count(*) FILTER (WHERE kind = '{kind}') AS {days},
    avg(gap) FILTER (WHERE kind = '{kind}') AS {kind}_gap_days,
    max(gap) FILTER (WHERE kind = '{kind}') AS {longest},
    stddev_pop(gap) FILTER (WHERE kind = '{kind}') / {kind}_gap_days AS {kind}_gap_variation"""
    for kind, days, longest in (
        ("purchase", "purchase_days", "_longest"),
        ("deal", "_deal_days", "deal_gap_longest_days"),
    )
)
_RATIOS = ",\n".join(f"{part} / nullif({whole}, 0) AS {name}" for name, (part, whole) in RATIOS.items())

QUERY = f"""
WITH known AS (
  SELECT account_id, kind, subtype, amount, score, contact_id, age,
    kind = 'contract' AND (ends IS NULL OR ends > {AS_OF_MICROS}) AS in_force,
    kind = 'contract' AND ends IS NOT NULL AS has_term,
    kind = 'deal' AND coalesce(ends < {AS_OF_MICROS}, false) AS closed,
    (ends - occurred) / {DAY} AS lasted
  FROM (
    SELECT *, epoch_us(occurred_at) AS occurred, epoch_us(ends_at) AS ends,
      {AS_OF_MICROS} - epoch_us(occurred_at) AS age
    FROM read_parquet(?))
  WHERE age > 0 AND coalesce(epoch_us(recorded_at) < {AS_OF_MICROS}, true)
), summed AS (
  SELECT account_id,
    {_COUNTS},
    {_ACTIVE},
    min(age) FILTER (WHERE kind = 'purchase') / {DAY} AS days_since_purchase,
    min(age) FILTER (WHERE kind = 'deal') / {DAY} AS days_since_deal,
    min(age) FILTER (WHERE kind = 'meeting') / {DAY} AS days_since_meeting,
    min(age) / {DAY} AS days_since_activity,
    max(age) / {DAY} AS tenure_days,
    sum(amount) FILTER (WHERE kind = 'purchase') AS _spend,
    sum(amount) FILTER (WHERE kind = 'purchase' AND age <= {365 * DAY}) AS _spend_365d,
    count(amount) FILTER (WHERE kind = 'purchase') AS _priced,
    max(amount) FILTER (WHERE kind = 'purchase') AS _largest,
    sum(amount) FILTER (WHERE in_force) AS contract_value_active,
    sum(lasted) FILTER (WHERE has_term) AS _term,
    count(*) FILTER (WHERE has_term) AS _terms,
    sum(lasted) FILTER (WHERE closed) AS _cycle,
    count(*) FILTER (WHERE closed) AS _cycles,
    max(lasted) FILTER (WHERE closed) AS deal_cycle_longest_days,
    contracts - count(DISTINCT coalesce(subtype, '')) FILTER (WHERE kind = 'contract') AS contract_renewals,
    count(DISTINCT age // {30 * DAY}) AS active_months,
    max(age) // {30 * DAY} + 1 AS _months,
    count(DISTINCT contact_id) AS _contacts,
    count(DISTINCT contact_id) FILTER (WHERE age <= {365 * DAY}) AS _contacts_365d,
    sum(score) FILTER (WHERE kind = 'feedback') AS _score,
    count(score) FILTER (WHERE kind = 'feedback') AS _scored,
    count(*) AS events
  FROM known GROUP BY account_id
), gaps AS (
  SELECT account_id,
    {_GAPS}
  FROM (
    SELECT account_id, kind, day - lag(day) OVER (PARTITION BY account_id, kind ORDER BY day) AS gap
    FROM (SELECT DISTINCT account_id, kind, age // {DAY} AS day FROM known WHERE kind IN ('purchase', 'deal')))
  GROUP BY account_id
), joined AS (
  SELECT * REPLACE (coalesce(purchase_days, 0) AS purchase_days),
    CASE WHEN purchases > 0 AND _priced = 0 THEN NULL ELSE coalesce(_spend, 0) END AS spend,
    CASE WHEN purchases > 0 AND _priced = 0 THEN NULL ELSE coalesce(_spend_365d, 0) END AS spend_365d,
    deals - _cycles AS deals_open,
    nullif(_contacts, 0) AS contacts,
    CASE WHEN _contacts > 0 THEN _contacts_365d END AS contacts_365d,
    _products + _services + _advice AS _told,
    _custom + _basic AS _told_tickets
  FROM summed LEFT JOIN gaps USING (account_id)
)
SELECT COLUMNS(lambda c: NOT starts_with(c, '_')), {_RATIOS} FROM joined
"""


def write_signals(events: Path, out: Path) -> None:
    """Read events, write the table of signals."""
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.sql(QUERY, params=[str(events)]).write_parquet(str(out), compression="zstd")
