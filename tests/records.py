"""Records for tests: complete, and different only in what a test says."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import UUID

import numpy as np

from features.signals import SIGNAL_NAMES
from reviews.record import CATALOGUE, Entry, Record, Repeat

_numbers = count(1)


def identity(number: int) -> UUID:
    """The UUID of version 7 of this millisecond and number."""
    return UUID(int=(number << 80) | (7 << 76) | (2 << 62) | number)


def make_record(account_id: str = "acme", **given: Any) -> Record:
    """A prediction; each is later than those before."""
    number = next(_numbers)
    signals = np.full(len(SIGNAL_NAMES), np.nan)
    signals[:3] = number, 0.1, -0.0
    usual: dict[str, Any] = {
        "id": identity(number),
        "decided_at": number * 1000,
        "as_of": number * 1000 - 1,
        "catalogue": CATALOGUE,
        "signals": signals.astype("<f8").tobytes(),
        "relationship": "client",
        "confidence": 0.9,
        "probability_client": 0.9,
        "hybrid": False,
        "engagement_model": "retainer",
        "strategic_services": True,
        "decided_by": "model",
        "route": "auto",
        "review_reasons": (),
        "model": "lusab-babad",
        "rules": "0123456789ab",
    }
    return Record(account_id=account_id, **(usual | given))


def entry_of(*records: Record, repeat: Repeat | None = None) -> Entry:
    """What one request asks to keep."""
    return Entry(records, repeat)


def make_repeat(key: str = "k-1", **given: Any) -> Repeat:
    """A first answer."""
    usual: dict[str, Any] = {"key_id": "crm", "request": b"\x01" * 32, "answer": b'{"id": 1}', "at": 1000}
    return Repeat(key, **(usual | given))
