"""What the service is measured against: an endpoint that validates and does nothing, and one that does nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

Kind = Literal[
    "purchase", "refund", "contract", "deal", "meeting", "call", "email", "visit", "ticket", "delivery", "feedback",
    "usage", "referral",
]  # fmt: skip


class Strict(BaseModel):
    """As whoever writes such an endpoint has it: a misspelt field is an error."""

    model_config = ConfigDict(extra="forbid")


class Account(Strict):
    account_id: Annotated[str, Field(min_length=1, max_length=200)]
    name: str | None = None
    industry: str | None = None
    party: Literal["person", "organisation"] | None = None
    owner_id: str | None = None
    owner_since: datetime | None = None
    created_at: datetime | None = None


class Event(Strict):
    kind: Kind
    occurred_at: datetime
    subtype: str | None = None
    amount: Annotated[float | None, Field(ge=0, le=1e15, allow_inf_nan=False)] = None
    score: Annotated[float | None, Field(ge=0, le=10, allow_inf_nan=False)] = None
    contact_id: str | None = None
    ends_at: datetime | None = None
    recorded_at: datetime | None = None
    event_id: str | None = None


class PredictionRequest(Strict):
    account: Account
    events: Annotated[list[Event], Field(max_length=10_000)]
    records: list[Kind] | None = None
    as_of: datetime | None = None


app = FastAPI()


@app.post("/v1/predictions")
async def predict(request: PredictionRequest) -> dict[str, bool]:  # noqa: ARG001 - validated is all that it is
    return {"validated": True}


_ANSWER = b'{"validated": true}'
_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(_ANSWER)).encode())],
}
_BODY = {"type": "http.response.body", "body": _ANSWER}


async def nothing(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - as ASGI has it
    """Answer without looking."""
    if scope["type"] == "http":
        await send(_START)
        await send(_BODY)
