"""From what is kept to what is answered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic_core import to_json
from starlette.responses import Response

from reviews.record import Record

__all__ = ["json_response", "listed", "micros_of", "time_text"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def micros_of(time: datetime) -> int:
    """Return a time as it is kept, in microseconds since 1970 UTC."""
    return (time - _EPOCH) // _MICROSECOND


def time_text(micros: int) -> str:
    """Write a time as answers do.

    Examples
    --------
    >>> time_text(1_772_442_000_000_000)
    '2026-03-02T09:00:00Z'
    """
    return (_EPOCH + micros * _MICROSECOND).isoformat().replace("+00:00", "Z")


def json_response(content: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    """Write an answer; what JSON cannot say, such as the sum of enormous amounts, is null as it was at first."""
    return Response(to_json(content, inf_nan_mode="null"), headers=headers, media_type="application/json")


def listed(record: Record) -> dict[str, Any]:
    """Return a prediction as a history lists it; see :class:`serving.reading.schemas.PredictionListed`."""
    return {
        "id": str(record.id),
        "account_id": record.account_id,
        "relationship": record.relationship,
        "confidence": record.confidence,
        "probability_client": record.probability_client,
        "hybrid": record.hybrid,
        "engagement_model": record.engagement_model,
        "strategic_services": record.strategic_services,
        "decided_by": record.decided_by,
        "route": record.route,
        "review_reasons": record.review_reasons,
        "as_of": time_text(record.as_of),
        "decided_at": time_text(record.decided_at),
        "versions": {"model": record.model, "rules": record.rules},
        "evidence": record.evidence is not None,
        "audit_sample": record.inclusion is not None,
    }
