"""What model and rules think of an account, each by itself: shown to nobody who has not answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from models.decision import Relationship
from models.policy import Model, decide
from models.reasons import Explanation, Reason, strongest
from models.rules import RuleBook
from reviews.answer import Shown
from reviews.record import CATALOGUE, Record
from serving.reading.archive import Archive, Missing

__all__ = ["Opinion", "opinions_of", "shown_of"]

_LOUDEST: Final = 5
"""Reasons that the overview counts overturns by."""

_UNKNOWN: Final = "It was judged by other signals than this version measures."


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one of them says.

    Attributes
    ----------
    code : {"model", "rules"}
    version : str or None
    says : {"client", "customer", "prospect"} or None
        None where it says nothing.
    probability : float
        Of what it says.
    base : float
        Log-odds of "client" before any reason.
    reasons : tuple of Reason
        All that speak, the strongest first.
    silent : str
        Why it says nothing.
    """

    code: str
    version: str | None
    says: Relationship | None = None
    probability: float = 0.0
    base: float = 0.0
    reasons: tuple[Reason, ...] = ()
    silent: str = ""


def opinions_of(record: Record, rules_text: str | None, archive: Archive) -> tuple[Opinion, Opinion]:
    """Return what model and rules think, by the versions that decided and from the signals that were kept.

    Parameters
    ----------
    record : Record
    rules_text : str or None
        Of its rules, where they are not in use.
    archive : Archive

    Returns
    -------
    tuple of Opinion
        The model's and the rules'.
    """
    silent = [Opinion("model", record.model, silent=_UNKNOWN), Opinion("rules", record.rules, silent=_UNKNOWN)]
    if record.catalogue != CATALOGUE:
        return silent[0], silent[1]
    X = np.frombuffer(record.signals, dtype="<f8")[None, :]
    try:
        rules = archive.rules_of(record.rules, rules_text)
    except Missing as missing:
        return silent[0], Opinion("rules", record.rules, silent=str(missing))
    said_by_rules = _by_rules(X, rules)
    if record.model is None:
        return Opinion("model", None, silent="The rules answered alone."), said_by_rules
    try:
        return _by_model(X, rules, archive.model_of(record.model)), said_by_rules
    except Missing as missing:
        return Opinion("model", record.model, silent=str(missing)), said_by_rules


def shown_of(record: Record, model: Opinion, rules: Opinion) -> Shown:
    """Return what the ledger keeps of what the reveal shows."""
    machine = rules if record.decided_by == "rules" or model.says is None else model
    return Shown(record.id, model.says, rules.says, tuple(reason.name for reason in machine.reasons[:_LOUDEST]))


def _by_rules(X: npt.NDArray[np.float64], rules: RuleBook) -> Opinion:
    decisions = decide(X, rules)
    decision = decisions.decision(0, 0)
    reasons = _all_reasons(decisions.rules)
    return Opinion("rules", rules.digest, decision.relationship, decision.confidence, decisions.rules.base, reasons)


def _by_model(X: npt.NDArray[np.float64], rules: RuleBook, model: Model | None) -> Opinion:
    if model is None:
        raise Missing("The rules answered alone.")
    decisions = decide(X, rules, model)
    if decisions.decision(0, 0).relationship == "prospect" or decisions.model is None:
        return Opinion("model", model.version, silent="Not asked: a prospect is read off the record.")
    decision = decisions.decision(0, 0)
    reasons = _all_reasons(decisions.model)
    return Opinion("model", model.version, decision.relationship, decision.confidence, decisions.model.base, reasons)


def _all_reasons(explanation: Explanation) -> tuple[Reason, ...]:
    order: Sequence[int] = strongest(explanation.contributions[0])
    return tuple(explanation.reason(0, column) for column in order if explanation.contributions.item(0, column))
