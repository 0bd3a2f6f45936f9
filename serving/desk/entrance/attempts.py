"""How often what is no key is looked at in earnest.

A key has 256 random bits, so nobody guesses one; what is kept small is the noise of trying. A right key always comes
in, so nobody can lock others out: neither who knows the id of a reviewer's key nor who is behind the same proxy.
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
        # When all attempts will be there again: one number says how many are used up.
        self._free_at = 0

    def fail(self, now: int) -> None:
        """Count a wrong key.

        Parameters
        ----------
        now : int
            Microseconds since 1970 UTC.

        Raises
        ------
        Refusal
            "too-many-attempts", where no attempt is left; this one is not counted then.
        """
        wait = self._free_at - now - (_MOST - 1) * _EACH
        if wait > 0:
            seconds = -(-wait // 1_000_000)
            detail = f"That was no key, and too many others were tried. Wait {seconds} seconds."
            raise Refusal("too-many-attempts", detail, headers={"Retry-After": str(seconds)})
        self._free_at = max(self._free_at, now) + _EACH
