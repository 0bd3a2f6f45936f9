"""Who comes in to the desk's pages."""

from __future__ import annotations

import logging
from typing import Final

from starlette.types import Scope

from reviews.keys import Key, Role
from serving.clock import Clock
from serving.desk.entrance.attempts import Attempts
from serving.desk.entrance.cookies import read_cookie
from serving.desk.entrance.origins import check_host, check_origin
from serving.desk.entrance.proxy import Proxy
from serving.desk.entrance.sessions import Session, Sessions
from serving.desk.pages.room import Viewer
from serving.doors.keyring import Keyring
from serving.doors.scopes import OPEN, Place, refuse_place, refuse_role
from serving.errors import Refusal
from serving.times import micros_of

__all__ = ["LOCAL", "Reception", "viewer_of"]

LOCAL: Final = Viewer("local", "local", lead=True)
"""Who reviews where nobody has to show a key."""

_REVIEWERS: Final[frozenset[Role]] = frozenset({"review", "admin"})

_log = logging.getLogger(__name__)


def viewer_of(key: Key | None) -> Viewer:
    """Return who a key is; None where nobody has to show one."""
    return LOCAL if key is None else Viewer(key.id, key.name, key.role == "admin")


class Reception:
    """Tells who comes, by session or proxy, and lets them in where they may.

    Parameters
    ----------
    keyring : Keyring or None
        None: nobody has to sign in, and the desk answers this machine alone.
    sessions : Sessions
    proxy : Proxy or None
        None: nobody is believed but a session.
    clock : callable
        Returns the present moment.

    Attributes
    ----------
    sessions : Sessions
    """

    def __init__(self, keyring: Keyring | None, sessions: Sessions, proxy: Proxy | None, clock: Clock) -> None:
        self.sessions = sessions
        self._keyring = keyring
        self._proxy = proxy
        self._clock = clock
        self._attempts = Attempts()

    @property
    def now(self) -> int:
        """The present moment, microseconds since 1970 UTC."""
        return micros_of(self._clock())

    async def admit(self, place: Place, scope: Scope) -> Key | None:
        """Let a request in and return the key of who sent it; None where that asks for none.

        Raises
        ------
        Refusal
            "unauthorized" where nobody has signed in; or it may not be done, or not from there.
        """
        check_origin(scope)
        roles = place.roles.get(scope["method"])
        if roles is OPEN:
            return None
        key = await self._key_of(scope)
        if roles is None:
            raise refuse_place(place)
        if key is not None and key.role not in roles:
            raise refuse_role(key.role, roles)
        return key

    async def recognise(self, scope: Scope) -> Viewer | None:
        """Return who sent a request; None where nobody has signed in, or it cannot be told now."""
        try:
            return viewer_of(await self._key_of(scope))
        except Refusal:
            return None

    async def sign_in(self, text: str) -> str:
        """Begin a session of whoever shows a key, and return its text.

        Raises
        ------
        Refusal
            It is no key, or not a reviewer's; too many were tried; or nothing is known of the keys.
        """
        keyring, now = self._keyring, self.now
        if keyring is None:
            raise Refusal("not-found", "Nobody has to sign in here.")
        try:
            key = await keyring.key_of(text)
        except Refusal as refusal:
            if refusal.name == "unauthorized":
                self._attempts.fail(now)
                _log.warning("Somebody tried to sign in with what is no key.")
            raise
        if key.role not in _REVIEWERS:
            raise refuse_role(key.role, _REVIEWERS)
        _log.info("A reviewer signed in.", extra={"facts": {"key": key.id}})
        return await self.sessions.begin(key.id, now)

    async def session_of(self, scope: Scope) -> Session | None:
        """Return the session that a request shows, if that goes on."""
        text = read_cookie(scope)
        return None if text is None else await self.sessions.read(text, self.now)

    async def _key_of(self, scope: Scope) -> Key | None:
        keyring = self._keyring
        if keyring is None:
            # Also who is refused is recognised, and by another name nobody is.
            check_host(scope)
            return None
        named = None if self._proxy is None else self._proxy.named(scope)
        if named is not None:
            key = keyring.named(named, _REVIEWERS)
            if key is None:
                raise Refusal("forbidden", "The proxy names somebody of whom there is no reviewer's key that stands.")
            return key
        session = await self.session_of(scope)
        key = None if session is None else keyring.standing(session.key_id)
        if key is None:
            raise Refusal("unauthorized", "Nobody has signed in, or it was too long ago.")
        return key
