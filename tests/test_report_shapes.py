"""Curves and pair tables as the report shows them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from markupsafe import escape

from features.signals import BY_NAME, CATALOGUE, SIGNAL_NAMES
from models.curves import Curve, PairTable
from models.scorecard import Scorecard
from training.reporting.pair_shapes import pair_shapes
from training.reporting.shape_plots import plot_pair, plot_shape
from training.reporting.shapes import shapes_of, strengths

VALUES = st.one_of(
    st.just(float("nan")),
    st.integers(0, 40).map(float),
    st.floats(0, 1e7),
    st.floats(-50, 0),
    st.sampled_from([0.0, 1.0]),
)
COLUMNS = arrays.arrays(np.float64, st.integers(1, 40), elements=VALUES)


def curve(signal: str, edges: list[float], levels: list[float]) -> Curve:
    bins = len(edges) + 2
    return Curve.of_steps(signal, np.array(edges), np.array(levels), np.full(bins, 1 / bins))


def card(*special: Curve, tables: tuple[PairTable, ...] = ()) -> Scorecard:
    by_name = {each.signal: each for each in special}
    curves = tuple(by_name.get(name, curve(name, [], [0.0, 0.0])) for name in SIGNAL_NAMES)
    return Scorecard(0.0, curves, tables)


def matrix(**columns: np.ndarray) -> np.ndarray:
    n = len(next(iter(columns.values())))
    X = np.full((n, len(SIGNAL_NAMES)), np.nan)
    for name, column in columns.items():
        X[:, SIGNAL_NAMES.index(name)] = column
    return X


@given(COLUMNS, st.sampled_from(["spend", "meetings_90d", "retainer_active", "advice_share", "days_since_meeting"]))
def test_every_account_stands_behind_a_bar_or_is_accounted_for(column: np.ndarray, name: str) -> None:
    learned = card(curve(name, [0.5, 3.0, 1000.0], [-1.0, 0.5, 2.0, 3.0, 0.7]))
    (shape,) = shapes_of(learned, matrix(**{name: column}))
    assert shape.counts.sum() + shape.beyond + shape.n_unknown == len(column)
    assert shape.n_unknown == np.isnan(column).sum()
    assert (np.diff(shape.bounds) > 0).all()
    assert (np.diff(shape.values) >= 0).all()


@given(COLUMNS.filter(lambda column: not np.isnan(column).all()))
def test_the_line_drawn_is_the_curve(column: np.ndarray) -> None:
    learned = curve("spend", [1.0, 10.0, 5000.0], [-1.0, 0.5, 2.0, 3.0, 0.7])
    (shape,) = shapes_of(card(learned), matrix(spend=column))
    starts, ends = shape.values[::2], shape.values[1::2]
    middles = (starts + ends) / 2
    np.testing.assert_array_equal(learned.at(middles), shape.log_odds[::2])
    np.testing.assert_array_equal(learned.at(ends), shape.log_odds[1::2])
    assert shape.unknown == 0.7
    assert shape.strength == pytest.approx(np.abs(learned.at(column)).mean())


def test_a_line_with_a_slope_is_drawn_from_end_to_end() -> None:
    sloped = Curve(
        "spend",
        np.array([0.0, 10.0]),
        np.array([-1.0, -1.0, 1.0, 0.0]),
        np.array([0.0, 0.2, 0.0, 0.0]),
        np.zeros(4),
        np.full(4, 0.25),
    )
    (shape,) = shapes_of(card(sloped), matrix(spend=np.linspace(-5, 20, 2001)))
    inner = (shape.values >= 0) & (shape.values <= 10)
    assert shape.log_odds[inner][0] == -1.0
    assert shape.log_odds[inner].max() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("levels", "trend"),
    [([-1.0, 0.0, 1.0, 0.0], 1), ([1.0, 0.0, -1.0, 0.0], -1), ([1.0, -1.0, 1.0, 0.0], 0), ([0.9, 2.0, 1.0, 0.0], 0)],
)
def test_a_trend_is_only_named_where_there_is_one(levels: list[float], trend: int) -> None:
    learned = card(curve("spend", [100.0, 200.0], levels))
    (shape,) = shapes_of(learned, matrix(spend=np.linspace(0, 300, 301)))
    assert shape.trend == trend


def test_the_strongest_come_first_and_the_silent_not_at_all() -> None:
    X = matrix(spend=np.arange(10.0), meetings_90d=np.arange(10.0), deals=np.arange(10.0))
    learned = card(curve("deals", [4.5], [-2.0, 2.0, 0.0]), curve("spend", [4.5], [-1.0, 1.0, 0.0]))
    found = shapes_of(learned, X)
    assert [(shape.signal.name, shape.strength) for shape in found] == [("deals", 2.0), ("spend", 1.0)]
    assert [shape.signal.name for shape in shapes_of(learned, X, most=1)] == ["deals"]
    assert strengths(learned, X).sum() == 3.0


def table(rows: str, columns: str, row_edges: list[float], column_edges: list[float], seed: int = 0) -> PairTable:
    shape = len(row_edges) + 2, len(column_edges) + 2
    values = np.random.default_rng(seed).normal(size=shape)
    return PairTable(
        (rows, columns),
        np.array(row_edges),
        np.array(column_edges),
        values,
        np.full(shape[0], 1 / shape[0]),
        np.full(shape[1], 1 / shape[1]),
    )


@given(COLUMNS, st.integers(0, 5), st.data())
def test_the_cells_of_a_pair_hold_all_accounts_and_their_mean(
    column: np.ndarray, seed: int, data: st.DataObject
) -> None:
    other = data.draw(arrays.arrays(np.float64, len(column), elements=VALUES))
    row_edges, column_edges = [0.5, 1.5, 2.0, 7.0, 9.0, 30.0, 1000.0], [0.5]
    pair = table("spend", "retainer_active", row_edges, column_edges, seed)
    learned = card(
        curve("spend", row_edges, [0.0] * 9), curve("retainer_active", column_edges, [0.0] * 3), tables=(pair,)
    )
    X = matrix(spend=column, retainer_active=other)
    (shape,) = pair_shapes(learned, X)
    assert shape.counts.sum() == len(column)
    heard = np.nansum(shape.log_odds * shape.counts)
    assert heard == pytest.approx(learned.score(X).sum())
    assert (np.isnan(shape.log_odds) == (shape.counts == 0)).all()
    assert set(shape.column_names) <= {"no", "yes", "not known"}
    assert len(shape.row_names) <= 7


def test_whole_numbers_are_named_as_people_count() -> None:
    edges = [0.5, 2.5, 7.5]
    learned = card(
        curve("meetings_90d", edges, [0.0] * 5),
        curve("advice_share", [0.25], [0.0] * 3),
        tables=(table("meetings_90d", "advice_share", edges, [0.25]),),
    )
    rng = np.random.default_rng(1)
    (shape,) = pair_shapes(learned, matrix(meetings_90d=np.arange(60.0) % 12, advice_share=rng.random(60)))
    assert shape.row_names == ("0", "1–2", "3–7", "≥ 8")
    assert shape.column_names == ("≤ 25 %", "> 25 %")
    plot = plot_pair(shape, 3.0)
    assert "meetings_90d with advice_share" in plot.svg
    for name in (*shape.row_names, *shape.column_names, *(f"{count:,}" for count in shape.counts.ravel() if count)):
        assert f">{escape(name)}<" in plot.svg


@pytest.mark.parametrize("name", {signal.unit.name: signal.name for signal in CATALOGUE}.values())
def test_a_signal_of_each_unit_can_be_drawn(name: str) -> None:
    unit = BY_NAME[name].unit
    column = np.minimum(np.append(np.random.default_rng(3).lognormal(1, 2, size=80), np.nan), unit.high)
    column = np.round(column) if unit.whole else column
    (shape,) = shapes_of(card(curve(name, [0.5], [-1.0, 1.0, 0.2])), matrix(**{name: column}))
    plot = plot_shape(shape, (-1.1, 1.1))
    assert plot.svg.startswith("<svg viewBox")
    assert f">{escape(BY_NAME[name].meaning)}</title>" in plot.svg
    assert "Not known of 1 accounts: +0.20." in plot.description
