"""Requests in the OpenAPI description and in the documentation; a test sends them."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["ANSWERS", "BATCHES", "REFUSED", "REQUESTS"]

_EVENTS: Final[dict[str, Any]] = {
    "account": {"account_id": "acme", "party": "organisation", "owner_id": None},
    "events": [
        {
            "kind": "contract",
            "subtype": "retainer",
            "occurred_at": "2026-01-05T00:00:00Z",
            "ends_at": None,
            "amount": 24000,
        },
        {"kind": "meeting", "subtype": "strategic", "occurred_at": "2026-03-02T09:00:00Z", "contact_id": "c-17"},
        {"kind": "call", "occurred_at": "2026-03-30T10:00:00Z", "contact_id": "c-17"},
        {"kind": "delivery", "occurred_at": "2026-04-30T15:00:00Z"},
        {"kind": "meeting", "subtype": "strategic", "occurred_at": "2026-05-18T09:00:00Z", "contact_id": "c-04"},
    ],
    "records": ["purchase", "contract", "meeting", "call", "delivery"],
    "as_of": "2026-06-01T00:00:00Z",
}

REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "events": {"summary": "An account with its events", "value": _EVENTS},
    "signals": {
        "summary": "An account with ready signals",
        "value": {
            "account": {"account_id": "corner-shop"},
            "signals": {"events": 14, "purchases": 14, "purchases_365d": 9, "product_share": 1.0, "contracts": 0},
        },
    },
}
"""Requests by name, as OpenAPI writes examples."""

REFUSED: Final[dict[str, Any]] = {
    "type": "/errors#invalid-event",
    "title": "An event does not fit.",
    "status": 422,
    "detail": "1 place does not fit: see errors.",
    "errors": [
        {
            "pointer": "/events/1/occurred_at",
            "detail": "expected a time from 1970-01-01 to 2200-01-01, such as 2026-03-02T09:00:00Z",
        }
    ],
}
"""The answer to the first of them with a second event at "yesterday"."""

_SPOILED: Final = {**_EVENTS, "events": [_EVENTS["events"][0], {**_EVENTS["events"][1], "occurred_at": "yesterday"}]}

BATCHES: Final[dict[str, dict[str, Any]]] = {
    "batch": {
        "summary": "Three accounts, one of which does not fit",
        "value": {"accounts": [_EVENTS, REQUESTS["signals"]["value"], _SPOILED], "as_of": "2026-06-01T00:00:00Z"},
    }
}
"""Requests for many accounts."""

ANSWERS: Final[dict[str, dict[str, Any]]] = {
    "client": {
        "summary": "A client, for sure",
        "value": {
            "prediction_id": "019e82a4-9e00-7c39-9d0a-3a1f6e7c5b22",
            "relationship": "client",
            "engagement_model": "retainer",
            "strategic_services": True,
            "sureness": "sure",
            "note": "The shop is a front; they pay for advice.",
            "checklist": {"R01": "recurring", "R02": "input"},
        },
    }
}
"""What a reviewer says."""
