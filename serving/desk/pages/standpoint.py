"""Where a reviewer stands towards a case: what they may do with it, and what they may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from reviews.desk import Case, Given
from reviews.terms import HOUR, UNDO
from serving.desk.pages.room import Viewer
from serving.desk.words.times import ago, hours

__all__ = ["Closed", "Standpoint", "standpoint_of"]

Deed = Literal["answer", "revise", "rule"]

_UNDO: Final = round(UNDO.value * HOUR)


@dataclass(frozen=True, slots=True)
class Closed:
    """Why there is nothing to answer.

    Attributes
    ----------
    title, text : str
    claim : bool
        They may take the case.
    """

    title: str
    text: str
    claim: bool = False


@dataclass(frozen=True, slots=True)
class Standpoint:
    """Where a reviewer stands.

    Attributes
    ----------
    deed : {"answer", "revise", "rule"} or None
        What a form would do; None: there is nothing to answer.
    closed : Closed or None
        Why.
    revealed : bool
        They have answered, so what the machine thinks may be shown.
    undo : bool
        They may take their answer back.
    """

    deed: Deed | None
    closed: Closed | None
    revealed: bool
    undo: bool = False


def standpoint_of(case: Case, viewer: Viewer, names: dict[str, str], now: int) -> Standpoint:
    """Say where a reviewer stands.

    Parameters
    ----------
    case : Case
    viewer : Viewer
    names : dict
        Reviewers' names by id.
    now : int
        Microseconds since 1970 UTC.
    """
    current = case.current
    if case.state == "lead" and viewer.lead:
        return Standpoint("rule", None, current is not None)
    if current is not None:
        return _answered(case, current, now)
    if case.state != "open":
        return Standpoint(None, _settled(case), revealed=False)
    # A lease that has run out is still good while nobody else has taken the case.
    if case.holder == viewer.id:
        return Standpoint("answer", None, revealed=False)
    if case.holder is not None and case.held_until is not None and case.held_until > now:
        name = names.get(case.holder or "", "Another reviewer")
        until = ago(case.held_until, now)
        return Standpoint(
            None,
            Closed("Somebody is on it", f"{name} has taken this case. It is free again {until} at the latest."),
            revealed=False,
        )
    text = "Take it, and it is yours for half an hour. What you say is kept under your name."
    return Standpoint(None, Closed("Nobody is on it", text, claim=True), revealed=False)


def _answered(case: Case, current: Given, now: int) -> Standpoint:
    ruled = current.stage == "lead"
    if now - current.at < _UNDO and (ruled or case.state != "lead"):
        return Standpoint("rule" if ruled else "revise", None, revealed=True, undo=True)
    if case.state == "lead":
        text = "Another reviewer sees it otherwise. The team lead looks at both answers and decides."
        return Standpoint(None, Closed("It waits for the team lead", text), revealed=True)
    text = f"You answered {ago(current.at, now)}. After {hours(UNDO.value)} an answer can no longer be changed."
    return Standpoint(None, Closed("Your answer stands", text), revealed=True)


def _settled(case: Case) -> Closed:
    if case.state == "lead":
        text = "Two reviewers see it differently. The team lead looks at both answers and decides."
        return Closed("It waits for the team lead", text)
    return Closed("It is settled", "Others have answered this case; there is nothing left to do.")
