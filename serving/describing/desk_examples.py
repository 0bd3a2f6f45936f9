"""What the desk answers, in the OpenAPI description: made by what makes every answer, of one account."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from pydantic_core import to_json

from models.rules import RuleBook
from reviews.desk import Answer, Case, CaseLine, Given, LabelGiven
from reviews.record import Record, pack
from serving.answering.judgement import judge
from serving.answering.question import read_question
from serving.answering.record import record_of
from serving.answering.schemas import request_form
from serving.describing.examples import ANSWERS
from serving.desk.api.telling import label_told, listed, revealed, told
from serving.desk.pages.opinions import Opinion

__all__ = ["DOUBTFUL", "desk_examples"]

DOUBTFUL: Final[dict[str, Any]] = {
    "account": {"account_id": "corner-shop", "name": "The corner shop", "party": "organisation"},
    "events": [{"kind": "purchase", "subtype": "advice", "occurred_at": "2026-05-04T10:00:00Z", "amount": 400}],
    "records": ["purchase", "meeting"],
    "as_of": "2026-06-01T00:00:00Z",
}
"""A request that goes to a review."""

_AT: Final = 1_780_272_000_000_000
_NAMES: Final = {"ann": "Ann"}
_DIGITS: Final = 4
_SAID: Final = ANSWERS["client"]["value"]
"""What Ann says of it; no check of ours is asked whether it is true."""


def desk_examples() -> dict[str, dict[str, Any]]:
    """Return what each operation of the desk answers, by its name."""
    record, opinion = _decide()
    case_id = record.id
    before = Case(
        id=case_id,
        account_id=record.account_id,
        state="open",
        opened_at=_AT,
        holder="ann",
        held_until=_AT + 1_800_000_000,
        prediction_id=record.id,
        as_of=record.as_of,
        catalogue=record.catalogue,
        signals=record.signals,
        evidence=record.evidence,
    )
    answer = Answer(**{name: value for name, value in _SAID.items() if name != "prediction_id"})
    kept = Given(1, case_id, record.account_id, "ann", _AT, "blind", answer, record.id, None, record.rules)
    after = _settled(before, kept)
    line = CaseLine(
        case_id,
        record.account_id,
        "open",
        _AT,
        "ann",
        _AT + 1_800_000_000,
        pack(record.evidence or b""),
        False,
        0,
        None,
    )
    label = LabelGiven(1, record.account_id, "client", record.as_of, _AT, "Ann", None)
    held, done = _json(told(before, _NAMES, _AT)), _json(told(after, _NAMES, _AT))
    free = {**held, "held_by": None, "held_until": None}
    return {
        "list_reviews": _json({"reviews": [listed(line, _NAMES, lead=False)], "next": None}),
        "claim_next_review": {"review": held},
        **dict.fromkeys(("read_review", "claim_review", "undo_review"), held),
        **dict.fromkeys(("release_review", "skip_review"), free),
        **dict.fromkeys(("answer_review", "revise_review", "rule_review"), done),
        "reveal_review": _json(revealed(record, (Opinion("model", None, silent=_ALONE), opinion), ())),
        "read_labels": _json({"labels": [label_told(label)], "reviewers": ["Ann"], "cursor": "AAAAAAAAAAG7XepzzLCyxA"}),
    }


_ALONE: Final = "The rules answered alone."


def _decide() -> tuple[Record, Opinion]:
    """Decide the account by the rules that ship, and say what they think."""
    rules = RuleBook.default()
    question = read_question(json.dumps(DOUBTFUL).encode(), request_form(10), None)
    (judged,) = judge([question], rules, None, _AT)
    assert not isinstance(judged, Exception)  # noqa: S101 - the example fits
    record = record_of(UUID(_SAID["prediction_id"]), question, judged, None, None, 0.0)
    decision = judged.decision
    opinion = Opinion(
        "rules", rules.digest, decision.relationship, decision.confidence, decision.base, tuple(decision.reasons)
    )
    return record, opinion


def _settled(case: Case, given: Given) -> Case:
    return replace(case, state="closed", holder=None, held_until=None, mine=(given,), current=given)


def _json(content: dict[str, Any]) -> dict[str, Any]:
    """Return what is written; processors differ in the last bits."""
    written = to_json(content, inf_nan_mode="null")
    rounded: dict[str, Any] = json.loads(written, parse_float=lambda digits: round(float(digits), _DIGITS))
    return rounded
