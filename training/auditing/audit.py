"""Labels that the rest of the data contradicts, strongest first.

A label's self-confidence is the probability that a model gives it which learned from other accounts alone. Ranked by
it, and counted against the average self-confidence of each class: confident learning, after Northcutt, Jiang and
Chuang (2021), "Confident learning: estimating uncertainty in dataset labels", JAIR 70.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.progress import Progress, silent
from models.reasons import Reason, SignalExplanation
from models.rule import SIDES
from models.rules import RuleBook
from training.auditing.auditor import Opinion, explain_unseen
from training.judging.folds import split
from training.labelled.dataset import Dataset
from training.labelled.labels import Contradiction, Given, Resolved

__all__ = ["DOUBTED_BELOW", "LabelAudit", "Suspect", "audit_labels", "self_confidence"]

DOUBTED_BELOW: Final = 0.5
"""Self-confidence below which the other label is the likelier one."""

REASONS: Final = 3
"""Reasons of a suspect, at most."""

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label that other accounts contradict.

    Attributes
    ----------
    account_id : str
    given : Given
        The label that stands.
    confidence : float
        Probability of that label, in [0, 1], by a model that never saw the account.
    suggested : str
        The other label.
    confident : bool
        The other label's probability reaches the average self-confidence of the accounts that bear it.
    rules : str or None
        What the rules say; None where they are undecided.
    reasons : tuple of Reason
        What speaks against the label, the strongest first.
    contradicted_by : tuple of Given
        Labels of the same account that say something else, and were outranked.
    """

    account_id: str
    given: Given
    confidence: float
    suggested: str
    confident: bool
    rules: str | None
    reasons: tuple[Reason, ...]
    contradicted_by: tuple[Given, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LabelAudit:
    """What is doubtful about n labels.

    Attributes
    ----------
    order : ndarray of int, shape (n,)
        All accounts of the dataset, the least believed label first.
    confidence : ndarray of float64, shape (n,)
        Self-confidence of each, in the order of the dataset.
    suspects : tuple of Suspect
        Those below `DOUBTED_BELOW`, in that order.
    typical : dict of str to float
        Average self-confidence of the accounts of each label.
    n_wrong : float
        How many labels are wrong, estimated by confident learning.
    contradictions : tuple of Contradiction
        Accounts whose labels contradict each other.
    left_out : dict of str to int
        Labels that could not be judged, by reason.
    """

    order: npt.NDArray[np.intp]
    confidence: Floats
    suspects: tuple[Suspect, ...]
    typical: dict[str, float]
    n_wrong: float
    contradictions: tuple[Contradiction, ...]
    left_out: dict[str, int]


def audit_labels(
    dataset: Dataset, resolved: Resolved, rules: RuleBook, seed: int, progress: Progress = silent
) -> LabelAudit:
    """Rank labels by how much other accounts contradict them.

    Parameters
    ----------
    dataset : Dataset
        Hand-picked accounts are judged too: a wrong label among them misleads as any other.
    resolved : Resolved
        Where its labels came from.
    rules : RuleBook
        What they say stands beside it, and does not change the order.
    seed : int
        Of the folds.
    progress : callable, optional

    Returns
    -------
    LabelAudit
    """
    opinion = explain_unseen(dataset.X, dataset.y, split(dataset, seed), seed, progress)
    confidence = self_confidence(opinion.probability, dataset.y)
    order = np.argsort(confidence, kind="stable")
    typical = _typical(confidence, dataset.y)
    confident = 1.0 - confidence >= np.where(dataset.y, typical["customer"], typical["client"])
    doubted = order[confidence[order] < DOUBTED_BELOW]
    votes = rules.score(dataset.X[doubted]).log_odds
    others = {found.account_id: found.others for found in dataset.contradictions}
    witness = _Witness(dataset, resolved, opinion, confidence, confident, votes, others)
    return LabelAudit(
        order=order,
        confidence=confidence,
        suspects=tuple(witness.suspect(place, int(row)) for place, row in enumerate(doubted)),
        typical=typical,
        n_wrong=_count_wrong(confidence, dataset.y, typical),
        contradictions=dataset.contradictions,
        left_out=dataset.labels.left_out,
    )


def self_confidence(probability_client: Floats, y: Bools) -> Floats:
    """Return the probability of each given label, shape (n,)."""
    return np.where(y, probability_client, 1.0 - probability_client)


def _typical(confidence: Floats, y: Bools) -> dict[str, float]:
    return {"client": float(confidence[y].mean()), "customer": float(confidence[~y].mean())}


def _count_wrong(confidence: Floats, y: Bools, typical: dict[str, float]) -> float:
    """Estimate how many labels are wrong: the confident joint, scaled to how often each label is given.

    An account counts for a label whose typical self-confidence its probability reaches, for the likelier of two such.
    """
    wrong = 0.0
    for label, other, given in (("client", "customer", y), ("customer", "client", ~y)):
        own = confidence[given]
        stays = own >= typical[label]
        turns = (1.0 - own >= typical[other]) & ~(stays & (own >= DOUBTED_BELOW))
        counted = int((stays | turns).sum())
        wrong += float(turns.sum()) / counted * len(own) if counted else 0.0
    return wrong


@dataclass(frozen=True, slots=True, eq=False)
class _Witness:
    """All that is known of the accounts, from which a suspect is described."""

    dataset: Dataset
    resolved: Resolved
    opinion: Opinion
    confidence: Floats
    confident: Bools
    votes: Floats
    others: dict[str, tuple[Given, ...]]

    def suspect(self, place: int, row: int) -> Suspect:
        """Describe one account; `place` is its place among the doubted, `row` in the dataset."""
        account, client = str(self.dataset.account_ids[row]), bool(self.dataset.y[row])
        vote = float(self.votes[place])
        return Suspect(
            account_id=account,
            given=self._given(account, client),
            confidence=float(self.confidence[row]),
            suggested=SIDES[int(client)],
            confident=bool(self.confident[row]),
            rules=SIDES[int(vote < 0)] if vote else None,
            reasons=self._reasons(row, client),
            contradicted_by=self.others.get(account, ()),
        )

    def _given(self, account: str, client: bool) -> Given:
        label = int(self.resolved.account_ids.get_indexer(pd.Index([account]))[0])
        return Given(
            relationship=SIDES[int(not client)],
            source=str(self.resolved.sources[label]),
            labeller=self.resolved.labellers[label],
            labelled_at=int(self.resolved.as_of[label]) if self.resolved.timed[label] else None,
        )

    def _reasons(self, row: int, client: bool) -> tuple[Reason, ...]:
        here = slice(row, row + 1)
        against = self.opinion.contributions[row] * (-1.0 if client else 1.0)
        told = SignalExplanation(0.0, self.opinion.contributions[here], self.dataset.X[here])
        strongest = np.argsort(-against, kind="stable")[:REASONS]
        return tuple(told.reason(0, int(column)) for column in strongest if against[column] > 0)
