"""The signals once more, from their meanings, one account at a time in plain Python: slow, and easy to believe.

It shares no code with the product. Times are microseconds since 1970; a value that is missing is None.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple

DAY = 24 * 60 * 60 * 1_000_000
NAN = math.nan


class Event(NamedTuple):
    """A row of an export, without its account."""

    kind: str
    occurred_at: int
    subtype: str | None = None
    amount: float | None = None
    score: float | None = None
    contact_id: str | None = None
    ends_at: int | None = None
    recorded_at: int | None = None
    event_id: str | None = None


class Facts(NamedTuple):
    """What the account's row says; `owner` is None where owners are not on file, "" where there is none."""

    party: str | None = None
    owner: str | None = None
    owner_since: int | None = None


def signals_of(rows: Iterable[Event], facts: Facts, as_of: int, records: frozenset[str]) -> dict[str, float]:
    """Return every signal of one account."""
    known = _known(rows, as_of, records)
    signals: dict[str, float] = {}
    for measure in (_purchases, _shares, _contracts, _deals, _conversation, _responses, _standing):
        signals |= measure(known, as_of, records)
    return signals | _facts(facts, as_of)


def _known(rows: Iterable[Event], as_of: int, records: frozenset[str]) -> list[Event]:
    before: list[Event] = []
    latest: dict[str, Event] = {}
    for row in rows:
        if row.kind not in records or _recorded(row) >= as_of:
            continue
        if row.event_id is None:
            before.append(row)
        elif row.event_id not in latest or _precedence(row) > _precedence(latest[row.event_id]):
            latest[row.event_id] = row
    return sorted(
        (row for row in [*before, *latest.values()] if row.occurred_at < as_of), key=lambda row: row.occurred_at
    )


def _recorded(row: Event) -> int:
    return row.occurred_at if row.recorded_at is None else row.recorded_at


def _precedence(row: Event) -> tuple[int, int]:
    return _recorded(row), row.occurred_at


def _of(known: Sequence[Event], *kinds: str, subtype: str | None = None) -> list[Event]:
    return [row for row in known if row.kind in kinds and subtype in (None, row.subtype)]


def _within(events: Sequence[Event], days: int, as_of: int) -> list[Event]:
    return [row for row in events if as_of - row.occurred_at <= days * DAY]


def _amounts(events: Sequence[Event]) -> list[float]:
    return [row.amount for row in events if row.amount is not None]


def _share(part: float, whole: float) -> float:
    return part / whole if whole else NAN


def _day_numbers(events: Sequence[Event], as_of: int) -> list[int]:
    return sorted({(as_of - row.occurred_at) // DAY for row in events})


def _days_since(events: Sequence[Event], as_of: int) -> float:
    return (as_of - max(row.occurred_at for row in events)) / DAY if events else NAN


def _gaps(events: Sequence[Event], as_of: int) -> tuple[float, float]:
    """Mean and variation of the gaps between days with an event."""
    gaps = [later - sooner for sooner, later in itertools.pairwise(_day_numbers(events, as_of))]
    return (statistics.mean(gaps), statistics.pstdev(gaps) / statistics.mean(gaps)) if gaps else (NAN, NAN)


def _unrecorded(signals: dict[str, float], recorded: bool) -> dict[str, float]:
    return signals if recorded else dict.fromkeys(signals, NAN)


def _purchases(known: Sequence[Event], as_of: int, records: frozenset[str]) -> dict[str, float]:
    bought = _of(known, "purchase")
    days = _day_numbers(bought, as_of)
    gap, variation = _gaps(bought, as_of)
    amounts = _amounts(bought)
    unpriced = bool(bought) and not amounts
    year = _within(bought, 365, as_of)
    spend = NAN if unpriced else sum(amounts)
    signals = {
        "purchases": len(bought),
        "purchases_365d": len(year),
        "purchases_90d": len(_within(bought, 90, as_of)),
        "purchase_days": len(days),
        "purchases_per_day": _share(len(bought), len(days)),
        "days_since_purchase": _days_since(bought, as_of),
        "purchase_gap_days": gap,
        "purchase_gap_variation": variation,
        "spend": spend,
        "spend_365d": NAN if unpriced else sum(_amounts(year)),
        "purchase_mean": statistics.mean(amounts) if amounts else NAN,
        "purchase_largest_share": _share(max(amounts), spend) if amounts else NAN,
    }
    return _unrecorded(signals, "purchase" in records)


def _shares(known: Sequence[Event], as_of: int, records: frozenset[str]) -> dict[str, float]:
    bought = _of(known, "purchase")
    told = [row.subtype for row in bought if row.subtype]
    refunds = len(_of(known, "refund"))
    shares = {f"{word}_share": _share(told.count(word), len(told)) for word in ("product", "service", "advice")}
    refund = {"refund_share": _share(refunds, refunds + len(bought))}
    return _unrecorded(shares, "purchase" in records) | _unrecorded(refund, "refund" in records)


def _contracts(known: Sequence[Event], as_of: int, records: frozenset[str]) -> dict[str, float]:
    signed = _of(known, "contract")
    active = [row for row in signed if row.ends_at is None or row.ends_at > as_of]
    terms = [(row.ends_at - row.occurred_at) / DAY for row in signed if row.ends_at is not None]
    kinds = {row.subtype for row in signed}
    values = _amounts(active)
    signals: dict[str, float] = {
        f"{word}_active": float(any(row.subtype == word for row in active))
        for word in ("retainer", "project", "subscription", "maintenance")
    }
    signals |= {
        "contracts": len(signed),
        "contract_value_active": sum(values) if values else NAN,
        "contract_term_days": statistics.mean(terms) if terms else NAN,
        "contract_renewals": len(signed) - len(kinds),
    }
    return _unrecorded(signals, "contract" in records)


def _deals(known: Sequence[Event], as_of: int, records: frozenset[str]) -> dict[str, float]:
    opened = _of(known, "deal")
    cycles = [
        (row.ends_at - row.occurred_at) / DAY for row in opened if row.ends_at is not None and row.ends_at < as_of
    ]
    gap, variation = _gaps(opened, as_of)
    days = _day_numbers(opened, as_of)
    yearly = [day for day in days if any(350 <= abs(day - other) <= 380 for other in days)]
    bought, amounts = _of(known, "purchase"), _amounts(_of(known, "purchase"))
    signals = {
        "deals": len(opened),
        "deals_365d": len(_within(opened, 365, as_of)),
        "deals_open": len(opened) - len(cycles),
        "deal_cycle_days": statistics.mean(cycles) if cycles else NAN,
        "deals_per_day": _share(len(opened), len(days)),
        "days_since_deal": _days_since(opened, as_of),
        "deal_gap_days": gap,
        "deal_gap_variation": variation,
        "deal_gap_longest_days": max((later - sooner for sooner, later in itertools.pairwise(days)), default=NAN),
        "deal_cycle_longest_days": max(cycles, default=NAN),
        "deal_yearly_share": _share(len(yearly), len(days)),
    }
    spend = NAN if bought and not amounts else sum(amounts)
    paid = {"purchases_per_deal": _share(len(bought), len(opened)), "spend_per_deal": _share(spend, len(opened))}
    return _unrecorded(signals, "deal" in records) | _unrecorded(paid, {"deal", "purchase"} <= records)


def _conversation(known: Sequence[Event], as_of: int, records: frozenset[str]) -> dict[str, float]:
    met = _of(known, "meeting")
    meetings = {
        "meetings_90d": len(_within(met, 90, as_of)),
        "meetings_365d": len(_within(met, 365, as_of)),
        "strategic_meetings_365d": len(_within(_of(met, "meeting", subtype="strategic"), 365, as_of)),
        "onboarding_meetings": len(_of(met, "meeting", subtype="onboarding")),
        "days_since_meeting": _days_since(met, as_of),
    }
    signals = _unrecorded(meetings, "meeting" in records)
    for name, kind in (("calls", "call"), ("emails", "email"), ("visits", "visit"), ("tickets", "ticket")):
        signals |= _unrecorded({f"{name}_365d": len(_within(_of(known, kind), 365, as_of))}, kind in records)
    spoken, written = len(_of(known, "meeting", "call", "visit")), len(_of(known, "email", "ticket"))
    signals |= _unrecorded({"spoken_share": _share(spoken, spoken + written)}, bool(records & SPOKEN))
    touched = {"touchpoints_per_purchase": _share(spoken + written, len(_of(known, "purchase")))}
    return signals | _unrecorded(touched, bool(records & (SPOKEN | WRITTEN)) and "purchase" in records)


SPOKEN, WRITTEN = frozenset({"meeting", "call", "visit"}), frozenset({"email", "ticket"})


def _responses(known: Sequence[Event], as_of: int, records: frozenset[str]) -> dict[str, float]:
    tickets = _of(known, "ticket")
    custom, basic = (len(_of(tickets, "ticket", subtype=word)) for word in ("custom", "basic"))
    per_purchase = _share(len(tickets), len(_of(known, "purchase")))
    answers = _of(known, "feedback")
    scores = [row.score for row in answers if row.score is not None]
    said = {"feedback": len(answers), "feedback_score": statistics.mean(scores) if scores else NAN}
    return {
        **_unrecorded({"custom_ticket_share": _share(custom, custom + basic)}, "ticket" in records),
        **_unrecorded({"tickets_per_purchase": per_purchase}, {"ticket", "purchase"} <= records),
        **_unrecorded(said, "feedback" in records),
        **_unrecorded({"deliveries_365d": len(_within(_of(known, "delivery"), 365, as_of))}, "delivery" in records),
        **_unrecorded({"usage_90d": len(_within(_of(known, "usage"), 90, as_of))}, "usage" in records),
        **_unrecorded({"referrals": len(_of(known, "referral"))}, "referral" in records),
    }


def _standing(known: Sequence[Event], as_of: int, records: frozenset[str]) -> dict[str, float]:
    months = {(as_of - row.occurred_at) // (30 * DAY) for row in known}
    people = {row.contact_id for row in known} - {None}
    recent = {row.contact_id for row in _within(known, 365, as_of)} - {None}
    return {
        "events": len(known) if records else NAN,
        "contacts": len(people) or NAN,
        "contacts_365d": len(recent) if people else NAN,
        "tenure_days": (as_of - known[0].occurred_at) / DAY if known else NAN,
        "days_since_activity": _days_since(known, as_of),
        "active_months": len(months),
        "active_month_share": len(months) / (max(months) + 1) if months else NAN,
    }


def _facts(facts: Facts, as_of: int) -> dict[str, float]:
    assigned = facts.owner_since is None or facts.owner_since < as_of
    has_owner = NAN if facts.owner is None else float(bool(facts.owner))
    since = NAN if facts.owner_since is None or facts.owner == "" or not assigned else facts.owner_since
    return {
        "is_organisation": NAN if facts.party is None else float(facts.party == "organisation"),
        "has_owner": has_owner if assigned else 0.0,
        "owner_days": (as_of - since) / DAY,
    }
