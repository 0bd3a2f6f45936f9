"""Examples in the OpenAPI description and in the documentation; a test sends them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from pydantic_core import to_jsonable_python

from models.rules import RuleBook
from serving.answering.answers import answer_content
from serving.answering.judgement import Judged, judge
from serving.answering.question import read_question
from serving.answering.schemas import request_form
from serving.answering.wanted import Wanted
from serving.times import micros_of

__all__ = ["REFUSED", "REQUESTS", "answer_example"]

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


def answer_example() -> dict[str, Any]:
    """Return the answer to the first request by the rules that ship, made by what makes every answer."""
    moment, identity = datetime(2026, 6, 1, 8, tzinfo=UTC), "019e82a4-9e00-7c39-9d0a-3a1f6e7c5b21"
    question = read_question(json.dumps(_EVENTS).encode(), request_form(len(_EVENTS["events"])))
    (judged,) = judge([question], RuleBook.default(), None, micros_of(moment))
    assert isinstance(judged, Judged)  # noqa: S101 - the example fits
    answer: dict[str, Any] = to_jsonable_python(answer_content("acme", identity, judged, Wanted()))
    return answer | {"recorded": True}
