"""From what is asked about accounts to what is decided of each: one pass over all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.events import BadInput
from features.log import FloatColumn, IntColumn
from features.request import log_of_many
from features.signals import SIGNAL_NAMES
from features.table import signals_matrix
from models.decision import Decision
from models.decisions import Decisions
from models.policy import Model, decide
from models.rules import RuleBook
from serving.answering.question import Question

__all__ = ["Judged", "judge"]


@dataclass(frozen=True, slots=True)
class Judged:
    """What was decided of one account.

    Attributes
    ----------
    decision : Decision
    signals : ndarray of float64, shape (n_signals,)
        What was judged, in the order of the catalogue.
    as_of, decided_at : int
        Microseconds since 1970 UTC.
    """

    decision: Decision
    signals: FloatColumn
    as_of: int
    decided_at: int


def judge(
    questions: Sequence[Question], rules: RuleBook, model: Model | None, decided_at: int
) -> list[Judged | BadInput]:
    """Decide what each account is.

    Parameters
    ----------
    questions : sequence of Question, length n
    rules : RuleBook
    model : Model or None
        None: the rules answer.
    decided_at : int
        Now, microseconds since 1970 UTC.

    Returns
    -------
    list, length n
        For each what it would get alone, to the last bit; a BadInput where a kind, a time, a subtype or an end does not
        fit.
    """
    as_of = np.array([decided_at if each.as_of is None else each.as_of for each in questions], dtype=np.int64)
    signals, refused = _measure(questions, as_of)
    outcomes: list[Judged | BadInput | None] = [refused.get(place) for place in range(len(questions))]
    fitting = [place for place in range(len(questions)) if place not in refused]
    if refused:
        signals = signals[fitting]
    decisions = _read(decide(signals, rules, model), [questions[place].reasons for place in fitting])
    for place, row, decision, moment in zip(fitting, signals, decisions, as_of[fitting].tolist(), strict=True):
        outcomes[place] = Judged(decision, row, moment, decided_at)
    return outcomes  # type: ignore[return-value] # each place is filled now


def _measure(questions: Sequence[Question], as_of: IntColumn) -> tuple[FloatColumn, dict[int, BadInput]]:
    """Return the signals of each account, shape (n, n_signals), and what is wrong with those that have none."""
    signals = np.empty((len(questions), len(SIGNAL_NAMES)))
    alike: defaultdict[frozenset[str], list[int]] = defaultdict(list)
    for place, question in enumerate(questions):
        if question.signals is None:
            alike[question.records].append(place)
        else:
            signals[place] = np.array([question.signals.get(name) for name in SIGNAL_NAMES], dtype=np.float64)
    refused: dict[int, BadInput] = {}
    for records, places in alike.items():
        asked = [questions[place] for place in places]
        logged = log_of_many([each.account for each in asked], [each.events for each in asked], records)
        fitting = [places[row] for row in logged.fitting]
        signals[fitting] = signals_matrix(logged.log.at(as_of[fitting]))
        refused |= {places[row]: error for row, error in logged.refused.items()}
    return signals, refused


def _read(decisions: Decisions, reasons: Sequence[int | None]) -> list[Decision]:
    """Give the answers, each with as many reasons as are wanted; mostly all want as many."""
    if len(set(reasons)) <= 1:
        return decisions.decisions(*reasons[:1])
    return [decisions.decision(row, most) for row, most in enumerate(reasons)]
