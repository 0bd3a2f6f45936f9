"""Printing decisions: how many of each, and single ones with their reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from models.decision import REVIEW_REASONS, Decision
from models.decisions import Decisions
from rapport.show import print_table, say

__all__ = ["Tally", "print_decision"]

Answer = tuple[npt.NDArray[np.object_], Decisions]


class Tally:
    """Counts decisions as they go by."""

    def __init__(self) -> None:
        self.n_accounts = 0
        self._kinds: Counter[tuple[str, str]] = Counter()
        self._reasons: Counter[str] = Counter()

    def follow(self, answers: Iterable[Answer]) -> Iterator[Answer]:
        """Count what goes by."""
        for account_ids, decisions in answers:
            self.n_accounts += len(decisions)
            routes = np.where(decisions.auto, "auto", "review").tolist()
            self._kinds.update(zip(decisions.relationship.tolist(), routes, strict=True))
            hits = decisions.review.sum(axis=0).tolist()
            self._reasons.update({r.code: n for r, n in zip(REVIEW_REASONS, hits, strict=True) if n})
            yield account_ids, decisions

    def add(self, relationship: str, route: str, review_reasons: str, n: int) -> None:
        """Count decisions that are alike; the reasons as a row of the table of decisions has them."""
        self.n_accounts += n
        self._kinds[relationship, route] += n
        for code in filter(None, review_reasons.split("; ")):
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
