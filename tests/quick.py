"""Learning little and fast, where a test is about what surrounds the learning."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from training.auditing.auditor import _QUICK, AUDITOR
from training.estimation.estimator import PairwiseTrees, RelationshipClassifier
from training.judging import slices
from training.judging.metrics import estimate

ITERATIONS = 30
DRAWS = 60
DRAWS_OF_A_PART = 20

LITTLE = {"n_bags": 1, "max_iter": ITERATIONS, "learning_rate": 0.15, "max_leaf_nodes": 4}
"""Settings that a test of the command line would give, had the commands options for them."""


@contextmanager
def few_draws() -> Iterator[None]:
    """Let intervals come from few resamples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(estimate, "__defaults__", (DRAWS,))
        patch.setattr(slices, "_DRAWS", DRAWS_OF_A_PART)
        yield


@contextmanager
def one_bag() -> Iterator[None]:
    """Let an audit judge by one ensemble of trees in place of several."""
    with pytest.MonkeyPatch.context() as patch:
        for auditor in (AUDITOR, _QUICK):
            patch.setattr(auditor, "n_bags", 1)
        yield


@contextmanager
def little() -> Iterator[None]:
    """Let training and audits learn from few trees, and let intervals come from few resamples."""
    with few_draws(), one_bag(), pytest.MonkeyPatch.context() as patch:
        for auditor in (AUDITOR, _QUICK):
            patch.setattr(auditor, "max_iter", ITERATIONS)
        for name, value in LITTLE.items():
            patch.setitem(PairwiseTrees.__init__.__kwdefaults__, name, value)
        patch.setitem(RelationshipClassifier.__init__.__kwdefaults__, "n_folds", 2)
        yield
