"""The overview's charts, each an image of its own, so that the page need not wait for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from models.drawing import Plot
from serving.desk.charts.trends import Pile, Point, draw_agreement, draw_errors, draw_throughput
from serving.desk.pages.overview import months_of
from serving.desk.pages.overviews import Overviews, Seen
from serving.desk.pages.room import Room
from serving.desk.words.times import DAY, day_and_month, moment
from serving.errors import Refusal

__all__ = ["ChartImage"]

_WEEK: Final = 7 * DAY
_MANY: Final = 5  # reviewers with a colour of their own; the others are one

_HEADERS: Final = {
    "Cache-Control": "private, max-age=30",
    # What matplotlib draws is styled within; nothing else may be in it.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}


class ChartImage:
    """Draws charts for the team lead.

    Parameters
    ----------
    room : Room
    overviews : Overviews
    """

    def __init__(self, room: Room, overviews: Overviews) -> None:
        self._room = room
        self._overviews = overviews

    async def respond(self, request: Request) -> Response:
        """Answer with an image.

        Raises
        ------
        Refusal
            There is no such chart, nobody has signed in, it is not the team lead, or the database does not answer.
        """
        draw = _CHARTS.get(request.path_params["name"])
        if not self._room.viewer_of(request).lead:
            raise Refusal("forbidden", "This chart is the team lead's.")
        if draw is None:
            raise Refusal("not-found", "There is no such chart.")
        seen = await self._overviews.look(months_of(request), self._room.now)
        plot = await anyio.to_thread.run_sync(draw, seen)
        return Response(plot.image, media_type="image/svg+xml", headers=_HEADERS)


def _errors(seen: Seen) -> Plot:
    audited = seen.overview.audited
    points = (Point(each.month, each.error, each.low, each.high, each.read, each.complete) for each in audited)
    return draw_errors(_each_month(seen, points))


def _agreement(seen: Seen) -> Plot:
    months = seen.overview.months
    return draw_agreement(_each_month(seen, (Point(each.of[0], each.kappa, None, None, each.n) for each in months)))


def _throughput(seen: Seen) -> Plot:
    rows = seen.overview.throughput
    weeks = range(_monday(seen.since), seen.at + 1, _WEEK)
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * len(weeks))
    for row in rows:
        counts[seen.names.get(row.reviewer, "somebody")][weeks.index(row.week)] += row.answers
    most = sorted(counts, key=lambda name: (-sum(counts[name]), name))
    piles = [Pile(name, tuple(counts[name])) for name in most[:_MANY]]
    if most[_MANY:]:
        piles.append(Pile("others", tuple(map(sum, zip(*(counts[name] for name in most[_MANY:]), strict=True)))))
    return draw_throughput(tuple(day_and_month(week) for week in weeks), tuple(piles))


def _monday(micros: int) -> int:
    """Return when the week began; 1970 began on a Thursday."""
    return micros - (micros + 3 * DAY) % _WEEK


def _each_month(seen: Seen, points: Iterable[Point]) -> tuple[Point, ...]:
    """Put points in their months, and nothing where nothing is known."""
    known = {each.month: each for each in points}
    first, last = (moment(micros) for micros in (seen.since, seen.at))
    numbers = range(12 * first.year + first.month - 1, 12 * last.year + last.month)
    months = (f"{number // 12}-{number % 12 + 1:02}" for number in numbers)
    return tuple(known.get(month, Point(month, None, None, None, 0)) for month in months)


_CHARTS: Final = {"errors": _errors, "agreement": _agreement, "throughput": _throughput}
