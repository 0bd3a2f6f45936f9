"""The overview: how much waits, how much is done, how far reviewers agree, and how often the machine is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from features.signals import BY_NAME
from models.rules import RuleBook
from reviews.overview import Overturned, Overview
from serving.desk.pages.answers import page
from serving.desk.pages.overviews import PERIODS, Overviews
from serving.desk.pages.room import Room
from serving.desk.words.times import month_name
from serving.desk.words.vocabulary import WHYS_IN_SHORT
from serving.errors import Refusal

__all__ = ["HERE", "OverviewPage", "months_of"]

HERE: Final = "/desk/overview"

_USUAL: Final = 3
_TELLING: Final = 5  # verdicts, below which a share overturned says nothing
_LISTED: Final = 8
_SIDES: Final = {
    "machine": "The decision that was shown",
    "model": "What the model thinks",
    "rules": "What the rules say",
}


def months_of(request: Request) -> int:
    """Return how far an address looks back, in months."""
    text = request.query_params.get("months", "")
    return int(text) if text in map(str, PERIODS) else _USUAL


class OverviewPage:
    """Shows the overview to the team lead.

    Parameters
    ----------
    room : Room
    overviews : Overviews
    """

    def __init__(self, room: Room, overviews: Overviews) -> None:
        self._room = room
        self._overviews = overviews

    async def respond(self, request: Request) -> Response:
        """Answer over HTTP.

        Raises
        ------
        Refusal
            Nobody has signed in, it is not the team lead, or the database does not answer.
        """
        room, now = self._room, self._room.now
        viewer, months = room.viewer_of(request), months_of(request)
        if not viewer.lead:
            raise Refusal("forbidden", "This page is the team lead's.")
        seen = await self._overviews.look(months, now)
        overview = seen.overview
        content = {
            "overview": overview,
            "months": months,
            "periods": PERIODS,
            "latest": next((each for each in reversed(overview.audited) if each.error is not None), None),
            "begun": next((each for each in reversed(overview.audited) if each.pending), None),
            "agreement": overview.months[-1] if overview.months else None,
            "ages": _ages(overview),
            "whys": [(WHYS_IN_SHORT.get(why, why), n) for why, n in overview.waiting.why],
            "pairs": [_pair(each.of, seen.names, each) for each in overview.pairs],
            "sides": [(_SIDES.get(each.name, each.name), each) for each in overview.overturned],
            "by_signal": [_by_signal(each, room.rules) for each in _telling(overview.by_signal)],
            "month_name": month_name,
            "counted_at": seen.at,
        }
        return await page("overview", content, viewer, HERE, now)


def _ages(overview: Overview) -> Sequence[Mapping[str, Any]]:
    """Return how many open cases have waited how long."""
    starts = [days for days, _ in overview.waiting.ages]
    names = [f"{low} to {high} days" if low else "less than a day" for low, high in pairwise(starts)]
    most = max((n for _, n in overview.waiting.ages), default=0) or 1
    rows = zip([*names, f"{starts[-1]} days or more"], overview.waiting.ages, strict=True)
    return [{"name": name, "n": n, "share": n / most} for name, (_, n) in rows]


def _pair(of: Sequence[str], names: Mapping[str, str], agreement: object) -> Mapping[str, Any]:
    return {"names": [names.get(each, "somebody") for each in of], "agreement": agreement}


def _telling(overturned: Sequence[Overturned]) -> Sequence[Overturned]:
    known = [each for each in overturned if each.n >= _TELLING]
    return sorted(known, key=lambda each: (-each.overturned / each.n, -each.n, each.name))[:_LISTED]


def _by_signal(each: Overturned, rules: RuleBook) -> Mapping[str, Any]:
    signal = BY_NAME.get(each.name)
    rule = next((rule for rule in rules.rules if rule.name == each.name), None)
    text = signal.meaning.partition(";")[0].rstrip(".") if signal else rule.text.rstrip(".") if rule else each.name
    return {"text": text, "kind": "rule" if rule else "signal", "n": each.n, "share": each.overturned / each.n}
