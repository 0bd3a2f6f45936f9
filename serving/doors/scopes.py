"""Which role may do what: the one table, read by the guard, by the OpenAPI description and by the tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.routing import compile_path

from serving.errors import Refusal

__all__ = ["OPEN", "SCOPES", "Place", "is_page", "place_of", "refuse_place", "refuse_role"]

OPEN: Final[frozenset[str]] = frozenset()
"""Of a route that asks for no key."""

_PREDICT: Final = frozenset({"predict", "admin"})
_ADMIN: Final = frozenset({"admin"})
_REVIEW: Final = frozenset({"review", "admin"})
_ANY: Final = frozenset({"predict", "review", "admin"})

SCOPES: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("/v1/predictions", "POST"): _PREDICT,
    ("/v1/predictions/batch", "POST"): _PREDICT,
    ("/v1/predictions/{prediction_id}", "GET"): _PREDICT,
    ("/v1/accounts/{account_id}/predictions", "GET"): _PREDICT,
    ("/v1/accounts/{account_id}", "DELETE"): _ADMIN,
    ("/v1/changes", "GET"): _PREDICT,
    ("/v1/reviews", "GET"): _REVIEW,
    ("/v1/reviews/claim", "POST"): _REVIEW,
    ("/v1/reviews/{case_id}", "GET"): _REVIEW,
    ("/v1/reviews/{case_id}/claim", "POST"): _REVIEW,
    ("/v1/reviews/{case_id}/release", "POST"): _REVIEW,
    ("/v1/reviews/{case_id}/skip", "POST"): _REVIEW,
    ("/v1/reviews/{case_id}/answer", "POST"): _REVIEW,
    ("/v1/reviews/{case_id}/reveal", "GET"): _REVIEW,
    ("/v1/reviews/{case_id}/revise", "POST"): _REVIEW,
    ("/v1/reviews/{case_id}/undo", "POST"): _REVIEW,
    ("/v1/reviews/{case_id}/rule", "POST"): _ADMIN,
    ("/v1/labels", "GET"): _REVIEW,
    ("/v1/signals", "GET"): _ANY,
    ("/v1/rules", "GET"): _ANY,
    ("/v1/model", "GET"): _ANY,
    ("/metrics", "GET"): _PREDICT,  # it counts what the machine says, also of a case that is still blind
    ("/healthz", "GET"): OPEN,
    ("/readyz", "GET"): OPEN,
    ("/errors", "GET"): OPEN,
    ("/openapi.json", "GET"): OPEN,
    ("/docs", "GET"): OPEN,
    ("/docs/oauth2-redirect", "GET"): OPEN,
    ("/redoc", "GET"): OPEN,
    ("/static-offline-docs/{path:path}", "GET"): OPEN,
    ("/desk", "GET"): _REVIEW,
    ("/desk/", "GET"): _REVIEW,
    ("/desk/sign-in", "GET"): OPEN,
    ("/desk/sign-in", "POST"): OPEN,
    ("/desk/sign-out", "POST"): OPEN,
    ("/desk/static/{digest}/{name}", "GET"): OPEN,
    ("/desk/next", "POST"): _REVIEW,
    ("/desk/history", "GET"): _REVIEW,
    ("/desk/cases/{case_id}", "GET"): _REVIEW,
    ("/desk/cases/{case_id}/claim", "POST"): _REVIEW,
    ("/desk/cases/{case_id}/answer", "POST"): _REVIEW,
    ("/desk/cases/{case_id}/revise", "POST"): _REVIEW,
    ("/desk/cases/{case_id}/skip", "POST"): _REVIEW,
    ("/desk/cases/{case_id}/undo", "POST"): _REVIEW,
    ("/desk/cases/{case_id}/rule", "POST"): _ADMIN,
    ("/desk/disputes", "GET"): _ADMIN,
    ("/desk/overview", "GET"): _ADMIN,
    ("/desk/charts/{name}.svg", "GET"): _ADMIN,
}
"""Roles that may call a route, by its path's template and its method; who may GET may HEAD. What stands in no row is
not served to anybody while keys are asked for. To the desk's pages whoever has signed in shows a session, no key."""

_DESK: Final = "/desk"


@dataclass(frozen=True, slots=True)
class Place:
    """An address, as far as the table knows it.

    Attributes
    ----------
    template : str
        What logs and metrics call it, since a path may name an account.
    roles : mapping of str to frozenset of str
        Who may, by method; empty at an address that there is not.
    """

    template: str
    roles: Mapping[str, frozenset[str]]


NOWHERE: Final = Place("(unknown)", {})


def place_of(path: str) -> Place:
    """Find the place of a path.

    Examples
    --------
    >>> place_of("/v1/accounts/acme/predictions").template
    '/v1/accounts/{account_id}/predictions'
    >>> place_of("/v1/accounts").template
    '(unknown)'
    """
    place = _FIXED.get(path)
    if place is None:
        place = next((place for pattern, place in _PATTERNS if pattern.match(path)), NOWHERE)
    return place


def is_page(path: str) -> bool:
    """Say whether a path is of the desk's pages, which people look at.

    Examples
    --------
    >>> is_page("/desk/cases/1"), is_page("/desk"), is_page("/desktop"), is_page("/v1/reviews")
    (True, True, False, False)
    """
    return path.startswith(_DESK) and path[len(_DESK) : len(_DESK) + 1] in {"", "/"}


def refuse_place(place: Place) -> Refusal:
    """Return the refusal of a method that a place does not take, or of a place that there is not."""
    if not place.roles:
        return Refusal("not-found", "There is nothing at this address; /openapi.json lists every address.")
    allowed = ", ".join(sorted(place.roles))
    return Refusal("method-not-allowed", f"Use {allowed} here.", headers={"Allow": allowed})


def refuse_role(role: str, roles: Iterable[str]) -> Refusal:
    """Return the refusal of a key whose role may not do what others may."""
    return Refusal("forbidden", f"This key's role is {role}; this asks for {' or '.join(sorted(roles))}.")


def _places() -> dict[str, Place]:
    found: dict[str, dict[str, frozenset[str]]] = {}
    for (template, method), roles in SCOPES.items():
        found.setdefault(template, {})[method] = roles
        if method == "GET":
            found[template]["HEAD"] = roles
    return {template: Place(template, roles) for template, roles in found.items()}


_FIXED: Final = {template: place for template, place in _places().items() if "{" not in template}
_PATTERNS: Final[list[tuple[re.Pattern[str], Place]]] = [
    (compile_path(template)[0], place) for template, place in _places().items() if "{" in template
]
