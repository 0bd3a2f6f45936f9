"""Answers in the OpenAPI description, made by what makes every answer; a test asks for them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import to_json

from models.rules import RuleBook
from serving.answering.answers import answer_content
from serving.answering.judgement import Judged, judge
from serving.answering.question import read_question
from serving.answering.schemas import request_form
from serving.answering.wanted import Wanted
from serving.describing.desk_examples import desk_examples
from serving.describing.examples import BATCHES, REFUSED, REQUESTS
from serving.reading.schemas import ChangeGiven, PredictionListed
from serving.times import micros_of

__all__ = ["CURSOR", "answer_examples"]

CURSOR: Final = "AAAAAAAAAAEAAAAAAAAAALtd6slsLIbE"
"""Of no database that there is."""

_ANSWERED: Final = datetime(2026, 6, 1, 8, tzinfo=UTC)
_IDS: Final = ("019e82a4-9e00-7c39-9d0a-3a1f6e7c5b21", "019e82a4-9e00-7c39-9d0a-3a1f6e7c5b22")
_FORM: Final = request_form(10)
_USUAL: Final = Wanted()
_DIGITS: Final = 4


def answer_examples() -> dict[str, dict[str, Any]]:
    """Return what each operation answers once the requests of the examples were answered, by the operation's name."""
    kept = _answer("events", _IDS[0], Wanted(signals=True)) | {"note": None, "evidence": False, "audit_sample": False}
    change = {"prediction_id": kept["id"], "erased": False} | kept
    return desk_examples() | {
        "predict": _answer("events", _IDS[0]),
        "predict_batch": {"results": [_answer("events", _IDS[0]), _answer("signals", _IDS[1]), {"error": REFUSED}]},
        "read_prediction": kept,
        "read_history": {"predictions": [_part(kept, PredictionListed)], "next": None},
        "follow_changes": {"changes": [_part(change, ChangeGiven)], "cursor": CURSOR},
        "erase_account": {
            "account_id": "acme",
            "erased_at": "2026-06-02T08:00:00Z",
            "reason": "They asked for it, ticket 4711.",
        },
    }


def _answer(name: str, identity: str, wanted: Wanted = _USUAL) -> dict[str, Any]:
    """Return the answer to a request by the rules that ship."""
    as_of = BATCHES["batch"]["value"]["as_of"]
    body = {"as_of": as_of, **REQUESTS[name]["value"]}
    question = read_question(json.dumps(body).encode(), _FORM)
    (judged,) = judge([question], RuleBook.default(), None, micros_of(_ANSWERED))
    assert isinstance(judged, Judged)  # noqa: S101 - the example fits
    answer = answer_content(body["account"]["account_id"], identity, judged, wanted)
    told = to_json(answer, inf_nan_mode="null")
    # Processors differ in the last bits.
    rounded: dict[str, Any] = json.loads(told, parse_float=lambda digits: round(float(digits), _DIGITS))
    return rounded | {"recorded": True}


def _part(whole: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """Return the fields of a model, in its order."""
    return {name: whole[name] for name in model.model_fields}
