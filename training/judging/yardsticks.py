"""What transparency costs: models without limits, judged on the very accounts that ours is judged on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from features.progress import Progress, silent
from training.estimation.calibration import Calibration

__all__ = ["N_FOLDS", "YARDSTICKS", "judge_yardsticks"]

N_FOLDS: Final = 4
"""Inner folds for calibration, as many as ours has."""

_SURE: Final = 1e-4
"""A forest may give 0 or 1, whose log-odds are infinite; nearer than this to either no probability is told apart."""

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


def _trees(seed: int) -> Any:
    return HistGradientBoostingClassifier(
        max_iter=200,
        learning_rate=0.05,
        max_leaf_nodes=15,
        min_samples_leaf=10,
        l2_regularization=5.0,
        max_features=0.5,
        early_stopping=False,
        random_state=seed,
    )


def _forest(seed: int) -> Any:
    return RandomForestClassifier(500, min_samples_leaf=2, n_jobs=1, random_state=seed)


def _lightgbm(seed: int) -> Any:
    from lightgbm import LGBMClassifier  # half a second, and only who trains has it

    return LGBMClassifier(
        n_estimators=300,
        learning_rate=0.03,
        num_leaves=15,
        min_child_samples=10,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.5,
        reg_lambda=5.0,
        n_jobs=1,
        deterministic=True,
        force_row_wise=True,
        verbose=-1,
        random_state=seed,
    )


YARDSTICKS: Final[Mapping[str, Callable[[int], Any]]] = {
    "unrestricted trees": _trees,
    "random forest": _forest,
    "LightGBM": _lightgbm,
}
"""From a seed to an unfitted scikit-learn classifier. The settings did best of those tried on the real sets."""


def judge_yardsticks(
    X: Floats,
    y: npt.NDArray[np.bool_],
    splits: Sequence[tuple[Rows, Rows]],
    seed: int,
    weights: Floats | None = None,
    judge_weight: Floats | None = None,
    progress: Progress = silent,
) -> dict[str, Floats]:
    """Judge each yardstick on the splits that ours was judged on, calibrated as ours is.

    Parameters
    ----------
    X : ndarray of shape (n, n_signals)
        nan is missing.
    y : ndarray of bool, shape (n,)
        True for a client.
    splits : sequence of (train rows, test rows)
    seed : int
    weights : ndarray of shape (n,), optional
        How much each account counts in fitting.
    judge_weight : ndarray of shape (n,), optional
        How much each account counts in calibration; `weights` by default.
    progress : callable, optional

    Returns
    -------
    dict of str to ndarray of shape (n,)
        Of each yardstick the probability of "client"; nan for rows that are in no test part.
    """
    fitting = np.ones(len(X)) if weights is None else np.asarray(weights, dtype=np.float64)
    judging = fitting if judge_weight is None else np.asarray(judge_weight, dtype=np.float64)
    second = np.asarray(y).astype(np.intp)
    said = {name: np.full(len(X), np.nan) for name in YARDSTICKS}
    done, total = 0, len(YARDSTICKS) * len(splits)
    for name, make in YARDSTICKS.items():
        for train, test in splits:
            progress(f"Yardstick: {name}", done, total)
            parts = (X[train], second[train], fitting[train], judging[train])
            said[name][test] = _calibrated(make(seed), *parts, X[test], seed)
            done += 1
    progress("Yardsticks", total, total)
    return said


def _calibrated(
    model: Any, X: Floats, second: Rows, weights: Floats, judging: Floats, unseen: Floats, seed: int
) -> Floats:
    """Fit a model and the line that calibrates it, and give its probabilities of other accounts."""
    n_folds = min(N_FOLDS, int(np.bincount(second[judging > 0], minlength=2).min()))
    line = Calibration()
    if n_folds > 1:
        log_odds = np.empty(len(X))
        for train, test in StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(X, second):
            log_odds[test] = _fit(clone(model), X[train], second[train], weights[train], X[test])
        judged = judging > 0
        line = Calibration.fit(log_odds[judged], second[judged], judging[judged])
    return np.asarray(expit(line.apply(_fit(model, X, second, weights, unseen))), dtype=np.float64)


def _fit(model: Any, X: Floats, second: Rows, weights: Floats, unseen: Floats) -> Floats:
    # They fail, or warn, where a signal has no value at all: it may have none in these rows though it has in others.
    known = ~np.isnan(X).all(axis=0)
    uneven = weights if np.ptp(weights) > 0 else None
    with threadpool_limits(limits=1, user_api="openmp"):
        model.fit(X[:, known], second, sample_weight=uneven)
        p = model.predict_proba(unseen[:, known])[:, 1]
    return np.asarray(logit(np.clip(p, _SURE, 1.0 - _SURE)), dtype=np.float64)
