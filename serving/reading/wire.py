"""From what is kept to what is answered, by what wrote the first answer."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from pydantic_core import to_json
from starlette.responses import Response

from models.decision import Decision, Reason, Versions
from reviews.record import Record
from serving.answering.answers import answer_content
from serving.answering.judgement import Judged
from serving.answering.wanted import Wanted
from serving.reading.schemas import PredictionListed

__all__ = ["answer_of", "json_response", "listed"]

_NO_REASONS: Final = Wanted(reasons=0)


def json_response(content: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    """Write an answer; what JSON cannot say, such as the sum of enormous amounts, is null as it was at first."""
    return Response(to_json(content, inf_nan_mode="null"), headers=headers, media_type="application/json")


def answer_of(record: Record, base: float, reasons: tuple[Reason, ...], wanted: Wanted) -> dict[str, Any]:
    """Return what was answered at first, but for `recorded`.

    Parameters
    ----------
    record : Record
    base : float
    reasons : tuple of Reason
        What the record does not hold.
    wanted : Wanted
    """
    decision = Decision(
        relationship=record.relationship,
        confidence=record.confidence,
        probability_client=record.probability_client,
        hybrid=record.hybrid,
        engagement_model=record.engagement_model,
        strategic_services=record.strategic_services,
        decided_by=record.decided_by,
        route=record.route,
        review_reasons=record.review_reasons,
        base=base,
        reasons=reasons,
        versions=Versions(record.model, record.rules),
    )
    judged = Judged(decision, np.frombuffer(record.signals, dtype="<f8"), record.as_of, record.decided_at)
    return answer_content(record.account_id, str(record.id), judged, wanted) | {
        "evidence": record.evidence is not None,
        "audit_sample": record.inclusion is not None,
    }


def listed(record: Record) -> dict[str, Any]:
    """Return a prediction as a history lists it."""
    told = answer_of(record, 0.0, (), _NO_REASONS)
    return {name: told[name] for name in PredictionListed.model_fields}
