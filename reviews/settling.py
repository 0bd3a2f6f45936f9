"""From what reviewers say of a case to whether it is settled, and on what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reviews.answer import Given
from reviews.case import State

__all__ = ["Outcome", "current_of", "settle"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a case stands.

    Attributes
    ----------
    state : {"open", "lead", "closed"}
    by : Given or None
        The answer that holds, where it is closed.
    """

    state: State
    by: Given | None = None


def settle(answers: Sequence[Given], wanted: int) -> Outcome:
    """Say where a case stands.

    The team lead's answer decides. Else it takes as many reviewers as are wanted: where they agree, the first one's
    answer holds, whose other properties then count; where not, it goes to the team lead.

    Parameters
    ----------
    answers : sequence of Given
        What each reviewer says now, the oldest first.
    wanted : int
        How many reviewers there have to be.

    Returns
    -------
    Outcome
    """
    leads = [given for given in answers if given.stage == "lead"]
    if leads:
        return Outcome("closed", leads[-1])
    if len(answers) < wanted:
        return Outcome("open")
    said = {given.answer.relationship for given in answers if given.answer is not None}
    return Outcome("closed", answers[0]) if len(said) == 1 else Outcome("lead")


def current_of(said: Sequence[Given]) -> Given | None:
    """Say which of a reviewer's answers to a case counts.

    It is the last one, unless it was taken back. A team lead who had read the case as well, and takes back a ruling, is
    left with what they said as a reader.

    Parameters
    ----------
    said : sequence of Given
        All that one reviewer ever said of a case, the oldest first.

    Returns
    -------
    Given or None
    """
    read: Given | None = None
    ruled: Given | None = None
    for given in said:
        if given.stage == "lead":
            ruled = given
        elif given.stage != "withdrawn":
            read = given
        elif ruled is not None:
            ruled = None
        else:
            read = None
    return ruled or read
