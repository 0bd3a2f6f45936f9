"""What goes over the wire: the request, which is validated from its bytes, and the answer, as OpenAPI describes it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Final, NotRequired

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from features.events import ACCOUNT_COLUMNS, KINDS, Column
from features.request import EVENT_FIELDS
from features.signals import CATALOGUE
from models.decision import REVIEW_REASONS, Decider, Relationship, Route
from serving.answering.fields import Part, list_of, part_of_columns, part_of_signals, typed_object, value_type
from serving.errors import ProblemDocument

__all__ = ["AS_OF", "BatchAnswer", "Prediction", "RequestForm", "batch_form", "request_form"]

AS_OF: Final = Column("as_of", "time", "What was known before this moment counts; missing = now.")


@dataclass(frozen=True, slots=True)
class RequestForm:
    """How a request is read.

    Attributes
    ----------
    adapter : TypeAdapter
        Reads the bytes into dictionaries.
    type : type
        What it reads.
    parts : dict of str to Part
        The objects within it, by the field that holds one or a list of them.
    expected : dict of str to str
        By field of the request itself, what its value must be.
    whole : str
        What the request must be.
    """

    adapter: TypeAdapter[Any]
    type: Any
    parts: dict[str, Part]
    expected: dict[str, str]
    whole: str


@lru_cache(maxsize=8)
def request_form(max_events: int) -> RequestForm:
    """Describe a request whose account has at most so many events."""
    account = part_of_columns("Account", ACCOUNT_COLUMNS)
    event = part_of_columns("Event", EVENT_FIELDS)
    signals = part_of_signals("Signals", CATALOGUE)
    as_of = part_of_columns("AsOf", [AS_OF])
    fields: dict[str, Any] = {
        "account": Annotated[account.type, Field(description=_ACCOUNT)],
        "events": NotRequired[
            Annotated[
                Annotated[list_of(event.type), Field(max_length=max_events)] | None,
                Field(
                    description="All that is on file of the account, in any order. In its place `signals` may stand."
                ),
            ]
        ],
        "signals": NotRequired[Annotated[signals.type | None, Field(description=_READY)]],
        "records": NotRequired[
            Annotated[
                Annotated[list_of(value_type(_RECORDED)), Field(min_length=1)] | None,
                Field(description=_RECORDED.meaning),
            ]
        ],
        **as_of.type.__annotations__,
    }
    made = typed_object("PredictionRequest", fields)
    expected = {
        "account": "an object with account_id",
        "events": f"a list of at most {max_events:,} events, each an object",
        "signals": "an object with signals by their names",
        "records": f"a list of one kind at least, each item {_RECORDED.expected}",
        **as_of.expected,
    }
    parts = {"account": account, "events": event, "signals": signals}
    return RequestForm(TypeAdapter(made), made, parts, expected, "an object with account, and events or signals")


@lru_cache(maxsize=8)
def batch_form(max_accounts: int, max_events: int) -> RequestForm:
    """Describe a request for at most so many accounts."""
    as_of = part_of_columns("BatchAsOf", [AS_OF])
    accounts = list_of(request_form(max_events).type)
    fields = {
        "accounts": Annotated[accounts, Field(max_length=max_accounts, description=_ACCOUNTS)],
        **as_of.type.__annotations__,
    }
    made = typed_object("BatchRequest", fields)
    expected = {
        "accounts": f"a list of at most {max_accounts:,} objects, each as POST /v1/predictions takes it",
        **as_of.expected,
    }
    return RequestForm(TypeAdapter(made), made, {}, expected, "an object with accounts")


_ACCOUNTS: Final = (
    "Each is asked about as by itself, and answered by itself: one that does not fit does not refuse the others. "
    "`as_of` beside them is the moment of those that name none. An account may stand in it several times."
)
_ACCOUNT: Final = (
    "Whom it is about. Besides `account_id`, its party and owner are read where `events` are given; where `signals` "
    "are, `is_organisation`, `has_owner` and `owner_days` say it. Where `owner_id` is left out owners are not on file; "
    "where it is null the account has none."
)
_READY: Final = (
    "Ready signals, by name; one left out is unknown. Without `events`, the number of events, an answer goes to review "
    "for `few_events`."
)
_RECORDED: Final = Column(
    "records",
    "string",
    "The kinds of event that the source records at all; missing = all of them. A count of nothing is 0 where the kind "
    "is recorded and unknown where it is not. Only beside `events`, whose kinds must be among them.",
    allowed=tuple(KINDS),
)
_REVIEW_CODES = ", ".join(f"`{reason.code}`: {reason.text}" for reason in REVIEW_REASONS)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ReasonGiven(_Answer):
    """One contribution to the answer."""

    name: Annotated[str, Field(description="The signal, or the rule.")]
    value: Annotated[float | None, Field(description="Of the signal, null for unknown; 1 for a rule that holds.")]
    unit: Annotated[str, Field(description="Of the value.")]
    log_odds: Annotated[float, Field(description="What it adds to the log-odds of client.")]
    text: Annotated[str, Field(description="A sentence for people.")]


class VersionsUsed(_Answer):
    """What decided."""

    model: Annotated[str | None, Field(description="The model's version; null where the rules answered.")]
    rules: Annotated[str, Field(description="Digest of the rules.")]


class Prediction(_Answer):
    """The answer for one account."""

    id: Annotated[
        str,
        Field(
            description="Of this prediction, a UUID of version 7: later ones sort later.",
            json_schema_extra={"format": "uuid"},
        ),
    ]
    account_id: str
    relationship: Relationship
    confidence: Annotated[float, Field(ge=0, le=1, description="Calibrated probability of the relationship given.")]
    probability_client: Annotated[float, Field(ge=0, le=1, description="Probability of client.")]
    hybrid: Annotated[bool, Field(description="Both sides are strongly present.")]
    engagement_model: Annotated[str | None, Field(description="How the account engages; null where nothing says.")]
    strategic_services: Annotated[bool, Field(description="Strategic services are included.")]
    decided_by: Decider
    route: Annotated[Route, Field(description="Whether the answer stands by itself or a reviewer should look.")]
    review_reasons: Annotated[list[str], Field(description=f"Why a reviewer should look. {_REVIEW_CODES}")]
    base_log_odds: Annotated[
        float | None,
        Field(
            description="Log-odds of client before any reason, with `reasons=all`: it and the reasons add up to those "
            "of `probability_client`."
        ),
    ] = None
    reasons: Annotated[list[ReasonGiven], Field(description="The strongest first.")]
    signals: Annotated[dict[str, float | None] | None, Field(description="With `signals=true`; null = unknown.")] = None
    as_of: Annotated[str, Field(description=AS_OF.meaning, json_schema_extra={"format": "date-time"})]
    decided_at: Annotated[str, Field(description="When it was decided.", json_schema_extra={"format": "date-time"})]
    versions: VersionsUsed
    recorded: Annotated[
        bool,
        Field(
            description="Whether it is kept, on disk. False where `record=false` said not to, and where the database "
            "could not take it in time: then it waits in a file, and is in the database once that is back."
        ),
    ]


class NotAnswered(_Answer):
    """Why one account of a batch has no prediction."""

    error: Annotated[ProblemDocument, Field(description="Its pointers begin at the account's own object.")]


class BatchAnswer(_Answer):
    """The answers for many accounts."""

    results: Annotated[
        list[Prediction | NotAnswered], Field(description="One an account, in the order of the request.")
    ]
