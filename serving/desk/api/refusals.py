"""From what cannot be done with a case to what a program is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reviews.case import CaseRefused
from reviews.case import Refusal as Why
from serving.errors import Refusal

__all__ = ["refusal_for"]

_NAMES: Final[Mapping[Why, str]] = {
    "no-case": "not-found",
    "pruned": "not-found",
    "held": "case-held",
    "not-held": "case-not-held",
    "settled": "case-settled",
    "answered": "case-answered",
    "not-answered": "case-not-answered",
    "too-late": "answer-too-old",
    "other-account": "wrong-prediction",
}


def refusal_for(refused: CaseRefused) -> Refusal:
    """Return the refusal."""
    return Refusal(_NAMES[refused.why], str(refused))
