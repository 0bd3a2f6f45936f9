"""How things go over time, for the team lead: drawn by matplotlib, which is imported when the first one is asked for.

matplotlib's settings belong to the whole process, so one chart is drawn at a time; what was drawn is remembered by what
it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple

from models.drawing import BASE, CLIENT, CUSTOMER, FAINT, INK, MODEL, RULES, YARDSTICK, Plot, draw, drawing
from serving.desk.words.numbers import decimal, percent
from serving.desk.words.times import month_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Pile", "Point", "draw_agreement", "draw_errors", "draw_throughput"]

_SIZE: Final = (6.4, 2.7)  # inches
_REMEMBERED: Final = 64
_SERIES: Final = (MODEL, RULES, CLIENT, CUSTOMER, YARDSTICK, BASE)
_ABREAST: Final = 4  # names in a legend
_LONGEST: Final = 20
_ONE_AT_A_TIME: Final = Lock()


class Point(NamedTuple):
    """A value of a month, perhaps with its interval.

    Attributes
    ----------
    month : str
        Such as 2026-07.
    value : float or None
        None where it is not known, or not yet.
    low, high : float or None
    n : int
        What it rests on.
    complete : bool
        Nothing will be added to it.
    """

    month: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    complete: bool = True


class Pile(NamedTuple):
    """What somebody did, week by week.

    Attributes
    ----------
    name : str
    weeks : tuple of int
        Counts, one a week.
    """

    name: str
    weeks: tuple[int, ...]


@lru_cache(_REMEMBERED)
def draw_errors(points: tuple[Point, ...]) -> Plot:
    """Draw the share of automatic decisions that were wrong, month by month, with its interval."""
    words = "; ".join(
        f"{month_name(each.month)} {'still being read' if each.value is None else percent(each.value)} "
        f"({percent(each.low)} to {percent(each.high)})"
        for each in points
        if each.low is not None and each.high is not None
    )
    title = "Automatic decisions that were wrong"
    return _drawn("errors", title, words or "No month has been looked at yet.", lambda axes: _errors(axes, points))


def _errors(axes: Axes, points: Sequence[Point]) -> None:
    for place, each in enumerate(points):
        if each.low is None or each.high is None:
            continue
        axes.plot([place, place], [each.low, each.high], color=MODEL, linewidth=3.2, alpha=0.4)
        if each.value is None:
            continue
        filled = MODEL if each.complete else "none"
        axes.plot([place], [each.value], "o", markersize=7, color=MODEL, markerfacecolor=filled, markeredgewidth=1.6)
        axes.annotate(
            percent(each.value), (place, each.value), (9, -3), textcoords="offset points", fontsize=9.0, color=INK
        )
    top = max([each.high for each in points if each.high is not None], default=0.1)
    axes.set_ylim(0.0, min(1.0, max(1.1 * top, 0.05)))
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
    _months(axes, [each.month for each in points])


@lru_cache(_REMEMBERED)
def draw_agreement(points: tuple[Point, ...]) -> Plot:
    """Draw Cohen's kappa of second readings, month by month."""
    words = "; ".join(
        f"{month_name(each.month)} {decimal(each.value)} of {each.n}" for each in points if each.value is not None
    )
    title = "Agreement of reviewers"
    return _drawn(
        "agreement", title, words or "No case has had two readers yet.", lambda axes: _agreement(axes, points)
    )


def _agreement(axes: Axes, points: Sequence[Point]) -> None:
    known = [(place, each.value) for place, each in enumerate(points) if each.value is not None]
    if known:
        axes.plot(*zip(*known, strict=True), marker="o", markersize=6.5, color=CLIENT, linewidth=1.8)
    for place, value in known:
        axes.annotate(decimal(value), (place, value), (0, 8), textcoords="offset points", ha="center", fontsize=9.0)
    axes.axhline(0.0, color=BASE, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.text(0.0, 0.02, "as chance would have it", color=FAINT, fontsize=8.5, va="bottom")
    axes.set_ylim(min([-0.1, *(value - 0.1 for _, value in known)]), 1.12)
    axes.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0])
    _months(axes, [each.month for each in points])


@lru_cache(_REMEMBERED)
def draw_throughput(weeks: tuple[str, ...], piles: tuple[Pile, ...]) -> Plot:
    """Draw how many answers were given each week, and by whom."""
    words = "; ".join(f"{pile.name} {sum(pile.weeks)}" for pile in piles)
    title = "Answers a week"
    return _drawn("throughput", title, words or "Nobody has answered yet.", lambda axes: _piles(axes, weeks, piles))


def _piles(axes: Axes, weeks: Sequence[str], piles: Sequence[Pile]) -> None:
    foot, bars = [0] * len(weeks), []
    for place, pile in enumerate(piles):
        colour = _SERIES[place % len(_SERIES)]
        bars.append(axes.bar(range(len(weeks)), pile.weeks, bottom=foot, width=0.66, color=colour))
        foot = [below + more for below, more in zip(foot, pile.weeks, strict=True)]
    for place, total in enumerate(foot):
        if total:
            axes.annotate(f"{total:,}", (place, total), (0, 3), textcoords="offset points", ha="center", fontsize=9.0)
    most, rows = max([*foot, 1]), -(-len(piles) // _ABREAST)
    axes.set_ylim(0, (1.2 + 0.12 * rows) * most)
    axes.locator_params(axis="y", integer=True, nbins=5)
    # No line of the grid above the bars, where the legend is.
    axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= most])
    # Names are passed by themselves: of labels, those that begin with an underscore would be left out.
    names = [_plain(pile.name) for pile in piles]
    axes.legend(
        bars, names, frameon=False, loc="upper left", ncols=_ABREAST, fontsize=9, handlelength=1.0, borderaxespad=0.0
    )
    _dates(axes, weeks)


def _plain(name: str) -> str:
    """Cut a name that is too long for a legend; and a dollar would begin a formula."""
    short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return short.replace("$", r"\$")


def _drawn(name: str, title: str, words: str, fill: Callable[[Axes], None]) -> Plot:
    from matplotlib.figure import Figure

    with _ONE_AT_A_TIME, drawing():
        figure = Figure(figsize=_SIZE)
        width, height = _SIZE
        axes = figure.add_axes((0.55 / width, 0.4 / height, (width - 0.7) / width, (height - 0.5) / height))
        axes.grid(axis="y")
        axes.set_axisbelow(True)
        axes.spines["left"].set_visible(False)
        axes.tick_params(length=0)
        # Where the axes meet, the first date stays clear of the 0.
        axes.tick_params(axis="x", pad=7)
        fill(axes)
        return draw(figure, name, title, words)


def _months(axes: Axes, months: Sequence[str]) -> None:
    _dates(axes, [month_name(each) for each in months])


def _dates(axes: Axes, names: Sequence[str]) -> None:
    axes.set_xlim(-0.6, max(len(names), 1) - 0.4)
    every = -(-len(names) // 8) or 1  # eight fit side by side
    axes.set_xticks(range(0, len(names), every), names[::every])
