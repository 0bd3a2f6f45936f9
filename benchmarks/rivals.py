"""What the rivals share: which events each of the plainer signals counts. The rest each says in its own words.

The rivals are given an export without accounts and event ids, so that is_organisation, has_owner and owner_days are
left out for all, and nobody but us looks for repeats. Nor does anybody but us say which deals come each year
(deal_yearly_share), which takes a join of each account's days with themselves.
"""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.exports import AS_OF
from features.arrow import to_micros

AS_OF_MICROS = to_micros(AS_OF)
DAY = 86_400_000_000
LEFT_OUT = ("is_organisation", "has_owner", "owner_days", "deal_yearly_share")


class Count(NamedTuple):
    """Events of some kinds, of one subtype if given, of the last days if given."""

    kinds: tuple[str, ...]
    subtype: str | None = None
    days: int | None = None


SPOKEN = ("meeting", "call", "visit")

COUNTS: dict[str, Count] = {
    "purchases": Count(("purchase",)),
    "purchases_365d": Count(("purchase",), days=365),
    "purchases_90d": Count(("purchase",), days=90),
    "contracts": Count(("contract",)),
    "deals": Count(("deal",)),
    "deals_365d": Count(("deal",), days=365),
    "meetings_90d": Count(("meeting",), days=90),
    "meetings_365d": Count(("meeting",), days=365),
    "strategic_meetings_365d": Count(("meeting",), "strategic", 365),
    "onboarding_meetings": Count(("meeting",), "onboarding"),
    "calls_365d": Count(("call",), days=365),
    "emails_365d": Count(("email",), days=365),
    "visits_365d": Count(("visit",), days=365),
    "deliveries_365d": Count(("delivery",), days=365),
    "tickets_365d": Count(("ticket",), days=365),
    "feedback": Count(("feedback",)),
    "usage_90d": Count(("usage",), days=90),
    "referrals": Count(("referral",)),
    # The rest are parts of signals.
    "_refunds": Count(("refund",)),
    "_bought_or_refunded": Count(("purchase", "refund")),
    "_products": Count(("purchase",), "product"),
    "_services": Count(("purchase",), "service"),
    "_advice": Count(("purchase",), "advice"),
    "_tickets": Count(("ticket",)),
    "_custom": Count(("ticket",), "custom"),
    "_basic": Count(("ticket",), "basic"),
    "_spoken": Count(SPOKEN),
    "_touched": Count((*SPOKEN, "email", "ticket")),
}

RATIOS: dict[str, tuple[str, str]] = {
    "purchases_per_day": ("purchases", "purchase_days"),
    "purchase_mean": ("_spend", "_priced"),
    "purchase_largest_share": ("_largest", "_spend"),
    "refund_share": ("_refunds", "_bought_or_refunded"),
    "product_share": ("_products", "_told"),
    "service_share": ("_services", "_told"),
    "advice_share": ("_advice", "_told"),
    "contract_term_days": ("_term", "_terms"),
    "deal_cycle_days": ("_cycle", "_cycles"),
    "deals_per_day": ("deals", "_deal_days"),
    "purchases_per_deal": ("purchases", "deals"),
    "spend_per_deal": ("spend", "deals"),
    "spoken_share": ("_spoken", "_touched"),
    "touchpoints_per_purchase": ("_touched", "purchases"),
    "custom_ticket_share": ("_custom", "_told_tickets"),
    "tickets_per_purchase": ("_tickets", "purchases"),
    "feedback_score": ("_score", "_scored"),
    "active_month_share": ("active_months", "_months"),
}
"""Signals that are one measure over another, unknown where that is 0."""

ACTIVE = ("retainer", "project", "subscription", "maintenance")
