"""The two promises of certified thresholds, against a known truth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from models.policy import Thresholds
from training.judging.certify import certify

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

WORLDS = {"even": (0.3, 0.3), "hard": (1.0, 0.9), "rare clients": (0.06, 1.4)}


def draw(shape: tuple[float, float], n: int, rng: np.random.Generator) -> tuple[Floats, Bools]:
    """Accounts whose probability is the truth."""
    p = rng.beta(*shape, size=n)
    return p, rng.random(n) < p


def automatic(p: Floats, thresholds: Thresholds) -> tuple[Bools, Bools]:
    """Where the answer is automatically client, and where customer."""
    nobody = np.zeros(len(p), dtype=bool)
    client = nobody if thresholds.client is None else p >= thresholds.client
    customer = nobody if thresholds.customer is None else p <= thresholds.customer
    return client, customer


def broken_promises(p: Floats, truth: Floats, thresholds: Thresholds) -> list[str]:
    """Which promises do not hold among all accounts, by their true probabilities."""
    client, customer = automatic(p, thresholds)
    wrong = {
        "client": (1 - truth[client]).sum() > thresholds.alpha * client.sum(),
        "customer": truth[customer].sum() > thresholds.alpha * customer.sum(),
        "spared": truth[customer].sum() > thresholds.beta * truth.sum(),
    }
    return [name for name, broken in wrong.items() if broken]


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("alpha", [0.05, 0.1])
def test_promises_are_broken_in_at_most_delta_of_the_draws(world: str, alpha: float) -> None:
    rng = np.random.default_rng(7)
    draws, delta = 150, 0.1
    truth = rng.beta(*WORLDS[world], size=50_000)
    broken, answered = 0, 0.0
    for _ in range(draws):
        p, y = draw(WORLDS[world], 1200, rng)
        thresholds = certify(p, y, alpha=alpha, delta=delta)
        broken += bool(broken_promises(truth, truth, thresholds))
        answered += sum(side.mean() for side in automatic(truth, thresholds)) / draws
    assert broken <= binom.ppf(0.999, draws, delta)
    assert answered > 0.02, "a certificate that never answers keeps any promise"


def test_promises_hold_for_scores_that_are_too_sure_of_themselves() -> None:
    rng = np.random.default_rng(8)
    draws = 150

    def boast(p: Floats) -> Floats:
        odds = (p / (1 - p)) ** 2
        return odds / (1 + odds)

    truth = rng.beta(0.6, 0.6, size=50_000).clip(1e-6, 1 - 1e-6)
    broken = 0
    for _ in range(draws):
        p, y = draw((0.6, 0.6), 1200, rng)
        thresholds = certify(boast(p.clip(1e-6, 1 - 1e-6)), y)
        broken += bool(broken_promises(boast(truth), truth, thresholds))
    assert broken <= binom.ppf(0.999, draws, 0.1)


def test_rare_clients_are_spared() -> None:
    rng = np.random.default_rng(9)
    p, y = draw((0.1, 2.4), 6000, rng)
    assert 0.02 < y.mean() < 0.06
    careless, careful = certify(p, y, beta=0.999), certify(p, y)
    assert careless.customer == pytest.approx(0.5)
    assert careful.customer is not None
    assert careful.customer < 0.5
    assert (y & (p <= careful.customer)).sum() < (y & (p <= 0.5)).sum()


def test_review_for_another_reason_is_no_automatic_error() -> None:
    rng = np.random.default_rng(10)
    p, y = draw((0.4, 0.4), 3000, rng)
    doubtful = rng.random(3000) < 0.3
    mislabelled = y ^ doubtful
    assert certify(p, mislabelled) == Thresholds(client=None, customer=None)
    assert certify(p, mislabelled, eligible=~doubtful).client is not None


def test_all_true_clients_count_whether_or_not_they_could_be_answered() -> None:
    rng = np.random.default_rng(11)
    p, y = draw((0.5, 0.5), 3000, rng)
    eligible = ~y | (rng.random(3000) < 0.02)
    with_them = certify(p, y, eligible, beta=0.02)
    without = certify(p[eligible], y[eligible], beta=0.02)
    assert with_them.customer is not None
    assert without.customer is None or without.customer < with_them.customer


@pytest.mark.parametrize("n", [0, 1, 20, 58])
def test_few_accounts_promise_nothing(n: int) -> None:
    y = np.arange(n) % 2 == 0
    assert certify(y.astype(float), y) == Thresholds(client=None, customer=None)


def test_fewest_accounts_that_can_promise() -> None:
    # 0.95 ** 59 is the first below 0.05.
    y = np.repeat([True, False], 59)
    thresholds = certify(y.astype(float), y)
    assert thresholds.client is not None
    assert thresholds.customer is not None
    one_less = np.repeat([True, False], 58)
    assert certify(one_less.astype(float), one_less) == Thresholds(client=None, customer=None)


def test_one_class_alone() -> None:
    y = np.ones(500, dtype=bool)
    thresholds = certify(np.full(500, 0.9), y)
    assert thresholds.client is not None
    assert thresholds.customer is None


@given(st.integers(0, 2**32 - 1), st.integers(0, 800), st.booleans())
def test_thresholds_stay_on_their_side(seed: int, n: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    p, y = draw((0.3, 0.3), n, rng)
    p = np.round(p, 1) if ties else p
    thresholds = certify(p, y)
    assert thresholds.client is None or 0.5 < thresholds.client <= 1.0
    assert thresholds.customer is None or 0.0 <= thresholds.customer < 0.5


@given(st.integers(0, 2**32 - 1))
def test_the_order_of_accounts_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p, y = draw((0.3, 0.3), 600, rng)
    order = rng.permutation(600)
    assert certify(p, y) == certify(p[order], y[order])


@given(st.integers(0, 2**32 - 1))
def test_both_sides_are_treated_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p, y = draw((0.3, 0.3), 600, rng)
    there, back = certify(p, y, beta=0.999), certify(1 - p, ~y, beta=0.999)
    assert (there.client is None) == (back.customer is None)
    if there.client is not None and back.customer is not None:
        assert there.client == pytest.approx(1 - back.customer, abs=1e-12)


@pytest.mark.parametrize("limit", ["alpha", "beta", "delta"])
@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, float("nan")])
def test_limits_are_shares(limit: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{limit} is {value}"):
        certify(np.array([0.5]), np.array([True]), **{limit: value})


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_probabilities_are_probabilities(value: float) -> None:
    with pytest.raises(ValueError, match="outside 0 to 1"):
        certify(np.array([value]), np.array([True]))


# --- accounts that were labelled with unequal chances


def draw_audited(n: int, rng: np.random.Generator) -> tuple[Floats, Bools, Floats]:
    """Of 2 n accounts those labelled: one half is, and the scores never misjudge it; of the others one in 20 is."""
    p = rng.beta(0.4, 0.4, size=2 * n)
    own = rng.random(2 * n) < 0.5
    y = np.where(own, p > 0.5, rng.random(2 * n) < p)
    labelled = np.flatnonzero(own | (rng.random(2 * n) < 0.05))
    return p[labelled], y[labelled], np.where(own, 1.0, 20.0)[labelled]


def test_promises_hold_for_all_accounts_where_the_easy_ones_are_labelled_more_often() -> None:
    rng = np.random.default_rng(12)
    draws = 150
    p = rng.beta(0.4, 0.4, size=50_000)
    truth = (p + (p > 0.5)) / 2
    weighted, ignored, answered = 0, 0, 0.0
    for turn in range(draws):
        scores, y, weights = draw_audited(4000, rng)
        thresholds = certify(scores, y, weights=weights, seed=turn)
        weighted += bool(broken_promises(p, truth, thresholds))
        ignored += bool(broken_promises(p, truth, certify(scores, y)))
        answered += sum(side.mean() for side in automatic(p, thresholds)) / draws
    assert weighted <= binom.ppf(0.999, draws, 0.1)
    assert ignored > 0.9 * draws
    assert answered > 0.1


@given(st.integers(0, 2**32 - 1), st.floats(1e-6, 1e6), st.integers(0, 100))
def test_equal_weights_change_nothing(seed: int, weight: float, for_draw: int) -> None:
    p, y = draw((0.3, 0.3), 800, np.random.default_rng(seed))
    assert certify(p, y, weights=np.full(800, weight), seed=for_draw) == certify(p, y)


@given(st.integers(0, 2**32 - 1), st.integers(-20, 20))
def test_the_scale_of_weights_does_not_matter(seed: int, power: int) -> None:
    rng = np.random.default_rng(seed)
    p, y = draw((0.3, 0.3), 800, rng)
    weights = rng.choice([1.0, 3.0, 50.0 / 7.0], size=800)
    assert certify(p, y, weights=weights * 10.0**power, seed=5) == certify(p, y, weights=weights, seed=5)


@given(st.integers(0, 2**32 - 1))
def test_an_account_of_no_weight_is_as_if_it_were_not_there(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p, y = draw((0.3, 0.3), 1000, rng)
    eligible, there = rng.random(1000) < 0.9, rng.random(1000) < 0.8
    alone = certify(p[there], y[there], eligible[there])
    assert certify(p, y, eligible, weights=np.where(there, 2.5, 0.0)) == alone
    assert certify(p, np.where(there, y, ~y), eligible, weights=np.where(there, 2.5, 0.0)) == alone


def test_unequal_weights_are_drawn_by_the_seed_alone() -> None:
    p, y, weights = draw_audited(4000, np.random.default_rng(13))
    assert certify(p, y, weights=weights, seed=1) == certify(p, y, weights=weights, seed=1)
    assert len({certify(p, y, weights=weights, seed=seed) for seed in range(5)}) > 1


@pytest.mark.parametrize("n", [0, 500])
def test_without_any_weight_nothing_is_promised(n: int) -> None:
    p, y = draw((0.05, 0.05), n, np.random.default_rng(14))
    assert certify(p, y, weights=np.zeros(n)) == Thresholds(client=None, customer=None)


@pytest.mark.parametrize("weight", [-1.0, float("inf"), float("nan")])
def test_weights_are_weights(weight: float) -> None:
    with pytest.raises(ValueError, match="A weight is below 0, infinite or nan"):
        certify(np.array([0.5]), np.array([True]), weights=np.array([weight]))
