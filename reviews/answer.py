"""What a reviewer says about a case, and what stood before their eyes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args
from uuid import UUID

from models.decision import Relationship
from reviews.checklist import fits

__all__ = ["OPINIONS", "STAGES", "SURENESS", "Answer", "Given", "Opinion", "Shown", "Stage", "Sureness"]

Opinion = Literal["client", "customer", "prospect", "unclear"]
Sureness = Literal["unsure", "fairly", "sure"]
Stage = Literal["blind", "revealed", "lead", "withdrawn"]

OPINIONS: Final[tuple[Opinion, ...]] = get_args(Opinion)
"""What an answer may say; "unclear" is "cannot tell", and no label."""

SURENESS: Final[tuple[Sureness, ...]] = get_args(Sureness)
"""How sure, the least first."""

STAGES: Final[tuple[Stage, ...]] = get_args(Stage)
"""When an answer was given: before this reviewer could see what the machine says of the case, or after; as team lead,
who sees what the others said; or that the answer before it is taken back."""

NOTE: Final = 4000
"""Characters of a note, at most."""

REASONS: Final = 5
"""Reasons that are kept of what was shown, at most."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reviewer says.

    Attributes
    ----------
    relationship : {"client", "customer", "prospect", "unclear"}
    hybrid : bool
        Both sides are strongly present.
    engagement_model : str or None
        A name of the rule book's; None where it cannot be told.
    strategic_services : bool or None
        None where it cannot be told.
    sureness : {"unsure", "fairly", "sure"}
    note : str
    checklist : mapping
        By the code of a question (R01 …) the code of what was ticked; see :mod:`reviews.checklist`. What was left open
        is left out.

    Raises
    ------
    ValueError
        A value is not one of those.
    """

    relationship: Opinion
    hybrid: bool = False
    engagement_model: str | None = None
    strategic_services: bool | None = None
    sureness: Sureness = "fairly"
    note: str = ""
    checklist: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.relationship not in OPINIONS or self.sureness not in SURENESS:
            raise ValueError(f"An answer is one of {', '.join(OPINIONS)}; how sure, one of {', '.join(SURENESS)}.")
        if len(self.note) > NOTE:
            raise ValueError(f"A note has at most {NOTE} characters, not {len(self.note)}.")
        if not all(fits(code, tick) for code, tick in self.checklist.items()):
            raise ValueError("A tick names a question and one of its answers; see reviews.checklist.")


@dataclass(frozen=True, slots=True)
class Shown:
    """What stood, or was about to stand, before the reviewer's eyes.

    Attributes
    ----------
    prediction_id : UUID
        Whose history and signals.
    model_says, rules_say : {"client", "customer", "prospect"} or None
        What the reveal shows of either; None where there is none, or whoever answers does not know.
    reasons : tuple of str
        Names of what speaks the loudest for the machine's answer, the loudest first; the overview counts by them how
        often reviewers overturn it. Of more than `REASONS` the first are kept.
    """

    prediction_id: UUID
    model_says: Relationship | None = None
    rules_say: Relationship | None = None
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "reasons", self.reasons[:REASONS])


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it stands in the ledger. Nothing of it is ever edited.

    Attributes
    ----------
    id : int
        Later answers have greater ones.
    case_id : UUID
    account_id : str
    reviewer : str
        Id of the API key.
    at : int
        Microseconds since 1970 UTC.
    stage : {"blind", "revealed", "lead", "withdrawn"}
    answer : Answer or None
        None where one was taken back.
    prediction_id : UUID
        What was shown, and below which versions had decided it.
    model : str or None
    rules : str
    """

    id: int
    case_id: UUID
    account_id: str
    reviewer: str
    at: int
    stage: Stage
    answer: Answer | None
    prediction_id: UUID
    model: str | None
    rules: str
