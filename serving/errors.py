"""What is answered when something fails: one map from exception to outcome, one shape (RFC 9457).

An answer names the place and what was expected there, never what was found: bodies of errors go to logs, and a value
may be an account's data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from features.events import BadInput, Problem
from serving.outcomes import OUTCOMES

__all__ = [
    "PROBLEM_JSON",
    "SHOWN",
    "Flaw",
    "ProblemDocument",
    "Refusal",
    "answer_problem",
    "pointer_to",
    "problem_document",
    "refusal_of",
    "refuse_body",
]

PROBLEM_JSON: Final = "application/problem+json"
SHOWN: Final = 100
"""Flaws that one answer lists."""


class Flaw(BaseModel):
    """One place that does not fit."""

    pointer: Annotated[str | None, Field(description="JSON pointer into the body (RFC 6901).")] = None
    parameter: Annotated[str | None, Field(description="Name of the query parameter.")] = None
    detail: Annotated[str, Field(description="What was expected there.")]


class ProblemDocument(BaseModel):
    """Problem details (RFC 9457), the one shape of every error."""

    type: Annotated[str, Field(description="Which error it is; stable.")]
    title: Annotated[str, Field(description="What happened, without the particulars.")]
    status: int
    detail: Annotated[str, Field(description="What happened here, and what to do.")]
    errors: Annotated[list[Flaw] | None, Field(description=f"Each place that does not fit, at most {SHOWN}.")] = None
    request_id: Annotated[
        str | None, Field(description="As in the answer's header `X-Request-ID` and in the service's log.")
    ] = None


@dataclass(eq=False)
class Refusal(Exception):
    """What is answered in place of an answer.

    Parameters
    ----------
    name : str
        Of the outcome.
    detail : str
    flaws : sequence of Flaw
    status : int, optional
        Where it is not the outcome's.
    headers : mapping, optional
    """

    name: str
    detail: str
    flaws: Sequence[Flaw] = ()
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def pointer_to(*steps: str | int) -> str:
    """Write a JSON pointer.

    Examples
    --------
    >>> pointer_to("events", 3, "a/b")
    '/events/3/a~1b'
    """
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def refusal_of(error: Exception) -> Refusal:
    """Return what is answered for an exception: the one map."""
    match error:
        case Refusal():
            return error
        case BadInput():
            flaws = [_flaw(problem) for problem in error.problems[:SHOWN]]
            return refuse_body(flaws or [Flaw(pointer="", detail=error.message)], len(error.problems) or None)
        case HTTPException(status_code=404):
            return Refusal("not-found", "There is nothing at this address; /openapi.json lists every address.")
        case HTTPException(status_code=405):
            return _refuse_method(error)
        case HTTPException():
            detail = OUTCOMES["http-error"].remedy
            return Refusal("http-error", detail, status=error.status_code, headers=error.headers or {})
        case _:
            return Refusal(
                "internal-error", "The service failed; its log says where. Nothing about the request is wrong."
            )


def _refuse_method(error: HTTPException) -> Refusal:
    allowed = (error.headers or {}).get("Allow", "another method")
    if "GET" in allowed and "HEAD" not in allowed:
        allowed += ", HEAD"
    return Refusal("method-not-allowed", f"Use {allowed} here.", headers={**(error.headers or {}), "Allow": allowed})


def refuse_body(flaws: Sequence[Flaw], count: int | None = None) -> Refusal:
    """Return the refusal of a body that is JSON and does not fit, named for the part that its first flaw is in.

    Parameters
    ----------
    flaws : sequence of Flaw
        One at least.
    count : int, optional
        How many there are, where not all are given.
    """
    count = len(flaws) if count is None else count
    root = (flaws[0].pointer or "").split("/")[1:2]
    name = _PART_OUTCOMES.get(root[0] if root else "", "invalid-request")
    places = "1 place does" if count == 1 else f"{count:,} places do"
    more = "" if count <= SHOWN else f" The first {SHOWN} are listed."
    return Refusal(name, f"{places} not fit: see errors.{more}", flaws)


def problem_document(refusal: Refusal) -> dict[str, Any]:
    """Return problem details, as :class:`ProblemDocument` describes them."""
    outcome = OUTCOMES[refusal.name]
    document: dict[str, Any] = {
        "type": f"/errors#{outcome.name}",
        "title": outcome.title,
        "status": refusal.status or outcome.status,
        "detail": refusal.detail,
    }
    if refusal.flaws:
        document["errors"] = [flaw.model_dump(exclude_none=True) for flaw in refusal.flaws]
    return document


def answer_problem(refusal: Refusal, scope: Scope) -> Response:
    """Write a refusal as the answer to a request, of which `scope` is what the server said of it."""
    document = problem_document(refusal)
    if "request_id" in scope:
        document["request_id"] = scope["request_id"]
    headers = {**OUTCOMES[refusal.name].headers, **refusal.headers}
    return Response(to_json(document), document["status"], headers, PROBLEM_JSON)


_PART_OUTCOMES: Final = {"account": "invalid-account", "events": "invalid-event", "signals": "invalid-signal"}


def _flaw(problem: Problem) -> Flaw:
    steps = (step for step in (problem.file, problem.row, problem.column) if step not in (None, ""))
    return Flaw(pointer=pointer_to(*steps), detail=f"expected {problem.expected}")
