"""From signals, rules and a model to decisions: one pure function, used by evaluation, batch and API alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from features.signals import BY_NAME, SIGNAL_NAMES
from models.decision import DECIDERS, RELATIONSHIPS, REVIEW_REASONS, Versions
from models.decisions import Codes, Decisions, Floats, Truths
from models.limits import FEW_EVENTS, LIMITS, OUTSIDE, RULES_CERTAIN, RULES_FIRM, Limit
from models.reasons import RuleExplanation, SignalExplanation
from models.rules import RuleBook, RuleScores
from models.scorecard import Scorecard

__all__ = ["LIMITS", "Limit", "Model", "Thresholds", "decide"]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Certified thresholds on the probability of "client".

    Attributes
    ----------
    client : float or None
        An account answered "client" is automatic from this probability on, 0.5 to 1; None: always review.
    customer : float or None
        An account answered "customer" is automatic up to this probability, 0 to 0.5; None: always review.
    alpha : float
        Of the automatic answers of each kind, at most this share is wrong.
    beta : float
        Of all true clients, at most this share is automatically called customer.
    delta : float
        Both promises hold with probability 1 - delta.
    """

    client: float | None
    customer: float | None
    alpha: float = 0.05
    beta: float = 0.10
    delta: float = 0.10


@dataclass(frozen=True, eq=False)
class Model:
    """What the policy needs to know of a bundle.

    Attributes
    ----------
    version : str
    scorecard : Scorecard
        Its signals are the catalogue's, in order.
    thresholds : Thresholds or None
        None: nothing was certified, so every answer goes to review.
    low, high : ndarray of float64, shape (n_signals,)
        Least and greatest value in training; nan where the signal was never known.
    starter : bool
        It was trained on simulated accounts, so its certificate speaks of those.
    distilled : bool
        It was taught by the rules. Where nothing was certified, it answers automatically where its teacher would.

    Raises
    ------
    ValueError
        The scorecard was made for other signals, or the ranges do not fit them.
    """

    version: str
    scorecard: Scorecard
    thresholds: Thresholds | None
    low: Floats
    high: Floats
    starter: bool = False
    distilled: bool = False

    def __post_init__(self) -> None:
        if self.scorecard.signal_names != SIGNAL_NAMES:
            raise ValueError(f"Model {self.version} was made for other signals than the catalogue's; train it again.")
        if self.low.shape != self.high.shape or self.low.shape != (len(SIGNAL_NAMES),):
            raise ValueError(f"Model {self.version} must have one training range a signal, {len(SIGNAL_NAMES)}.")

    @cached_property
    def reach(self) -> tuple[Floats, Floats]:
        """Bounds beyond which a signal is outside what training saw, each of shape (n_signals,)."""
        slack = OUTSIDE.value * (self.high - self.low)
        return self.low - slack, self.high + slack

    @cached_property
    def hurdles(self) -> tuple[Floats, Truths]:
        """What an automatic answer of each side must reach, and whether that is uncertified.

        The first is the certified threshold times the sign of the side, at -inf where there is none, so that an absent
        threshold is reported as absent and not as missed. Sides in the order of `RELATIONSHIPS`.
        """
        certified = self.thresholds or Thresholds(None, None)
        client, customer = certified.client, certified.customer
        return (
            np.array([-np.inf if client is None else client, -np.inf if customer is None else -customer]),
            np.array([client is None, customer is None]),
        )


def decide(
    X: npt.ArrayLike,
    rules: RuleBook,
    model: Model | None = None,
    verdicts: Sequence[str | None] | npt.NDArray[np.object_] | None = None,
) -> Decisions:
    """Decide what each account is, by whom it is decided, and whether a reviewer should look.

    In this order: a reviewer's verdict; a prospect, read off the record; the model; the rules. Log-odds of
    exactly 0 are answered "customer", since clients are customers of whom more is known; where the rules decide, that
    always goes to review.

    Parameters
    ----------
    X : array-like of float64, shape (n, n_signals)
        Signals in the order of the catalogue; nan is unknown.
    rules : RuleBook
    model : Model, optional
        A champion that loaded and whose fingerprint matches; without one the rules decide.
    verdicts : sequence of {None, "client", "customer", "prospect"}, length n, optional
        What reviewers said of these accounts and still stands.

    Returns
    -------
    Decisions
        An account alone gets the bits that it gets among others.

    Raises
    ------
    ValueError
        A verdict is no relationship, or `X` or `verdicts` has the wrong shape.
    """
    signals = np.ascontiguousarray(X, dtype=np.float64)
    if signals.ndim != 2 or signals.shape[1] != len(SIGNAL_NAMES):  # noqa: PLR2004 - a matrix has two sides
        raise ValueError(f"Expected signals of shape (n, {len(SIGNAL_NAMES)}), got {signals.shape}.")
    scores = rules.score(signals)
    said = None if verdicts is None else _codes(verdicts, len(signals))
    prospect = scores.prospect if said is None else scores.prospect & (said == _NOT_SAID)
    log_odds, explained = _log_odds(signals, scores, prospect, model)
    probability = np.exp(-np.logaddexp(0.0, -log_odds))
    relationships = (log_odds <= 0).astype(np.intp)
    if model is None:
        review = _review_rules(log_odds, scores.votes)
    else:
        review = _review_model(signals, probability, relationships, scores, model)
    # Not "fewer than": of an unknown number of events nobody knows that it is enough.
    review[_ROW["few_events"]] = ~(signals[:, _EVENTS] >= FEW_EVENTS.value)
    deciders = _DECIDERS[model is not None].take(prospect)
    np.putmask(relationships, prospect, _PROSPECT)
    stated = prospect
    if said is not None:
        stated = prospect | (said != _NOT_SAID)
        np.copyto(relationships, said, where=said != _NOT_SAID)
        np.putmask(deciders, said != _NOT_SAID, _REVIEWER)
    # Of what is stated, nothing is estimated: there is no doubt to measure and nothing to review.
    review &= ~stated
    confidence = 0.5 + np.abs(probability - 0.5)
    np.putmask(confidence, stated, 1.0)
    engagement = scores.engagement_model
    np.putmask(engagement, relationships == _PROSPECT, len(rules.engagement_models))
    return Decisions(
        relationships=relationships,
        deciders=deciders,
        log_odds=log_odds,
        probability_client=probability,
        confidence=confidence,
        engagement_models=engagement,
        hybrid=scores.hybrid,
        strategic_services=scores.strategic_services,
        review=review.T,
        rules=RuleExplanation(rules, scores.votes),
        model=explained,
        versions=Versions(model.version if model else None, rules.digest),
    )


_PROSPECT = RELATIONSHIPS.index("prospect")
_REVIEWER, _RULES, _MODEL = (DECIDERS.index(name) for name in ("reviewer", "rules", "model"))
_DECIDERS = (np.array([_RULES, _RULES]), np.array([_MODEL, _RULES]))
"""Who decides without a model and with one: of a buyer, of a prospect."""
_SIGNS = np.array([1.0, -1.0])
"""Which way the log-odds of each side point."""
_NOT_SAID = -1
_VERDICTS: dict[str | None, int] = {None: _NOT_SAID, **{name: code for code, name in enumerate(RELATIONSHIPS)}}
_ROW = {reason.code: row for row, reason in enumerate(REVIEW_REASONS)}
_EVENTS = SIGNAL_NAMES.index(BY_NAME["events"].name)


def _codes(verdicts: Sequence[str | None] | npt.NDArray[np.object_], n: int) -> Codes:
    if len(verdicts) != n:
        raise ValueError(f"There are {len(verdicts)} verdicts for {n} accounts; None stands for no verdict.")
    unknown = set(verdicts) - _VERDICTS.keys()
    if unknown:
        raise ValueError(f"A verdict is one of {', '.join(RELATIONSHIPS)} or None, not {unknown.pop()!r}.")
    return np.array([_VERDICTS[verdict] for verdict in verdicts], dtype=np.intp)


def _log_odds(
    signals: Floats, scores: RuleScores, prospect: Truths, model: Model | None
) -> tuple[Floats, SignalExplanation | None]:
    """Give the log-odds of "client", by the model where there is one and the record does not speak for itself."""
    if model is None:
        return scores.log_odds, None
    log_odds, contributions = model.scorecard.explain(signals)
    np.copyto(log_odds, scores.log_odds, where=prospect)
    return log_odds, SignalExplanation(model.scorecard.base, contributions, signals)


def _review_rules(log_odds: Floats, votes: Floats) -> Truths:
    """Say why answers by rules need a review, shape (len(REVIEW_REASONS), n)."""
    review = np.zeros((len(REVIEW_REASONS), len(votes)), dtype=bool)
    np.less(np.abs(log_odds), RULES_CERTAIN.value, out=review[_ROW["rules_uncertain"]])
    opposing = np.where(log_odds[:, None] > 0, votes < 0, votes > 0)
    np.logical_or.reduce(opposing, axis=1, out=review[_ROW["rules_divided"]])
    return review


def _review_model(signals: Floats, probability: Floats, sides: Codes, scores: RuleScores, model: Model) -> Truths:
    """Say why answers by the model need a review, shape (len(REVIEW_REASONS), n)."""
    review = np.zeros((len(REVIEW_REASONS), len(signals)), dtype=bool)
    sign = _SIGNS.take(sides)
    hurdles, uncertified = model.hurdles
    if model.distilled:
        review |= uncertified.take(sides) & _review_rules(scores.log_odds, scores.votes)
    else:
        uncertified.take(sides, out=review[_ROW["no_certificate"]])
    np.less(probability * sign, hurdles.take(sides), out=review[_ROW["between_thresholds"]])
    agreement = scores.log_odds * sign
    np.less_equal(agreement, -RULES_FIRM.value, out=review[_ROW["rules_contradict"]])
    if model.starter:
        np.less_equal(agreement, 0.0, out=review[_ROW["starter_unconfirmed"]])
    low, high = model.reach
    np.logical_or.reduce((signals < low) | (signals > high), axis=1, out=review[_ROW["outside_training"]])
    return review
