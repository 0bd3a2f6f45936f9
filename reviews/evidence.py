"""What a reviewer has to see: the account, its events and what its source records, as a request says them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Evidence", "read_evidence", "write_evidence"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was known of an account.

    Attributes
    ----------
    account : mapping
        `account_id`, and what else is on file of it.
    events : tuple of mappings
        In no order that could be relied upon; empty where only signals were sent.
    records : tuple of str or None
        The kinds that the source records; None = all.
    """

    account: Mapping[str, Any]
    events: tuple[Mapping[str, Any], ...]
    records: tuple[str, ...] | None


def write_evidence(
    account: Mapping[str, Any], events: Sequence[Mapping[str, Any]], records: Sequence[str] | None = None
) -> bytes:
    """Write down what is known of an account, as :attr:`reviews.record.Record.evidence` holds it.

    Examples
    --------
    >>> said = write_evidence({"account_id": "acme"}, [{"kind": "call", "occurred_at": "2026-01-05T00:00:00Z"}])
    >>> read_evidence(said).events
    ({'kind': 'call', 'occurred_at': '2026-01-05T00:00:00Z'},)
    """
    said: dict[str, Any] = {"account": account, "events": list(events)}
    if records is not None:
        said["records"] = list(records)
    return json.dumps(said, separators=(",", ":")).encode()


def read_evidence(text: bytes) -> Evidence:
    """Read it again."""
    said = json.loads(text)
    records = said.get("records")
    return Evidence(said["account"], tuple(said.get("events") or ()), None if records is None else tuple(records))
