"""From the content of a request to the content of its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from starlette.datastructures import QueryParams

from features.events import check_records
from features.log import FloatColumn
from features.request import check_time, log_of_one
from features.signals import SIGNAL_NAMES
from features.table import signals_matrix
from models.policy import Model, decide
from models.rules import RuleBook
from serving.answering.schemas import AS_OF
from serving.errors import SHOWN, Flaw, Refusal

__all__ = ["REASONS", "Wanted", "judge"]

REASONS: Final = 5
"""Reasons that an answer gives unless asked for more or fewer."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TRUTHS = {"true": True, "false": False}
_PARAMETERS = {"reasons": "all, or a number from 0 to 999", "signals": "true or false"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the query asks for.

    Attributes
    ----------
    reasons : int or None
        So many of the strongest; None = all, and the base.
    signals : bool
        The signals that were judged, too.
    """

    reasons: int | None = REASONS
    signals: bool = False

    @classmethod
    def read(cls, query: QueryParams) -> Wanted:
        """Read the query.

        Raises
        ------
        Refusal
            A parameter is not known, not what it may be, or there more than once.
        """
        flaws = list(_flaws(query))[:SHOWN]
        if flaws:
            raise Refusal("invalid-parameter", "See errors for the parameters that do not fit.", flaws)
        reasons, signals = query.get("reasons", str(REASONS)), query.get("signals", "false")
        return cls(None if reasons == "all" else int(reasons), _TRUTHS[signals])


def _flaws(query: QueryParams) -> Iterator[Flaw]:
    for name in sorted(query.keys()):
        values = query.getlist(name)
        if name not in _PARAMETERS:
            yield Flaw(parameter=name, detail=f"there is no such parameter; expected one of {', '.join(_PARAMETERS)}")
        elif len(values) > 1:
            yield Flaw(parameter=name, detail=f"expected once: {_PARAMETERS[name]}")
        elif not _fits(name, values[0]):
            yield Flaw(parameter=name, detail=f"expected {_PARAMETERS[name]}")


def _fits(name: str, value: str) -> bool:
    if name == "signals":
        return value in _TRUTHS
    return value == "all" or (value.isascii() and value.isdigit() and len(value) <= len("999"))


def judge(
    content: Mapping[str, Any],
    rules: RuleBook,
    model: Model | None,
    moment: datetime,
    identity: str,
    wanted: Wanted,
) -> dict[str, Any]:
    """Decide what the account of a request is.

    Parameters
    ----------
    content : mapping
        As :func:`serving.answering.body.parse_body` returns it.
    rules : RuleBook
    model : Model or None
        None: the rules answer.
    moment : datetime
        Now.
    identity : str
        Of the answer.
    wanted : Wanted

    Returns
    -------
    dict
        As :class:`serving.answering.schemas.Prediction` describes it, to be written as JSON.

    Raises
    ------
    BadInput
        A kind, a time, a subtype or an end does not fit.
    """
    said = content.get("as_of")
    as_of = (moment - _EPOCH) // _MICROSECOND if said is None else check_time(said, AS_OF)
    signals = _signals_of(content, as_of)
    decision = decide(signals, rules, model).decision(0, wanted.reasons)
    answer: dict[str, Any] = {
        "id": identity,
        "account_id": content["account"]["account_id"],
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
    answer["reasons"] = decision.reasons
    if wanted.signals:
        answer["signals"] = dict(zip(SIGNAL_NAMES, signals[0].tolist(), strict=True))
    answer["as_of"] = _time_text(_EPOCH + as_of * _MICROSECOND)
    answer["decided_at"] = _time_text(moment)
    answer["versions"] = decision.versions
    answer["recorded"] = False
    return answer


def _signals_of(content: Mapping[str, Any], as_of: int) -> FloatColumn:
    """Return the account's signals, shape (1, n_signals)."""
    ready = content.get("signals")
    if ready is not None:
        return np.array([[ready.get(name) for name in SIGNAL_NAMES]], dtype=np.float64)
    log = log_of_one(content["account"], content["events"], check_records(content.get("records")))
    return signals_matrix(log.at(as_of))


def _time_text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
