"""The estimators are scikit-learn's in behaviour, and the scorecard is the estimator."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.scorecard import Scorecard
from training.estimation.calibration import Calibration
from training.estimation.compile import compile_scorecard
from training.estimation.estimator import BLEND_GAIN, PairwiseTrees, RelationshipClassifier, SplineLogistic
from training.estimation.inner_folds import inner_folds
from training.estimation.pairwise import _lift, _tops

NAMES = tuple(f"signal_{place}" for place in range(6))
FEW_TREES = PairwiseTrees(n_bags=2, bag_share=0.8, max_iter=20, min_samples_leaf=5)


def checks_that_cannot_apply(estimator: object) -> dict[str, str]:
    """Name scikit-learn's checks that cannot hold, each with its reason."""
    if isinstance(estimator, SplineLogistic):
        return {}
    # scikit-learn excuses its own HistGradientBoosting and Bagging from this one in the same words.
    reason = "Rows are drawn at random, so a weight of 2 is not a row repeated; it is so on average only."
    return {"check_sample_weight_equivalence_on_dense_data": reason}


@parametrize_with_checks(
    [
        FEW_TREES,
        SplineLogistic(),
        RelationshipClassifier(trees=FEW_TREES, n_folds=2),
    ],
    expected_failed_checks=checks_that_cannot_apply,
)
def test_it_keeps_scikit_learns_conventions(estimator, check):
    check(estimator)


def accounts(n: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Make accounts with counts, amounts of a wide range, gaps, and what one signal says depending on another."""
    rng = np.random.default_rng(seed)
    X = np.column_stack(
        [
            rng.poisson(1.5, n),
            np.exp(rng.normal(3, 3, n)),
            rng.normal(size=n),
            rng.integers(0, 2, n),
            np.full(n, 7.0),
            np.full(n, np.nan),
        ]
    ).astype(float)
    log_odds = 0.8 * X[:, 0] - 1.2 + np.where(X[:, 3] > 0, 1.0, -1.0) * X[:, 2]
    X[rng.random((n, 6)) < 0.1] = np.nan
    return X, np.where(rng.random(n) < expit(log_odds), "client", "customer")


def strained(X: np.ndarray, card: Scorecard, seed: int = 1) -> np.ndarray:
    """Add rows with values on the edges, right beside them, missing, and far outside."""
    rng = np.random.default_rng(seed)
    rows = X[rng.integers(0, len(X), 400)].copy()
    for place, curve in enumerate(card.curves):
        candidates = np.concatenate(
            [
                curve.edges,
                np.nextafter(curve.edges, np.inf),
                np.nextafter(curve.edges, -np.inf),
                [np.nan, 0.0, -0.0, 1e15, -1e15, 1e300, -1e300],
            ]
        )
        hit = rng.random(len(rows)) < 0.5
        rows[hit, place] = rng.choice(candidates, hit.sum())
    return np.vstack([X, rows])


ESTIMATORS = {
    "trees": PairwiseTrees(n_bags=3, bag_share=0.8, max_iter=40, random_state=0),
    "one bag": PairwiseTrees(max_iter=40, max_leaf_nodes=12, random_state=0),
    "logistic": SplineLogistic(),
    "chosen": RelationshipClassifier(trees=FEW_TREES, random_state=0),
    "directed": RelationshipClassifier(
        trees=FEW_TREES, directions=(1, -1, 0, 0, 0, 0), positive="client", random_state=0
    ),
}


@pytest.mark.parametrize("positive", ["client", "customer"])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_scorecard_is_the_estimator_on_every_row(name, positive):
    X, y = accounts()
    estimator = ESTIMATORS[name].fit(X, y)
    card = compile_scorecard(estimator, NAMES, X, positive=positive)
    rows = strained(X, card)
    log_odds = card.score(rows)
    probabilities = estimator.predict_proba(rows)[:, list(estimator.classes_).index(positive)]
    assert log_odds == pytest.approx(estimator.log_odds(rows, positive), rel=1e-9, abs=1e-9)
    assert expit(log_odds) == pytest.approx(probabilities, rel=0, abs=1e-9)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_compiled_scorecard_is_purified(name):
    X, y = accounts()
    card = compile_scorecard(ESTIMATORS[name].fit(X, y), NAMES, X)
    for table in card.tables:
        assert table.values @ table.column_masses == pytest.approx(np.zeros(len(table.row_masses)), abs=1e-9)
        assert table.row_masses @ table.values == pytest.approx(np.zeros(len(table.column_masses)), abs=1e-9)
    for place, curve in enumerate(card.curves):
        assert curve.masses.sum() == pytest.approx(1)
        assert curve.at(X[:, place]).mean() == pytest.approx(0, abs=1e-9)


def test_the_trees_find_what_one_signal_says_depending_on_another():
    X, y = accounts(1000)
    card = compile_scorecard(PairwiseTrees(random_state=0).fit(X, y), NAMES, X, positive="client")
    table = card.pair("signal_2", "signal_3")
    high_and_one, high_and_zero = table.values[-2, -2], table.values[-2, 0]
    assert high_and_one > 0.3
    assert high_and_zero < -0.3


@pytest.mark.parametrize(
    "model", [PairwiseTrees(n_bags=2, bag_share=0.8, max_iter=40, random_state=0), SplineLogistic()]
)
def test_a_directed_signal_never_speaks_for_the_other_side(model):
    X, y = accounts()
    directions = (-1, 1, 1, 0, 1, -1)  # the first against what the data say
    model.set_params(directions=directions, positive="client").fit(X, y)
    rng = np.random.default_rng(0)
    for place, direction in enumerate(directions):
        higher = X.copy()
        higher[:, place] += rng.exponential(3.0, len(X)) * abs(direction)
        rise = model.log_odds(higher, "client") - model.log_odds(X, "client")
        assert (rise * direction >= -1e-12).all()


def test_the_same_data_and_seed_give_the_same_bytes():
    X, y = accounts(200)
    first, second = (
        compile_scorecard(RelationshipClassifier(trees=FEW_TREES, random_state=5).fit(X, y), NAMES, X).to_bytes()
        for _ in range(2)
    )
    other = compile_scorecard(FEW_TREES.set_params(random_state=6).fit(X, y), NAMES, X).to_bytes()
    assert first == second
    assert other != first


def test_the_blend_errs_no_more_than_either_candidate():
    X, y = accounts(400)
    model = RelationshipClassifier(trees=FEW_TREES, random_state=0).fit(X, y)
    losses = model.cv_log_loss_
    assert set(losses) == {"trees", "logistic", "blend"}
    assert losses["blend"] <= min(losses.values()) + BLEND_GAIN
    assert sum(model.shares().values()) == pytest.approx(1)
    assert set(model.shares()) == set(model.models_)


def test_a_candidate_that_adds_nothing_gets_no_share():
    X, y = accounts(400)
    blunt = SplineLogistic(penalty=1e9)
    model = RelationshipClassifier(trees=FEW_TREES, logistic=blunt, random_state=0).fit(X, y)
    assert (model.chosen_, model.shares()) == ("trees", {"trees": 1.0})
    assert set(model.models_) == {"trees"}


def test_a_blend_of_both_is_one_scorecard():
    X, y = accounts()
    model = RelationshipClassifier(trees=FEW_TREES, random_state=0).fit(X, y)
    assert set(model.shares()) == {"trees", "logistic"}
    card = compile_scorecard(model, NAMES, X, positive="client")
    rows = strained(X, card)
    assert card.tables
    assert any(curve.slopes.any() for curve in card.curves)
    assert card.score(rows) == pytest.approx(model.log_odds(rows, "client"), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_the_trees_are_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 40, (800, 4)).astype(float)
    y = (rng.random(800) < expit(0.1 * (X[:, 0] - 20) + 0.01 * (X[:, 1] - 20) * (X[:, 2] - 20))).astype(int)
    pace = {"max_iter": 30, "learning_rate": 0.1, "max_leaf_nodes": 8, "min_samples_leaf": 10}
    ours = PairwiseTrees(bag_share=1.0, max_features=1.0, l2_regularization=2.0, random_state=0, **pace)
    theirs = HistGradientBoostingClassifier(
        interaction_cst="pairwise", l2_regularization=2.0, early_stopping=False, random_state=0, **pace
    )
    gap = ours.fit(X, y).decision_function(X) - theirs.fit(X, y).decision_function(X)
    assert np.abs(gap).max() < 1e-4


def test_missing_values_are_split_off_where_they_tell():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    gone = rng.random(400) < 0.5
    X[gone, 0] = np.nan
    model = PairwiseTrees(max_iter=40, random_state=0).fit(X, gone.astype(int))
    assert np.array_equal(model.predict(X), gone)


@settings(max_examples=settings.default.max_examples // 10)
@given(st.integers(0, 10_000))
def test_an_account_alone_scores_as_among_many(seed):
    X, y = accounts(80, seed)
    model = PairwiseTrees(n_bags=2, max_iter=15, min_samples_leaf=3, random_state=0).fit(X, y)
    together = model.decision_function(X)
    assert all(model.decision_function(X[[row]])[0] == together[row] for row in range(seed % 4, len(X), 4))


def test_a_weight_of_two_is_an_account_twice():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 50, (500, 3)).astype(float)
    y = rng.random(500) < expit(0.1 * (X[:, 0] - 25))
    twice = rng.integers(1, 3, 500)
    trees = PairwiseTrees(max_iter=30, bag_share=1.0, max_features=1.0, min_samples_leaf=1, random_state=0)
    weighted = clone(trees).fit(X, y, sample_weight=twice).decision_function(X)
    repeated = clone(trees).fit(np.repeat(X, twice, axis=0), np.repeat(y, twice)).decision_function(X)
    assert weighted == pytest.approx(repeated, abs=1e-6)


def test_accounts_that_are_not_judged_by_have_no_say_in_the_calibration():
    X, y = accounts(600)
    picked = np.arange(600) % 2 == 0
    wrong = np.where(picked, np.where(y == "client", "customer", "client"), y)
    few = np.where(picked, 1e-3, 1.0)  # hardly learned from
    model = RelationshipClassifier(trees=FEW_TREES, random_state=0)
    judged = clone(model).fit(X, wrong, sample_weight=few, judge_weight=(~picked).astype(float))
    misled = clone(model).fit(X, wrong, sample_weight=few, judge_weight=np.ones(600))
    assert judged.calibration_.slope > 2.0 * misled.calibration_.slope


def test_too_few_judged_accounts_leave_the_logistic_uncalibrated():
    X, y = accounts(200)
    lone = np.zeros(200)
    lone[[np.flatnonzero(y == "client")[0], *np.flatnonzero(y == "customer")]] = 1.0
    model = RelationshipClassifier(trees=FEW_TREES, random_state=0).fit(X, y, judge_weight=lone)
    assert (model.chosen_, model.cv_log_loss_) == ("logistic", {})


def test_soft_labels_are_learned_as_probabilities():
    X, _ = accounts(400)
    truth = expit(0.8 * np.nan_to_num(X[:, 0]) - 1.2)
    rows, labels = np.concatenate([X, X]), np.repeat(["client", "customer"], 400)
    groups = np.tile(np.arange(400), 2)
    model = RelationshipClassifier(trees=FEW_TREES, positive="client", random_state=0)
    model.fit(rows, labels, sample_weight=np.concatenate([truth, 1 - truth]), groups=groups)
    told = expit(model.log_odds(X, "client"))
    assert np.abs(told - truth).mean() < 0.05


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 6), st.integers(4, 40), st.integers(0, 1000))
def test_rows_of_a_group_are_in_one_inner_fold(n_folds, n_groups, seed):
    groups = np.tile(np.arange(n_groups), 2)
    second = np.repeat([0, 1], n_groups)
    splits = inner_folds(second, np.ones(len(second), dtype=bool), groups, n_folds, seed)
    assert len(splits) == min(n_folds, n_groups)
    assert sorted(np.concatenate([test for _, test in splits])) == list(range(len(second)))
    for train, test in splits:
        assert not set(groups[train]) & set(groups[test])


def test_weights_below_zero_are_refused():
    X, y = accounts(100)
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        RelationshipClassifier(trees=FEW_TREES).fit(X, y, judge_weight=np.full(100, -1.0))


def test_the_labels_tell_which_class_is_meant():
    X, y = accounts(200)
    model = SplineLogistic().fit(X, y)
    assert np.array_equal(model.log_odds(X, "client"), -model.log_odds(X, "customer"))
    assert np.array_equal(model.log_odds(X, "customer"), model.decision_function(X))
    with pytest.raises(ValueError, match="prospect"):
        model.log_odds(X, "prospect")


def test_a_lone_account_of_a_class_is_learned_from_without_cross_fitting():
    X, y = accounts(60)
    y = np.array(["customer"] * 59 + ["client"])
    model = RelationshipClassifier(random_state=0).fit(X, y)
    assert (model.chosen_, model.cv_log_loss_) == ("logistic", {})
    assert np.isfinite(model.predict_proba(X)).all()


@pytest.mark.parametrize("seed", range(3))
def test_calibration_is_scikit_learns(seed):
    X, y = make_classification(300, flip_y=0.2, random_state=seed)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    theirs = CalibratedClassifierCV(LogisticRegression(), method="sigmoid", ensemble=False, cv=folds).fit(X, y)
    unseen = np.empty(len(y))
    for train, test in folds.split(X, y):
        unseen[test] = LogisticRegression().fit(X[train], y[train]).decision_function(X[test])
    ours = Calibration.fit(unseen, y, np.ones(len(y)))
    calibrated = expit(ours.apply(LogisticRegression().fit(X, y).decision_function(X)))
    assert calibrated == pytest.approx(theirs.predict_proba(X)[:, 1], abs=1e-4)


def test_calibration_never_turns_a_direction_round():
    second = np.array([0, 0, 0, 1, 1, 1])
    calibration = Calibration.fit(np.array([3.0, 2.0, 2.5, -1.0, -2.0, -3.0]), second, np.ones(6))
    assert calibration.slope == 0
    assert Calibration.fit(np.full(6, 0.3), second, np.ones(6)).slope == 0


def test_directions_that_do_not_fit_the_signals_are_refused():
    X, y = accounts(100)
    with pytest.raises(ValueError, match="directions must be 6 numbers"):
        SplineLogistic(directions=(1, 0)).fit(X, y)


@pytest.mark.parametrize(
    ("model", "finding"),
    [
        (PairwiseTrees(n_bags=0), "n_bags"),
        (PairwiseTrees(bag_share=1.5), "bag_share"),
        (SplineLogistic(penalty=0), "penalty"),
        (RelationshipClassifier(n_folds=1), "n_folds"),
    ],
)
def test_a_parameter_out_of_range_is_refused(model, finding):
    X, y = accounts(100)
    with pytest.raises(ValueError, match=finding):
        model.fit(X, y)


def test_weighted_accounts_are_parted_as_they_were_learned():
    """Weighted accounts come binned; a value must score as the rest of its bin, of which the greatest was learned."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(900, 3))
    X[rng.random(900) < 0.1, 2] = np.nan
    y = (X[:, 0] + rng.normal(size=900) > 0).astype(int)
    trees = PairwiseTrees(n_bags=2, max_iter=20, max_bins=16, min_samples_leaf=5, random_state=0)
    model = trees.fit(X, y, sample_weight=rng.uniform(0.5, 2.0, 900))
    raised = _lift(X, [_tops(column, 16) for column in X.T])
    assert len(np.unique(raised[:, 0])) <= 16
    assert (model.decision_function(X) == model.decision_function(raised)).all()
    assert (model.predict(X) == y).mean() > 0.7
