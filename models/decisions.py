"""Decisions for many accounts, as columns."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.decision import DECIDERS, RELATIONSHIPS, Decision, Versions
from models.reasons import REVIEW_REASONS, Explanation, Reason, RuleExplanation, SignalExplanation, strongest

__all__ = ["Codes", "Decisions", "Floats", "Truths"]

Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """The answers for n accounts, as columns; `Decision` says what each means.

    Attributes
    ----------
    relationships : ndarray of intp, shape (n,)
        Positions in `RELATIONSHIPS`.
    deciders : ndarray of intp, shape (n,)
        Positions in `DECIDERS`.
    log_odds, probability_client, confidence : ndarray of float64, shape (n,)
    engagement_models : ndarray of intp, shape (n,)
        Positions in the book's `engagement_models`; their number for none.
    hybrid, strategic_services : ndarray of bool, shape (n,)
    review : ndarray of bool, shape (n, len(REVIEW_REASONS))
        Which reasons for a review apply.
    rules : RuleExplanation
    model : SignalExplanation or None
        None where there is no model.
    versions : Versions
    """

    relationships: Codes
    deciders: Codes
    log_odds: Floats
    probability_client: Floats
    confidence: Floats
    engagement_models: Codes
    hybrid: Truths
    strategic_services: Truths
    review: Truths
    rules: RuleExplanation
    model: SignalExplanation | None
    versions: Versions

    def __len__(self) -> int:
        return len(self.relationships)

    @property
    def relationship(self) -> npt.NDArray[np.str_]:
        """Client, customer or prospect, shape (n,)."""
        return np.array(RELATIONSHIPS)[self.relationships]

    @property
    def decided_by(self) -> npt.NDArray[np.str_]:
        """Reviewer, rules or model, shape (n,)."""
        return np.array(DECIDERS)[self.deciders]

    @property
    def auto(self) -> Truths:
        """Whether the answer needs no reviewer, shape (n,)."""
        return np.logical_not(self.review.any(axis=1))

    def decision(self, i: int, reasons: int | None = 5) -> Decision:
        """Give the answer for account `i`, with so many reasons; None = all that contribute."""
        (decision,) = self._read(slice(i, i + 1), reasons)
        return decision

    def decisions(self, reasons: int | None = 5) -> list[Decision]:
        """Give the answers for all accounts, each as `decision` does."""
        return list(self._read(slice(0, len(self)), reasons))

    def _read(self, rows: slice, reasons: int | None) -> Iterator[Decision]:
        names = self.engagement_names
        columns: list[npt.NDArray[Any]] = [self.relationships, self.confidence, self.probability_client, self.hybrid]
        columns += [self.engagement_models, self.strategic_services, self.deciders, self.review]
        # Numbers leave their arrays together: one by one that costs more than all the rest.
        told = zip(*(column[rows].tolist() for column in columns), strict=True)
        for i, (order, row) in enumerate(zip(self._orders(rows, reasons), told, strict=True), rows.start):
            relationship, confidence, probability, hybrid, engagement, strategic, decider, review = row
            codes = tuple(itertools.compress(_CODES, review))
            yield Decision(
                relationship=RELATIONSHIPS[relationship],
                confidence=confidence,
                probability_client=probability,
                hybrid=hybrid,
                engagement_model=names[engagement],
                strategic_services=strategic,
                decided_by=DECIDERS[decider],
                route="review" if codes else "auto",
                review_reasons=codes,
                base=self._explanation(decider).base,
                reasons=tuple(self._reasons(i, relationship, decider, order)),
                versions=self.versions,
            )

    def statements(self) -> Iterator[tuple[int, Reason]]:
        """Give what a person or the record states, and of which account."""
        stated = (self.deciders == _REVIEWER) | (self.relationships == _PROSPECT)
        for i in np.flatnonzero(stated).tolist():
            for reason in self._stated(self.relationships.item(i), self.deciders.item(i)):
                yield i, reason

    def explanations(self) -> Iterator[tuple[npt.NDArray[np.intp], Explanation]]:
        """Give the explanations that decide, and the accounts that each is of."""
        by_rules = (self.deciders == _RULES) | (self.model is None)
        yield np.flatnonzero(by_rules), self.rules
        if self.model is not None:
            yield np.flatnonzero(~by_rules), self.model

    @property
    def engagement_names(self) -> tuple[str | None, ...]:
        """What the positions of `engagement_models` mean."""
        return (*(each.name for each in self.rules.book.engagement_models), None)

    @property
    def review_texts(self) -> list[str]:
        """Each account's review reasons, joined; equal rows are written once."""
        patterns, place = np.unique(self.review @ (1 << np.arange(len(_CODES))), return_inverse=True)
        texts = ["; ".join(code for j, code in enumerate(_CODES) if pattern >> j & 1) for pattern in patterns.tolist()]
        return [texts[j] for j in place.tolist()]

    def _explanation(self, decider: int) -> Explanation:
        return self.rules if self.model is None or decider == _RULES else self.model

    def _orders(self, rows: slice, most: int | None) -> list[list[int]]:
        """Give for each account the columns of its strongest contributions."""
        if self.model is None:
            by_rules: list[list[int]] = strongest(self.rules.contributions[rows], most)
            return by_rules
        orders: list[list[int]] = strongest(self.model.contributions[rows], most)
        by_rule = np.flatnonzero(self.deciders[rows] == _RULES)
        if len(by_rule):
            votes = self.rules.contributions[rows][by_rule]
            for row, order in zip(by_rule.tolist(), strongest(votes, most), strict=True):
                orders[row] = order
        return orders

    def _stated(self, relationship: int, decider: int) -> Iterator[Reason]:
        if decider == _REVIEWER:
            said = RELATIONSHIPS[relationship]
            yield Reason("verdict", 1.0, "yes/no", 0.0, f"A reviewer's verdict stands: {said}.")
        elif relationship == _PROSPECT and self.rules.book.prospect is not None:
            yield Reason("prospect", 1.0, "yes/no", 0.0, self.rules.book.prospect.text)

    def _reasons(self, i: int, relationship: int, decider: int, order: list[int]) -> Iterator[Reason]:
        """Give what was stated by a person or by the record, then what contributes to the probability."""
        yield from self._stated(relationship, decider)
        explanation = self._explanation(decider)
        item = explanation.contributions.item
        yield from (explanation.reason(i, column) for column in order if item(i, column))


_PROSPECT = RELATIONSHIPS.index("prospect")
_REVIEWER, _RULES = DECIDERS.index("reviewer"), DECIDERS.index("rules")
_CODES = tuple(reason.code for reason in REVIEW_REASONS)
