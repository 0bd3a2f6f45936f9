"""Which route fails in which ways, as OpenAPI tells it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from serving.doors.scopes import OPEN, SCOPES
from serving.errors import PROBLEM_JSON
from serving.outcomes import OUTCOMES, Outcome

__all__ = ["describe_response", "name_response", "problems_of", "security_of"]

_PREDICTING: Final = (
    "invalid-json",
    "invalid-account",
    "invalid-event",
    "invalid-signal",
    "invalid-request",
    "invalid-parameter",
    "body-too-large",
    "too-slow",
    "unsupported-media-type",
    "idempotency-conflict",
    "idempotency-reused",
    "spool-full",
)
_ASKING: Final = ("invalid-parameter", "database-unavailable")

_SAYING: Final = (
    *("invalid-json", "invalid-request", "body-too-large", "too-slow", "unsupported-media-type"),
    *("wrong-prediction", "answer-too-old"),
)
_CASE: Final = (*_ASKING, "not-found")
_REVIEWS: Final = "/v1/reviews"
_ONE: Final = f"{_REVIEWS}/{{case_id}}"

_OWN: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("/v1/predictions", "POST"): _PREDICTING,
    ("/v1/predictions/batch", "POST"): (*_PREDICTING, "too-many-accounts"),
    ("/v1/predictions/{prediction_id}", "GET"): (*_ASKING, "not-found", "gone"),
    ("/v1/accounts/{account_id}/predictions", "GET"): (*_ASKING, "not-found", "gone"),
    ("/v1/accounts/{account_id}", "DELETE"): (*_ASKING, "not-found"),
    ("/v1/changes", "GET"): _ASKING,
    (_REVIEWS, "GET"): _ASKING,
    (f"{_REVIEWS}/claim", "POST"): _ASKING,
    (_ONE, "GET"): _CASE,
    (f"{_ONE}/claim", "POST"): (*_CASE, "case-held", "case-settled", "case-answered"),
    (f"{_ONE}/release", "POST"): _CASE,
    (f"{_ONE}/skip", "POST"): (*_CASE, "case-settled", "case-answered"),
    (f"{_ONE}/answer", "POST"): (*_CASE, *_SAYING, "case-not-held", "case-settled", "case-answered"),
    (f"{_ONE}/reveal", "GET"): (*_CASE, "case-not-answered"),
    (f"{_ONE}/revise", "POST"): (*_CASE, *_SAYING, "case-settled", "case-not-answered"),
    (f"{_ONE}/undo", "POST"): (*_CASE, "case-settled", "case-not-answered", "answer-too-old"),
    (f"{_ONE}/rule", "POST"): (*_CASE, *_SAYING, "case-settled"),
    ("/v1/labels", "GET"): _ASKING,
}
_KEYED: Final = ("unauthorized", "forbidden")
_UNLIMITED: Final = ("/healthz", "/readyz", "/metrics")

_ABOUT: Final = {
    "Retry-After": {"description": "Seconds to wait before asking again.", "schema": {"type": "integer", "minimum": 0}},
    "WWW-Authenticate": {"description": "How a key is shown.", "schema": {"type": "string", "pattern": "^Bearer"}},
}


def problems_of(path: str, method: str, *, keys: bool) -> dict[str, list[Outcome]]:
    """Return the ways in which a route fails, by status.

    Parameters
    ----------
    path : str
        The route's template.
    method : str
    keys : bool
        Callers have to show one.
    """
    names = [*_OWN.get((path, method), ()), "internal-error"]
    if path not in _UNLIMITED:
        names.append("overloaded")
    if keys and SCOPES[path, method] is not OPEN:
        names += _KEYED
    by_status: defaultdict[str, list[Outcome]] = defaultdict(list)
    for name in names:
        by_status[str(OUTCOMES[name].status)].append(OUTCOMES[name])
    return dict(by_status)


def security_of(path: str, method: str) -> list[dict[str, list[str]]]:
    """Return who may call a route: a key of any one of these roles."""
    return [{"key": [role]} for role in sorted(SCOPES[path, method])]


def name_response(outcomes: Sequence[Outcome]) -> str:
    """Name a response that several routes share.

    Examples
    --------
    >>> name_response([OUTCOMES["overloaded"], OUTCOMES["spool-full"], OUTCOMES["database-unavailable"]])
    'overloaded-and-2-more'
    """
    first, *more = outcomes
    return f"{first.name}-and-{len(more)}-more" if more else first.name


def describe_response(outcomes: Sequence[Outcome], headers: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a response that tells one of these outcomes, and has these headers whichever it is."""
    examples = {
        outcome.name: {
            "summary": outcome.title,
            "value": {
                "type": f"/errors#{outcome.name}",
                "title": outcome.title,
                "status": outcome.status,
                "detail": outcome.remedy,
            },
        }
        for outcome in outcomes
    }
    # What one outcome has and another of the same status has not cannot be relied upon.
    shared = set.intersection(*({*outcome.headers} for outcome in outcomes))
    return {
        "description": " ".join(outcome.title for outcome in outcomes),
        "headers": {**headers, **{name: {**_ABOUT[name], "required": True} for name in sorted(shared)}},
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}, "examples": examples}},
    }
