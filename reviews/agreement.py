"""How far reviewers agree beyond what chance would bring about: Cohen's kappa."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Agreement", "Pairing", "agreement_by_month", "agreement_by_pair", "kappa"]


class Pairing(NamedTuple):
    """Two reviewers who answered one case, each before either could see anything but the account.

    Attributes
    ----------
    month : str
        Of the second answer.
    first, second : str
        The reviewers.
    said, also : str
        What either said, in that order.
    """

    month: str
    first: str
    second: str
    said: str
    also: str


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


def kappa(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Return Cohen's kappa (Educational and Psychological Measurement 1960).

    Parameters
    ----------
    first, second : sequence of str, length n
        What either said of the same n cases.

    Returns
    -------
    float or None
        In [-1, 1]; None without a case, or where both always say one and the same thing.

    Examples
    --------
    >>> kappa(["client", "client", "customer", "customer"], ["client", "customer", "customer", "customer"])
    0.5
    """
    if not first:
        return None
    n = len(first)
    agreed = sum(one == other for one, other in zip(first, second, strict=True))
    often, too = Counter(first), Counter(second)
    by_chance = sum(count * too[said] for said, count in often.items())
    # In whole numbers as far as they go, so that always saying the same is told from almost always.
    return None if by_chance == n * n else (agreed * n - by_chance) / (n * n - by_chance)


def agreement_by_pair(pairings: Iterable[Pairing]) -> list[Agreement]:
    """Say how far each pair of reviewers agrees, those with the most cases first."""
    pairs: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
    for each in pairings:
        turned = each.first > each.second
        pair, said = ((each.second, each.first), (each.also, each.said)) if turned else (each[1:3], each[3:5])
        pairs[pair].append(said)
    found = [_agreement(pair, said) for pair, said in pairs.items()]
    return sorted(found, key=lambda each: (-each.n, each.of))


def agreement_by_month(pairings: Iterable[Pairing]) -> list[Agreement]:
    """Say how far reviewers agree in each month, the earliest first; who of a pair comes first has no say."""
    months: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
    for each in pairings:
        # Each pairing both ways round, so that who read first does not matter.
        months[each.month,] += [(each.said, each.also), (each.also, each.said)]
    found = [_agreement(month, said) for month, said in sorted(months.items())]
    return [Agreement(each.of, each.n // 2, each.agreed // 2, each.kappa) for each in found]


def _agreement(of: tuple[str, ...], said: Sequence[tuple[str, str]]) -> Agreement:
    first, second = zip(*said, strict=True)
    return Agreement(of, len(said), sum(a == b for a, b in said), kappa(first, second))
