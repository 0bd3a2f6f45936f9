"""Which role may do what: the one table, read by the guard, by the OpenAPI description and by the tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.routing import compile_path

__all__ = ["OPEN", "SCOPES", "Place", "place_of"]

OPEN: Final[frozenset[str]] = frozenset()
"""Of a route that asks for no key."""

_PREDICT: Final = frozenset({"predict", "admin"})
_ADMIN: Final = frozenset({"admin"})
_ANY: Final = frozenset({"predict", "review", "admin"})

SCOPES: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("/v1/predictions", "POST"): _PREDICT,
    ("/v1/predictions/batch", "POST"): _PREDICT,
    ("/v1/predictions/{prediction_id}", "GET"): _PREDICT,
    ("/v1/accounts/{account_id}/predictions", "GET"): _PREDICT,
    ("/v1/accounts/{account_id}", "DELETE"): _ADMIN,
    ("/v1/changes", "GET"): _PREDICT,
    ("/v1/signals", "GET"): _ANY,
    ("/v1/rules", "GET"): _ANY,
    ("/v1/model", "GET"): _ANY,
    ("/metrics", "GET"): _ANY,
    ("/healthz", "GET"): OPEN,
    ("/readyz", "GET"): OPEN,
    ("/errors", "GET"): OPEN,
    ("/openapi.json", "GET"): OPEN,
    ("/docs", "GET"): OPEN,
    ("/docs/oauth2-redirect", "GET"): OPEN,
    ("/redoc", "GET"): OPEN,
    ("/static-offline-docs/{path:path}", "GET"): OPEN,
}
"""Roles that may call a route, by its path's template and its method; who may GET may HEAD. What stands in no row is
not served to anybody while keys are asked for."""


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
