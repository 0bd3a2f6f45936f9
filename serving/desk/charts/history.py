"""An account's history as a picture: one axis of time, and a lane for each kind of event.

Only the geometry is made here, in per cent of the width; the page's template draws it, so it takes any width without
its letters growing or shrinking, wears the page's own colours and costs a millisecond: see docs/decisions/0019.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Final, Literal

from serving.desk.charts.calendar import Stretch, Tick, whole, year_stretch
from serving.desk.words.happenings import PLURALS, Happening
from serving.desk.words.times import day, exact, year_of

__all__ = ["Bar", "History", "Lane", "Mark", "Weight", "draw_history"]

Weight = Literal["strong", "plain", "back"]

_LANES: Final = {
    "Purchases": ("purchase", "refund"),
    **{PLURALS[kind]: (kind,) for kind in PLURALS if kind not in ("purchase", "refund")},
}
"""Kinds by lane, from the top down."""

_LASTING: Final = frozenset({"contract", "deal"})
"""Kinds that last, and are drawn as bars."""

_TELLING: Final = frozenset({("purchase", "advice"), ("meeting", "strategic"), ("ticket", "custom")})
"""What stands out among its kind: it was made for this account."""

_PLACES: Final = 250  # marks side by side in a lane; closer ones become one
_RADIUS: Final = 4.0
_WIDEST: Final = 4.0  # how much a mark of many grows
_NAMED: Final = 9.0  # per cent of the width from which on a bar has room for its name
_LISTED: Final = 4  # of those behind one mark


@dataclass(frozen=True, slots=True)
class Mark:
    """One event, or several that stand too close to be told apart.

    Attributes
    ----------
    x : float
        Per cent from the left.
    radius : float
        Pixels.
    weight : {"strong", "plain", "back"}
        `strong` is what was made for this account, `back` what was given back.
    title : str
    """

    x: float
    radius: float
    weight: Weight
    title: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that lasts.

    Attributes
    ----------
    x, width : float
        Per cent.
    row : int
        Within its lane, from the top, so that bars do not cover each other.
    name : str
        Empty where there is no room for it.
    open : bool
        It has no end in sight.
    title : str
    """

    x: float
    width: float
    row: int
    name: str
    open: bool
    title: str


@dataclass(frozen=True, slots=True)
class Lane:
    """Events of one sort.

    Attributes
    ----------
    name : str
    count : int
        Events in sight.
    marks : sequence of Mark
    bars : sequence of Bar
    rows : int
        Of bars; 1 at least.
    """

    name: str
    count: int
    marks: Sequence[Mark]
    bars: Sequence[Bar]
    rows: int


@dataclass(frozen=True, slots=True)
class History:
    """The picture.

    Attributes
    ----------
    lanes : sequence of Lane
        Those in which anything ever happened.
    ticks : sequence of Tick
    as_of : float or None
        Where the moment stands that the account was judged as of, in per cent; None where it is not in sight.
    years : sequence of int
        In which anything happened.
    year : int or None
        The one that is shown; None = all.
    weights : frozenset of str
        What the key has to explain.
    """

    lanes: Sequence[Lane]
    ticks: Sequence[Tick]
    as_of: float | None
    years: Sequence[int]
    year: int | None
    weights: frozenset[str]


def draw_history(happenings: Sequence[Happening], as_of: int, year: int | None = None) -> History:
    """Lay out an account's history.

    Parameters
    ----------
    happenings : sequence of Happening
    as_of : int
        Microseconds since 1970 UTC, later than all of them.
    year : int, optional
        Default: all of it.

    Returns
    -------
    History
    """
    first = min((each.at for each in happenings), default=as_of)
    planned = max((each.ends_at or 0 for each in happenings), default=as_of)
    stretch = whole(first, as_of, planned) if year is None else year_stretch(year)
    by_lane = defaultdict(list)
    for each in happenings:
        by_lane[_LANE_OF[each.kind]].append(each)
    lanes = [_lane(name, by_lane[name], stretch) for name in _LANES if name in by_lane]
    place = stretch.place(as_of)
    years = range(year_of(first), year_of(as_of) + 1) if happenings else ()
    weights = frozenset(mark.weight for lane in lanes for mark in lane.marks)
    return History(lanes, stretch.ticks, place if place <= 100.0 else None, years, year, weights)  # noqa: PLR2004 - per cent


def _lane(name: str, happenings: Iterable[Happening], stretch: Stretch) -> Lane:
    lasting: list[Happening] = []
    momentary: list[Happening] = []
    for each in happenings:
        ends = _end(each, stretch)
        if stretch.shows(each.at, ends):
            (lasting if each.kind in _LASTING else momentary).append(each)
    bars = _bars(sorted(lasting, key=lambda each: each.at), stretch)
    rows = 1 + max((bar.row for bar in bars), default=0)
    return Lane(name, len(lasting) + len(momentary), _marks(momentary, stretch), bars, rows)


def _end(happening: Happening, stretch: Stretch) -> int:
    if happening.kind not in _LASTING:
        return happening.at
    return stretch.end if happening.ends_at is None else happening.ends_at


def _bars(lasting: Sequence[Happening], stretch: Stretch) -> Sequence[Bar]:
    """Lay bars out from the left, each in the first row that is free."""
    free: list[int] = []
    bars = []
    for each in lasting:
        end = _end(each, stretch)
        row = next((row for row, until in enumerate(free) if until <= each.at), len(free))
        free[row : row + 1] = [end]
        left, right = max(stretch.place(each.at), 0.0), min(stretch.place(end), 100.0)
        width = max(right - left, 0.4)
        name = (each.subtype or each.name.lower()) if width >= _NAMED else ""
        bars.append(Bar(left, width, row, name, each.ends_at is None or end > stretch.end, _lasting_in_words(each)))
    return bars


def _lasting_in_words(happening: Happening) -> str:
    until = "with no end on file" if happening.ends_at is None else f"until {day(happening.ends_at)}"
    figures = f", {happening.figures}" if happening.figures else ""
    return f"{happening.name}{figures}: from {day(happening.at)} {until}"


def _marks(momentary: Iterable[Happening], stretch: Stretch) -> Sequence[Mark]:
    """Gather what stands too close to be told apart; what stands out is drawn last, on top."""
    together: Mapping[tuple[Weight, int], list[Happening]] = defaultdict(list)
    for each in momentary:
        together[_weight(each), int(stretch.place(each.at) / 100.0 * _PLACES)].append(each)
    marks = [_mark(weight, group, stretch) for (weight, _), group in together.items()]
    return sorted(marks, key=lambda mark: (_ORDER.index(mark.weight), mark.x))


def _mark(weight: Weight, group: Sequence[Happening], stretch: Stretch) -> Mark:
    x = sum(stretch.place(each.at) for each in group) / len(group)
    listed = [
        f"{each.name}{', ' if each.figures else ''}{each.figures}: {exact(each.at)}"
        for each in sorted(group, key=lambda each: each.at)[:_LISTED]
    ]
    more = len(group) - len(listed)
    title = "\n".join([*listed, *([f"and {more} more"] if more else [])])
    return Mark(x, _RADIUS + min(1.3 * log2(len(group)), _WIDEST), weight, title)


def _weight(happening: Happening) -> Weight:
    if happening.kind == "refund":
        return "back"
    return "strong" if (happening.kind, happening.subtype) in _TELLING else "plain"


_ORDER: Final[tuple[Weight, ...]] = ("plain", "back", "strong")
_LANE_OF: Final = {kind: lane for lane, kinds in _LANES.items() for kind in kinds}
