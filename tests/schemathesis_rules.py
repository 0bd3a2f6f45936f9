"""What no schema can say of a request, for schemathesis: each rule by name, with the one refusal that it leads to.

Whatever else is refused although the schema allows it, or taken although the schema forbids it, is a failure.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import RejectedPositiveData

Problem = dict[str, Any]
Rule = Callable[[Problem], bool]


def an_event_ends_after_it_begins(problem: Problem) -> bool:
    """Two fields of an object cannot be compared."""
    return _all_flaws(problem, r"/events/\d+/ends_at", "not before occurred_at")


def a_kind_is_among_the_records(problem: Problem) -> bool:
    """A value cannot be looked for in a list beside it."""
    return _all_flaws(problem, r"/events/\d+/kind", "the kinds in records")


def a_cursor_was_given_before(problem: Problem) -> bool:
    """A cursor is sealed: one that is made up is refused, whatever it looks like. The links of the answers lead to some
    that were given.
    """
    return problem["type"] == "/errors#invalid-parameter" and all(
        flaw.get("parameter") in {"after", "before"} and "a cursor" in flaw["detail"] for flaw in problem["errors"]
    )


def what_was_erased_is_gone(problem: Problem) -> bool:
    """An address that was right once is told apart from one that never was; schemathesis knows 404 alone."""
    return problem["type"] == "/errors#gone"


ALLOWED: tuple[Rule, ...] = (
    an_event_ends_after_it_begins,
    a_kind_is_among_the_records,
    a_cursor_was_given_before,
    what_was_erased_is_gone,
)
"""Rules by which a request that fits its schema is refused."""


def too_much_is_not_read(problem: Problem) -> bool:
    """A list with too many elements is refused for its bytes, before anybody counts."""
    return problem["type"] in {"/errors#body-too-large", "/errors#too-many-accounts"}


def _all_flaws(problem: Problem, pointer: str, expected: str) -> bool:
    flaws = problem.get("errors", ())
    return bool(flaws) and all(
        re.fullmatch(pointer, flaw.get("pointer", "")) and expected in flaw["detail"] for flaw in flaws
    )


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Give each request an `Idempotency-Key` of its own, in place of one that fits and was used for another body.

    Else most bodies would be refused for their key, whatever they hold.
    """
    for name, value in (case.headers or {}).items():
        if name.lower() == "idempotency-key" and re.fullmatch(r"[!-~]{1,255}", str(value)):
            case.headers[name] = f"{next(_NUMBERS)}-{value}"[:255]


_NUMBERS = itertools.count()


@schemathesis.hook
def filter_failure(context: Any, failure: Failure, case: Any, response: Any) -> bool:
    """Whether a failure is one."""
    if isinstance(failure, RejectedPositiveData):
        return not any(rule(response.json()) for rule in ALLOWED)
    if isinstance(failure, AcceptedNegativeData) and response.status_code >= 400:
        return not too_much_is_not_read(response.json())
    return True
