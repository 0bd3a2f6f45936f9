"""Reviewers whom a proxy in front has signed in, and names in a header.

Whoever can send this header past the proxy is any reviewer they like. So it is believed only where it is asked for,
only from the proxy's own addresses, and only where it is there once.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from starlette.types import Scope

from features.events import BadInput
from serving.errors import Refusal
from serving.settings import Settings

__all__ = ["Proxy"]

_TWICE: Final = "The proxy names several people in one request: it has to replace the header that it is sent."


class Proxy:
    """Says whom the proxy names.

    Parameters
    ----------
    name : str
        Of the header.
    addresses : str
        Of the proxy, with commas in between.

    Raises
    ------
    BadInput
        One of them is no address.
    """

    def __init__(self, name: str, addresses: str) -> None:
        self._name = name.lower().encode("ascii")
        try:
            self._addresses = {ip_address(each.strip()) for each in addresses.split(",") if each.strip()}
        except ValueError:
            place = Settings.variable("proxy_addresses")
            raise BadInput(f"{place}: expected addresses such as 127.0.0.1, with commas in between.") from None

    def named(self, scope: Scope) -> str | None:
        """Return the name that stands in the header; None where there is none, or it is nobody's to believe.

        Raises
        ------
        Refusal
            There are several.
        """
        names = [value for key, value in scope["headers"] if key == self._name]
        if not names or not self._is_proxy(scope):
            return None
        if len(names) > 1:
            raise Refusal("forbidden", _TWICE)
        return names[0].decode("utf-8", "replace").strip() or None

    def _is_proxy(self, scope: Scope) -> bool:
        client = scope.get("client")
        try:
            return client is not None and ip_address(client[0]) in self._addresses
        except ValueError:
            return False
