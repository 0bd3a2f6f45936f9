"""What a reviewer sees of an account before anything else: who it is, its history, its signals.

Nothing of it depends on what model or rules think.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from features.events import BadInput
from reviews.desk import CHECKLIST, Case, Evidence, read_evidence
from reviews.record import CATALOGUE
from serving.desk.charts.history import draw_history
from serving.desk.pages.peers import Sides, strips_among, words_for
from serving.desk.words.happenings import Happening, happenings_of
from serving.desk.words.measures import by_question, group_measures, measures_of
from serving.desk.words.people import portrait_of
from serving.desk.words.times import DAY

__all__ = ["View", "seen_of"]

_LISTED: Final = 25
"""Events of the table unless all are asked for."""

_MOST: Final = 2_000
"""Events of the table at most: more would take a browser longer than a reviewer."""

_UNKNOWN: Final = "It was measured by other signals than this version knows, so they cannot be told."


@dataclass(frozen=True, slots=True)
class View:
    """What of it is wanted.

    Attributes
    ----------
    year : int or None
        Of the history; None = all.
    all_events : bool
        In the table.
    """

    year: int | None = None
    all_events: bool = False


def seen_of(case: Case, view: View, sides: Sides) -> dict[str, Any]:
    """Return what the page of a case shows of its account.

    Parameters
    ----------
    case : Case
    view : View
    sides : mapping
        How clients and customers are spread.

    Returns
    -------
    dict
        For the template.
    """
    evidence, happenings = _read(case)
    known = case.catalogue == CATALOGUE
    signals = np.frombuffer(case.signals, dtype="<f8") if known else None
    measures = [] if signals is None else measures_of(signals, strips_among(sides, signals))
    shown = happenings[: _MOST if view.all_events else _LISTED]
    return {
        "account": portrait_of(case.account_id, evidence, happenings),
        "as_of": case.as_of,
        "history": draw_history(happenings, case.as_of, view.year),
        "without_events": _without_events(evidence),
        "checklist": CHECKLIST.values(),
        "bearing": by_question(measures),
        "groups": group_measures(measures),
        "peers": any(measure.strip is not None for measure in measures),
        "peers_in_words": words_for(sides) if known else _UNKNOWN,
        "events": shown,
        "events_in_all": len(happenings),
        "events_most": _MOST,
        "late": DAY,
    }


def _read(case: Case) -> tuple[Evidence | None, Sequence[Happening]]:
    evidence = None if case.evidence is None else read_evidence(case.evidence)
    try:
        return evidence, [] if evidence is None else happenings_of(evidence, case.as_of)
    except BadInput:  # kept by a version that took what this one does not
        return evidence, []


def _without_events(evidence: Evidence | None) -> str:
    if evidence is None:
        return "Its events were not kept with this prediction: judge by the signals below."
    return "Nothing is on file of this account but what the signals below say."
