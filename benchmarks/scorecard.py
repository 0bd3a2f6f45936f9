"""The compiled scorecard against scikit-learn's `predict_proba` of what it was compiled from."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.exports import AS_OF, make_events
from benchmarks.race import Row, race, show, show_limit
from features.arrow import log_of_frames, to_micros
from features.signals import SIGNAL_NAMES
from features.table import signals_matrix
from training.estimation.compile import compile_scorecard
from training.estimation.estimator import PairwiseTrees

OURS = "Scorecard, with contributions"
THEIRS = "scikit-learn, predict_proba"
MLFLOW = "mlflow.pyfunc, of that model"


def measure_scorecard(console: Console, folder: Path, n_rows: int) -> None:
    """Time one row and many."""
    log = log_of_frames(make_events(160_000, seed=5).to_pandas())
    X = signals_matrix(log.at(to_micros(AS_OF)))
    rng = np.random.default_rng(7)
    pull = np.nan_to_num(X[:, SIGNAL_NAMES.index("meetings_365d")]) + np.nan_to_num(X[:, 0]) * -0.2
    y = (pull + rng.normal(0, 1.5, len(X)) > 0).astype(int)
    model = PairwiseTrees(n_bags=1, random_state=0).fit(X, y)
    card = compile_scorecard(model, SIGNAL_NAMES, X)
    (trees,) = model.bags_
    many = X[rng.integers(0, len(X), n_rows)]
    assert np.allclose(card.score(many), model.decision_function(many), rtol=1e-9, atol=1e-9)
    row = X[:1].copy()
    wrapped = _as_mlflow_has_it(trees, folder)
    for title, data, runs, repeats in ((f"{n_rows:,} rows", many, 3, 1), ("One row", row, 9, 20)):
        work = {
            OURS: lambda data=data: card.explain(data),
            THEIRS: lambda data=data: trees.predict_proba(data),
            MLFLOW: lambda data=data: wrapped.predict(data),
        }
        assert np.array_equal(work[MLFLOW](), work[THEIRS]())
        medians = race(work, runs, repeats)
        rows = [Row(name, seconds) for name, seconds in medians.items()]
        targets = {THEIRS: 50.0} if title == "One row" else {}
        show(console, f"Scorecard against predict_proba: {title}", rows, OURS, targets)
        if title == "One row":
            show_limit(console, "One row with its reasons' contributions", medians[OURS], 25e-6)


def _as_mlflow_has_it(model: object, folder: Path) -> Any:
    import mlflow

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.sklearn.save_model(
            model, folder / "trees", serialization_format="cloudpickle", pyfunc_predict_fn="predict_proba"
        )
        return mlflow.pyfunc.load_model(str(folder / "trees"))
