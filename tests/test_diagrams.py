"""The numbers behind the report's diagrams."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.judging.metrics import probability_figures
from training.reporting.diagrams import reliability, risk_coverage, wilson

LABELLED = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.7, 0.99, 1.0]), st.sampled_from([0.0, 1.0, 2.5])),
    min_size=1,
    max_size=60,
).filter(lambda rows: any(weight > 0 for _, _, weight in rows))


def columns(rows: list[tuple[bool, float, float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    y, p, weights = (np.array(column) for column in zip(*rows, strict=True))
    return y.astype(bool), p.astype(float), weights.astype(float)


@given(LABELLED)
def test_the_bins_are_those_of_the_calibration_error(rows: list[tuple[bool, float, float]]) -> None:
    y, p, weights = columns(rows)
    found = reliability(y, p, weights)
    error = float(found.mass @ np.abs(found.said - found.came_true))
    assert error == pytest.approx(probability_figures(y, p)["ece"](weights), abs=1e-12)
    assert found.mass.sum() == pytest.approx(1.0)
    assert found.counts.sum() == (weights > 0).sum()
    assert (np.diff(found.said) >= -1e-12).all()


@given(LABELLED)
def test_the_intervals_hold_what_they_are_about(rows: list[tuple[bool, float, float]]) -> None:
    found = reliability(*columns(rows))
    slack = 1e-12
    assert (found.low - slack <= found.came_true).all()
    assert (found.came_true <= found.high + slack).all()
    assert found.low.min() >= 0
    assert found.high.max() <= 1


@given(LABELLED)
def test_where_all_are_answered_the_share_wrong_is_that_of_all(rows: list[tuple[bool, float, float]]) -> None:
    y, p, weights = columns(rows)
    found = risk_coverage(y, p, weights)
    wrong = float(weights @ ((p > 0.5) != y)) / weights.sum()
    assert found.answered[-1] == pytest.approx(1.0)
    assert found.wrong[-1] == pytest.approx(wrong)
    assert (np.diff(found.answered) > 0).all()


def test_accounts_equally_sure_are_answered_together() -> None:
    y = np.arange(100) % 2 == 0
    p = np.where(np.arange(100) < 50, 0.9, 0.1)
    found = risk_coverage(y, p, np.ones(100))
    assert found.answered.tolist() == [1.0]
    assert found.wrong.tolist() == [0.5]


def test_a_forecast_that_is_true_lies_on_the_diagonal_and_errs_less_where_it_is_surer() -> None:
    rng = np.random.default_rng(1)
    p = rng.uniform(size=20000)
    y = rng.random(20000) < p
    found = reliability(y, p, np.ones(20000))
    assert len(found.said) == 10
    assert ((found.low <= found.said) & (found.said <= found.high)).sum() >= 9
    curve = risk_coverage(y, p, np.ones(20000))
    # Of a uniform probability the surest share c errs c / 4 of the time.
    assert np.abs(curve.wrong - curve.answered / 4)[curve.answered > 0.05].max() < 0.02


def test_an_account_without_weight_has_no_part() -> None:
    rng = np.random.default_rng(2)
    y, p, weights = rng.random(300) < 0.4, rng.random(300), rng.uniform(0.5, 3.0, size=300)
    weights[::3] = 0
    kept = weights > 0
    for of in (reliability, risk_coverage):
        everyone, some = of(y, p, weights), of(y[kept], p[kept], weights[kept])
        for name in type(everyone).__slots__:
            np.testing.assert_allclose(getattr(everyone, name), getattr(some, name))


def test_wilson_agrees_with_statistics_known_elsewhere() -> None:
    from scipy.stats import binomtest

    for hits, n in ((0, 20), (3, 40), (20, 20), (77, 130)):
        known = binomtest(hits, n).proportion_ci(method="wilson")
        low, high = wilson(np.array([hits / n]), np.array([float(n)]))
        assert low[0] == pytest.approx(known.low, abs=1e-9)
        assert high[0] == pytest.approx(known.high, abs=1e-9)
