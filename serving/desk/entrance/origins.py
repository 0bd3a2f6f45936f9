"""Where a request comes from: writes are taken from the desk's own pages alone.

Another site can make a reviewer's browser send a form here. The session's cookie does not come with it (SameSite), yet
a proxy that signs people in may well let it pass. So each write has to come from a page of this very address, as
browsers say in `Sec-Fetch-Site`, and older ones in `Origin`; neither can be set by a page. Forms need no token.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.types import Scope

from serving.errors import Refusal

__all__ = ["check_host", "check_origin", "check_program", "header", "host_of", "is_loopback", "is_secure"]

_READS: Final = frozenset({"GET", "HEAD"})
_OWN: Final = frozenset({"same-origin", "none"})
"""From a page of this address; or typed by hand, which no page can bring about."""


def check_origin(scope: Scope) -> None:
    """Refuse a write that was not sent by a page of this address.

    Raises
    ------
    Refusal
    """
    if scope["method"] in _READS:
        return
    site = header(scope, b"sec-fetch-site")
    if site is not None:
        own = site in _OWN
    else:
        origin = header(scope, b"origin")
        # Whoever says neither is no browser that a reviewer uses, and programs have an API.
        own = origin is not None and _place(origin) == host_of(scope) != ""
    if not own:
        raise Refusal(
            "cross-site", "This was sent from another site, so nothing was done. Do it on the desk's own page."
        )


def check_host(scope: Scope) -> None:
    """Refuse what calls this service by a name that is not this machine's, where nobody has to show a key.

    Another site can let its own name lead to this machine; a browser on it then takes what stands here for that site's,
    and lets its pages read, answer and erase.

    Raises
    ------
    Refusal
    """
    if not is_loopback(host_of(scope)):
        raise Refusal("foreign-host", "Without keys the service is this machine's own: call it 127.0.0.1 or localhost.")


def check_program(scope: Scope) -> None:
    """Refuse what another site's page sends where nobody has to show a key: only that no page could send.

    Raises
    ------
    Refusal
    """
    if scope.get("key") is None and header(scope, b"sec-fetch-site") not in {None, *_OWN}:
        raise Refusal("cross-site", "This was sent by a page of another site, so nothing was done.")


def is_secure(scope: Scope) -> bool:
    """Say whether a cookie can be kept to encrypted connections: everywhere but on this machine itself.

    A proxy may be on this machine and be asked from elsewhere, over HTTPS; who merely claims so only loses the cookie.
    """
    return not is_loopback(host_of(scope)) or "https" in {scope["scheme"], header(scope, b"x-forwarded-proto")}


def is_loopback(host: str) -> bool:
    """Say whether an address, with or without a port, is this machine's own.

    Examples
    --------
    >>> [is_loopback(host) for host in ("127.0.0.1:8000", "[::1]:8000", "localhost", "desk.acme.com", "")]
    [True, True, True, False, False]
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def host_of(scope: Scope) -> str:
    """Return what the request calls this service, in lower case; nothing where it does not say."""
    return (header(scope, b"host") or "").lower()


def header(scope: Scope, name: bytes) -> str | None:
    """Return a header that is there once; one that is there more often says nothing."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else None


def _place(origin: str) -> str | None:
    """Return host and port of an origin; None where it is opaque."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return parts.netloc.lower() if parts.scheme in {"http", "https"} else None
