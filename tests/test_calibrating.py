"""By whom a model is calibrated: by every label, and by those that were picked as by the lightest of the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.datasets import dataset_of
from training.estimation.estimator import PairwiseTrees, RelationshipClassifier
from training.judging.fitting import calibrating, fit_scorecard

COARSE = RelationshipClassifier(trees=PairwiseTrees(n_bags=1, max_iter=5, max_leaf_nodes=4), n_folds=2)


@pytest.mark.parametrize(
    ("weights", "counted"),
    [
        ([], []),
        ([1.0, 1.0], [1.0, 1.0]),
        ([1.0, 0.0], [1.0, 1.0]),
        ([50.0, 10.0, 0.0, 0.0], [50.0, 10.0, 10.0, 10.0]),
        ([0.0, 0.0], [1.0, 1.0]),  # nothing to go by: all alike
    ],
)
def test_what_each_counts(weights: list[float], counted: list[float]) -> None:
    assert calibrating(np.array(weights)).tolist() == counted


def test_a_label_teaches_the_same_whoever_asked_for_it() -> None:
    rng = np.random.default_rng(5)
    fair = dataset_of(rng.random(120) < 0.5)
    picked = replace(fair, inclusion=np.where(np.arange(120) < 80, np.nan, 1.0))
    rows = np.arange(120)
    _, one = fit_scorecard(fair, COARSE, rows, 0)
    _, other = fit_scorecard(picked, COARSE, rows, 0)
    assert one.to_bytes() == other.to_bytes()
    # An audit drawn at 1 in 50 does count for more.
    audited = replace(fair, inclusion=np.where(np.arange(120) < 80, np.nan, np.where(np.arange(120) < 110, 1.0, 0.02)))
    assert fit_scorecard(audited, COARSE, rows, 0)[1].to_bytes() != one.to_bytes()
