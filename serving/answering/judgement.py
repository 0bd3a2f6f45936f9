"""From what is asked about accounts to what is decided of each: one pass over all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

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
from reviews.lasting import as_said, lasts
from reviews.verdict import Standing
from serving.answering.question import Question

__all__ = ["Judged", "judge"]

_NONE: Final[Mapping[str, Standing]] = MappingProxyType({})


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
    reopens : bool
        A reviewer's verdict on the account stands no longer, so that somebody will have to look again.
    """

    decision: Decision
    signals: FloatColumn
    as_of: int
    decided_at: int
    reopens: bool = False


def judge(
    questions: Sequence[Question],
    rules: RuleBook,
    model: Model | None,
    decided_at: int,
    verdicts: Mapping[str, Standing] = _NONE,
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
    verdicts : mapping of str to Standing, optional
        What reviewers say, by account.

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
    said = _heard([questions[place] for place in fitting], signals, decided_at, verdicts)
    decided = decide(signals, rules, model, said.relationships)
    decisions = _read(decided, [questions[place].reasons for place in fitting])
    for row, (place, decision, moment) in enumerate(zip(fitting, decisions, as_of[fitting].tolist(), strict=True)):
        verdict = said.standing.get(row)
        told = decision if verdict is None else as_said(decision, verdict)
        outcomes[place] = Judged(told, signals[row], moment, decided_at, row in said.fallen)
    return outcomes  # type: ignore[return-value] # each place is filled now


class _Heard(NamedTuple):
    """What reviewers say of some accounts.

    Attributes
    ----------
    relationships : sequence of str or None, or None
        Of each account what decides, if something does; None where nothing is said of any.
    standing : mapping
        The verdicts that decide, by the account's row.
    fallen : collection of int
        Rows of the accounts whose verdict stands no longer.
    """

    relationships: Sequence[str | None] | None
    standing: Mapping[int, Standing]
    fallen: Collection[int]


_SILENCE: Final = _Heard(None, {}, ())


def _heard(
    questions: Sequence[Question], signals: FloatColumn, decided_at: int, verdicts: Mapping[str, Standing]
) -> _Heard:
    """Find out which verdicts decide, and which have had their time."""
    named = [verdicts.get(question.account["account_id"]) for question in questions] if verdicts else []
    if not any(named):
        return _SILENCE
    lasting = [None if each is None else lasts(each, signals[row], decided_at) for row, each in enumerate(named)]
    standing = {
        row: verdict
        for row, verdict in enumerate(named)
        # Who could not tell has decided nothing.
        if verdict is not None and lasting[row] == "stands" and verdict.relationship != "unclear"
    }
    fallen = {row for row, how in enumerate(lasting) if how not in {None, "stands"}}
    relationships = [standing[row].relationship if row in standing else None for row in range(len(questions))]
    return _Heard(relationships, standing, fallen)


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
