"""Accounts of the properties as a request writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.oracle import Event, Facts


def text_of(micros: int | None, style: int = 0) -> str | None:
    """One of the ways to write a time."""
    if micros is None:
        return None
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    if style == 1:
        return time.replace(tzinfo=None).isoformat(" ")
    if style == 2:
        return (time + timedelta(hours=5, minutes=30)).isoformat().replace("+00:00", "+05:30")
    return time.isoformat().replace("+00:00", "Z")


def wire_event(event: Event, style: int) -> dict[str, Any]:
    times = {name: text_of(getattr(event, name), style) for name in ("occurred_at", "ends_at", "recorded_at")}
    return event._asdict() | times


def wire_account(name: str, facts: Facts) -> dict[str, Any]:
    return {
        "account_id": name,
        "party": facts.party,
        "owner_id": facts.owner or None,
        "owner_since": text_of(facts.owner_since),
    }
