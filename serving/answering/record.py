"""What is kept of an answer."""

from __future__ import annotations

from uuid import UUID

from reviews.record import CATALOGUE, Record
from reviews.sample import inclusion_of
from serving.answering.judgement import Judged
from serving.answering.question import Question

__all__ = ["record_of"]


def record_of(
    identity: UUID, question: Question, judged: Judged, key_id: str | None, secret: bytes | None, share: float
) -> Record:
    """Put together what is kept of an answer.

    Parameters
    ----------
    identity : UUID
    question : Question
    judged : Judged
    key_id : str or None
        Of the API key that asked.
    secret : bytes or None
        Key of the audit sample; None where it is not known yet, and nothing is drawn.
    share : float
        Of the automatic answers, so many are drawn into it.

    Returns
    -------
    Record
        With the request's own words as evidence, where a person will have to see what the machine saw.
    """
    decision, account_id = judged.decision, question.account["account_id"]
    review, told = decision.route == "review", decision.decided_by == "reviewer"
    drawn = None
    if secret is not None and not review and not told:
        drawn = inclusion_of(secret, account_id, judged.decided_at, share)
    return Record(
        id=identity,
        account_id=account_id,
        decided_at=judged.decided_at,
        as_of=judged.as_of,
        catalogue=CATALOGUE,
        signals=judged.signals.astype("<f8", copy=False).tobytes(),
        relationship=decision.relationship,
        confidence=decision.confidence,
        probability_client=decision.probability_client,
        hybrid=decision.hybrid,
        engagement_model=decision.engagement_model,
        strategic_services=decision.strategic_services,
        decided_by=decision.decided_by,
        route=decision.route,
        review_reasons=decision.review_reasons,
        model=decision.versions.model,
        rules=decision.versions.rules,
        key_id=key_id,
        inclusion=drawn,
        evidence=question.said if review or judged.reopens or drawn is not None else None,
    )
