"""The routes that FastAPI does not see, since they read and write bytes: what OpenAPI says of each."""

from __future__ import annotations

from typing import Final

from serving.answering.wanted import QUERY as ASKING
from serving.describing.desk import DESK_OPERATIONS
from serving.describing.operation import Operation, in_path, link, query_of
from serving.reading.accounts import ERASING, HISTORY
from serving.reading.addresses import ACCOUNT_ID
from serving.reading.changes import QUERY as FOLLOWING
from serving.reading.predictions import QUERY as READING
from serving.recording.repeats import MOST as LONGEST_KEY

__all__ = ["OPERATIONS"]


_ACCOUNT: Final = in_path(
    "account_id",
    "The account, each byte of its UTF-8 percent-encoded that is no letter, digit, `-`, `_` or `~`: `a/b.c` is "
    "`a%2Fb%2Ec`.",
    ACCOUNT_ID.json_schema(),
)
_PREDICTION: Final = in_path("prediction_id", "The `id` of its answer.", {"type": "string", "format": "uuid"})
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
        parameters=[*query_of(ASKING), _ONCE],
        headers=_REPLAYED,
        links=link("read_prediction", "prediction_id", "id") | link("read_history", "account_id", "account_id"),
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
        parameters=[*query_of(ASKING), _ONCE],
        headers=_REPLAYED,
        links=link("read_prediction", "prediction_id", "results/0/id"),
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
        parameters=[_PREDICTION, *query_of(READING)],
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
        parameters=[_ACCOUNT, *query_of(HISTORY)],
        headers=_LINK,
        links=link("read_prediction", "prediction_id", "predictions/0/id"),
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
        parameters=[_ACCOUNT, *query_of(ERASING)],
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
        parameters=query_of(FOLLOWING),
        links=link("follow_changes", "after", "cursor") | link("read_history", "account_id", "changes/0/account_id"),
    ),
    *DESK_OPERATIONS,
)
"""In the order in which the description shows them."""
