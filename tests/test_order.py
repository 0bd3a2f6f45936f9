"""In which order accounts are asked about: what must hold whatever the accounts are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.order import next_to_ask, standing, uncertainty

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

seeds = st.integers(0, 2**32 - 1)


def draw_accounts(seed: int, *, coarse: bool) -> tuple[Floats, Floats, Rows]:
    """Signals with ties and gaps, probabilities, and the rows asked about; coarse ones have many equals."""
    rng = np.random.default_rng(seed)
    n, n_signals = int(rng.integers(1, 40)), int(rng.integers(0, 6))
    X = rng.normal(size=(n, n_signals))
    if coarse:
        X = np.round(X)
    X[rng.random(X.shape) < 0.2] = np.nan
    probability = np.round(rng.random(n), 1) if coarse else rng.random(n)
    return X, probability, rng.permutation(n)[: int(rng.integers(0, n + 1))]


@given(seed=seeds, coarse=st.booleans(), n=st.integers(0, 50))
def test_each_is_asked_once_and_none_again(seed: int, coarse: bool, n: int) -> None:
    X, probability, asked = draw_accounts(seed, coarse=coarse)
    chosen = next_to_ask(X, probability, asked, n)
    assert len(chosen) == min(n, len(X) - len(asked))
    assert len(np.unique(chosen)) == len(chosen)
    assert not np.isin(chosen, asked).any()


@given(seed=seeds, coarse=st.booleans(), known=st.booleans())
def test_the_order_of_the_accounts_has_no_say(seed: int, coarse: bool, known: bool) -> None:
    X, probability, asked = draw_accounts(seed, coarse=coarse)
    shuffled = np.random.default_rng(seed + 1).permutation(len(X))
    said = (probability, probability[shuffled]) if known else (None, None)
    first = next_to_ask(X, said[0], asked, 10)
    second = shuffled[next_to_ask(X[shuffled], said[1], np.argsort(shuffled)[asked], 10)]
    # Equal accounts may stand for each other; different ones may not.
    np.testing.assert_array_equal(X[first], X[second])
    if known:
        np.testing.assert_allclose(uncertainty(probability)[first], uncertainty(probability)[second], rtol=1e-12)


@given(seed=seeds, n=st.integers(1, 20))
def test_a_shorter_list_begins_a_longer_one(seed: int, n: int) -> None:
    X, probability, asked = draw_accounts(seed, coarse=False)
    longer = next_to_ask(X, probability, asked, n + 5)
    assert next_to_ask(X, probability, asked, n).tolist() == longer[:n].tolist()


@given(seed=seeds)
def test_a_choice_counts_as_asked(seed: int) -> None:
    X, probability, asked = draw_accounts(seed, coarse=False)
    first, *rest = next_to_ask(X, probability, asked, 6).tolist() or [None]
    if rest:
        assert next_to_ask(X, probability, np.append(asked, first), len(rest)).tolist() == rest


@given(seed=seeds, scale=st.floats(1e-3, 1e3), shift=st.floats(-100, 100))
def test_units_have_no_say(seed: int, scale: float, shift: float) -> None:
    X, probability, asked = draw_accounts(seed, coarse=True)
    expected = next_to_ask(X, probability, asked, 10)
    assert next_to_ask(X * scale + shift, probability, asked, 10).tolist() == expected.tolist()


@given(seed=seeds, n=st.integers(2, 30))
def test_of_accounts_alike_the_least_sure_comes_first(seed: int, n: int) -> None:
    probability = np.random.default_rng(seed).uniform(0.05, 0.95, n)
    first = next_to_ask(np.zeros((n, 2)), probability)[0]
    assert abs(probability[first] - 0.5) == np.abs(probability - 0.5).min()


def test_a_batch_does_not_ask_the_same_thing_twice() -> None:
    """Three places with twenty equal accounts each: three questions go to three places."""
    X = np.repeat([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]], 20, axis=0)
    chosen = next_to_ask(X, np.full(60, 0.5), n=3)
    assert sorted(chosen // 20) == [0, 1, 2]


def test_without_a_model_the_many_come_before_the_odd() -> None:
    X = np.concatenate([np.full((50, 3), 1.0), np.full((50, 3), 2.0), [[9.0, np.nan, 9.0]]])
    assert 100 not in next_to_ask(X, n=2)


def test_worth_decides_between_equals_and_nothing_is_worth_nothing() -> None:
    X, even = np.zeros((4, 1)), np.full(4, 0.5)
    assert next_to_ask(X, even, worth=np.array([1.0, 1.0, 3.0, 2.0]), n=4).tolist()[:2] == [2, 3]
    X = np.random.default_rng(0).normal(size=(30, 2))
    assert next_to_ask(X, worth=np.eye(30)[17], n=1).tolist() == [17]


@given(seed=seeds)
def test_standing_is_the_share_below(seed: int) -> None:
    column = np.round(np.random.default_rng(seed).normal(size=20), 1)
    expected = [(np.sum(column < value) + np.sum(column == value) / 2) / 20 for value in column]
    np.testing.assert_allclose(standing(column[:, None])[:, 0], expected)


def test_uncertainty_is_greatest_in_the_middle() -> None:
    p = np.linspace(0, 1, 101)
    assert np.argmax(uncertainty(p)) == 50
    np.testing.assert_allclose(uncertainty(p), uncertainty(1 - p))
    assert (np.diff(uncertainty(p)[:51]) > 0).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"probability": np.array([0.5, np.nan, 0.5])}, "Row 1"),
        ({"probability": np.array([0.5, 0.5])}, "3 accounts"),
        ({"worth": np.array([1.0, -1.0, 1.0])}, "worth"),
        ({"worth": np.array([1.0, np.inf, 1.0])}, "worth"),
        ({"asked": np.array([3])}, "0 to 2"),
        ({"asked": np.array([-1])}, "0 to 2"),
        ({"n": -1}, "n must be 0 or more"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        next_to_ask(np.zeros((3, 2)), **arguments)  # type: ignore[arg-type]


def test_no_accounts_are_no_answer() -> None:
    assert next_to_ask(np.zeros((0, 3)), n=5).tolist() == []
