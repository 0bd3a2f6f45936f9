"""What the page says at its top about what has just been done, or could not be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args
from uuid import UUID

from reviews.case import Refusal as Why
from reviews.desk import Case, CaseRefused, Desk, read_evidence
from serving.desk.words.people import name_of
from serving.desk.words.vocabulary import OPINIONS

__all__ = ["notice_of", "trouble_of"]

Query = Mapping[str, str]

_TROUBLES: Final = {why: str(CaseRefused(why)) for why in get_args(Why)}


def trouble_of(query: Query) -> str | None:
    """Return why the last deed could not be done, from the page's address."""
    return _TROUBLES.get(query.get("refused", ""))


def notice_of(desk: Desk, reviewer: str, query: Query) -> dict[str, Any] | None:
    """Return what has just been done, as the page's address has it and the database confirms.

    Parameters
    ----------
    desk : Desk
    reviewer : str
    query : mapping
        `after` names the case that was answered, `skipped` the one that was passed by.
    """
    if "undone" in query:
        return {"text": "Taken back. What do you say now?", "account": "", "undo": ""}
    if "none" in query:
        return {"text": "No case waits for you. Enjoy the quiet.", "account": "", "undo": ""}
    case = _case(desk, reviewer, query.get("after") or query.get("skipped") or "")
    if case is None:
        return None
    said = case.current.answer if case.current is not None else None
    if "after" in query and said is None:
        return None
    text = f"Saved: {OPINIONS[said.relationship].name}," if said is not None else "Skipped"
    return {"text": text, "account": _name(case), "undo": f"/desk/cases/{case.id}/undo"}


def _case(desk: Desk, reviewer: str, text: str) -> Case | None:
    try:
        return desk.case(UUID(text), reviewer)
    except (ValueError, CaseRefused):
        return None


def _name(case: Case) -> str:
    return name_of(case.account_id, None if case.evidence is None else read_evidence(case.evidence))
