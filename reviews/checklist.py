"""The questions R01 to R09 that a reviewer goes through, defined once: page, API and documentation read them here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["CHECKLIST", "Choice", "Question", "fits"]

Side = Literal["client", "customer"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a question's answers.

    Attributes
    ----------
    code : str
        As it is kept; stable.
    text : str
    speaks_for : {"client", "customer"} or None
        Which side it speaks for; it does not decide.
    """

    code: str
    text: str
    speaks_for: Side | None


@dataclass(frozen=True, slots=True)
class Question:
    """A question about an account, which may be left open.

    Attributes
    ----------
    code : str
        Of the domain, such as R01; stable.
    text : str
    choices : tuple of Choice
    """

    code: str
    text: str
    choices: tuple[Choice, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its answers."""
        return tuple(choice.code for choice in self.choices)


def _ask(code: str, text: str, client: str, customer: str, *others: str) -> Question:
    """Make a question of answers `code: text`: that which speaks for a client, that for a customer, and others."""
    sides: tuple[Side | None, ...] = ("client", "customer", *(None for _ in others))
    parts = (each.partition(": ") for each in (client, customer, *others))
    return Question(code, text, tuple(Choice(part[0], part[2], side) for part, side in zip(parts, sides, strict=True)))


_QUESTIONS: Final = (
    _ask("R01", "Is the engagement recurring or one-time?", "recurring: Recurring", "one-time: One-time"),
    _ask(
        "R02",
        "Do we give strategic input, or deliver only?",
        "input: Strategic input",
        "deliverables: Deliverables only",
    ),
    _ask("R03", "Is there a contract, a retainer or a long-term plan?", "yes: Yes", "no: No"),
    _ask(
        "R04",
        "Which describes it better?",
        "relationship: Ongoing, strategic, together",
        "transaction: A purchase, a transaction",
    ),
    _ask(
        "R05",
        "Does the buyer pay for knowledge and guidance, or for an item?",
        "guidance: Knowledge, guidance",
        "item: An item",
        "both: Both",
    ),
    # Who uses what was bought tells consumers from customers, and speaks for neither side of ours.
    Question(
        "R06",
        "Is it bought for personal use, or passed on?",
        (Choice("personal", "Personal use", None), Choice("passed-on", "Passed on", None)),
    ),
    _ask("R07", "Is the service tailored or standard?", "tailored: Tailored", "standard: Standard"),
    _ask("R08", "Is more expected than the purchase and immediate support?", "yes: Yes", "no: No"),
    _ask("R09", "One point of sale, or several points of contact?", "several: Several", "one: One point of sale"),
)

CHECKLIST: Final[dict[str, Question]] = {question.code: question for question in _QUESTIONS}
"""Every question by its code, in the order of the page."""


def fits(code: str, tick: str) -> bool:
    """Say whether a tick names a question and one of its answers.

    Examples
    --------
    >>> fits("R03", "yes"), fits("R03", "perhaps"), fits("R99", "yes")
    (True, False, False)
    """
    return code in CHECKLIST and tick in CHECKLIST[code].codes
