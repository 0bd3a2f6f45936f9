"""The vocabulary of an export: kinds of event, the columns of each file, and how bad input is named.

Everything that speaks of a kind or a column (validation, the HTTP schema, the simulator, `rapport check`, the
documentation) reads it from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "ACCOUNT_COLUMNS",
    "EVENT_COLUMNS",
    "KINDS",
    "LABEL_COLUMNS",
    "BadInput",
    "Column",
    "Kind",
    "Problem",
    "check_records",
]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event.

    Attributes
    ----------
    name : str
        As it stands in the column `kind`.
    subtypes : tuple of str
        The subtypes that signals tell apart; empty where any subtype is taken as it comes.
    meaning : str
        One sentence for the CRM's administrator.
    """

    name: str
    subtypes: tuple[str, ...]
    meaning: str


_KINDS = (
    Kind("purchase", ("product", "service", "advice"), "Something was bought; `amount` is what it cost."),
    Kind("refund", ("product", "service", "advice"), "Money given back; the kind is its sign."),
    Kind(
        "contract",
        ("retainer", "project", "subscription", "maintenance"),
        "An agreement in force from `occurred_at` until `ends_at` (missing = open-ended); "
        "`amount` is the value of its whole term.",
    ),
    Kind("deal", (), "An opportunity or engagement opened; it closes at `ends_at`."),
    Kind("meeting", ("strategic", "onboarding", "sales", "support"), "People of both sides met."),
    Kind("call", (), "A telephone or video call."),
    Kind("email", (), "A personal e-mail, not a mailing."),
    Kind("visit", (), "A visit or viewing on site."),
    Kind("ticket", ("basic", "custom"), "A request for support; custom where it asks for tailored work."),
    Kind("delivery", (), "A report, roadmap or other tailored work handed over."),
    Kind("feedback", (), "Feedback received; `score` where a number was given."),
    Kind("usage", (), "Use of the product or portal without a person's help."),
    Kind("referral", (), "The account referred somebody."),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}
"""Every kind by its name, in the order of the catalogue."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an export's file.

    Attributes
    ----------
    name : str
    type : {"string", "time", "number"}
        A time without a zone is UTC; a number is a finite float64.
    meaning : str
    required : bool
        The column must be there and no value of it may be missing.
    low, high : float
        Least and greatest number allowed.
    allowed : tuple of str or None
        The only values allowed; None where any is.
    """

    name: str
    type: Literal["string", "time", "number"]
    meaning: str
    required: bool = False
    low: float = float("-inf")
    high: float = float("inf")
    allowed: tuple[str, ...] | None = None

    @property
    def expected(self) -> str:
        """What a value must be, in words that an error message can end with."""
        if self.allowed is not None:
            return "one of " + ", ".join(self.allowed)
        if self.type == "time":
            return f"a time from {FIRST_TIME[:10]} to {LAST_TIME[:10]}, such as 2026-03-02T09:00:00Z"
        if self.type == "number":
            bounds = "" if self.high == float("inf") else f" and at most {self.high:g}"
            return f"a number, at least {self.low:g}{bounds}" if self.low > float("-inf") else "a number"
        return "a text that is not empty" if self.required else "a text"


FIRST_TIME = "1970-01-01T00:00:00+00:00"
LAST_TIME = "2200-01-01T00:00:00+00:00"
"""Times outside these bounds are typing errors or placeholders, never events."""

EVENT_COLUMNS: tuple[Column, ...] = (
    Column("account_id", "string", "Whose event it is.", required=True),
    Column("occurred_at", "time", "When it happened.", required=True),
    Column("kind", "string", "What happened.", required=True, allowed=tuple(KINDS)),
    Column("subtype", "string", "A finer kind, where it matters."),
    Column("amount", "number", "In the account's currency; a refund's kind is its sign.", low=0.0, high=1e15),
    Column("score", "number", "Of feedback.", low=0.0, high=10.0),
    Column("contact_id", "string", "Who it was, on the account's side."),
    Column("ends_at", "time", "A contract's planned end, or when a deal closed."),
    Column("recorded_at", "time", "When the CRM learned of it; missing = `occurred_at`."),
    Column("event_id", "string", "Repeats of one id count once, the latest recorded."),
)

ACCOUNT_COLUMNS: tuple[Column, ...] = (
    Column("account_id", "string", "The account.", required=True),
    Column("name", "string", "What people call it."),
    Column("industry", "string", "Its line of business."),
    Column("party", "string", "What it is.", allowed=("person", "organisation")),
    Column("owner_id", "string", "Who on our side is its dedicated owner."),
    Column("owner_since", "time", "Since when it has that owner."),
    Column("created_at", "time", "When it was entered."),
)

LABEL_COLUMNS: tuple[Column, ...] = (
    Column("account_id", "string", "The account.", required=True),
    Column(
        "relationship",
        "string",
        "What it is; training ignores prospects.",
        required=True,
        allowed=("client", "customer", "prospect"),
    ),
    Column("labelled_at", "time", "When the label was given; it is learned from as of then."),
    Column("source", "string", "Who says so; missing = crm.", allowed=("crm", "reviewer", "rules")),
    Column("labeller", "string", "The person who gave it."),
    Column("inclusion", "number", "Of an audit sample: the chance with which it drew the account.", low=1e-6, high=1.0),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the input: where it is and what was expected there."""

    file: str
    row: int | None
    column: str | None
    value: str | None
    expected: str

    def __str__(self) -> str:
        """Render as `events.csv, row 7, column amount: found '-3', expected a number, at least 0`."""
        place = [self.file]
        if self.row is not None:
            place.append(f"row {self.row}")
        if self.column is not None:
            place.append(f"column {self.column}")
        found = "" if self.value is None else f"found {self.value!r}, "
        return f"{', '.join(place)}: {found}expected {self.expected}"


class BadInput(ValueError):
    """Input that a user gave and can mend.

    Parameters
    ----------
    message : str
        What is wrong and what to do about it, one sentence.
    problems : iterable of Problem, optional
        Each place that is wrong.
    """

    SHOWN = 5

    def __init__(self, message: str, problems: Iterable[Problem] = ()) -> None:
        self.message = message
        self.problems = tuple(problems)
        lines = [message, *(f"  {problem}" for problem in self.problems[: self.SHOWN])]
        if len(self.problems) > self.SHOWN:
            lines.append(f"  … and {len(self.problems) - self.SHOWN} more like these")
        super().__init__("\n".join(lines))


def check_records(records: Iterable[str] | None, where: str = "records") -> frozenset[str]:
    """Return the kinds that a source records, all of them when it does not say.

    Raises
    ------
    BadInput
        A name is no kind.
    """
    if records is None:
        return frozenset(KINDS)
    names = frozenset(records)
    unknown = sorted(names - KINDS.keys())
    if unknown:
        expected = "one of " + ", ".join(KINDS)
        raise BadInput(
            "A kind that is not known is said to be recorded.",
            [Problem(where, None, "records", name, expected) for name in unknown],
        )
    return names
