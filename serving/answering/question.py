"""What is asked about one account, once it has been found to fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.events import check_records
from features.request import check_time
from serving.answering.body import parse_body
from serving.answering.schemas import AS_OF, RequestForm
from serving.answering.wanted import REASONS
from serving.errors import Flaw, refuse_body

__all__ = ["Question", "read_question"]

_EVERY_KIND = check_records(None)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about one account.

    Attributes
    ----------
    account : mapping
    events : sequence of mappings
        Empty where `signals` are given.
    signals : mapping or None
        Ready signals, in place of events.
    records : frozenset of str
        The kinds that the source records.
    as_of : int or None
        Microseconds since 1970 UTC; None = now.
    reasons : int or None
        So many of the strongest; None = all.
    said : bytes
        The request's own JSON of all this.
    """

    account: Mapping[str, Any]
    events: Sequence[Mapping[str, Any]]
    signals: Mapping[str, float | None] | None
    records: frozenset[str]
    as_of: int | None
    reasons: int | None
    said: bytes


def read_question(body: bytes, form: RequestForm, reasons: int | None = REASONS, as_of: int | None = None) -> Question:
    """Read what is asked.

    Parameters
    ----------
    body : bytes
    form : RequestForm
    reasons : int or None
        So many are wanted.
    as_of : int or None
        The moment where the body names none; None = now.

    Raises
    ------
    Refusal, BadInput
        It is not JSON, or does not fit.
    """
    content = parse_body(body, form)
    _check_parts(content)
    records, said = content.get("records"), content.get("as_of")
    return Question(
        account=content["account"],
        events=content.get("events") or (),
        signals=content.get("signals"),
        records=_EVERY_KIND if records is None else check_records(records),
        as_of=as_of if said is None else check_time(said, AS_OF),
        reasons=reasons,
        said=body,
    )


def _check_parts(content: dict[str, Any]) -> None:
    """Refuse a request that gives none or both of events and signals, or records beside signals."""
    given = [name for name in ("events", "signals") if content.get(name) is not None]
    if len(given) != 1:
        found = "neither" if not given else "both"
        raise refuse_body([Flaw(pointer="", detail=f"expected either events or signals, not {found}")])
    if given == ["signals"] and content.get("records") is not None:
        raise refuse_body(
            [Flaw(pointer="/records", detail="expected only beside events: a signal left out is unknown")]
        )
