"""One label an account: who outranks whom, what contradicts, and who may be judged by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.arrow import to_micros
from models.rules import RuleBook
from tests.datasets import dataset_of
from tests.quick import few_draws
from training.estimation.estimator import PairwiseTrees, RelationshipClassifier
from training.judging.evaluate import Answers, measure
from training.labelled.labels import Given, Resolved, resolve_labels
from training.labelled.provenance import count_labels
from training.train import Trained, train

AS_OF = to_micros("2026-07-01")


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    names = ("account_id", "relationship", "labelled_at", "source", "labeller", "inclusion")
    table = pd.DataFrame([{**dict.fromkeys(names), **row} for row in rows], columns=names)
    return table.assign(
        labelled_at=pd.to_datetime(table["labelled_at"], utc=True), inclusion=table["inclusion"].astype("float64")
    )


def said(relationship: str, account_id: str = "a", **more: Any) -> dict[str, Any]:
    return {"account_id": account_id, "relationship": relationship, **more}


def one(*rows: dict[str, Any]) -> Resolved:
    found = resolve_labels(frame(*rows), AS_OF)
    assert found.account_ids.tolist() == ["a"]
    return found


@pytest.mark.parametrize(
    ("rows", "client"),
    [
        ([said("client"), said("customer")], False),  # of two by the same, the later row
        ([said("customer", labelled_at="2026-02-01"), said("client", labelled_at="2026-01-01")], False),
        (
            [said("client", source="reviewer", labelled_at="2025-01-01"), said("customer", labelled_at="2026-01-01")],
            True,
        ),
        ([said("client", source="reviewer", labelled_at="2026-08-01"), said("customer")], False),  # not yet given
        ([said("client"), said("customer", source="rules")], True),
    ],
)
def test_a_reviewer_outranks_the_crm_and_later_outranks_earlier(rows: list[dict[str, Any]], client: bool) -> None:
    assert one(*rows).client.tolist() == [client]


def test_contradictions_are_listed_and_not_averaged() -> None:
    found = one(
        said("customer", labelled_at="2026-01-01", labeller="kim"),
        said("client", labelled_at="2026-02-01", labeller="lee"),
        said("customer", source="reviewer", labelled_at="2025-06-01", labeller="ada"),
    )
    (listed,) = found.contradictions
    assert listed.account_id == "a"
    assert listed.kept == Given("customer", "reviewer", "ada", to_micros("2025-06-01"))
    assert listed.others == (Given("client", "crm", "lee", to_micros("2026-02-01")),)
    assert found.left_out == {"outranked by another label": 2}


def test_labels_that_agree_contradict_nobody() -> None:
    assert one(said("client"), said("client", source="reviewer")).contradictions == ()


@pytest.mark.parametrize(
    ("rows", "inclusion"),
    [
        ([said("client")], 1.0),  # the CRM labels its own as they come
        ([said("client", source="reviewer")], np.nan),  # the desk asked: picked by hand
        ([said("client", source="reviewer", inclusion=0.02)], 0.02),  # drawn for the audit
        ([said("client"), said("customer", source="reviewer")], 1.0),  # corrected, and still one of the CRM's own
        ([said("client", source="reviewer", inclusion=0.02), said("client", source="reviewer")], 0.02),
        ([said("client", inclusion=0.5)], 0.5),
    ],
)
def test_how_an_account_was_chosen(rows: list[dict[str, Any]], inclusion: float) -> None:
    np.testing.assert_array_equal(one(*rows).inclusion, [inclusion])


def test_counts_say_where_labels_came_from() -> None:
    found = resolve_labels(
        frame(
            said("client", "a", labelled_at="2026-01-05", labeller="kim"),
            said("customer", "b", labelled_at="2026-03-05", labeller="kim"),
            said("customer", "c", source="reviewer", labeller="ada"),
            said("prospect", "d"),
            said("client", "e", source="rules"),
        ),
        AS_OF,
    )
    counts = count_labels(found, np.arange(len(found.account_ids)), found.left_out)
    assert counts.by_source == {"crm": {"client": 1, "customer": 1}, "reviewer": {"client": 0, "customer": 1}}
    assert (counts.hand_picked, counts.labellers) == (1, 2)
    assert (counts.earliest, counts.latest) == ("2026-01-05", "2026-03-05")
    assert counts.left_out == {"prospect": 1, "given by the rules": 1}


rows_of_labels = st.lists(
    st.builds(
        said,
        st.sampled_from(["client", "customer", "prospect"]),
        st.sampled_from("abcd"),
        labelled_at=st.sampled_from([None, "2026-01-01", "2026-02-01", "2026-09-01"]),
        source=st.sampled_from([None, "crm", "reviewer", "rules"]),
        inclusion=st.sampled_from([None, 0.1, 1.0]),
    ),
    max_size=12,
)


@given(rows=rows_of_labels)
def test_every_label_is_kept_or_counted(rows: list[dict[str, Any]]) -> None:
    found = resolve_labels(frame(*rows), AS_OF)
    assert found.account_ids.is_unique
    assert len(found.account_ids) + sum(found.left_out.values()) == len(rows)
    assert ((found.inclusion > 0) | np.isnan(found.inclusion)).all()
    for listed in found.contradictions:
        assert {other.relationship for other in listed.others}.isdisjoint({listed.kept.relationship})
        assert listed.others


def test_hand_picked_accounts_are_learned_from_and_not_judged_by() -> None:
    """Half of the accounts were picked, and mislabelled: figures and thresholds must not know."""
    rng = np.random.default_rng(3)
    y = rng.random(600) < 0.5
    honest = dataset_of(y, strength=2.5)
    picked = np.arange(600) % 2 == 0
    misled = replace(
        honest, y=np.where(picked & (rng.random(600) < 0.4), ~y, y), inclusion=np.where(picked, np.nan, 1.0)
    )
    few = RelationshipClassifier(trees=PairwiseTrees(n_bags=1, max_iter=20, max_leaf_nodes=4), n_folds=2)
    with few_draws():
        found = train(misled, RuleBook.default(), seed=0, estimator=few)
    assert found.cross_fitted.weights.sum() == 300
    judged = found.cross_fitted.weights > 0
    with few_draws():
        again = measure(y[judged], Answers(*(column[judged] for column in astuple_of(found))), 0)
    for name, figure in found.facts.metrics["model"].items():
        assert figure.model_dump() == pytest.approx(again["model"][name].model_dump())
    assert found.facts.labels.hand_picked == honest.labels.hand_picked


def test_an_audit_sample_counts_for_all_that_it_stands_for() -> None:
    rng = np.random.default_rng(4)
    y = rng.random(400) < 0.5
    audited = replace(dataset_of(y), inclusion=np.where(np.arange(400) < 40, 0.02, 1.0))
    assert audited.weights.sum() == pytest.approx(40 * 50 + 360)
    few = RelationshipClassifier(trees=PairwiseTrees(n_bags=1, max_iter=10, max_leaf_nodes=4), n_folds=2)
    with few_draws():
        found = train(audited, RuleBook.default(), seed=0, estimator=few)
    loss = -np.log(np.where(y, found.cross_fitted.answers.model, 1 - found.cross_fitted.answers.model))
    assert found.summary["log_loss"] == pytest.approx(np.average(loss, weights=audited.weights))


def astuple_of(found: Trained) -> tuple[np.ndarray, ...]:
    return tuple(getattr(found.cross_fitted.answers, name) for name in Answers.__slots__)
