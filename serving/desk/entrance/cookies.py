"""The session's cookie: no script reads it, no other site sends it, and off this machine no open wire carries it."""

from __future__ import annotations

from typing import Final

from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import Scope

from serving.desk.entrance.origins import header, is_secure

__all__ = ["read_cookie", "write_cookie"]

_PLAIN: Final = "rapport-desk"
_SECURE: Final = "__Host-rapport-desk"
"""What is called so, browsers take from this host itself alone, over HTTPS."""


def read_cookie(scope: Scope) -> str | None:
    """Return the session's text, where the request has one."""
    return cookie_parser(header(scope, b"cookie") or "").get(_name(scope))


def write_cookie(answer: Response, scope: Scope, text: str, seconds: int) -> None:
    """Have the browser keep a session, or with no seconds forget it."""
    answer.set_cookie(
        _name(scope), text, max_age=seconds, path="/", secure=is_secure(scope), httponly=True, samesite="strict"
    )


def _name(scope: Scope) -> str:
    return _SECURE if is_secure(scope) else _PLAIN
