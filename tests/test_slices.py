"""Figures of parts of the accounts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from features.signals import SIGNAL_NAMES
from tests.datasets import dataset_of
from training.judging.metrics import estimate, probability_figures
from training.judging.slices import LEAST_IN_SLICE, OTHER, UNKNOWN, slice_figures, slices_of


def test_the_parts_of_an_account() -> None:
    dataset = dataset_of(np.arange(8) % 2 == 0)
    dataset.X[:, SIGNAL_NAMES.index("spend")] = [1, 2, 3, 4, 5, 6, 7, np.nan]
    dataset.X[:, SIGNAL_NAMES.index("tenure_days")] = [0, 89, 90, 364, 365, 1094, 1095, np.nan]
    dataset.facts["industry"] = ["law", None, *["trade"] * 6]
    parts = slices_of(dataset)
    assert parts["industry"].tolist()[:3] == ["law", UNKNOWN, "trade"]
    assert set(parts["party"]) == {UNKNOWN}
    assert [name.split()[0] for name in parts["size"]] == [
        *("lowest", "lowest", "second", "second", "third", "highest", "highest", UNKNOWN)
    ]
    assert [name.removeprefix("known ") for name in parts["age"]] == [
        *("under 90 days",) * 2,
        *("90 days to 1 year",) * 2,
        *("1 to 3 years",) * 2,
        "3 years and longer",
        UNKNOWN,
    ]


def test_a_part_has_the_figures_of_its_accounts_alone() -> None:
    rng = np.random.default_rng(0)
    y, p = rng.random(300) < 0.5, rng.random(300)
    values = np.where(np.arange(300) < 200, "law", "trade").astype(object)
    weights = np.where(np.arange(300) % 3 == 0, 2.0, 1.0)
    law, trade = slice_figures({"industry": values}, y, p, 1 - p, weights, seed=4)
    assert (law.value, law.n, trade.value, trade.n) == ("law", 200, "trade", 100)
    assert law.n_client == y[:200].sum()
    alone = estimate({"auroc": probability_figures(y[:200], p[:200])["auroc"]}, weights[:200], seed=4, draws=200)[
        "auroc"
    ]
    assert law.figures["auroc"] == alone
    assert law.rules["auroc"].value == 1 - np.float64(law.figures["auroc"].value)


@settings(max_examples=settings.default.max_examples // 5)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 260), kinds=st.integers(1, 12))
def test_every_judged_account_is_in_one_part(seed: int, n: int, kinds: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.array([f"line {k}" for k in rng.integers(0, kinds, n)], dtype=object)
    weights = (rng.random(n) < 0.8).astype(float)
    found = slice_figures({"industry": values}, rng.random(n) < 0.5, rng.random(n), rng.random(n), weights, seed=0)
    assert sum(part.n for part in found) == weights.sum()
    assert all(part.n >= LEAST_IN_SLICE for part in found if part.value != OTHER)
    assert [part.value for part in found].count(OTHER) <= 1


def test_a_slice_of_which_nothing_is_known_is_left_out() -> None:
    unknown = pd.Series([UNKNOWN] * 100).to_numpy(dtype=object)
    rng = np.random.default_rng(0)
    assert (
        slice_figures({"party": unknown}, rng.random(100) < 0.5, rng.random(100), rng.random(100), np.ones(100), 0)
        == []
    )
