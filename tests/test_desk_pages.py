"""The desk's pages, without a browser: what they draw, what they say, and where each form leads."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.events import KINDS
from features.request import log_of_one
from features.signals import BY_NAME, CATALOGUE, SIGNAL_NAMES
from features.table import signals_matrix
from models import drawing
from models.reasons import Reason
from reviews.database import open_database
from reviews.evidence import Evidence, pack_evidence
from reviews.record import Entry
from serving.desk.charts.bars import bar_rows, scale_of
from serving.desk.charts.history import draw_history
from serving.desk.charts.strips import strip_of
from serving.desk.charts.trends import Pile, Point, draw_agreement, draw_errors, draw_throughput
from serving.desk.pages.files import address_of
from serving.desk.words.happenings import happenings_of
from serving.desk.words.heads import name_in
from serving.desk.words.measures import by_question, group_measures, measures_of
from serving.desk.words.numbers import percent
from serving.desk.words.times import DAY, ago, exact, long
from serving.desk.words.vocabulary import KEYS, OPINIONS, SURENESSES
from tests import logs
from tests.browser import ODD_NAMES, PEOPLE, Ticking, records
from tests.oracle import Event
from tests.records import identity
from tests.service import make_key, new_database, running
from tests.visitors import Visitor, actions, hidden, text_of
from tests.wire import wire_account, wire_event

STATIC = Path(__file__).resolve().parent.parent / "serving" / "desk" / "static"

ACCOUNT = st.tuples(st.lists(logs.events(), max_size=12), logs.facts())


def evidence_of(events: list[Event], facts: Any = None) -> Evidence:
    account = {"account_id": "acme"} if facts is None else wire_account("acme", facts)
    return Evidence(account, tuple(wire_event(event, 0) for event in events), None)


# ---- What is drawn


@given(account=ACCOUNT)
def test_a_reviewer_sees_the_events_that_the_machine_counted(account: tuple[list[Event], Any]) -> None:
    evidence = evidence_of(*account)
    shown = happenings_of(evidence, logs.AS_OF)
    log = log_of_one(evidence.account, evidence.events, frozenset(KINDS))
    signals = dict(zip(SIGNAL_NAMES, signals_matrix(log.at(logs.AS_OF))[0].tolist(), strict=True))
    assert len(shown) == signals["events"]
    assert len({each.person for each in shown if each.person}) == signals["contacts"]
    assert sum(each.kind == "purchase" for each in shown) == signals["purchases"]
    assert [each.at for each in shown] == sorted((each.at for each in shown), reverse=True)


@given(account=ACCOUNT, year=st.none() | st.integers(2015, 2030))
def test_the_picture_holds_each_event_once_and_stays_within_its_frame(
    account: tuple[list[Event], Any], year: int | None
) -> None:
    shown = happenings_of(evidence_of(*account), logs.AS_OF)
    history = draw_history(shown, logs.AS_OF, year)
    counted = sum(lane.count for lane in history.lanes)
    assert counted == len(shown) if year is None else counted <= len(shown)
    for lane in history.lanes:
        assert all(0.0 <= mark.x <= 100.0 for mark in lane.marks)
        for bar in lane.bars:
            assert 0.0 <= bar.x <= 100.0
            assert bar.row < lane.rows
        # Bars of one row do not cover each other, but for the thinness of those that last no time.
        for row in range(lane.rows):
            bars = sorted((bar.x, bar.width) for bar in lane.bars if bar.row == row)
            assert all(x + width <= after + 0.4001 for (x, width), (after, _) in zip(bars, bars[1:], strict=False))
    assert len(history.ticks) <= 13


@given(account=ACCOUNT)
def test_every_event_is_in_sight_in_one_of_the_years(account: tuple[list[Event], Any]) -> None:
    shown = happenings_of(evidence_of(*account), logs.AS_OF)
    whole = draw_history(shown, logs.AS_OF)
    by_year = [draw_history(shown, logs.AS_OF, year) for year in whole.years]
    assert sum(lane.count for history in by_year for lane in history.lanes) >= len(shown)


def test_many_events_at_one_place_are_one_mark_that_says_so() -> None:
    events = [Event("email", logs.AS_OF - DAY - second, amount=None) for second in range(9)]
    (lane,) = draw_history(happenings_of(evidence_of(events), logs.AS_OF), logs.AS_OF).lanes
    (mark,) = lane.marks
    assert lane.count == 9
    assert mark.title.endswith("and 5 more")


VALUES = st.lists(st.integers(0, 8).map(float) | st.floats(-1e6, 1e6), min_size=1, max_size=40).map(sorted)


@given(clients=VALUES, customers=VALUES, one=st.floats(-2e6, 2e6), other=st.floats(-2e6, 2e6))
def test_a_strip_is_a_rank(clients: list[float], customers: list[float], one: float, other: float) -> None:
    low, high = (strip_of(value, clients, customers) for value in sorted((one, other)))
    assert 0.0 <= low.at <= high.at <= 100.0
    for side in (low.client, low.customer):
        assert 0.0 <= side.left <= side.left + side.width <= 100.0
    assert low.client.below == pytest.approx(
        np.mean([(x < min(one, other)) + 0.5 * (x == min(one, other)) for x in clients])
    )


@given(base=st.floats(-5, 5), weights=st.lists(st.floats(-3, 3), max_size=30))
def test_bars_add_up(base: float, weights: list[float]) -> None:
    reasons = [Reason(f"r{i}", 1.0, "yes/no", weight, "So it is.") for i, weight in enumerate(weights)]
    reasons.sort(key=lambda reason: -abs(reason.log_odds))
    rows = bar_rows(base, "Before", reasons, scale_of([(base, reasons)]))
    assert [row.whole for row in rows] == [False] * (len(rows) - 1) + [True]
    assert rows[-1].log_odds == pytest.approx(sum(row.log_odds for row in rows[:-1]), abs=1e-9)
    assert all(0.0 <= row.left <= row.left + row.width <= 100.0 for row in rows)
    assert all((row.left < 50.0) == (row.log_odds <= 0) for row in rows)


def test_charts_take_any_name_and_hold_nothing_that_runs() -> None:
    names = ("<script>alert(1)</script>", "50 $ to 60 $", "شركة")
    plots = [
        draw_throughput(("29 Jun", "6 Jul"), tuple(Pile(name, (1, 2)) for name in names)),
        draw_errors((Point("2026-06", None, None, None, 0), Point("2026-07", 0.03, 0.006, 0.085, 97, False))),
        draw_agreement((Point("2026-07", 0.5, None, None, 20),)),
        draw_throughput((), ()),
        draw_errors(()),
        draw_agreement(()),
    ]
    for plot in plots:
        image = plot.image.decode()
        assert image.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
        assert "prefers-color-scheme: dark" in image
        assert "<script" not in image
    assert all(html.escape(name, quote=False) in plots[0].image.decode() for name in names)
    assert draw_errors(()) is plots[4]


# ---- What is said


@given(share=st.floats(0.0, 1.0))
def test_a_share_says_none_or_all_only_where_it_is_so(share: float) -> None:
    assert (percent(share) == "0 %") == (share == 0.0)
    assert (percent(share) == "100 %") == (share == 1.0)


@given(gap=st.integers(0, 400 * 365 * DAY))
def test_how_long_ago_is_never_more_than_it_was(gap: int) -> None:
    words = long(gap)
    count, unit = words.split()
    sizes = {"second": 10**6, "minute": 6 * 10**7, "hour": DAY / 24, "day": DAY, "week": 7 * DAY}
    size = (sizes | {"month": 30.44 * DAY, "year": 365.25 * DAY})[unit.removesuffix("s")]
    assert int(count) * size <= gap < (int(count) + 1) * size
    assert unit.endswith("s") == (count != "1")
    assert ago(0, gap).endswith("ago") or gap < 2 * DAY


def test_every_signal_stands_in_one_group_and_speaks_of_its_unit() -> None:
    measures = measures_of(np.arange(1.0, len(CATALOGUE) + 1))
    grouped = [measure for group in group_measures(measures) for measure in (*group.told, *group.idle)]
    assert sorted(measure.signal.name for measure in grouped) == sorted(SIGNAL_NAMES)
    nothing = measures_of(np.full(len(CATALOGUE), np.nan))
    assert {measure.value for measure in nothing} == {"not known"}
    for measure in measures:
        if measure.signal.unit.whole and measure.signal.unit.name != "yes/no":
            assert measure.signal.unit.name.rstrip("s")[:4] in measure.value


def test_questions_are_shown_the_signals_that_bear_on_them() -> None:
    bearing = by_question(measures_of(np.ones(len(CATALOGUE))))
    assert list(bearing) == [f"R0{number}" for number in range(1, 10)]
    assert BY_NAME["retainer_active"] in [measure.signal for measure in bearing["R03"]]
    assert by_question(measures_of(np.full(len(CATALOGUE), np.nan)))["R03"] == []


@pytest.mark.parametrize("padding", [0, 5_000])
def test_a_name_is_found_however_long_the_account_is(padding: int) -> None:
    packed = pack_evidence({"account_id": "a", "industry": "x" * padding, "name": " Grün & Söhne "}, [])
    assert name_in("a", packed) == "Grün & Söhne"


def test_no_key_means_two_things() -> None:
    own = [choice.key for choice in (*OPINIONS.values(), *SURENESSES.values())]
    assert len({*own, "s", "z", "h", "?"}) == len(own) + 4
    told = " ".join(key for key, _ in KEYS).lower()
    assert all(key in told for key in own)


# ---- What it looks like


def tokens(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", css))


def palettes() -> dict[str, dict[str, str]]:
    css = (STATIC / "desk.css").read_text(encoding="utf-8")
    light, _, rest = css.partition("@media (prefers-color-scheme: dark)")
    return {"light": tokens(light), "dark": tokens(light) | tokens(rest.partition("\n}\n")[0])}


def test_pages_and_charts_wear_the_same_colours() -> None:
    shared = {"ink", "faint", "grid", "model", "rules", "client", "customer"}
    found = palettes()
    chart = {role: colour for colour, role in drawing._ROLES.items()}
    # What is faint on a white report is a little darker on the desk's grey ground.
    assert {role: found["light"][role] for role in shared - {"faint"}} == {r: chart[r] for r in shared - {"faint"}}
    assert {role: found["dark"][role] for role in shared} == {role: drawing._DARK[role] for role in shared}


def luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot((0.2126, 0.7152, 0.0722), linear))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out(scheme: str) -> None:
    colours, sides = palettes()[scheme], ("client", "customer", "prospect", "unclear")
    pairs = [(word, ground) for word in ("ink", "faint", "accent", *sides) for ground in ("ground", "card", "sunk")]
    pairs += [(word, f"{side}-soft") for side in sides for word in ("ink", "faint", side)]
    pairs += [("accent", "accent-soft"), ("on-accent", "accent"), ("ink", "good"), ("ink", "bad"), ("bar-ink", "bar")]
    assert {
        pair: contrast(*(colours[name] for name in pair))
        for pair in pairs
        if contrast(*(colours[n] for n in pair)) < 4.5
    } == {}
    # What is no letter but has to be seen: WCAG asks for 3.
    marks = [("edge", "card"), ("mark", "card"), ("client", "card"), ("customer", "card"), ("back", "card")]
    assert [pair for pair in marks if contrast(*(colours[name] for name in pair)) < 3.0] == []
