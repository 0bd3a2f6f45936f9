"""Deciding again what was decided, from the kept signals and by the same versions, to see that nothing differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import numpy as np

from features.events import BadInput
from features.log import FloatColumn
from features.progress import Progress, silent
from features.signals import SIGNAL_NAMES
from models.decisions import Decisions
from models.policy import Model, decide
from models.rules import RuleBook
from reviews.record import CATALOGUE, Record

__all__ = ["FIELDS", "Difference", "Replay", "decided_fields", "recompute", "replay"]

FIELDS: Final = (
    "relationship",
    "confidence",
    "probability_client",
    "hybrid",
    "engagement_model",
    "strategic_services",
    "decided_by",
    "route",
    "review_reasons",
)
"""What is compared, to the last bit."""

_UNSAID: Final = tuple(name for name in FIELDS if name not in {"hybrid", "engagement_model", "strategic_services"})
_STEP: Final = 1000
_WIDTH: Final = len(SIGNAL_NAMES) * 8


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is decided otherwise now.

    Attributes
    ----------
    record : Record
        As it was kept.
    name : str
        Of the field.
    now : object
        What it would be now.
    """

    record: Record
    name: str
    now: object


@dataclass(slots=True)
class Replay:
    """What deciding again has shown.

    Attributes
    ----------
    equal : int
        Records that are decided as they were, to the last bit.
    different : int
        Those that are not.
    differences : list of Difference
        Each field of theirs that differs; of a thousand records at most.
    gone : Counter of str
        Records that nobody can decide again, by the reason.
    """

    equal: int = 0
    different: int = 0
    differences: list[Difference] = field(default_factory=list)
    gone: Counter[str] = field(default_factory=Counter)

    @property
    def recomputed(self) -> int:
        """How many were decided again."""
        return self.equal + self.different


def recompute(records: Sequence[Record], rules: RuleBook, model: Model | None) -> Decisions:
    """Decide again what these versions decided.

    Parameters
    ----------
    records : sequence of Record
        Judged by the signals that this code measures. A reviewer's verdict is taken as given: it is in the record.
    rules : RuleBook
    model : Model or None

    Returns
    -------
    Decisions
    """
    signals = np.frombuffer(b"".join(record.signals for record in records), dtype="<f8")
    X: FloatColumn = signals.reshape(len(records), len(SIGNAL_NAMES)).astype(np.float64)
    verdicts = [record.relationship if record.decided_by == "reviewer" else None for record in records]
    return decide(X, rules, model, verdicts)


def replay(
    records: Iterable[Record],
    find_rules: Callable[[str], RuleBook],
    find_model: Callable[[str], Model],
    progress: Progress = silent,
) -> Replay:
    """Decide again, many at a time, and compare.

    Parameters
    ----------
    records : iterable of Record
    find_rules, find_model : callable
        Give the rule book of a digest and the model of a version, and raise BadInput where it is gone: the message is
        counted as the reason.
    progress : callable, optional

    Returns
    -------
    Replay
    """
    found, done, left = Replay(), 0, iter(records)
    while page := list(islice(left, _STEP)):
        for group in _by_versions(page):
            _replay_group(group, find_rules, find_model, found)
        done += len(page)
        progress("Deciding again", done, 0)
    return found


def decided_fields(record: Record) -> Sequence[str]:
    """Return the fields that versions decided; what a reviewer said of the account is taken as given."""
    return _UNSAID if record.decided_by == "reviewer" else FIELDS


def _by_versions(records: Iterable[Record]) -> Iterator[list[Record]]:
    groups: dict[tuple[object, ...], list[Record]] = {}
    for record in records:
        versions = record.catalogue, record.rules, record.model, len(record.signals)
        groups.setdefault(versions, []).append(record)
    yield from groups.values()


def _replay_group(
    records: list[Record], find_rules: Callable[[str], RuleBook], find_model: Callable[[str], Model], found: Replay
) -> None:
    """Decide records of the same versions again."""
    try:
        _check_signals(records[0])
        rules = find_rules(records[0].rules)
        model = None if records[0].model is None else find_model(records[0].model)
    except BadInput as error:
        found.gone[str(error)] += len(records)
        return
    decisions = recompute(records, rules, model)
    for i, record in enumerate(records):
        differences = list(_differences(record, decisions.decision(i, 0)))
        found.equal += not differences
        found.different += bool(differences)
        if found.different <= _STEP:
            found.differences += differences


def _check_signals(record: Record) -> None:
    if record.catalogue != CATALOGUE:
        raise BadInput(f"They were judged by the signals {record.catalogue}; this Rapport measures {CATALOGUE}.")
    if len(record.signals) != _WIDTH:
        raise BadInput(f"Their signals are {len(record.signals)} bytes long, not {_WIDTH}.")


def _differences(record: Record, now: Any) -> Iterator[Difference]:
    for name in decided_fields(record):
        if getattr(record, name) != getattr(now, name):
            yield Difference(record, name, getattr(now, name))
