"""Judging a way of learning on accounts that the learned model never saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.policy import Model, Thresholds
from models.rules import RuleBook
from models.scorecard import Scorecard
from training.judging.certify import ALPHA, BETA, DELTA, certify
from training.judging.evaluate import Answers, answer
from training.judging.fitting import ranges
from training.judging.folds import Split, Splits
from training.labelled.dataset import Dataset

__all__ = ["CrossFitted", "Limits", "cross_fit", "decide_folds"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Limits:
    """What the certificate promises; see :mod:`training.judging.certify`."""

    alpha: float = ALPHA
    beta: float = BETA
    delta: float = DELTA


@dataclass(frozen=True, slots=True, eq=False)
class CrossFitted:
    """What models said of the m accounts that each of them never saw.

    Attributes
    ----------
    rows : ndarray of int, shape (m,)
        Which accounts of the dataset, ascending: all, or with a split by time the later ones. Those that were picked
        by hand are among them, with weight 0.
    fold : ndarray of int, shape (m,)
        Which of the models said it.
    splits : list of (train rows, test rows)
        Of the dataset, a pair a model.
    models : tuple of Model
        Each with the thresholds that decided on its accounts, certified on the accounts of others.
    answers : Answers
        Of the m accounts.
    prior : ndarray of float64, shape (m,)
        The share of clients among those that the model learned from and that can be judged by.
    eligible : ndarray of bool, shape (m,)
        No reason besides its probability sends the account to review.
    y : ndarray of bool, shape (m,)
    weights : ndarray of float64, shape (m,)
        How many accounts each stands for.
    limits : Limits
    thresholds : Thresholds
        Certified on all m accounts.
    how : {"account", "time"}
    seed : int
    """

    rows: Rows
    fold: Rows
    splits: Splits
    models: tuple[Model, ...]
    answers: Answers
    prior: Floats
    eligible: Bools
    y: Bools
    weights: Floats
    limits: Limits
    thresholds: Thresholds
    how: Split
    seed: int


def cross_fit(
    dataset: Dataset,
    rules: RuleBook,
    splits: Splits,
    scorecards: Sequence[Scorecard],
    limits: Limits,
    seed: int,
    *,
    starter: bool = False,
    how: Split = "account",
) -> CrossFitted:
    """Judge each account by a model that learned without its fold, from the choice of the estimator on.

    Thresholds that decide on a fold are certified on the other folds, or with a split by time on the earlier ones;
    those of the model itself on all.

    Parameters
    ----------
    dataset : Dataset
    rules : RuleBook
        An account that they send to review is not there to be answered automatically.
    splits : list of (train rows, test rows)
        As :func:`training.judging.folds.split` gives them.
    scorecards : sequence of Scorecard
        Fitted to the train rows of each.
    limits : Limits
    seed : int
        Of the draws behind the certificate.
    starter : bool
        The accounts are simulated.
    how : {"account", "time"}
        What splits the accounts.

    Returns
    -------
    CrossFitted
    """
    n = len(dataset)
    fold = np.full(n, -1)
    probability, eligible, prior = np.full(n, np.nan), np.zeros(n, dtype=bool), np.full(n, np.nan)
    models = []
    for number, ((seen, unseen), scorecard) in enumerate(zip(splits, scorecards, strict=True)):
        model = _model(scorecard, dataset, seen, starter=starter)
        said = answer(dataset.X[unseen], rules, model)
        probability[unseen], eligible[unseen], fold[unseen] = said.model, said.auto, number
        prior[unseen] = _share(dataset.y[seen], dataset.weights[seen])
        models.append(model)
    rows = np.flatnonzero(fold >= 0)
    judged = _Judged(probability[rows], dataset.y[rows], eligible[rows], dataset.weights[rows], fold[rows], how, seed)
    decided = [replace(one, thresholds=judged.before(number).certify(limits)) for number, one in enumerate(models)]
    return CrossFitted(
        rows=rows,
        fold=judged.fold,
        splits=splits,
        models=tuple(decided),
        answers=_answer_folds(dataset.X[rows], judged.fold, rules, decided),
        prior=prior[rows],
        eligible=judged.eligible,
        y=judged.y,
        weights=judged.weights,
        limits=limits,
        thresholds=judged.certify(limits),
        how=how,
        seed=seed,
    )


def decide_folds(found: CrossFitted, limits: Limits) -> tuple[Bools, Bools]:
    """Say which accounts would be answered automatically under other limits, by thresholds certified without them.

    Returns
    -------
    auto_client, auto_customer : ndarray of bool, shape (m,)
    """
    judged = _Judged(found.answers.model, found.y, found.eligible, found.weights, found.fold, found.how, found.seed)
    client, customer = np.zeros((2, len(found.rows)), dtype=bool)
    for number in range(len(found.models)):
        here, bounds = found.fold == number, judged.before(number).certify(limits)
        probability, asked = found.answers.model[here], found.eligible[here]
        high, low = (np.nan if bound is None else bound for bound in (bounds.client, bounds.customer))
        client[here], customer[here] = asked & (probability >= high), asked & (probability <= low)
    return client, customer


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """What thresholds are certified by, a value an account."""

    probability: Floats
    y: Bools
    eligible: Bools
    weights: Floats
    fold: Rows
    how: Split
    seed: int

    def before(self, fold: int) -> _Judged:
        """Return the accounts that thresholds for a fold may be certified by."""
        others = self.fold < fold if self.how == "time" else self.fold != fold
        columns = ("probability", "y", "eligible", "weights", "fold")
        return replace(self, **{name: getattr(self, name)[others] for name in columns})

    def certify(self, limits: Limits) -> Thresholds:
        return certify(
            self.probability, self.y, self.eligible, limits.alpha, limits.beta, limits.delta, self.weights, self.seed
        )


def _model(scorecard: Scorecard, dataset: Dataset, rows: Rows, *, starter: bool) -> Model:
    """Return a fold's model, whose thresholds leave nothing to review that has no other reason for it."""
    low, high = ranges(dataset.X[rows])
    open_to_all = Thresholds(client=0.5, customer=0.5)
    return Model("fold", scorecard, open_to_all, low, high, starter=starter, distilled=dataset.distilled)


def _share(y: Bools, weights: Floats) -> float:
    total = float(weights.sum())
    return float((weights * y).sum()) / total if total else float(y.mean())


def _answer_folds(X: Floats, fold: Rows, rules: RuleBook, models: list[Model]) -> Answers:
    """Answer each account by the model of its fold, in the order of the accounts."""
    parts = [(np.flatnonzero(fold == number), model) for number, model in enumerate(models)]
    said = [answer(X[here], rules, model) for here, model in parts]
    order = np.argsort(np.concatenate([here for here, _ in parts]))
    return Answers(**{name: np.concatenate([getattr(one, name) for one in said])[order] for name in Answers.__slots__})
