"""A scorecard is one function, whatever the number of rows, and its file is that function."""

import io
from itertools import combinations
from math import factorial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.scorecard import BrokenScorecard, Curve, PairTable, Scorecard
from training.estimation.purify import centre_curve, purify_table

N_SIGNALS = 5


def some_scorecard(seed: int, n_pairs: int = 6, sloped: bool = False) -> Scorecard:
    """Make a purified scorecard of random steps and tables, as `compile_scorecard` would."""
    rng = np.random.default_rng(seed)
    edges = [np.unique(rng.integers(-3, 4, size=rng.integers(0, 6)).astype(float)) for _ in range(N_SIGNALS)]
    shares = [rng.dirichlet(np.ones(len(one) + 2)) for one in edges]
    levels = [rng.normal(size=len(one) + 2) for one in edges]
    base, tables = float(rng.normal()), []
    for row, column in list(combinations(range(N_SIGNALS), 2))[:n_pairs]:
        values = rng.normal(size=(len(edges[row]) + 2, len(edges[column]) + 2))
        pure, rows, columns, mean = purify_table(values, shares[row], shares[column])
        base, levels[row], levels[column] = base + mean, levels[row] + rows, levels[column] + columns
        names = (f"signal_{row}", f"signal_{column}")
        tables.append(PairTable(names, edges[row], edges[column], pure, shares[row], shares[column]))
    curves = []
    for place in range(N_SIGNALS):
        curve = Curve.of_steps(f"signal_{place}", edges[place], levels[place], shares[place])
        curve, mean = centre_curve(curve, np.empty(0))
        base += mean
        if sloped and len(edges[place]) > 1:
            slopes, anchors = curve.slopes.copy(), curve.anchors.copy()
            slopes[1:-2], anchors[1:-2] = rng.normal(), edges[place][:-1]
            curve = Curve(curve.signal, curve.edges, curve.levels, slopes, anchors, curve.masses)
        curves.append(curve)
    return Scorecard(base, tuple(curves), tuple(tables))


def bin_of(edges: np.ndarray, value: float) -> int:
    return len(edges) + 1 if np.isnan(value) else int(sum(value > edge for edge in edges))


def by_hand(card: Scorecard, row: np.ndarray) -> float:
    """Add up one account's log-odds as the definition reads."""
    value = dict(zip(card.signal_names, row, strict=True))
    total = card.base
    for curve in card.curves:
        b = bin_of(curve.edges, value[curve.signal])
        total += curve.levels[b]
        total += curve.slopes[b] * (value[curve.signal] - curve.anchors[b]) if curve.slopes[b] else 0.0
    for table in card.tables:
        first, second = table.signals
        total += table.values[bin_of(table.row_edges, value[first]), bin_of(table.column_edges, value[second])]
    return total


signal_values = st.one_of(
    st.integers(-4, 4).map(float), st.sampled_from([np.nan, np.inf, -np.inf, 1e300, -1e300]), st.floats(-4, 4)
)
matrices = st.integers(0, 40).flatmap(lambda n: arrays(np.float64, (n, N_SIGNALS), elements=signal_values))


@settings(max_examples=40)
@given(seed=st.integers(0, 50), X=matrices, sloped=st.booleans())
def test_the_score_is_the_sum_of_base_curves_and_tables(seed, X, sloped):
    card = some_scorecard(seed, sloped=sloped)
    assert card.score(X) == pytest.approx([by_hand(card, row) for row in X], abs=1e-12)


@settings(max_examples=40)
@given(seed=st.integers(0, 50), X=matrices, sloped=st.booleans(), n_pairs=st.sampled_from([0, 1, 10]))
def test_an_account_alone_gets_the_bits_that_it_gets_among_many(seed, X, sloped, n_pairs):
    card = some_scorecard(seed, n_pairs=n_pairs, sloped=sloped)
    log_odds, contributions = card.explain(X)
    for place in range(len(X)):
        alone, its_contributions = card.explain(X[place : place + 1])
        assert alone.tobytes() == log_odds[place : place + 1].tobytes()
        assert its_contributions.tobytes() == contributions[place : place + 1].tobytes()


def test_rows_keep_their_bits_across_the_blocks_of_a_large_batch():
    card, rng = some_scorecard(3), np.random.default_rng(0)
    X = rng.normal(size=(20_000, N_SIGNALS))
    log_odds = card.score(X)
    for place in (0, 1, 2_612, 2_613, 10_000, 19_999):
        assert card.score(X[place : place + 1])[0] == log_odds[place]


@settings(max_examples=40)
@given(seed=st.integers(0, 50), X=matrices)
def test_contributions_and_base_sum_to_the_log_odds(seed, X):
    card = some_scorecard(seed)
    log_odds, contributions = card.explain(X)
    assert contributions.shape == X.shape
    assert card.base + contributions.sum(axis=1) == pytest.approx(log_odds, abs=1e-12)


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), row=arrays(np.float64, N_SIGNALS, elements=signal_values))
def test_contributions_are_shapley_values_against_an_average_account_of_independent_signals(seed, row):
    card = some_scorecard(seed)
    contributions = card.explain(row[None, :])[1][0]
    assert contributions == pytest.approx(shapley_values(card, row), abs=1e-9)


def shapley_values(card: Scorecard, row: np.ndarray) -> np.ndarray:
    """Enumerate: a signal's mean gain over all orders of telling the signals; those untold are averaged over."""
    bins = {curve.signal: bin_of(curve.edges, value) for curve, value in zip(card.curves, row, strict=True)}

    def weights(signal: str, told: frozenset[str]) -> np.ndarray:
        masses = card.curve(signal).masses
        return np.eye(len(masses))[bins[signal]] if signal in told else masses

    def expected(told: frozenset[str]) -> float:
        curves = sum(weights(curve.signal, told) @ curve.levels for curve in card.curves)
        tables = sum(weights(t.signals[0], told) @ t.values @ weights(t.signals[1], told) for t in card.tables)
        return card.base + curves + tables

    n, values = len(card.signal_names), []
    for signal in card.signal_names:
        others = [name for name in card.signal_names if name != signal]
        values.append(
            sum(
                factorial(size)
                * factorial(n - size - 1)
                / factorial(n)
                * (expected(frozenset(told) | {signal}) - expected(frozenset(told)))
                for size in range(n)
                for told in combinations(others, size)
            )
        )
    return np.array(values)


@settings(max_examples=40)
@given(
    values=arrays(np.float64, (4, 3), elements=st.floats(-10, 10)),
    rows=arrays(np.float64, 4, elements=st.floats(0, 1)),
    columns=arrays(np.float64, 3, elements=st.floats(0, 1)),
)
def test_purification_leaves_no_margin_and_keeps_the_sum(values, rows, columns):
    rows, columns = (rows + 1e-3) / (rows + 1e-3).sum(), (columns + 1e-3) / (columns + 1e-3).sum()
    pure, row_curve, column_curve, mean = purify_table(values, rows, columns)
    assert pure @ columns == pytest.approx(np.zeros(4), abs=1e-9)
    assert rows @ pure == pytest.approx(np.zeros(3), abs=1e-9)
    assert row_curve @ rows == pytest.approx(0, abs=1e-9)
    assert column_curve @ columns == pytest.approx(0, abs=1e-9)
    assert pure + row_curve[:, None] + column_curve + mean == pytest.approx(values, abs=1e-9)


def test_a_pair_can_be_asked_for_either_way_round():
    card = some_scorecard(7, n_pairs=1)
    table, turned = card.pair("signal_0", "signal_1"), card.pair("signal_1", "signal_0")
    assert np.array_equal(table.values, turned.values.T)
    assert np.array_equal(table.row_edges, turned.column_edges)
    assert card.pair("signal_2", "signal_3") is None


def test_a_curve_gives_what_its_signal_contributes_where_it_has_no_pairs():
    card = some_scorecard(7, n_pairs=0, sloped=True)
    X = np.array([[-9.0], [-1.0], [0.5], [2.0], [np.nan]]) * np.ones(N_SIGNALS)
    assert card.curve("signal_2").at(X[:, 2]) == pytest.approx(card.explain(X)[1][:, 2], abs=1e-12)


@settings(max_examples=40)
@given(seed=st.integers(0, 200), sloped=st.booleans(), n_pairs=st.integers(0, 10))
def test_the_file_is_the_scorecard_and_the_same_bytes_each_time(seed, sloped, n_pairs):
    card = some_scorecard(seed, n_pairs=n_pairs, sloped=sloped)
    content = card.to_bytes()
    again = Scorecard.from_bytes(content)
    X = np.random.default_rng(seed).normal(scale=3, size=(20, N_SIGNALS))
    assert again.to_bytes() == content
    assert again.signal_names == card.signal_names
    assert again.score(X).tobytes() == card.score(X).tobytes()


def test_a_scorecard_survives_a_file(tmp_path: Path):
    card = some_scorecard(1)
    card.save(tmp_path / "scorecard.npz")
    assert Scorecard.load(tmp_path / "scorecard.npz").to_bytes() == card.to_bytes()


def damaged(**changes: object) -> bytes:
    with np.load(io.BytesIO(some_scorecard(1).to_bytes()), allow_pickle=False) as archive:
        contents = {name: archive[name] for name in archive.files}
    for name, change in changes.items():
        if change is None:
            del contents[name]
        else:
            contents[name] = change(contents[name])
    stream = io.BytesIO()
    np.savez(stream, **contents)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (b"", "cannot be read"),
        (b"PK not a zip", "cannot be read"),
        (damaged(edges=None), r"missing arrays \['edges'\]"),
        (damaged(format=lambda a: a + 1), "format 2, expected 1"),
        (damaged(levels=lambda a: a[:-1]), "'levels' holds"),
        (damaged(levels=lambda a: a * np.nan), "finite"),
        (damaged(base=lambda a: a * np.inf), "finite"),
        (damaged(levels=lambda a: a.astype(int)), "'levels' of type int64"),
        (damaged(edges=lambda a: a[::-1]), "ascend"),
        (damaged(pairs=lambda a: a + 90), "a signal that is none"),
        (damaged(pairs=lambda a: a * 0), "same pair|two signals"),
        (damaged(cuts=lambda a: a + 0.5), "edges that the curve"),
        (damaged(edge_counts=lambda a: -a), "expected"),
        (damaged(signal_names=lambda a: a[[0, 0, 1, 2, 3]]), "each once"),
        (damaged(signal_names=lambda a: a[:3]), "3 signal names"),
        (damaged(cells=lambda _: np.array([{}], dtype=object)), "cannot be read"),
    ],
)
def test_a_damaged_file_is_refused_with_what_is_wrong(content, finding):
    with pytest.raises(BrokenScorecard, match=finding):
        Scorecard.from_bytes(content)


@pytest.mark.parametrize("X", [np.zeros(N_SIGNALS), np.zeros((2, N_SIGNALS + 1)), np.zeros((2, 2, 2))])
def test_a_matrix_of_another_shape_is_refused(X):
    with pytest.raises(ValueError, match="a row an account"):
        some_scorecard(0).score(X)
