"""What deep feature synthesis is asked to compute: the signals that one primitive, a condition and a window can say."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.exports import AS_OF
from benchmarks.rivals import COUNTS

__all__ = ["SIGNALS", "run"]


def _signal(
    primitive: str, column: str, kind: str | None = None, subtype: str | None = None, days: int | None = None
) -> dict[str, Any]:
    return {"primitive": primitive, "column": column, "kind": kind, "subtype": subtype, "days": days}


SIGNALS: dict[str, dict[str, Any]] = {
    **{
        name: _signal("Count", "number", count.kinds[0], count.subtype, count.days)
        for name, count in COUNTS.items()
        if not name.startswith("_")
    },
    "spend": _signal("Sum", "amount", "purchase"),
    "spend_365d": _signal("Sum", "amount", "purchase", days=365),
    "days_since_purchase": _signal("TimeSinceLast", "occurred_at", "purchase"),
    "days_since_deal": _signal("TimeSinceLast", "occurred_at", "deal"),
    "days_since_meeting": _signal("TimeSinceLast", "occurred_at", "meeting"),
    "days_since_activity": _signal("TimeSinceLast", "occurred_at"),
    "tenure_days": _signal("TimeSinceFirst", "occurred_at"),
    "contacts": _signal("NumUnique", "contact_id"),
    "events": _signal("Count", "number"),
}


def run(python: Path, events: Path, out: Path) -> None:
    """Let Featuretools compute `SIGNALS`, in an environment of its own."""
    program = Path(__file__).with_name("in_featuretools.py")
    asked = json.dumps({"as_of": AS_OF, "signals": SIGNALS})
    subprocess.run([python, program, events, out], input=asked, text=True, check=True)  # noqa: S603 - our own program
