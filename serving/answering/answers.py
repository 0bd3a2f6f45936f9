"""From what was decided to the bytes of an answer.

Whether it was kept is known last, when it is on disk, and stands last: until then an answer is all but its end.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic_core import to_json

from features.signals import SIGNAL_NAMES
from serving.answering.judgement import Judged
from serving.answering.wanted import Wanted
from serving.times import time_text

__all__ = ["ENDS", "answer_content", "begin_answer"]

ENDS: Final = (b"false}", b"true}")
"""How an answer ends: by whether it was kept."""


def answer_content(account_id: str, identity: str, judged: Judged, wanted: Wanted) -> dict[str, Any]:
    """Return what :class:`serving.answering.schemas.Prediction` describes, but for `recorded`."""
    decision = judged.decision
    answer: dict[str, Any] = {
        "id": identity,
        "account_id": account_id,
        "relationship": decision.relationship,
        "confidence": decision.confidence,
        "probability_client": decision.probability_client,
        "hybrid": decision.hybrid,
        "engagement_model": decision.engagement_model,
        "strategic_services": decision.strategic_services,
        "decided_by": decision.decided_by,
        "route": decision.route,
        "review_reasons": decision.review_reasons,
    }
    if wanted.reasons is None:
        answer["base_log_odds"] = decision.base
    answer["reasons"] = [
        {"name": each.name, "value": each.value, "unit": each.unit, "log_odds": each.log_odds, "text": each.text}
        for each in decision.reasons
    ]
    if wanted.signals:
        answer["signals"] = dict(zip(SIGNAL_NAMES, judged.signals.tolist(), strict=True))
    answer["as_of"] = time_text(judged.as_of)
    answer["decided_at"] = time_text(judged.decided_at)
    answer["versions"] = decision.versions
    return answer


def begin_answer(account_id: str, identity: str, judged: Judged, wanted: Wanted) -> bytes:
    """Write an answer up to where `ENDS` follow."""
    # A sum of enormous amounts can be infinite, which JSON cannot say.
    content = to_json(answer_content(account_id, identity, judged, wanted), inf_nan_mode="null")
    return content[:-1] + b',"recorded":'
