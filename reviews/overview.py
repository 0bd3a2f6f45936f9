"""What the team lead sees at a glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reviews.agreement import Agreement, Pairing, agreement_by_month, agreement_by_pair
from reviews.audited import AuditedMonth, Drawn, audited_months

__all__ = ["Facts", "Overturned", "Overview", "Read", "Throughput", "Waiting", "overview_of"]


class Waiting(NamedTuple):
    """Cases that are not settled.

    Attributes
    ----------
    open, held, second, lead : int
        Those that wait for a reviewer; of them the claimed, and the ones that wait for a second reader; those that wait
        for the team lead.
    oldest_at : int or None
        When the oldest open case was opened, microseconds since 1970 UTC.
    ages : tuple of (int, int)
        Days, ascending, and how many open cases have waited at least so long and less than the next.
    why : tuple of (str, int)
        Open cases by why they were opened.
    """

    open: int
    held: int
    second: int
    lead: int
    oldest_at: int | None
    ages: tuple[tuple[int, int], ...]
    why: tuple[tuple[str, int], ...]


class Throughput(NamedTuple):
    """What a reviewer did in a week.

    Attributes
    ----------
    week : int
        When it began, Monday 0:00 UTC, microseconds since 1970.
    reviewer : str
    answers : int
        First answers to cases and rulings of the team lead, also those taken back since.
    """

    week: int
    reviewer: str
    answers: int


class Read(NamedTuple):
    """Settled cases that have all this in common.

    Attributes
    ----------
    said, machine : str
        What the verdict says, and what the prediction said that was shown.
    model_says, rules_say : str or None
    reason : str or None
        Name of what spoke the loudest for the machine's answer.
    n : int
    """

    said: str
    machine: str
    model_says: str | None
    rules_say: str | None
    reason: str | None
    n: int


class Overturned(NamedTuple):
    """How often a verdict said something else.

    Attributes
    ----------
    name : str
        "machine", "model" or "rules"; or the name of the signal or rule that spoke the loudest for the machine's
        answer.
    n, overturned : int
        Verdicts that could compare, and those that said something else.
    """

    name: str
    n: int
    overturned: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What the team lead sees at a glance.

    Attributes
    ----------
    waiting : Waiting
        Now, whatever the period.
    opened, settled : int
        Cases that were in the period.
    verdicts : tuple of (str, int)
        What verdicts of the period say, the most frequent first.
    revised : tuple of (int, int)
        Reviewers who changed the relationship after the reveal, of those who answered in the period.
    throughput : tuple of Throughput
    pairs, months : tuple of Agreement
        Of the second readings in the period.
    audited : tuple of AuditedMonth
        Those that begin in the period, and others of which something was drawn or answered in it.
    overturned : tuple of Overturned
        The machine, the model and the rules.
    by_signal : tuple of Overturned
        By what spoke the loudest, the most verdicts first.
    """

    waiting: Waiting
    opened: int
    settled: int
    verdicts: tuple[tuple[str, int], ...]
    revised: tuple[int, int]
    throughput: tuple[Throughput, ...]
    pairs: tuple[Agreement, ...]
    months: tuple[Agreement, ...]
    audited: tuple[AuditedMonth, ...]
    overturned: tuple[Overturned, ...]
    by_signal: tuple[Overturned, ...]


class Facts(NamedTuple):
    """What the database counts for an overview, which `overview_of` puts together."""

    waiting: Waiting
    opened: int
    settled: int
    revised: tuple[int, int]
    throughput: Sequence[Throughput]
    pairings: Sequence[Pairing]
    drawn: Sequence[Drawn]
    read: Sequence[Read]


def overview_of(facts: Facts) -> Overview:
    """Put an overview together."""
    said: Counter[str] = Counter()
    for each in facts.read:
        said[each.said] += each.n
    told = [each for each in facts.read if each.said != "unclear"]
    return Overview(
        waiting=facts.waiting,
        opened=facts.opened,
        settled=facts.settled,
        verdicts=tuple(_most_first(said)),
        revised=facts.revised,
        throughput=tuple(facts.throughput),
        pairs=tuple(agreement_by_pair(facts.pairings)),
        months=tuple(agreement_by_month(facts.pairings)),
        audited=tuple(audited_months(facts.drawn)),
        overturned=(
            _count("machine", ((each.machine, each) for each in told)),
            _count("model", ((each.model_says, each) for each in told)),
            _count("rules", ((each.rules_say, each) for each in told)),
        ),
        by_signal=tuple(_by_signal(told)),
    )


def _count(name: str, claims: Iterable[tuple[str | None, Read]]) -> Overturned:
    known = [(claim, each) for claim, each in claims if claim is not None]
    wrong = sum(each.n for claim, each in known if claim != each.said)
    return Overturned(name, sum(each.n for _, each in known), wrong)


def _by_signal(told: Iterable[Read]) -> list[Overturned]:
    n: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for each in told:
        if each.reason is not None:
            n[each.reason] += each.n
            wrong[each.reason] += each.n * (each.said != each.machine)
    return [Overturned(name, count, wrong[name]) for name, count in _most_first(n)]


def _most_first(counted: Counter[str]) -> list[tuple[str, int]]:
    """Return what was counted, of equals the first by name, whatever order a database counts in."""
    return sorted(counted.items(), key=lambda each: (-each[1], each[0]))
