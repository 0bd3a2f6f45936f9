"""The vocabulary of an answer: a decision, its reasons, and decisions for many accounts as columns."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt

from models.reasons import (
    REVIEW_REASONS,
    Explanation,
    Reason,
    ReviewReason,
    RuleExplanation,
    SignalExplanation,
    strongest,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DECIDERS",
    "RELATIONSHIPS",
    "REVIEW_REASONS",
    "Decider",
    "Decision",
    "Decisions",
    "Reason",
    "Relationship",
    "ReviewReason",
    "Route",
    "Versions",
]

Relationship = Literal["client", "customer", "prospect"]
Decider = Literal["reviewer", "rules", "model"]
Route = Literal["auto", "review"]

RELATIONSHIPS: Final[tuple[Relationship, ...]] = ("client", "customer", "prospect")
DECIDERS: Final[tuple[Decider, ...]] = ("reviewer", "rules", "model")

Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Versions:
    """What decided: the model's version, None where there is none, and the digest of the rules."""

    model: str | None
    rules: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one account.

    Attributes
    ----------
    relationship : {"client", "customer", "prospect"}
    confidence : float
        Calibrated probability of that relationship, 0 to 1; 1 for a reviewer's verdict and for a prospect, which are
        read off the record and not estimated.
    probability_client : float
        What the machine says, also beside a verdict: log-odds `base` plus those of all reasons.
    hybrid : bool
        Both sides are strongly present.
    engagement_model : str or None
        None for a prospect, and where nothing on file says how the account engages.
    strategic_services : bool
    decided_by : {"reviewer", "rules", "model"}
    route : {"auto", "review"}
    review_reasons : tuple of str
        Codes of `REVIEW_REASONS`; empty where the route is auto.
    base : float
        Log-odds of "client" before any reason.
    reasons : tuple of Reason
        The strongest first, perhaps not all. A verdict, or what makes a prospect, stands before them with log-odds 0.
    versions : Versions
    """

    relationship: Relationship
    confidence: float
    probability_client: float
    hybrid: bool
    engagement_model: str | None
    strategic_services: bool
    decided_by: Decider
    route: Route
    review_reasons: tuple[str, ...]
    base: float
    reasons: tuple[Reason, ...]
    versions: Versions


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
        codes = tuple(itertools.compress(_CODES, self.review[i].tolist()))
        return Decision(
            relationship=RELATIONSHIPS[self.relationships[i]],
            confidence=float(self.confidence[i]),
            probability_client=float(self.probability_client[i]),
            hybrid=bool(self.hybrid[i]),
            engagement_model=self._engagement_names()[self.engagement_models[i]],
            strategic_services=bool(self.strategic_services[i]),
            decided_by=DECIDERS[self.deciders[i]],
            route="review" if codes else "auto",
            review_reasons=codes,
            base=self._explanation(i).base,
            reasons=tuple(self._reasons(i, strongest(self._explanation(i).contributions[i], reasons))),
            versions=self.versions,
        )

    def frame(self, account_ids: Sequence[str] | npt.NDArray[np.object_], reasons: int = 3) -> pd.DataFrame:
        """Give the answers as a table.

        Parameters
        ----------
        account_ids : sequence of str, length n
        reasons : int
            How many columns `reason_1`, `reason_2`, … there are; empty where there are fewer.

        Returns
        -------
        DataFrame
            A row an account, `account_id` first; reasons are sentences that end with their log-odds.
        """
        import pandas as pd  # noqa: PLC0415 - an answer over HTTP needs no table

        def texts(values: Iterable[object]) -> pd.Series[str]:
            return pd.Series(list(values), dtype="str")

        names = self._engagement_names()
        sentences = [
            [str(reason) for reason in self._reasons(i, order)] for i, order in enumerate(self._orders(reasons))
        ]
        columns = {
            "account_id": texts(account_ids),
            "relationship": texts(self.relationship),
            "confidence": self.confidence,
            "probability_client": self.probability_client,
            "hybrid": self.hybrid,
            "engagement_model": texts(names[code] for code in self.engagement_models.tolist()),
            "strategic_services": self.strategic_services,
            "decided_by": texts(self.decided_by),
            "route": texts(np.where(self.auto, "auto", "review")),
            "review_reasons": texts(self._review_texts()),
            **{f"reason_{k + 1}": texts(row[k] if k < len(row) else None for row in sentences) for k in range(reasons)},
            "model_version": texts([self.versions.model] * len(self)),
            "rules_version": texts([self.versions.rules] * len(self)),
        }
        return pd.DataFrame(columns)

    def _engagement_names(self) -> tuple[str | None, ...]:
        return (*(each.name for each in self.rules.book.engagement_models), None)

    def _explanation(self, i: int) -> Explanation:
        return self.rules if self.model is None or self.deciders[i] == _RULES else self.model

    def _orders(self, most: int) -> list[list[int]]:
        """Give for each account the columns of its strongest contributions."""
        by_rules: list[list[int]] = strongest(self.rules.contributions, most)
        if self.model is None:
            return by_rules
        by_model: list[list[int]] = strongest(self.model.contributions, most)
        return [
            rules if decider == _RULES else model
            for rules, model, decider in zip(by_rules, by_model, self.deciders.tolist(), strict=True)
        ]

    def _reasons(self, i: int, order: list[int]) -> Iterator[Reason]:
        """Give what was stated by a person or by the record, then what contributes to the probability."""
        if self.deciders[i] == _REVIEWER:
            said = RELATIONSHIPS[self.relationships[i]]
            yield Reason("verdict", 1.0, "yes/no", 0.0, f"A reviewer's verdict stands: {said}.")
        elif self.relationships[i] == _PROSPECT and self.rules.book.prospect is not None:
            yield Reason("prospect", 1.0, "yes/no", 0.0, self.rules.book.prospect.text)
        explanation = self._explanation(i)
        contributions = explanation.contributions[i]
        yield from (explanation.reason(i, column) for column in order if contributions[column])

    def _review_texts(self) -> list[str]:
        """Give each account's review reasons, joined; equal rows are written once."""
        patterns, place = np.unique(self.review @ (1 << np.arange(len(_CODES))), return_inverse=True)
        texts = ["; ".join(code for j, code in enumerate(_CODES) if pattern >> j & 1) for pattern in patterns.tolist()]
        return [texts[j] for j in place.tolist()]


_PROSPECT = RELATIONSHIPS.index("prospect")
_REVIEWER, _RULES = DECIDERS.index("reviewer"), DECIDERS.index("rules")
_CODES = tuple(reason.code for reason in REVIEW_REASONS)
