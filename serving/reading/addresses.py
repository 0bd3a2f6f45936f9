"""Addresses that name an account, whose id may hold any character."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, unquote

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from features.events import ACCOUNT_COLUMNS
from serving.answering.fields import value_type
from serving.errors import Refusal

__all__ = ["ACCOUNT_ID", "AccountsAsSent", "account_id_of"]

_ACCOUNTS: Final = "/v1/accounts/"
ACCOUNT_ID: Final = TypeAdapter[str](value_type(ACCOUNT_COLUMNS[0]))
"""What an account may be called, as where it is asked about."""


class AccountsAsSent:
    """Leaves addresses of accounts as they were sent until a route is found, since a decoded id may hold slashes.

    Parameters
    ----------
    app : ASGI application
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        if scope["type"] == "http" and scope["path"].startswith(_ACCOUNTS):
            # A server need not say how the path was sent.
            sent = scope.get("raw_path") or quote(scope["path"]).encode()
            scope = {**scope, "path": sent.decode("latin-1")}
        await self._app(scope, receive, send)


def account_id_of(request: Request) -> str:
    """Return the account that an address names.

    Raises
    ------
    Refusal
        No account can be called that.
    """
    try:
        account_id: str = ACCOUNT_ID.validate_python(unquote(request.path_params["account_id"], errors="strict"))
    except (UnicodeDecodeError, ValidationError):
        raise Refusal("not-found", "No account can be called that.") from None
    return account_id
