"""How far reviewers agree beyond what chance would bring about: Cohen's kappa."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Agreement", "Pairing", "agreement_by_month", "agreement_by_pair", "kappa"]


class Pairing(NamedTuple):
    """Two reviewers who answered a case, each before either could see anything but the account.

    Attributes
    ----------
    month : str
        Of the second answer.
    first, second : str
        The reviewers.
    said, also : str
        What either said, in that order.
    n : int
        How many cases have all this in common.
    """

    month: str
    first: str
    second: str
    said: str
    also: str
    n: int = 1


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far reviewers agree.

    Attributes
    ----------
    of : tuple of str
        The pair, in ascending order; or the month.
    n, agreed : int
        Cases that both answered, and on how many they said the same.
    kappa : float or None
        1: always; 0: as often as chance would have it; None where chance alone would make them agree always.
    """

    of: tuple[str, ...]
    n: int
    agreed: int
    kappa: float | None


def kappa(said: Mapping[tuple[str, str], int]) -> float | None:
    """Return Cohen's kappa (Educational and Psychological Measurement 1960).

    Parameters
    ----------
    said : mapping of (str, str) to int
        Of how many cases the first said the one and the second the other.

    Returns
    -------
    float or None
        In [-1, 1]; None without a case, or where both always say one and the same thing.

    Examples
    --------
    >>> kappa({("client", "client"): 1, ("client", "customer"): 1, ("customer", "customer"): 2})
    0.5
    """
    n = sum(said.values())
    agreed = _agreed(said)
    often: Counter[str] = Counter()
    too: Counter[str] = Counter()
    for (one, other), count in said.items():
        often[one] += count
        too[other] += count
    by_chance = sum(count * too[one] for one, count in often.items())
    # In whole numbers as far as they go, so that always saying the same is told from almost always.
    return None if by_chance == n * n else (agreed * n - by_chance) / (n * n - by_chance)


def _agreed(said: Mapping[tuple[str, str], int]) -> int:
    return sum(count for (one, other), count in said.items() if one == other)


def agreement_by_pair(pairings: Iterable[Pairing]) -> list[Agreement]:
    """Say how far each pair of reviewers agrees, those with the most cases first."""
    pairs: dict[tuple[str, ...], Counter[tuple[str, str]]] = defaultdict(Counter)
    for each in pairings:
        turned = each.first > each.second
        pair, said = ((each.second, each.first), (each.also, each.said)) if turned else (each[1:3], each[3:5])
        pairs[pair][said] += each.n
    found = [Agreement(pair, said.total(), _agreed(said), kappa(said)) for pair, said in pairs.items()]
    return sorted(found, key=lambda each: (-each.n, each.of))


def agreement_by_month(pairings: Iterable[Pairing]) -> list[Agreement]:
    """Say how far reviewers agree in each month, the earliest first; who of a pair comes first has no say."""
    months: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for each in pairings:
        # Each pairing both ways round, so that who read first does not matter.
        for said in ((each.said, each.also), (each.also, each.said)):
            months[each.month][said] += each.n
    return [
        Agreement((month,), said.total() // 2, _agreed(said) // 2, kappa(said))
        for month, said in sorted(months.items())
    ]
