"""The desk's JSON: what OpenAPI says of each route."""

from __future__ import annotations

from typing import Any, Final

from serving.describing.operation import Operation, in_path, link, query_of
from serving.desk.api.labels import QUERY as LABELS
from serving.desk.api.reviews import QUERY as QUEUE

__all__ = ["DESK_OPERATIONS"]

_REVIEWS: Final = "/v1/reviews"
_CASE_ID: Final = in_path("case_id", "The case, as the list of reviews gives it.", {"type": "string", "format": "uuid"})
_ONE: Final = f"{_REVIEWS}/{{case_id}}"
_BLIND: Final = (
    "What model and rules think is in no answer about a case until this reviewer has answered it; then "
    "`GET /v1/reviews/{case_id}/reveal` tells it."
)


def _case(deed: str, name: str, summary: str, description: str, method: str = "POST", **given: Any) -> Operation:
    return Operation(
        f"{_ONE}{deed}",
        method,
        "Reviews",
        name,
        summary,
        description,
        answer=given.pop("answer", "Review"),
        answered=given.pop("answered", "The case as it is then."),
        parameters=[_CASE_ID],
        **given,
    )


DESK_OPERATIONS: Final = (
    Operation(
        _REVIEWS,
        "GET",
        "Reviews",
        "list_reviews",
        "Which cases there are",
        "Open cases come in the order in which they are worth a look, others the latest first.",
        answer="Reviews",
        answered="A page of cases.",
        parameters=query_of(QUEUE),
        links=link("read_review", "case_id", "reviews/0/case_id"),
    ),
    Operation(
        f"{_REVIEWS}/claim",
        "POST",
        "Reviews",
        "claim_next_review",
        "Take the next case",
        f"Gives the reviewer the case that they hold already, else the next that nobody holds. {_BLIND}",
        answer="ReviewClaimed",
        answered="The case, which is theirs for half an hour.",
        links=link("read_review", "case_id", "review/case_id"),
    ),
    _case(
        "",
        "read_review",
        "What a case is about",
        f"The account, its history and its signals. {_BLIND}",
        method="GET",
        answered="The case.",
    ),
    _case("/claim", "claim_review", "Take this case", "Nobody else can claim it for half an hour."),
    _case("/release", "release_review", "Give a case back", "Nothing happens where this reviewer does not hold it."),
    _case("/skip", "skip_review", "Pass a case by", "For a week it is offered to other reviewers alone."),
    _case(
        "/answer",
        "answer_review",
        "Say what the account is",
        "The reviewer's first answer to a case that they hold. It settles the case unless a second reviewer is wanted.",
        request="AnswerGiven",
    ),
    _case(
        "/reveal",
        "reveal_review",
        "What the machine thinks",
        "Model and rules side by side, and similar accounts that were decided, for a reviewer who has answered.",
        method="GET",
        answer="Revealed",
        answered="What model and rules think.",
    ),
    _case(
        "/revise",
        "revise_review",
        "Change one's mind",
        "Keeps another answer; both stay, and the later one counts. For twelve hours after the answer.",
        request="AnswerGiven",
    ),
    _case(
        "/undo",
        "undo_review",
        "Take back what was done last",
        "An answer, for twelve hours, or a skip. Where the case is open again, this reviewer holds it.",
    ),
    _case(
        "/rule",
        "rule_review",
        "Decide where reviewers disagree",
        "The team lead's answer to a case in the state `lead`.",
        request="AnswerGiven",
    ),
    Operation(
        "/v1/labels",
        "GET",
        "Reviews",
        "read_labels",
        "Verdicts to learn from",
        "Each verdict once, the oldest first; who could not tell gave none, and what was taken back is none. "
        "`rapport train EXPORT --labels-from URL` reads them here.",
        answer="LabelsGiven",
        answered="A page of labels.",
        parameters=query_of(LABELS),
        links=link("read_labels", "after", "cursor"),
    ),
)
"""In the order in which the description shows them."""
