"""The rules as a scikit-learn estimator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.estimator_checks import parametrize_with_checks

from features.signals import SIGNAL_NAMES
from models.rule_classifier import RuleClassifier
from models.rules import Rule, RuleBook

POSITIONAL = RuleBook((Rule("first column", "x0 > 0", "client", 1.5, "It is positive."),), signal_names=("x0",))
PAIR = RuleBook(
    (
        Rule("met", "x0 >= 1", "client", 1.0, "They met."),
        Rule("goods", "x1 >= 1", "customer", 1.0, "They buy goods."),
    ),
    signal_names=("x0", "x1"),
)


@parametrize_with_checks([RuleClassifier(POSITIONAL), RuleClassifier(POSITIONAL, learn_weights=True)])
def test_keeps_scikit_learns_contract(estimator, check):
    check(estimator)


def test_columns_are_found_by_name_and_a_missing_one_is_unknown():
    table = pd.DataFrame({"unrelated": [9.0, 9.0], "retainer_active": [1.0, 0.0]})
    fitted = RuleClassifier().fit(table, ["client", "customer"])
    expected = np.full((2, len(SIGNAL_NAMES)), np.nan)
    expected[:, SIGNAL_NAMES.index("retainer_active")] = [1.0, 0.0]
    scores = RuleBook.default().score(expected)
    assert fitted.classes_.tolist() == ["client", "customer"]
    np.testing.assert_array_equal(fitted.decision_function(table), -scores.log_odds)
    assert fitted.predict(table).tolist() == ["client", "customer"]


def test_nameless_columns_must_be_the_signals():
    with pytest.raises(ValueError, match="3 features without names"):
        RuleClassifier().fit(np.zeros((2, 3)), ["client", "customer"])
    full = np.zeros((2, len(SIGNAL_NAMES)))
    assert RuleClassifier().fit(full, ["client", "customer"]).predict_proba(full).shape == (2, 2)


def test_precision_is_measured_with_counts():
    X = [[1, 0], [1, 0], [1, 1], [0, 0], [0, 0]]
    y = ["client", "client", "customer", "customer", "client"]
    fitted = RuleClassifier(PAIR).fit(X, y)
    # met held in 3 accounts, 2 of them clients; goods in 1, a customer.
    np.testing.assert_allclose(fitted.rule_counts_, [3, 1])
    np.testing.assert_allclose(fitted.rule_precision_, [2 / 3, 1])
    weighted = RuleClassifier(PAIR).fit(X, y, sample_weight=[1, 1, 2, 1, 1])
    np.testing.assert_allclose(weighted.rule_precision_, [2 / 4, 1])


def test_precision_of_a_rule_that_never_held_is_unknown():
    fitted = RuleClassifier(PAIR).fit([[1, 0], [0, 0]], ["client", "customer"])
    assert fitted.rule_counts_[1] == 0
    assert np.isnan(fitted.rule_precision_[1])


def test_learned_weights_recover_the_truth():
    rng = np.random.default_rng(3)
    X = rng.integers(0, 2, (20_000, 2)).astype(float)
    truth = X @ [2.0, -0.5]
    y = np.where(rng.random(len(X)) < 1 / (1 + np.exp(-truth)), "client", "customer")
    learned = RuleClassifier(PAIR, learn_weights=True).fit(X, y)
    # Standard errors of about 0.03 at this size.
    np.testing.assert_allclose([rule.weight for rule in learned.book_.rules], [2.0, 0.5], atol=0.12)
    assert PAIR.rules[0].weight == 1.0


def test_a_rule_that_the_labels_contradict_falls_silent_but_never_changes_sides():
    X = np.repeat([[1.0, 0.0], [0.0, 1.0]], 300, axis=0)
    y = np.repeat(["customer", "client"], 300)
    learned = RuleClassifier(PAIR, learn_weights=True).fit(X, y)
    assert [rule.weight for rule in learned.book_.rules] == [0.0, 0.0]


def test_few_labels_hardly_move_what_was_written():
    learned = RuleClassifier(PAIR, learn_weights=True, prior_strength=1000.0).fit(
        [[1, 0], [0, 1]], ["client", "customer"]
    )
    np.testing.assert_allclose([rule.weight for rule in learned.book_.rules], [1.0, 1.0], atol=0.01)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=2, max_size=30))
def test_learned_weights_keep_unanimous_votes(rows):
    labels = ["client" if row[2] else "customer" for row in rows]
    if len(set(labels)) < 2:
        labels[0] = "client" if labels[0] == "customer" else "customer"
    X = np.array([row[:2] for row in rows], dtype=float)
    learned = RuleClassifier(replace(PAIR, prior_log_odds=0.4), learn_weights=True).fit(X, labels)
    assert learned.predict([[1.0, 0.0], [0.0, 1.0]]).tolist() == ["client", "customer"]


def test_prior_strength_must_be_positive():
    with pytest.raises(ValueError, match="prior_strength"):
        RuleClassifier(PAIR, learn_weights=True, prior_strength=0).fit([[1, 0], [0, 1]], ["client", "customer"])


@pytest.mark.parametrize("labels", [["client", "client"], ["client", "customer", "prospect"]])
def test_two_classes_are_needed(labels):
    with pytest.raises(ValueError, match=r"[Oo]ne class|binary"):
        RuleClassifier(PAIR).fit(np.zeros((len(labels), 2)), labels)
