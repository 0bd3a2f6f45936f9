"""The first answers that this process remembers, for when the database cannot be asked for them."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from reviews.record import Repeat

__all__ = ["Recent"]

MOST_BYTES: Final = 33_554_432
"""Of remembered answers; the oldest are forgotten first."""


class Recent:
    """Answers by API key and `Idempotency-Key`, up to a size.

    Parameters
    ----------
    most : int
        Bytes.
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._size = 0
        self._answers: OrderedDict[tuple[str, str], Repeat] = OrderedDict()

    def put(self, repeat: Repeat) -> None:
        """Remember an answer; one that is known under its key stays."""
        use = (repeat.key_id, repeat.key)
        if use in self._answers or len(repeat.answer) > self._most:
            return
        self._answers[use] = repeat
        self._size += len(repeat.answer)
        while self._size > self._most:
            _, forgotten = self._answers.popitem(last=False)
            self._size -= len(forgotten.answer)

    def find(self, key_id: str, key: str) -> Repeat | None:
        """Return the answer, if it is remembered."""
        return self._answers.get((key_id, key))

    def forget(self, key_id: str, key: str) -> None:
        """Forget an answer, if it is remembered."""
        forgotten = self._answers.pop((key_id, key), None)
        self._size -= 0 if forgotten is None else len(forgotten.answer)

    def clear(self) -> None:
        """Forget all of them, as when an account is erased that some of them may name."""
        self._answers.clear()
        self._size = 0
