"""What the reading routes answer, as OpenAPI describes it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, create_model

from models.decision import Decider, Relationship, Route
from serving.answering.schemas import Prediction, ReasonGiven

__all__ = ["AccountErased", "ChangeGiven", "Changes", "History", "PredictionKept", "PredictionListed"]

_TIME: Final[dict[str, Any]] = {"format": "date-time"}
_UUID: Final[dict[str, Any]] = {"format": "uuid"}
_EVIDENCE: Final = "Whether its events were kept for a reviewer."
_SAMPLED: Final = "Whether it was drawn into the audit sample: a reviewer looks at it although it was automatic."


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class PredictionKept(Prediction):
    """A prediction as it was answered, with the signals that it was judged by."""

    reasons: Annotated[  # type: ignore[assignment] # null where what decided is gone
        list[ReasonGiven] | None,
        Field(description="The strongest first, recomputed by the versions that decided; null where one is gone."),
    ]
    signals: Annotated[
        dict[str, float | None] | None,
        Field(description="What was judged; a null in it = unknown. Null where this version measures other signals."),
    ]
    note: Annotated[str | None, Field(description="Why there are no reasons; null where there are.")]
    evidence: Annotated[bool, Field(description=_EVIDENCE)]
    audit_sample: Annotated[bool, Field(description=_SAMPLED)]


_NOT_LISTED: Final = {"base_log_odds", "reasons", "signals", "recorded"}
_LISTED: Final[dict[str, Any]] = {
    **{name: (about.annotation, about) for name, about in Prediction.model_fields.items() if name not in _NOT_LISTED},
    "evidence": (bool, Field(description=_EVIDENCE)),
    "audit_sample": (bool, Field(description=_SAMPLED)),
}

PredictionListed = create_model(
    "PredictionListed",
    __base__=_Answer,
    __doc__="A prediction in a history; ask for it by its id to learn its reasons.",
    **_LISTED,
)


class History(_Answer):
    """What was decided of an account, the newest first."""

    predictions: list[PredictionListed]
    next: Annotated[
        str | None, Field(description="Cursor of the next page, for `before`; null where there is none.", min_length=1)
    ]


class ChangeGiven(_Answer):
    """How an account stands since it changed. Of an erased one only its id and when it was erased are told."""

    account_id: str
    relationship: Relationship | None
    confidence: Annotated[float | None, Field(ge=0, le=1, description="Of its latest prediction.")]
    hybrid: bool | None
    engagement_model: Annotated[str | None, Field(description="Null too where nothing says how it engages.")]
    strategic_services: bool | None
    decided_by: Decider | None
    route: Route | None
    prediction_id: Annotated[
        str | None, Field(description="Its latest prediction, which may say the same again.", json_schema_extra=_UUID)
    ]
    decided_at: Annotated[str, Field(description="When that was decided, or it was erased.", json_schema_extra=_TIME)]
    erased: Annotated[bool, Field(description="The account was erased: forget it, too.")]


class Changes(_Answer):
    """The accounts that changed, each once, as it stands now."""

    changes: list[ChangeGiven]
    cursor: Annotated[
        str,
        Field(description="For `after` of the next call; the same again where nothing has changed.", min_length=1),
    ]


class AccountErased(_Answer):
    """What stays of an account that was erased."""

    account_id: str
    erased_at: Annotated[str, Field(description="To erase it again changes nothing.", json_schema_extra=_TIME)]
    reason: Annotated[str | None, Field(description="As given then.")]
