"""The estimators are scikit-learn's in behaviour, and the scorecard is the estimator."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.scorecard import Scorecard
from training.calibration import Calibration
from training.compile import compile_scorecard
from training.estimator import PairwiseTrees, RelationshipClassifier, SplineLogistic

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


def test_it_chooses_the_candidate_with_the_lower_log_loss():
    X, y = accounts(400)
    model = RelationshipClassifier(trees=FEW_TREES, random_state=0).fit(X, y)
    assert set(model.cv_log_loss_) == {"trees", "logistic"}
    assert model.cv_log_loss_[model.chosen_] == min(model.cv_log_loss_.values())
    blunt = RelationshipClassifier(trees=PairwiseTrees(n_bags=1, max_iter=1), random_state=0).fit(X, y)
    assert blunt.chosen_ == "logistic"


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
