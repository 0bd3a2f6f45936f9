"""The yardsticks: judged on the splits that are handed in, on accounts that they never saw, calibrated."""

from collections.abc import Iterator

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from training.judging.yardsticks import YARDSTICKS, judge_yardsticks


@pytest.fixture(scope="module", autouse=True)
def few_trees() -> Iterator[None]:
    """Take a tenth of the trees: what is tested is how the yardsticks are judged, not how good they are."""
    shrunk = {}
    for name, make in YARDSTICKS.items():
        most = "max_iter" if "max_iter" in make(0).get_params() else "n_estimators"
        few = make(0).get_params()[most] // 10
        shrunk[name] = lambda seed, make=make, change={most: few}: make(seed).set_params(**change)
    with pytest.MonkeyPatch.context() as patch:
        for name, make in shrunk.items():
            patch.setitem(YARDSTICKS, name, make)
        yield


@pytest.fixture(scope="module")
def accounts() -> tuple[np.ndarray, np.ndarray]:
    """Make accounts whose first two signals tell; the last is never known, the one before known of a few."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(240, 5))
    X[rng.random((240, 5)) < 0.1] = np.nan
    X[:, 4] = np.nan
    X[5:, 3] = np.nan
    pull = 2.0 * np.nan_to_num(X[:, 0]) - 1.5 * np.nan_to_num(X[:, 1])
    return X, rng.random(240) < expit(pull)


@pytest.fixture(scope="module")
def judged(accounts):
    X, y = accounts
    splits = list(StratifiedKFold(3, shuffle=True, random_state=0).split(X, y))[:2]
    heard: list[tuple[str, int, int]] = []
    said = judge_yardsticks(X, y, splits, seed=0, progress=lambda *news: heard.append(news))
    return splits, said, heard


def test_each_answers_for_the_rows_that_are_judged_and_no_others(accounts, judged):
    splits, said, _ = judged
    tested = np.zeros(len(accounts[0]), dtype=bool)
    tested[np.concatenate([test for _, test in splits])] = True
    assert list(said) == list(YARDSTICKS) == ["unrestricted trees", "random forest", "LightGBM"]
    for p in said.values():
        assert np.array_equal(~np.isnan(p), tested)
        assert ((p[tested] > 0) & (p[tested] < 1)).all()


def test_each_finds_what_tells_and_is_calibrated(accounts, judged):
    _, y = accounts
    for p in judged[1].values():
        known = ~np.isnan(p)
        assert roc_auc_score(y[known], p[known]) > 0.8
        assert p[known].mean() == pytest.approx(y[known].mean(), abs=0.08)


def test_they_say_how_far_they_have_come(judged):
    heard = judged[2]
    assert [done for _, done, _ in heard] == list(range(len(YARDSTICKS) * 2 + 1))
    assert {total for _, _, total in heard} == {len(YARDSTICKS) * 2}


def test_no_account_is_judged_by_what_it_taught(accounts):
    X, y = accounts
    train, test = next(iter(StratifiedKFold(3, shuffle=True, random_state=0).split(X, y)))
    turned = y.copy()
    turned[test] = ~y[test]
    first, second = (judge_yardsticks(X, labels, [(train, test)], seed=0) for labels in (y, turned))
    for name in YARDSTICKS:
        assert np.array_equal(first[name], second[name], equal_nan=True)


def test_accounts_of_no_weight_have_no_say_in_calibration(accounts):
    X, y = accounts
    rows = np.arange(len(X))
    train, test = rows[::2], rows[1::2]
    taught = y.copy()
    taught[train[:60]] = True  # picked by hand: all of them clients
    picked = np.isin(rows, train[:60])
    fair = judge_yardsticks(X, taught, [(train, test)], 0, judge_weight=(~picked).astype(float))
    naive = judge_yardsticks(X, taught, [(train, test)], 0)
    for name in YARDSTICKS:
        assert np.nanmean(fair[name]) < np.nanmean(naive[name])
