"""From cases to what the desk's JSON says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from features.signals import SIGNAL_NAMES
from reviews.comparison import Similar
from reviews.desk import Answer, Case, CaseLine, Given, LabelGiven, read_evidence
from reviews.record import Record, signals_of
from serving.desk.pages.opinions import Opinion
from serving.desk.words.heads import name_in
from serving.times import time_text

__all__ = ["label_told", "listed", "revealed", "told"]

Names = Mapping[str, str]


def listed(line: CaseLine, names: Names, *, lead: bool) -> dict[str, Any]:
    """Return a case as :class:`serving.desk.api.schemas.ReviewListed` describes it."""
    name = name_in(line.account_id, line.packed)
    return {
        "case_id": str(line.id),
        "account_id": line.account_id,
        "name": None if name == line.account_id else name,
        "state": line.state,
        "opened_at": time_text(line.opened_at),
        **_held(line.holder, line.held_until, names),
        "answered": line.answered,
        "answers": line.readers,
        "why": line.why if lead else None,
    }


def told(case: Case, names: Names, now: int, others: Sequence[Given] | None = None) -> dict[str, Any]:
    """Return a case as :class:`serving.desk.api.schemas.Review` describes it.

    Parameters
    ----------
    case : Case
    names : mapping
        Reviewers' names by id.
    now : int
        Microseconds since 1970 UTC.
    others : sequence of Given, optional
        What the reviewers say who disagree, for the team lead.
    """
    evidence = None if case.evidence is None else read_evidence(case.evidence)
    signals = signals_of(case.catalogue, case.signals)
    held = case.held_until is not None and case.held_until > now
    return {
        "case_id": str(case.id),
        "account_id": case.account_id,
        "state": case.state,
        "opened_at": time_text(case.opened_at),
        **_held(case.holder if held else None, case.held_until, names),
        "prediction_id": str(case.prediction_id),
        "as_of": time_text(case.as_of),
        "account": None if evidence is None else evidence.account,
        "events": None if evidence is None else evidence.events,
        "records": None if evidence is None else evidence.records,
        "signals": None if signals is None else dict(zip(SIGNAL_NAMES, np.asarray(signals).tolist(), strict=True)),
        "answer": None if case.current is None else _answer(case.current.answer),
        "history": [_given(each) for each in case.mine],
        "others": None
        if others is None
        else [{**_given(each), "reviewer": names.get(each.reviewer, each.reviewer)} for each in others],
    }


def revealed(record: Record, opinions: tuple[Opinion, Opinion], similar: Sequence[Similar]) -> dict[str, Any]:
    """Return what the machine thinks as :class:`serving.desk.api.schemas.Revealed` describes it."""
    decided = ("relationship", "confidence", "probability_client", "hybrid", "engagement_model", "strategic_services")
    model, rules = opinions
    return {
        "prediction_id": str(record.id),
        **{name: getattr(record, name) for name in (*decided, "decided_by", "route", "review_reasons")},
        "versions": {"model": record.model, "rules": record.rules},
        "model": _opinion(model),
        "rules": _opinion(rules),
        "similar": [
            {
                "account_id": each.account_id,
                "relationship": each.relationship,
                "decided_at": time_text(each.at),
                "distance": each.distance,
            }
            for each in similar
        ],
    }


def label_told(label: LabelGiven) -> dict[str, Any]:
    """Return a label as :class:`serving.desk.api.schemas.LabelTold` describes it."""
    return {
        "account_id": label.account_id,
        "relationship": label.relationship,
        "labelled_at": time_text(label.labelled_at),
        "given_at": time_text(label.given_at),
        "labeller": label.labeller,
        "source": "reviewer",
        "inclusion": label.inclusion,
    }


def _held(holder: str | None, until: int | None, names: Names) -> dict[str, Any]:
    if holder is None or until is None:
        return {"held_by": None, "held_until": None}
    return {"held_by": names.get(holder, holder), "held_until": time_text(until)}


def _given(given: Given) -> dict[str, Any]:
    return {"at": time_text(given.at), "stage": given.stage, "answer": _answer(given.answer)}


def _answer(answer: Answer | None) -> dict[str, Any] | None:
    return None if answer is None else asdict(answer)


def _opinion(opinion: Opinion) -> dict[str, Any]:
    says = opinion.says
    return {
        "says": says,
        "probability": opinion.probability if says else None,
        "version": opinion.version,
        "base_log_odds": opinion.base if says else None,
        "reasons": opinion.reasons,
        "note": opinion.silent or None,
    }
