"""Every way to fail, with its status and what the caller can do about it; docs/errors.md is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    headers : mapping
        Headers that every such answer has.
    """

    name: str
    status: int
    title: str
    remedy: str
    headers: Mapping[str, str] = field(default_factory=dict)


_SOON: Final = {"Retry-After": "1"}


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
            "unauthorized",
            401,
            "A key is needed.",
            "Send the header `Authorization: Bearer rpt_…` with a key that `rapport keys create` has shown and that "
            "was not revoked. Without one nothing is told, not even which addresses there are.",
            {"WWW-Authenticate": "Bearer"},
        ),
        Outcome(
            "forbidden",
            403,
            "This key may not do that.",
            "`detail` names the roles that may. A key's role never changes: create another key.",
        ),
        Outcome(
            "not-found",
            404,
            "There is nothing at this address.",
            "`/openapi.json` lists every address; `detail` says what was looked for.",
        ),
        Outcome(
            "gone",
            410,
            "What was here was erased.",
            "`detail` says when. It does not come back: forget it, too.",
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
            "too-many-accounts",
            413,
            "The batch has too many accounts.",
            "`detail` says how many it may have. Send several batches.",
        ),
        Outcome(
            "too-slow",
            408,
            "The request did not arrive in time.",
            "`detail` says how long it may take. Have all of it ready, then send it at once.",
        ),
        Outcome(
            "idempotency-conflict",
            409,
            "A request with this Idempotency-Key is being answered.",
            "Wait and send it again: it then gets the first one's answer.",
            _SOON,
        ),
        Outcome(
            "idempotency-reused",
            422,
            "This Idempotency-Key was used for another request.",
            "A key stands for one request, address and body. Make a new one, such as a UUID, for each.",
        ),
        Outcome(
            "case-held",
            409,
            "Another reviewer holds this case.",
            "Claim another one: `POST /v1/reviews/claim` gives the next that is free.",
        ),
        Outcome(
            "case-not-held",
            409,
            "This reviewer does not hold the case, or no longer.",
            "Claim it first; it is then theirs for half an hour.",
        ),
        Outcome(
            "case-settled",
            409,
            "The case is settled, or waits for the team lead.",
            "There is nothing left to do. `GET /v1/reviews?state=lead` lists what the team lead decides.",
        ),
        Outcome(
            "case-answered",
            409,
            "This reviewer has answered the case.",
            "They may revise the answer or undo it; an answer that was sent twice was kept once.",
        ),
        Outcome(
            "case-not-answered",
            409,
            "This reviewer has not answered the case.",
            "What the machine thinks is told to a reviewer after their own answer, and only an answer can be revised "
            "or undone.",
        ),
        Outcome(
            "answer-too-old",
            409,
            "The answer is too old to be changed.",
            "It stands. Once the account changes or the verdict expires, a new case is opened.",
        ),
        Outcome(
            "wrong-prediction",
            409,
            "What was shown is not of this case's account.",
            "Send the `prediction_id` of the case as it was read.",
        ),
        Outcome(
            "cross-site",
            403,
            "The request does not come from the desk's own pages.",
            "A browser says where a form was sent from. Open the desk itself and try it there; a proxy in between has "
            "to pass on the header `Host`. Programs use `/v1/reviews`.",
        ),
        Outcome(
            "foreign-host",
            403,
            "The service was called by a name that is not this machine's.",
            "Without keys it is this machine's own, and no site's name may be made to lead to it: the header `Host` "
            "has to be `127.0.0.1`, `[::1]` or `localhost`, on any port. To be called otherwise, let it ask for keys.",
        ),
        Outcome(
            "too-many-attempts",
            429,
            "Too many keys were tried.",
            "Wait as long as the header `Retry-After` says.",
        ),
        Outcome(
            "overloaded",
            503,
            "The service has too much in hand.",
            "Nothing was decided. Wait as long as the header `Retry-After` says, then send it again; slow down if it "
            "happens often.",
            _SOON,
        ),
        Outcome(
            "spool-full",
            503,
            "The prediction could not be kept.",
            "The database has been away for so long that what waits for it fills its place, and no prediction is "
            "given that would be lost. Send it again after `Retry-After`; with `?record=false` it is answered at once.",
            {"Retry-After": "30"},
        ),
        Outcome(
            "database-unavailable",
            503,
            "What was kept cannot be reached now.",
            "The database does not answer; predictions are still given. Send it again after `Retry-After`.",
            {"Retry-After": "5"},
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
