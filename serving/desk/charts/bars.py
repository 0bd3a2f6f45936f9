"""What speaks for which side, as bars to the left and right of even."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.drawing import signed
from models.reasons import Reason
from serving.desk.words.numbers import count, times_the_odds

__all__ = ["BarRow", "bar_rows", "scale_of"]

_SHOWN: Final = 7
"""Reasons by themselves; what remains is one bar."""

_HALF: Final = 50.0  # per cent: even stands in the middle
_THIN: Final = 0.6  # per cent, so that next to nothing is still seen to be there


@dataclass(frozen=True, slots=True)
class BarRow:
    """One bar.

    Attributes
    ----------
    text : str
    log_odds : float
        Of "client".
    left, width : float
        Per cent; of the sum nothing is drawn, which would leave its parts no room.
    in_words : str
        For those who do not see it.
    whole : bool
        It is the sum of the others.
    """

    text: str
    log_odds: float
    left: float
    width: float
    in_words: str
    whole: bool


def scale_of(sums: Sequence[tuple[float, Sequence[Reason]]]) -> float:
    """Return the log-odds that the longest of all bars stands for, so that several scorecards share one scale."""
    return max((abs(log_odds) for base, reasons in sums for log_odds in _amounts(base, reasons)), default=0.0) or 1.0


def bar_rows(base: float, base_text: str, reasons: Sequence[Reason], scale: float) -> Sequence[BarRow]:
    """Lay out a scorecard's sum.

    Parameters
    ----------
    base : float
        Log-odds before any reason.
    base_text : str
        What that is.
    reasons : sequence of Reason
        All of them, the strongest first.
    scale : float
        See `scale_of`.

    Returns
    -------
    list of BarRow
        The strongest reasons, the others together, the base, and the sum.
    """
    rows = [_row(reason.text, reason.log_odds, scale) for reason in reasons[:_SHOWN]]
    others = reasons[_SHOWN:]
    if others:
        text = f"{count(len(others), 'weaker reasons')} together"
        rows.append(_row(text, sum(reason.log_odds for reason in others), scale))
    if base:
        rows.append(_row(base_text, base, scale))
    whole = base + sum(reason.log_odds for reason in reasons)
    return [*rows, BarRow("All together", whole, _HALF, 0.0, _in_words(whole), whole=True)]


def _amounts(base: float, reasons: Sequence[Reason]) -> Sequence[float]:
    return [
        base,
        *(reason.log_odds for reason in reasons[:_SHOWN]),
        sum(reason.log_odds for reason in reasons[_SHOWN:]),
    ]


def _row(text: str, log_odds: float, scale: float) -> BarRow:
    width = max(_HALF * min(abs(log_odds) / scale, 1.0), _THIN)
    left = _HALF if log_odds > 0 else _HALF - width
    return BarRow(text, log_odds, left, width, _in_words(log_odds), whole=False)


def _in_words(log_odds: float) -> str:
    return f"{signed(log_odds)} log-odds, {times_the_odds(log_odds)}" if log_odds else "nothing either way"
