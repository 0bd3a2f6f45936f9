"""A challenger against the champion: on the same accounts, and neither on what it learned from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.signals import SIGNAL_NAMES
from models.bundle import Bundle
from models.curves import Curve
from models.scorecard import Scorecard
from models.shelf import Shelf
from tests.bundles import make_facts
from tests.quick import few_draws
from training.judging.slices import LEAST_IN_SLICE
from training.tracking.compare import Comparison, compare
from training.tracking.held_out import HeldOut, pseudonym
from training.tracking.merit import LEAST_COMPARED, SLICE_TOLERANCE, obstacles

CLIENT, CUSTOMER = [2.0] * len(SIGNAL_NAMES), [0.0] * len(SIGNAL_NAMES)


TRUE = float(np.log(9))  # log-odds of a label that is right nine times in ten


def make_scorecard(step: float) -> Scorecard:
    """Log-odds of plus or minus `step`, told by the first signal alone."""
    shares = np.array([0.5, 0.5, 0.0])
    levels = [np.array([-step, step, 0.0]), *[np.zeros(3)] * (len(SIGNAL_NAMES) - 1)]
    edges = np.array([1.0])
    return Scorecard(
        0.0, tuple(Curve.of_steps(name, edges, of, shares) for name, of in zip(SIGNAL_NAMES, levels, strict=True))
    )


def probability(card: Scorecard, X: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-card.score(X)))


def held_out(
    n: int = 120,
    card: Scorecard | None = None,
    first: int = 0,
    weights: np.ndarray | None = None,
    fold: np.ndarray | None = None,
    version: str = "mine",
    seed: int = 0,
) -> HeldOut:
    """Accounts of which nine in ten bear the label that their signals suggest."""
    rng = np.random.default_rng(seed)
    card = card or make_scorecard(TRUE)
    X = np.where(rng.random(n)[:, None] < 0.5, CLIENT, CUSTOMER)
    y = (X[:, 0] > 1) ^ (rng.random(n) < 0.1)
    fold = np.zeros(n, dtype=np.int64) if fold is None else fold
    return HeldOut(
        version=version,
        accounts=np.array([pseudonym(f"a{first + i}") for i in range(n)], dtype=object),
        y=y,
        weights=np.ones(n) if weights is None else weights,
        fold=fold,
        probability=np.where(fold >= 0, probability(card, X), np.nan),
        X=X,
        slices={"party": np.where(np.arange(n) % 2, "person", "organisation").astype(object)},
        scorecards=(card,),
    )


@pytest.fixture(scope="module", autouse=True)
def quickly() -> Iterator[None]:
    """Let figures come with intervals from few resamples; whether a model is better is told by as many as ever."""
    with few_draws():
        yield


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(tmp_path_factory.mktemp("compare"))


def bundle(shelf: Shelf, step: float = 0.5, **facts: object) -> Bundle:
    return shelf.put(make_facts(**facts), make_scorecard(step), created_at=None)


def log_loss(y: np.ndarray, p: np.ndarray, weights: np.ndarray) -> float:
    return float(np.average(-np.log(np.where(y, p, 1 - p)), weights=weights))


def test_where_the_champion_never_saw_an_account_its_scorecard_answers(shelf: Shelf) -> None:
    mine, champion = held_out(), bundle(shelf)
    found = compare(mine, champion, held_out(first=1000))
    assert (found.n_by_scorecard, found.n_out_of_fold, found.n_left_out) == (120, 0, 0)
    theirs = probability(champion.scorecard, mine.X)
    expected = log_loss(mine.y, mine.probability, mine.weights) - log_loss(mine.y, theirs, mine.weights)
    assert found.difference.value == pytest.approx(expected, abs=1e-12)
    assert found.known


def test_where_it_learned_from_the_account_the_fold_without_it_answers(shelf: Shelf) -> None:
    mine, flattered = held_out(card=make_scorecard(1.0)), bundle(shelf, step=TRUE)
    found = compare(mine, flattered, held_out(card=make_scorecard(1.0)))
    assert found.n_out_of_fold == 120
    assert found.difference.value == 0
    assert (found.difference.low, found.difference.high) == (0, 0)
    assert not found.better
    assert found.n_switched == 0


def test_what_no_fold_is_without_is_left_out_and_counted(shelf: Shelf) -> None:
    early = np.where(np.arange(120) < 30, -1, 0)
    found = compare(held_out(), bundle(shelf), held_out(n=120, fold=early, first=60))
    assert found.n_left_out == 30
    assert (found.n_by_scorecard, found.n_out_of_fold) == (60, 30)
    assert found.n == 90


def test_accounts_picked_by_hand_judge_nobody(shelf: Shelf) -> None:
    weights = np.where(np.arange(120) < 40, 0.0, 1.0)
    assert compare(held_out(weights=weights), bundle(shelf), None).n == 80


def test_an_account_that_stands_for_three_counts_thrice(shelf: Shelf) -> None:
    weights = np.where(np.arange(120) < 40, 3.0, 1.0)
    mine, champion = held_out(weights=weights), bundle(shelf)
    found = compare(mine, champion, None)
    theirs = probability(champion.scorecard, mine.X)
    assert found.figures["champion"]["log_loss"].value == pytest.approx(log_loss(mine.y, theirs, weights), abs=1e-12)


def test_a_champion_of_unknown_schooling_is_said_to_be_so(shelf: Shelf) -> None:
    assert not compare(held_out(), bundle(shelf), None).known
    assert compare(held_out(), bundle(shelf, starter=True), None).known


def test_nothing_in_common_is_no_difference(shelf: Shelf) -> None:
    learned_by_all = held_out(fold=np.full(120, -1))
    found = compare(held_out(), bundle(shelf), learned_by_all)
    assert found.n == 0
    assert found.difference.value is None
    assert not found.better
    assert "Label more accounts" in obstacles(bundle(shelf), found)[0]


@settings(max_examples=settings.default.max_examples // 10)
@given(one=st.floats(0.1, 3.0), other=st.floats(0.1, 3.0), seed=st.integers(0, 99))
def test_the_two_sides_can_change_places(
    one: float, other: float, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shelf = Shelf(tmp_path_factory.getbasetemp() / "sides")
    first = held_out(card=make_scorecard(one), seed=seed)
    second = held_out(card=make_scorecard(other), seed=seed)
    there = compare(first, bundle(shelf, other), second).difference
    back = compare(second, bundle(shelf, one), first).difference
    for end, opposite in (("value", "value"), ("low", "high"), ("high", "low")):
        assert getattr(there, end) == pytest.approx(-getattr(back, opposite), abs=1e-12)


@pytest.mark.slow
def test_the_interval_holds_the_true_difference_about_as_often_as_it_says(shelf: Shelf) -> None:
    champion = bundle(shelf)
    population = held_out(n=50_000, seed=1)
    theirs = probability(champion.scorecard, population.X)
    truth = log_loss(population.y, population.probability, population.weights)
    truth -= log_loss(population.y, theirs, population.weights)
    draws = [compare(held_out(n=150, seed=seed), champion, None).difference for seed in range(2, 22)]
    held = sum(draw.low <= truth <= draw.high for draw in draws if draw.low is not None and draw.high is not None)
    assert held >= 16  # of 20; at 95 % each, fewer come once in 3,000 times


def spoiled(n: int, part: int) -> HeldOut:
    """A challenger that is good but for one part of the accounts, in which it is sure of the opposite."""
    mine = held_out(n=n)
    inside = np.arange(n) < part
    p = np.where(inside, np.where(mine.y, 0.3, 0.7), np.where(mine.y, 0.97, 0.03))
    mine.slices["industry"] = np.where(inside, "[Retail]", "unknown").astype(object)
    mine.probability[:] = p
    return mine


def judged(shelf: Shelf, mine: HeldOut, tolerance: float = SLICE_TOLERANCE.value) -> tuple[Comparison, tuple[str, ...]]:
    champion = bundle(shelf)
    found = compare(mine, champion, None)
    return found, obstacles(bundle(shelf, seed=7), found, tolerance)


def test_a_part_that_gets_surely_worse_is_an_obstacle(shelf: Shelf) -> None:
    found, against = judged(shelf, spoiled(600, LEAST_IN_SLICE))
    assert found.better
    worst = found.slices[0]
    assert (worst.slice, worst.value, worst.n) == ("industry", "[Retail]", LEAST_IN_SLICE)
    assert len(against) == 1
    assert against[0].startswith(f"On industry = [Retail] ({LEAST_IN_SLICE} accounts")


def test_a_smaller_part_is_not_judged(shelf: Shelf) -> None:
    found, against = judged(shelf, spoiled(600, LEAST_IN_SLICE - 1))
    assert not [part for part in found.slices if part.value == "[Retail]"]
    assert against == ()


def test_what_is_tolerated_is_no_obstacle(shelf: Shelf) -> None:
    assert judged(shelf, spoiled(600, 60), tolerance=5.0)[1] == ()


def test_a_model_that_is_better_throughout_meets_no_obstacle(shelf: Shelf) -> None:
    found = compare(held_out(n=400), bundle(shelf), None)
    assert found.better
    assert obstacles(bundle(shelf, seed=7), found) == ()


def test_a_worse_model_is_told_by_how_much(shelf: Shelf) -> None:
    (against,) = (each for each in judged(shelf, held_out(card=make_scorecard(0.2)))[1] if "surely better" in each)
    assert "95 % interval" in against
    assert "which flatters it" in against


def test_too_few_accounts_prove_nothing(shelf: Shelf) -> None:
    few = int(LEAST_COMPARED.value) - 1
    found, against = judged(shelf, held_out(n=2 * few))
    assert min(found.n_client, found.n_customer) <= few
    assert "20 of each" in against[0]


def test_answers_of_the_rules_prove_nothing(shelf: Shelf) -> None:
    found = compare(held_out(n=400), bundle(shelf), None)
    (against,) = obstacles(bundle(shelf, seed=7, taught_by="rules"), found)
    assert "distilled from the rules" in against


def test_the_store_of_a_comparison_is_only_read(shelf: Shelf, tmp_path: Path) -> None:
    champion = bundle(Shelf(tmp_path))
    before = sorted(path.name for path in tmp_path.rglob("*"))
    compare(held_out(), champion, None)
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
