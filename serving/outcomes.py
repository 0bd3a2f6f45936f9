"""Every way to fail, with its status and what the caller can do about it; docs/errors.md is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["OUTCOMES", "Outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way to fail.

    Attributes
    ----------
    name : str
        Stable; `type` is `/errors#` and this name.
    status : int
        HTTP status.
    title : str
        What happened, without the particulars.
    remedy : str
        What the caller can do about it, for docs/errors.md.
    """

    name: str
    status: int
    title: str
    remedy: str


OUTCOMES: Final[dict[str, Outcome]] = {
    outcome.name: outcome
    for outcome in (
        Outcome(
            "invalid-json",
            400,
            "The body is not JSON.",
            "`detail` says where reading stopped. Let a JSON library write the body; encode it as UTF-8.",
        ),
        Outcome(
            "invalid-account",
            422,
            "What the request says of the account does not fit.",
            "Each of `errors` points to a field and says what was expected there.",
        ),
        Outcome(
            "invalid-event",
            422,
            "An event does not fit.",
            "Each of `errors` points to a field of an event, counted from 0, and says what was expected there. One "
            "event that does not fit refuses the request: an answer from half a history would look like any other.",
        ),
        Outcome(
            "invalid-signal",
            422,
            "A signal does not fit.",
            "`GET /v1/signals` lists names, units and bounds. Leave out what is unknown, or write null.",
        ),
        Outcome(
            "invalid-request",
            422,
            "The request does not fit.",
            "Each of `errors` points to a field and says what was expected there. Of `events` and `signals` exactly "
            "one must be given.",
        ),
        Outcome(
            "invalid-parameter",
            422,
            "A query parameter does not fit.",
            "Each of `errors` names a parameter and says what was expected of it.",
        ),
        Outcome(
            "not-found",
            404,
            "There is nothing at this address.",
            "`/openapi.json` lists every address.",
        ),
        Outcome(
            "method-not-allowed",
            405,
            "This address does not take that method.",
            "The header `Allow` lists those that it takes.",
        ),
        Outcome(
            "body-too-large",
            413,
            "The body is too large.",
            "`detail` says how many bytes it may have. Send one account a request, and of its history what counts.",
        ),
        Outcome(
            "unsupported-media-type",
            415,
            "The body is not marked as plain JSON.",
            "Send the header `Content-Type: application/json`, and no `Content-Encoding`.",
        ),
        Outcome(
            "http-error",
            400,
            "The request could not be served.",
            "The status says why, with its meaning in HTTP.",
        ),
        Outcome(
            "internal-error",
            500,
            "The service failed.",
            "Not the caller's fault. The service's log tells the kind of failure and its place: report both.",
        ),
    )
}
"""Every outcome by its name, in the order of docs/errors.md."""
