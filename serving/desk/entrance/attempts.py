"""How often somebody may try to sign in with a wrong key.

A key has 256 random bits, so nobody guesses one; what is kept small is the noise of trying. Each key that there is has
attempts of its own, and what is no key shares some: so whoever does not know a reviewer's key cannot lock them out.
"""

from __future__ import annotations

from typing import Final

from serving.errors import Refusal

__all__ = ["Attempts"]

_MOST: Final = 10
_EACH: Final = 6_000_000
"""Microseconds after which there is another one."""


class Attempts:
    """Counts wrong keys, in one process."""

    def __init__(self) -> None:
        self._free_at: dict[str, int] = {}

    def check(self, whose: str, now: int) -> None:
        """Refuse whoever has no attempt left.

        Parameters
        ----------
        whose : str
            Id of the key that is tried; empty for all that is no key.
        now : int
            Microseconds since 1970 UTC.

        Raises
        ------
        Refusal
        """
        wait = self._free_at.get(whose, 0) - now - (_MOST - 1) * _EACH
        if wait > 0:
            seconds = -(-wait // 1_000_000)
            detail = f"Too many wrong keys were tried. Wait {seconds} seconds."
            raise Refusal("too-many-attempts", detail, headers={"Retry-After": str(seconds)})

    def fail(self, whose: str, now: int) -> None:
        """Count a wrong key."""
        # When all attempts will be there again: one number says how many are used up.
        self._free_at[whose] = max(self._free_at.get(whose, 0), now) + _EACH
