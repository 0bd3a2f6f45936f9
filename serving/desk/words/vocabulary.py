"""What may be said of an account, in the words and with the keys of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from reviews.answer import Opinion, Sureness

__all__ = ["KEYS", "OPINIONS", "SURENESSES", "WHYS_IN_SHORT", "WHYS_IN_WORDS", "Choice"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that may be said.

    Attributes
    ----------
    code : str
        As it is kept.
    name : str
    key : str
        That chooses it.
    meaning : str
    """

    code: str
    name: str
    key: str
    meaning: str = ""


OPINIONS: Final[Mapping[Opinion, Choice]] = {
    "client": Choice("client", "Client", "c", "buys advice"),
    "customer": Choice("customer", "Customer", "u", "buys products"),
    "prospect": Choice("prospect", "Prospect", "p", "bought nothing yet"),
    "unclear": Choice("unclear", "Cannot tell", "x", "not on record"),
}
"""By code, in the order of the page."""

SURENESSES: Final[Mapping[Sureness, Choice]] = {
    "unsure": Choice("unsure", "Unsure", "1", "unsure"),
    "fairly": Choice("fairly", "Fairly", "2", "fairly sure"),
    "sure": Choice("sure", "Sure", "3", "sure"),
}
"""By code, the least first."""

KEYS: Final = (
    *((choice.key.upper(), choice.name) for choice in OPINIONS.values()),
    ("1 2 3", "Unsure, fairly sure, sure"),
    ("H", "Hybrid, or not"),
    ("Enter", "Save; then confirm and go on; on the queue, start"),
    ("S", "Skip this case"),
    ("Z", "Take the last answer back"),
    ("?", "Show these keys"),
)
"""What each key does."""

WHYS_IN_WORDS: Final = {
    "route": "The machine was not sure enough to decide.",
    "label": "The machine contradicts the label that the CRM has.",
    "audit": "The machine decided by itself; chance drew this account to check on it.",
    "moved": "The account has moved far from what a reviewer saw.",
    "expired": "An earlier verdict grew too old.",
}
"""Why a case was opened, by code."""

WHYS_IN_SHORT: Final = {
    "route": "the machine was unsure",
    "label": "label in doubt",
    "audit": "audit sample",
    "moved": "account has moved",
    "expired": "verdict too old",
}
"""The same where there is little room."""
