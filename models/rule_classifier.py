"""The rules as a scikit-learn classifier, so that they are scored like any model, and their weights may be learned."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from models.rules import RuleBook

__all__ = ["RuleClassifier"]

Floats = npt.NDArray[np.float64]

CLIENT = "client"

STEPS = 500
"""Steps of the accelerated gradient; 25 rules and 10,000 accounts settle to 1e-6 log-odds well before."""


class RuleClassifier(ClassifierMixin, BaseEstimator):
    """Classify accounts by written rules.

    Parameters
    ----------
    book : RuleBook, optional
        The rules; default those that ship. A signal called `x0`, `x1`, … is the column at that position.
    learn_weights : bool, default=False
        Learn the rules' weights from the labels; votes keep their side.
    prior_strength : float, default=10.0
        How firmly the written weights hold against the labels, above 0: as so many accounts in which a rule decides
        alone. Of no effect unless weights are learned.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
    client_ : object
        The class that votes for "client" speak for: "client" where that is a class, else the second.
    book_ : RuleBook
        The rules as they are applied, with their learned weights.
    rule_counts_ : ndarray of float64, shape (n_rules,)
        Weighted number of labelled accounts in which each rule held.
    rule_precision_ : ndarray of float64, shape (n_rules,)
        Share of these whose label is the rule's side; nan where it never held.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where `X` is a table; columns are then found by their names and a signal without a column is unknown. An array
        must have the book's signals as its columns, unless the rules name positions.

    Notes
    -----
    Learning minimises the log loss plus ``prior_strength / 8 * sum((weights - written) ** 2)`` over weights that are
    not negative; an account near even odds has a curvature of 1/4. The method is the accelerated projected gradient of
    Beck and Teboulle, A fast iterative shrinkage-thresholding algorithm for linear inverse problems, SIAM Journal on
    Imaging Sciences 2(1), 2009.

    Examples
    --------
    >>> from models.rules import Rule
    >>> met = Rule("met", "x0 >= 2", "client", 1.5, "They meet.")
    >>> rules = RuleClassifier(RuleBook((met,), signal_names=("x0",)))
    >>> rules.fit([[3.0], [0.0]], ["client", "customer"]).predict([[4.0], [1.0]])
    array(['client', 'customer'], dtype='<U8')
    """

    def __init__(
        self, book: RuleBook | None = None, *, learn_weights: bool = False, prior_strength: float = 10.0
    ) -> None:
        self.book = book
        self.learn_weights = learn_weights
        self.prior_strength = prior_strength

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Measure the rules on labelled accounts, and learn their weights if asked to.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features)
            Signals; nan is unknown.
        y : array-like of shape (n,)
            Two classes.
        sample_weight : array-like of shape (n,), optional

        Returns
        -------
        self

        Raises
        ------
        ValueError
            There are not two classes, the columns are not the signals, or a parameter is out of its range.
        """
        values, labels = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        self.classes_ = _two_classes(labels)
        self.client_ = CLIENT if CLIENT in self.classes_.tolist() else self.classes_[1]
        weight = _check_sample_weight(sample_weight, values, dtype=np.float64)
        # What a book works out when it is applied must not show in the parameter.
        self.book_ = RuleBook.default() if self.book is None else replace(self.book)
        client = labels == self.client_
        holds = self.book_.score(self._signals(values)).votes != 0
        self._measure(holds, client, weight)
        if self.learn_weights:
            self.book_ = self._learn(holds, client, weight)
        return self

    def decision_function(self, X: Any) -> Floats:
        """Give the log-odds of the second class, shape (n,)."""
        check_is_fitted(self)
        values = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
        log_odds = self.book_.score(self._signals(values)).log_odds
        return log_odds if self.client_ == self.classes_[1] else -log_odds

    def predict_proba(self, X: Any) -> Floats:
        """Give the probability of each class, shape (n, 2)."""
        log_odds = self.decision_function(X)
        return np.exp(-np.logaddexp(0.0, np.column_stack([log_odds, -log_odds])))

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Give the likelier class, shape (n,); of even odds that which is not client, as the policy does."""
        log_odds = self.decision_function(X)
        second = log_odds > 0 if self.client_ == self.classes_[1] else log_odds >= 0
        classes: npt.NDArray[Any] = self.classes_[second.astype(np.intp)]
        return classes

    def _signals(self, values: Floats) -> Floats:
        """Bring the columns into the order of the book's signals; one without a column is unknown."""
        names = self.book_.signal_names
        columns = {name: j for j, name in enumerate(getattr(self, "feature_names_in_", names))}
        if not hasattr(self, "feature_names_in_") and values.shape[1] != len(names) and not _positional(names):
            raise ValueError(
                f"X has {values.shape[1]} features without names, but the rules speak of {len(names)} signals: give a "
                f"table whose columns bear their names, or an array with exactly these columns."
            )
        signals = np.full((len(values), len(names)), np.nan)
        for j, name in enumerate(names):
            position = columns.get(name, int(name[1:]) if _positional([name]) else len(columns))
            if position < values.shape[1]:
                signals[:, j] = values[:, position]
        return signals

    def _measure(self, holds: npt.NDArray[np.bool_], client: npt.NDArray[np.bool_], weight: Floats) -> None:
        """Count how often each rule held, and how often it was right."""
        for_client = self.book_.weights > 0
        right = holds & (client[:, None] == for_client)
        self.rule_counts_ = weight @ holds
        self.rule_precision_ = np.full(len(for_client), np.nan)
        np.divide(weight @ right, self.rule_counts_, out=self.rule_precision_, where=self.rule_counts_ > 0)

    def _learn(self, holds: npt.NDArray[np.bool_], client: npt.NDArray[np.bool_], weight: Floats) -> RuleBook:
        if not self.prior_strength > 0:
            raise ValueError(f"prior_strength is {self.prior_strength}, expected a number above 0.")
        book = self.book_
        written = np.abs(book.weights)
        pull = self.prior_strength / 4
        # A row is what each rule adds to the log-odds of the account's own class.
        votes = holds * np.sign(book.weights) * np.where(client, 1.0, -1.0)[:, None]
        start = np.where(client, 1.0, -1.0) * book.prior_log_odds
        # A weight no larger than the prior would let the prior reverse a unanimous vote.
        least = np.nextafter(abs(book.prior_log_odds), np.inf) if book.prior_log_odds else 0.0
        step = 1.0 / (np.linalg.norm(votes * np.sqrt(weight)[:, None], 2) ** 2 / 4 + pull)
        learned = ahead = written
        momentum = 1.0
        for _ in range(STEPS):
            missing = np.exp(-np.logaddexp(0.0, start + votes @ ahead))
            slope = pull * (ahead - written) - (weight * missing) @ votes
            previous, learned = learned, np.maximum(ahead - step * slope, least)
            momentum, before = (1.0 + np.sqrt(1.0 + 4.0 * momentum**2)) / 2.0, momentum
            ahead = learned + (before - 1.0) / momentum * (learned - previous)
        return book.with_weights(dict(zip((rule.name for rule in book.rules), learned.tolist(), strict=True)))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        # Written rules owe nothing to the data that they are shown.
        tags.classifier_tags.poor_score = True
        return tags


def _two_classes(labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    check_classification_targets(labels)
    kind = type_of_target(labels, input_name="y", raise_unknown=True)
    if kind != "binary":
        raise ValueError(f"Only binary classification is supported. The type of the target is {kind}.")
    classes = np.unique(labels)
    if len(classes) < 2:  # noqa: PLR2004 - two classes make a question
        raise ValueError(f"Two classes are needed, but the labels hold one class only: {classes[0]!r}.")
    return classes


def _positional(names: Any) -> bool:
    return all(re.fullmatch(r"x\d+", name) for name in names)
