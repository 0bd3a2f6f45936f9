"""The articles' examples as requests to the product, with what they must come out as: see cases.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
EXPECTED = ("relationship", "hybrid", "engagement_model", "strategic_services")

LINE = re.compile(
    r"(?P<when>[-+]\d+d)\s+"
    r"(x(?P<times>\d+) every (?P<pause>\d+)d\s+)?"
    r"(?P<kind>[a-z]+)(/(?P<subtype>[a-z]+))?"
    r"(\s+(?P<amount>[\d.]+))?"
    r"(\s+until (?P<ends>[-+]\d+d))?"
    r"(\s+with (?P<contact>\w+))?"
    r"(\s+score (?P<score>[\d.]+))?"
)


@dataclass(frozen=True, slots=True)
class Case:
    """One example.

    Attributes
    ----------
    name : str
    source : str
        Articles and entries of the domain.
    body : dict
        What is sent to POST /v1/predictions.
    expected : dict
        `relationship` and, where given, `hybrid`, `engagement_model` and `strategic_services`.
    conflict : str
        K1 or K2, where a review is as right as the answer; else empty.
    """

    name: str
    source: str
    body: dict[str, Any] = field(repr=False)
    expected: dict[str, Any] = field(repr=False)
    conflict: str = ""

    def accepts(self, relationship: str, route: str) -> bool:
        """Say whether an answer is right, or in review for the sake of a conflict."""
        return relationship == self.expected["relationship"] or bool(self.conflict and route == "review")


def load_cases() -> Iterator[Case]:
    """Give every case of cases.toml."""
    text = Path(__file__).with_name("cases.toml").read_text(encoding="utf-8")
    for row in tomllib.loads(text)["case"]:
        account = {"account_id": row["name"], **{key: row[key] for key in ("party", "owner_id") if key in row}}
        body = {"account": account, "events": list(read_history(row["history"])), "as_of": iso(AS_OF)}
        if "records" in row:
            body["records"] = row["records"]
        expected = {key: row[key] for key in EXPECTED if key in row}
        yield Case(row["name"], row["source"], body, expected, row.get("conflict", ""))


def read_history(history: str) -> Iterator[dict[str, Any]]:
    """Give the events of a history, as a request has them."""
    for line in filter(None, map(str.strip, history.splitlines())):
        found = LINE.fullmatch(line)
        assert found, f"This is no line of a history: {line!r}"
        for turn in range(int(found["times"] or 1)):
            event = {
                "kind": found["kind"],
                "subtype": found["subtype"],
                "occurred_at": day(found["when"], turn * int(found["pause"] or 0)),
                "amount": found["amount"] and float(found["amount"]),
                "ends_at": found["ends"] and day(found["ends"]),
                "contact_id": found["contact"],
                "score": found["score"] and float(found["score"]),
            }
            yield {key: value for key, value in event.items() if value is not None}


def day(offset: str, later: int = 0) -> str:
    """Give the time of an offset such as -30d, some days later."""
    return iso(AS_OF + timedelta(days=int(offset.removesuffix("d")) + later))


def iso(moment: datetime) -> str:
    """Write a time as requests do."""
    return moment.isoformat().replace("+00:00", "Z")
