"""Who comes in: every request has to show a key whose role may do what it asks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from reviews.keys import Key
from serving.desk.entrance.origins import check_host
from serving.desk.entrance.reception import Reception
from serving.doors.keyring import Keyring
from serving.doors.scopes import OPEN, Place, is_page, place_of, refuse_place, refuse_role
from serving.errors import Refusal, answer_problem

__all__ = ["Guard"]

_SHOW: Final = "Send the header `Authorization: Bearer rpt_…`."


class Guard:
    """Lets in whoever may, and puts the key that was shown into the scope.

    Afterwards `scope["template"]` is the route's, and `scope["key"]` the key, or None where none is asked for.

    Parameters
    ----------
    app : ASGI application
    keyring : Keyring or None
        None: nobody has to show a key, and the service answers to this machine's own names alone.
    reception : Reception
        Lets in whoever comes to the desk's pages.
    """

    def __init__(self, app: ASGIApp, keyring: Keyring | None, reception: Reception) -> None:
        self._app = app
        self._keyring = keyring
        self._reception = reception

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        place = place_of(scope["path"])
        scope["template"], scope["key"] = place.template, None
        try:
            if self._keyring is None:
                check_host(scope)
            if is_page(scope["path"]):
                scope["key"] = await self._reception.admit(place, scope)
            elif self._keyring is not None:
                scope["key"] = await self._admit(self._keyring, place, scope)
            elif place.roles and scope["method"] not in place.roles:
                # The router would take the last part of such an address for somebody's id, at another route.
                raise refuse_place(place)
        except Refusal as refusal:
            await answer_problem(refusal, scope)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _admit(self, keyring: Keyring, place: Place, scope: Scope) -> Key | None:
        roles = place.roles.get(scope["method"])
        if roles is OPEN:
            return None
        # Before whether there is anything here, so that without a key nobody learns what there is.
        key = None if OPEN in place.roles.values() else await keyring.key_of(shown(scope["headers"]))
        if roles is None:
            # Here and not by the router: a route that the table forgets is closed, not open to every key.
            raise refuse_place(place)
        if key is not None and key.role not in roles:
            raise refuse_role(key.role, roles)
        return key


def shown(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the key that a request shows.

    Raises
    ------
    Refusal
        It shows none, or not in the one way.
    """
    texts = [value for name, value in headers if name == b"authorization"]
    if not texts:
        raise Refusal("unauthorized", f"No key was shown. {_SHOW}")
    scheme, _, text = texts[0].partition(b" ")
    if len(texts) > 1 or scheme.lower() != b"bearer" or not text.isascii():
        raise Refusal("unauthorized", f"The key was not shown as expected. {_SHOW}")
    return text.decode("ascii")
