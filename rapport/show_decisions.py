"""Printing decisions: how many of each, and single ones with their reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import pyarrow as pa

from models.decision import REVIEW_REASONS, Decision
from rapport.show import print_table, say

__all__ = ["COUNTED", "Tally", "print_decision"]

COUNTED = ["relationship", "route", "review_reasons"]
"""The columns of a table of decisions that are counted."""


class Tally:
    """Counts decisions."""

    def __init__(self) -> None:
        self.n_accounts = 0
        self._kinds: Counter[tuple[str, str]] = Counter()
        self._reasons: Counter[str] = Counter()

    def count(self, table: pa.Table) -> None:
        """Count a table's rows, of which `COUNTED` are looked at."""
        alike = table.select(COUNTED).group_by(COUNTED).aggregate([([], "count_all")])
        for row in zip(*(column.to_pylist() for column in alike.columns), strict=True):
            self.add(*row)

    def follow(self, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """Count what goes by."""
        for table in tables:
            self.count(table)
            yield table

    def add(self, relationship: str, route: str, review_reasons: str | None, n: int) -> None:
        """Count decisions that are alike, each value as the table of decisions has it; CSV knows no empty text."""
        self.n_accounts += n
        self._kinds[relationship, route] += n
        for code in filter(None, (review_reasons or "").split("; ")):
            self._reasons[code] += n

    def show(self) -> None:
        """Print how many there were of each."""
        kinds = sorted({relationship for relationship, _ in self._kinds})
        rows = [(kind, self._kinds[kind, "auto"], self._kinds[kind, "review"]) for kind in kinds]
        print_table("Decisions", ("relationship", "automatic", "to review"), rows)
        texts = {reason.code: reason.text for reason in REVIEW_REASONS}
        if self._reasons:
            why = [(code, texts[code], n) for code, n in self._reasons.most_common()]
            print_table(
                "Why to review (an account may have several reasons)",
                ("code", "meaning", "accounts"),
                why,
                text_columns=2,
            )


def print_decision(name: str, decision: Decision) -> None:
    """Print one decision as a person would tell it."""
    sure = f"{decision.confidence:.0%}"
    model = f", {decision.engagement_model}" if decision.engagement_model else ""
    hybrid = ", hybrid" if decision.hybrid else ""
    route = "automatic" if decision.route == "auto" else "to review: " + ", ".join(decision.review_reasons)
    say(f"[bold]{name}[/]  {decision.relationship} ({sure}{model}{hybrid}), by {decision.decided_by}, {route}")
    for reason in decision.reasons:
        # What is read off the record weighs nothing and comes first.
        weight = f"{reason.log_odds:+.2f}" if reason.log_odds else ""
        say(f"    {weight:>5}  {reason.text}")
