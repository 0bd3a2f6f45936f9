"""Where model and rules part, on whom, and who the labels say is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from models.rule import SIDES
from models.rules import RuleBook
from training.judging.slices import LEAST_IN_SLICE

__all__ = ["Cell", "Disagreement", "Opposing", "Parted", "disagreement"]

_EVEN: Final = 0.5

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Said = Literal["client", "customer", "neither"]
_ANSWERS: Final[tuple[Said, ...]] = (*SIDES, "neither")


@dataclass(frozen=True, slots=True)
class Cell:
    """Accounts of which model and rules say certain things.

    Attributes
    ----------
    model : {"client", "customer"}
    rules : {"client", "customer", "neither"}
        Neither where the votes leave the chances even.
    n, n_client : int
        Accounts, and how many of them are labelled client.
    """

    model: Said
    rules: Said
    n: int
    n_client: int

    @property
    def opposed(self) -> bool:
        """Whether the rules take the other side."""
        return self.rules not in (self.model, "neither")


@dataclass(frozen=True, slots=True)
class Parted:
    """How often the two take opposite sides in a part of the accounts.

    Attributes
    ----------
    slice, value : str
    n, n_opposed, n_model_right : int
        Accounts; those with opposite sides; those among them whose label is the model's answer.
    """

    slice: str
    value: str
    n: int
    n_opposed: int
    n_model_right: int


@dataclass(frozen=True, slots=True)
class Opposing:
    """A rule that speaks against the model where the two take opposite sides.

    Attributes
    ----------
    text : str
        Its sentence.
    vote : {"client", "customer"}
    n, n_model_right : int
        As in `Parted`.
    """

    text: str
    vote: str
    n: int
    n_model_right: int


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Model against rules.

    Attributes
    ----------
    cells : tuple of Cell
        Each pair of what model and rules say, the empty ones of `neither` left out.
    whole : Parted
        All accounts.
    parts : tuple of Parted
        Parts with `LEAST_IN_SLICE` accounts, the one with the largest share of opposite sides first.
    opposing : tuple of Opposing
        The commonest first.
    """

    cells: tuple[Cell, ...]
    whole: Parted
    parts: tuple[Parted, ...]
    opposing: tuple[Opposing, ...]


def disagreement(
    X: Floats,
    y: Bools,
    model: Floats,
    book: RuleBook,
    parts: Mapping[str, npt.NDArray[np.object_]],
    most: int = 5,
) -> Disagreement:
    """Count where model and rules take opposite sides.

    Parameters
    ----------
    X : ndarray of float64, shape (n, n_signals)
    y : ndarray of bool, shape (n,)
        True for a client.
    model : ndarray of float64, shape (n,)
        P(client), by a model that never saw the account.
    book : RuleBook
    parts : mapping of str to ndarray of str, shape (n,)
        The value of each account by slice.
    most : int
        Rules to name.

    Returns
    -------
    Disagreement
        Accounts are counted, not weighed: it is a list of cases.
    """
    scores, is_client = book.score(X), model > _EVEN
    sides = np.where(scores.log_odds == 0, "neither", np.where(scores.log_odds > 0, *SIDES))
    opposed = (sides != "neither") & ((sides == SIDES[0]) != is_client)
    cells = [
        _cell(said, by_rules, is_client == (said == SIDES[0]), sides == by_rules, y)
        for said in SIDES
        for by_rules in _ANSWERS
    ]
    right = is_client == y
    found = [
        _part(name, str(value), values == value, opposed, right)
        for name, values in parts.items()
        for value in _worth_showing(values)
    ]
    return Disagreement(
        cells=tuple(cell for cell in cells if cell.n or cell.rules != "neither"),
        whole=_part("", "all", np.ones(len(y), dtype=bool), opposed, right),
        parts=tuple(sorted(found, key=_order)),
        opposing=_opposing(book, scores.votes, is_client, opposed, right)[:most],
    )


def _cell(said: Said, by_rules: Said, here: Bools, there: Bools, y: Bools) -> Cell:
    return Cell(said, by_rules, int((here & there).sum()), int((here & there & y).sum()))


def _worth_showing(values: npt.NDArray[np.object_]) -> list[str]:
    """Return the larger values of a slice; none where there is one alone, which says nothing that all do not say."""
    found, counts = np.unique(values.astype(str), return_counts=True)
    return [str(value) for value in found[counts >= LEAST_IN_SLICE]] if len(found) > 1 else []


def _part(name: str, value: str, members: Bools, opposed: Bools, right: Bools) -> Parted:
    apart = members & opposed
    return Parted(name, value, int(members.sum()), int(apart.sum()), int((apart & right).sum()))


def _order(part: Parted) -> tuple[float, int, str]:
    return -part.n_opposed / max(part.n, 1), -part.n, part.value


def _opposing(book: RuleBook, votes: Floats, is_client: Bools, opposed: Bools, right: Bools) -> tuple[Opposing, ...]:
    against = opposed[:, None] & np.where(is_client[:, None], votes < 0, votes > 0)
    found = [
        Opposing(rule.text, rule.vote, int(against[:, place].sum()), int((against[:, place] & right).sum()))
        for place, rule in enumerate(book.rules)
    ]
    return tuple(sorted((rule for rule in found if rule.n), key=lambda rule: (-rule.n, rule.text)))
