"""What the classifiers of this folder share: two classes, missing values, weights, log-odds."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import (
    _check_sample_weight,
    check_is_fitted,
    validate_data,
)

Floats = NDArray[np.float64]


class BinaryClassifier(ClassifierMixin, BaseEstimator):
    """A classifier of two classes whose `decision_function` is a log-odds.

    Subclasses give `fit`, with `_accept` first, and `_log_odds`. The log-odds refer to ``classes_[1]``, as
    scikit-learn has it; `log_odds` gives those of the class one asks for.
    """

    classes_: NDArray[Any]

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from signals of shape (n, n_signals), nan for missing, and n labels of two classes."""
        raise NotImplementedError

    def _log_odds(self, X: Floats) -> Floats:
        raise NotImplementedError

    def decision_function(self, X: ArrayLike) -> Floats:
        """Give the log-odds of ``classes_[1]``, shape (n,)."""
        check_is_fitted(self)
        values = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
        return self._log_odds(values)

    def log_odds(self, X: ArrayLike, of: object) -> Floats:
        """Give the log-odds of one class, shape (n,); ValueError where it is neither of the two."""
        log_odds = self.decision_function(X)
        return log_odds * sign_of(self.classes_, of)

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Give the probability of each class in the order of `classes_`, shape (n, 2)."""
        log_odds = self.decision_function(X)
        return np.column_stack([expit(-log_odds), expit(log_odds)])

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Give the likelier class of each row, shape (n,)."""
        is_second = (self.decision_function(X) > 0).astype(np.intp)
        return self.classes_[is_second]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def _accept(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[Floats, NDArray[np.intp], Floats]:
        """Check the training data, learn `classes_`, and drop the rows of weight 0.

        Returns
        -------
        X : ndarray of shape (n, n_signals)
        is_second : ndarray of shape (n,)
            1 where the label is ``classes_[1]``.
        weights : ndarray of shape (n,)
            Above 0.
        """
        values, labels = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        check_classification_targets(labels)
        kind = type_of_target(labels, input_name="y", raise_unknown=True)
        if kind != "binary":
            raise ValueError(f"Only binary classification is supported. The type of the target is {kind}.")
        weights = _check_sample_weight(sample_weight, values, dtype=np.float64, ensure_non_negative=True)
        counted = weights > 0
        self.classes_, second = np.unique(labels[counted], return_inverse=True)
        if len(self.classes_) == 1:
            raise ValueError(f"Labels of two classes are needed, got one class: {self.classes_.tolist()}.")
        return values[counted], second.astype(np.intp), weights[counted]

    def _signs(self, n_signals: int) -> NDArray[np.intp]:
        """Turn the parameter `directions` into those of the log-odds of ``classes_[1]``."""
        if self.directions is None:
            return np.zeros(n_signals, dtype=np.intp)
        signs = np.asarray(self.directions)
        if signs.shape != (n_signals,) or not np.isin(signs, (-1, 0, 1)).all():
            raise ValueError(f"directions must be {n_signals} numbers, each -1, 0 or 1, got {self.directions!r}.")
        return signs.astype(np.intp) * (1 if self.positive is None else sign_of(self.classes_, self.positive))


def sign_of(classes: NDArray[Any], label: object) -> int:
    """Give 1 where `label` is the second class, whose log-odds scikit-learn gives, and -1 where it is the first.

    Raises
    ------
    ValueError
        Where it is neither.
    """
    known = classes.tolist()
    if label not in known:
        raise ValueError(f"{label!r} is none of the classes {known}. Ask for one of them.")
    return 1 if label == known[1] else -1
