"""What the desk's JSON says, as OpenAPI describes it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from models.decision import Decider, Relationship, Route
from reviews.answer import Opinion, Stage, Sureness
from reviews.case import State, Why
from serving.answering.schemas import ReasonGiven, VersionsUsed

__all__ = ["LabelsGiven", "Revealed", "Review", "ReviewClaimed", "Reviews"]

_TIME: Final[dict[str, Any]] = {"format": "date-time"}
_UUID: Final[dict[str, Any]] = {"format": "uuid"}

_CASE: Final = "Of the case."
_PREDICTION: Final = "Whose history and signals are shown; send it with the answer."
_HELD_BY: Final = "Name of the reviewer who has claimed it; null where nobody has."
_HELD_UNTIL: Final = "Until when nobody else can claim it; null where nobody has."


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ReviewListed(_Said):
    """A case in the queue."""

    case_id: Annotated[str, Field(description=_CASE, json_schema_extra=_UUID)]
    account_id: str
    name: Annotated[str | None, Field(description="Of the account; null where it is not on file.")]
    state: State
    opened_at: Annotated[str, Field(description="When it was opened.", json_schema_extra=_TIME)]
    held_by: Annotated[str | None, Field(description=_HELD_BY)]
    held_until: Annotated[str | None, Field(description=_HELD_UNTIL, json_schema_extra=_TIME)]
    answered: Annotated[bool, Field(description="Whether this reviewer has answered it.")]
    answers: Annotated[int, Field(ge=0, description="How many reviewers have.")]
    why: Annotated[
        Why | None,
        Field(description="Why it was opened. It tells what the machine thinks, so only the team lead learns it."),
    ]


class Reviews(_Said):
    """Cases, those to be looked at first first."""

    reviews: list[ReviewListed]
    next: Annotated[
        str | None,
        Field(description="For `after` of the next page; null where there is none.", json_schema_extra=_UUID),
    ]


class AnswerKept(_Said):
    """What a reviewer said."""

    relationship: Annotated[Opinion, Field(description="unclear: cannot tell, and no label.")]
    hybrid: bool
    engagement_model: Annotated[str | None, Field(description="Null: cannot tell.")]
    strategic_services: Annotated[bool | None, Field(description="Null: cannot tell.")]
    sureness: Sureness
    note: str
    checklist: Annotated[dict[str, str], Field(description="By question what was ticked.")]


class Given(_Said):
    """When a reviewer said what; null where they took back what they had said before."""

    at: Annotated[str, Field(description="When.", json_schema_extra=_TIME)]
    stage: Annotated[Stage, Field(description="blind: before what the machine thinks was told; revealed: afterwards.")]
    answer: AnswerKept | None


class GivenBy(Given):
    """What one of the reviewers says."""

    reviewer: Annotated[str, Field(description="Name of their key.")]


class Review(_Said):
    """A case as this reviewer may see it. Nothing in it tells what model or rules think of the account."""

    case_id: Annotated[str, Field(description=_CASE, json_schema_extra=_UUID)]
    account_id: str
    state: Annotated[State, Field(description="lead: reviewers disagree, and the team lead decides.")]
    opened_at: Annotated[str, Field(description="When it was opened.", json_schema_extra=_TIME)]
    held_by: Annotated[str | None, Field(description=_HELD_BY)]
    held_until: Annotated[str | None, Field(description=_HELD_UNTIL, json_schema_extra=_TIME)]
    prediction_id: Annotated[str, Field(description=_PREDICTION, json_schema_extra=_UUID)]
    as_of: Annotated[str, Field(description="What was known before this moment is shown.", json_schema_extra=_TIME)]
    account: Annotated[dict[str, Any] | None, Field(description="As it was sent; null where it was not kept.")]
    events: Annotated[list[dict[str, Any]] | None, Field(description="As they were sent; null as above.")]
    records: Annotated[
        list[str] | None, Field(description="The kinds that the source records; null: all, or as above.")
    ]
    signals: Annotated[
        dict[str, float | None] | None,
        Field(description="What they amount to; a null in it = unknown. Null where this version measures others."),
    ]
    answer: Annotated[AnswerKept | None, Field(description="What this reviewer says now.")]
    history: Annotated[list[Given], Field(description="All that this reviewer said, the oldest first.")]
    others: Annotated[
        list[GivenBy] | None,
        Field(description="What the reviewers say who disagree; null but for the team lead, who decides."),
    ]


class ReviewClaimed(_Said):
    """The case that was claimed."""

    review: Annotated[Review | None, Field(description="Null where no case waits for this reviewer.")]


class OpinionTold(_Said):
    """What the model, or the rules, think by themselves."""

    says: Annotated[Relationship | None, Field(description="Null where it says nothing.")]
    probability: Annotated[float | None, Field(ge=0, le=1, description="Of what it says.")]
    version: str | None
    base_log_odds: Annotated[float | None, Field(description="Log-odds of client before any reason.")]
    reasons: list[ReasonGiven]
    note: Annotated[str | None, Field(description="Why it says nothing.")]


class AlikeTold(_Said):
    """An account much like this one on which a reviewer has decided."""

    account_id: str
    relationship: Relationship
    decided_at: Annotated[str, Field(description="When.", json_schema_extra=_TIME)]
    distance: Annotated[float, Field(ge=0, description="0: every signal is the same.")]


class Revealed(_Said):
    """What the machine thinks, told to a reviewer who has answered."""

    prediction_id: Annotated[str, Field(description="That which was shown.", json_schema_extra=_UUID)]
    relationship: Annotated[Relationship, Field(description="What was answered to the CRM.")]
    confidence: Annotated[float, Field(ge=0, le=1)]
    probability_client: Annotated[float, Field(ge=0, le=1)]
    hybrid: bool
    engagement_model: str | None
    strategic_services: bool
    decided_by: Decider
    route: Route
    review_reasons: list[str]
    versions: VersionsUsed
    model: OpinionTold
    rules: OpinionTold
    similar: list[AlikeTold]


class LabelTold(_Said):
    """A verdict to learn from."""

    account_id: str
    relationship: Relationship
    labelled_at: Annotated[
        str, Field(description="Of which moment it speaks: learn from what was known then.", json_schema_extra=_TIME)
    ]
    given_at: Annotated[str, Field(description="When the reviewer said so.", json_schema_extra=_TIME)]
    labeller: Annotated[str, Field(description="Name of the reviewer's key.")]
    source: Annotated[str, Field(pattern="^reviewer$")]
    inclusion: Annotated[
        float | None,
        Field(gt=0, le=1, description="Where the audit sample drew the account: the chance with which it did."),
    ]


class LabelsGiven(_Said):
    """Verdicts as labels, each once, the oldest first."""

    labels: list[LabelTold]
    reviewers: Annotated[list[str], Field(description="All names under which labels were given, or may be.")]
    cursor: Annotated[
        str, Field(description="For `after` of the next call; a page without labels is the end.", min_length=1)
    ]
