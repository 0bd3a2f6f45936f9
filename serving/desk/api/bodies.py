"""What a program says for a reviewer: from the body of a request to an answer."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Final, Literal, NotRequired
from uuid import UUID

from pydantic import Field, TypeAdapter
from starlette.requests import Request

from models.rules import RuleBook
from reviews.answer import NOTE, OPINIONS, SURENESS, Answer
from reviews.checklist import CHECKLIST
from serving.answering.body import parse_body, read_body
from serving.answering.fields import Part, typed_object
from serving.answering.schemas import RequestForm

__all__ = ["LONGEST", "answer_form", "answer_of_body", "engagement_names"]

LONGEST: Final = 65_536
"""Bytes of a body."""

_UUID: Final = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_MEANING: Final = {
    "prediction_id": "That of the case as it was shown to the reviewer.",
    "relationship": "What the account is; unclear: cannot tell.",
    "hybrid": "Both sides are strongly present; false by default.",
    "engagement_model": "A name that `GET /v1/rules` lists; null: cannot tell.",
    "strategic_services": "Whether strategic services are included; null: cannot tell.",
    "sureness": "How sure the reviewer is; fairly by default.",
    "note": "For others, and for later.",
    "checklist": "By question what was ticked; what was left open is left out.",
}


def _one_of(words: tuple[str, ...]) -> str:
    return f"one of {', '.join(words)}"


def engagement_names(rules: RuleBook) -> tuple[str, ...]:
    """Return how accounts may engage, as rules have it."""
    return tuple(each.name for each in rules.engagement_models)


@cache
def answer_form(engagement_models: tuple[str, ...]) -> RequestForm:
    """Describe the body of an answer, where accounts engage in one of these ways."""
    # Where the rules name none, null is all that may be said.
    engagement: Any = Literal[(*engagement_models, None)]
    questions = CHECKLIST.values()
    ticks = typed_object(
        "Checklist",
        {each.code: NotRequired[Annotated[Literal[each.codes], Field(description=each.text)]] for each in questions},
    )
    types: dict[str, Any] = {
        "prediction_id": Annotated[str, Field(pattern=_UUID, json_schema_extra={"format": "uuid"})],
        "relationship": Literal[OPINIONS],
        "hybrid": NotRequired[bool],
        "engagement_model": NotRequired[engagement],
        "strategic_services": NotRequired[bool | None],
        "sureness": NotRequired[Literal[SURENESS]],
        "note": NotRequired[Annotated[str, Field(max_length=NOTE, pattern=r"^[^\x00]*$")]],
        "checklist": NotRequired[ticks],
    }
    made = typed_object("AnswerGiven", {name: _described(kind, _MEANING[name]) for name, kind in types.items()})
    expected = {
        "prediction_id": "the prediction_id of the case as it was read",
        "relationship": _one_of(OPINIONS),
        "hybrid": "true or false",
        "engagement_model": f"{_one_of(engagement_models)}, or null" if engagement_models else "null",
        "strategic_services": "true, false or null",
        "sureness": _one_of(SURENESS),
        "note": f"a text of at most {NOTE:,} characters, without NUL",
        "checklist": "an object with answers by the codes of questions",
    }
    parts = {"checklist": Part(ticks, {each.code: _one_of(each.codes) for each in questions})}
    return RequestForm(TypeAdapter(made), made, parts, expected, "an object with prediction_id and relationship")


async def answer_of_body(request: Request, form: RequestForm) -> tuple[Answer, UUID]:
    """Read what a reviewer says, and of which prediction.

    Raises
    ------
    Refusal
        It does not fit.
    """
    content = parse_body(await read_body(request, LONGEST), form)
    prediction_id = UUID(content.pop("prediction_id"))
    return Answer(**content), prediction_id


def _described(kind: Any, meaning: str) -> Any:
    """Say what a field means, within what says that it may be left out."""
    inner = getattr(kind, "__args__", ()) if getattr(kind, "__origin__", None) is NotRequired else ()
    return (
        NotRequired[Annotated[inner[0], Field(description=meaning)]]
        if inner
        else Annotated[kind, Field(description=meaning)]
    )
