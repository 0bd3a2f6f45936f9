"""The routes that FastAPI does not see, since they read and write bytes: what OpenAPI says of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from serving.answering.wanted import QUERY as ASKING
from serving.parameters import Parameter
from serving.reading.accounts import ERASING, HISTORY
from serving.reading.addresses import ACCOUNT_ID
from serving.reading.changes import QUERY as FOLLOWING
from serving.reading.predictions import QUERY as READING
from serving.recording.repeats import MOST as LONGEST_KEY

__all__ = ["OPERATIONS", "Operation"]


@dataclass(frozen=True, slots=True)
class Operation:
    """What is said of one route.

    Attributes
    ----------
    path, method : str
        The route's template, and what is asked of it.
    tag, name, summary, description : str
    answer : str
        Name of the schema of its answer.
    answered : str
        What that answer is.
    request : str or None
        Name of the schema of its body.
    parameters : sequence of dict
        As OpenAPI writes them.
    headers, links : dict
        Headers of its answer, and where that leads, as OpenAPI writes them.
    """

    path: str
    method: str
    tag: str
    name: str
    summary: str
    description: str
    answer: str
    answered: str
    request: str | None = None
    parameters: Sequence[dict[str, Any]] = ()
    headers: dict[str, Any] = field(default_factory=dict)
    links: dict[str, Any] = field(default_factory=dict)


def _query(parameters: Sequence[Parameter]) -> list[dict[str, Any]]:
    return [parameter.describe() for parameter in parameters]


def _link(operation: str, parameter: str, place: str) -> dict[str, Any]:
    """Say that a place in an answer is the parameter of another call."""
    return {operation: {"operationId": operation, "parameters": {parameter: f"$response.body#/{place}"}}}


def _in_path(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


_ACCOUNT: Final = _in_path(
    "account_id",
    "The account, each byte of its UTF-8 percent-encoded that is no letter, digit, `-`, `_` or `~`: `a/b.c` is "
    "`a%2Fb%2Ec`.",
    ACCOUNT_ID.json_schema(),
)
_PREDICTION: Final = _in_path("prediction_id", "The `id` of its answer.", {"type": "string", "format": "uuid"})
_ONCE: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Makes it safe to send the request again: whoever sends it a second time under its key gets the "
    "first answer. Remembered for 24 hours unless the service is set otherwise.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
}
_REPLAYED: Final = {
    "Idempotent-Replayed": {
        "description": "The answer was given before, under this `Idempotency-Key`.",
        "schema": {"const": "true"},
    }
}
_LINK: Final = {
    "Link": {
        "description": 'Where there is a next page, its address, with `rel="next"`.',
        "schema": {"type": "string"},
    }
}

OPERATIONS: Final = (
    Operation(
        "/v1/predictions",
        "POST",
        "Predictions",
        "predict",
        "Decide what one account is",
        "Judges an account by its events, or by ready signals. The answer says how sure it is, why, and whether a "
        "reviewer should look. Beside what the schema says: an event's `ends_at` is not before its `occurred_at`, and "
        "its `kind` is among `records`.",
        answer="Prediction",
        answered="The decision.",
        request="PredictionRequest",
        parameters=[*_query(ASKING), _ONCE],
        headers=_REPLAYED,
        links=_link("read_prediction", "prediction_id", "id") | _link("read_history", "account_id", "account_id"),
    ),
    Operation(
        "/v1/predictions/batch",
        "POST",
        "Predictions",
        "predict_batch",
        "Decide what many accounts are",
        "Judges each account as by itself, in one pass, and answers in the order of the request: a decision, or what "
        "is wrong with that account. All that is answered is kept, or nothing of it.",
        answer="BatchAnswer",
        answered="The decisions.",
        request="BatchRequest",
        parameters=[*_query(ASKING), _ONCE],
        headers=_REPLAYED,
        links=_link("read_prediction", "prediction_id", "results/0/id"),
    ),
    Operation(
        "/v1/predictions/{prediction_id}",
        "GET",
        "Predictions",
        "read_prediction",
        "What was decided",
        "The answer as it was given, with the signals that were judged. Its reasons are recomputed by the versions "
        "that decided. One that was answered with `recorded: false` is found as soon as the database has it.",
        answer="PredictionKept",
        answered="The prediction.",
        parameters=[_PREDICTION, *_query(READING)],
    ),
    Operation(
        "/v1/accounts/{account_id}/predictions",
        "GET",
        "Accounts",
        "read_history",
        "What was decided of one account",
        "The newest first. Of an account that nobody asked about the list is empty.",
        answer="History",
        answered="A page of the history.",
        parameters=[_ACCOUNT, *_query(HISTORY)],
        headers=_LINK,
        links=_link("read_prediction", "prediction_id", "predictions/0/id"),
    ),
    Operation(
        "/v1/accounts/{account_id}",
        "DELETE",
        "Accounts",
        "erase_account",
        "Erase an account",
        "Everything about the account goes; a tombstone with date and reason stays, and its predictions then answer "
        "410. To erase it again changes nothing and answers with the same tombstone. Of an account of which nothing "
        "is known the answer is 404.",
        answer="AccountErased",
        answered="What stays.",
        parameters=[_ACCOUNT, *_query(ERASING)],
    ),
    Operation(
        "/v1/changes",
        "GET",
        "Accounts",
        "follow_changes",
        "Which accounts changed",
        "Call it without a cursor, then again and again with the `cursor` of the call before: first comes every "
        "account, then each whose relationship, properties or route has changed. A page without changes says that you "
        "are up to date. Where a cursor is refused (`invalid-parameter`), begin anew without one, and forget the "
        "accounts that you were not told of by the first page without changes.",
        answer="Changes",
        answered="The changes.",
        parameters=_query(FOLLOWING),
        links=_link("follow_changes", "after", "cursor") | _link("read_history", "account_id", "changes/0/account_id"),
    ),
)
"""In the order in which the description shows them."""
