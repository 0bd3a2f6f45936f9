"""Folds: nobody is judged by a model that saw them, and by time nobody learns from the future."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.events import BadInput
from tests.datasets import DAY, dataset_of
from training.judging.folds import LEAST_PER_CLASS, N_FOLDS, split


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(60, 200), size=st.integers(1, 3))
def test_by_account_each_is_judged_once_and_groups_stay_together(seed: int, n: int, size: int) -> None:
    y = np.random.default_rng(seed).random(n) < 0.5
    dataset = replace(dataset_of(y), groups=np.arange(n) // size)
    splits = split(dataset, seed)
    assert len(splits) == N_FOLDS
    assert sorted(np.concatenate([unseen for _, unseen in splits])) == list(range(n))
    for seen, unseen in splits:
        assert set(dataset.groups[seen]).isdisjoint(dataset.groups[unseen])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(200, 400), days=st.integers(50, 400))
def test_by_time_nobody_learns_from_the_future(seed: int, n: int, days: int) -> None:
    rng = np.random.default_rng(seed)
    dataset = dataset_of(rng.random(n) < 0.5, as_of=rng.integers(0, days, n) * DAY)
    splits = split(dataset, seed, "time")
    assert len(splits) == N_FOLDS
    judged = np.concatenate([unseen for _, unseen in splits])
    assert len(set(judged)) == len(judged) >= 0.4 * n
    assert dataset.as_of.max() == dataset.as_of[judged].max()
    for seen, unseen in splits:
        assert dataset.as_of[seen].max() < dataset.as_of[unseen].min()


def test_labels_without_a_time_cannot_be_split_by_time() -> None:
    with pytest.raises(BadInput, match=r"0 of 100 have one in `labelled_at`.*split by account"):
        split(dataset_of(np.arange(100) % 2 == 0), 0, "time")


def test_labels_of_one_day_cannot_be_split_by_time() -> None:
    with pytest.raises(BadInput, match="1 times are too few"):
        split(dataset_of(np.arange(100) % 2 == 0, as_of=np.full(100, DAY)), 0, "time")


def test_a_past_without_clients_cannot_be_learned_from() -> None:
    y = np.arange(200) >= 100
    with pytest.raises(BadInput, match=f"holds 0 of one class; it needs {LEAST_PER_CLASS}"):
        split(dataset_of(y, as_of=np.arange(200) * DAY), 0, "time")
