"""A challenger against the champion, on the same accounts, neither judged on what it learned from.

The accounts are those that judge the challenger, with their signals and labels of today. The challenger is judged out
of fold, and so is the champion where it learned from the account, be it as of an earlier time: by that one of its
cross-fitted scorecards which learned without it. Where it never saw the account, its own scorecard answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.bundle import Bundle
from models.manifest import Estimate
from models.scorecard import Scorecard
from training.judging.metrics import UNDEFINED, Figure, estimate, probability_figures, resample
from training.judging.slices import LEAST_IN_SLICE, UNKNOWN
from training.tracking.held_out import HeldOut

__all__ = ["Comparison", "SliceDifference", "compare"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]
Side = Literal["challenger", "champion"]

_INTERVAL: Final = (0.025, 0.975)
_EVEN: Final = 0.5


@dataclass(frozen=True, slots=True)
class SliceDifference:
    """How much worse the challenger is on a part of the accounts.

    Attributes
    ----------
    slice, value : str
        What the accounts are parted by, and which part this is.
    n : int
    difference : Estimate
        Log loss, challenger minus champion, in nats an account.
    """

    slice: str
    value: str
    n: int
    difference: Estimate


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from champion to challenger.

    Attributes
    ----------
    challenger, champion : str
        Their versions.
    known : bool
        It is known what the champion learned from. Otherwise its scorecard answers for every account, some of which it
        may have learned from: that flatters the champion.
    n_client, n_customer : int
        Accounts that both are judged by.
    n_out_of_fold, n_by_scorecard : int
        Of these, how many the champion learned from and was judged on out of fold, and how many it never saw.
    n_left_out : int
        Accounts of the challenger's that all of the champion's scorecards learned from, as with a split by time the
        earliest: nothing that they say of them is unseen.
    n_switched : int
        Accounts that the two answer differently.
    figures : dict of str to dict of str to Estimate
        Of `challenger` and `champion`: `auroc`, `average_precision`, `log_loss`, `brier`, `ece`.
    difference : Estimate
        Log loss, challenger minus champion, in nats an account, with the 95 % interval of the paired bootstrap; below 0
        the challenger is better.
    slices : tuple of SliceDifference
        Of parts with `LEAST_IN_SLICE` accounts, in which the challenger did worst first.
    """

    challenger: str
    champion: str
    known: bool
    n_client: int
    n_customer: int
    n_out_of_fold: int
    n_by_scorecard: int
    n_left_out: int
    n_switched: int
    figures: dict[Side, dict[str, Estimate]]
    difference: Estimate
    slices: tuple[SliceDifference, ...]

    @property
    def n(self) -> int:
        """Accounts that both are judged by."""
        return self.n_client + self.n_customer

    @property
    def better(self) -> bool:
        """The challenger's log loss is surely the lower one."""
        return self.difference.high is not None and self.difference.high < 0


def compare(challenger: HeldOut, champion: Bundle, champion_held_out: HeldOut | None, *, seed: int = 0) -> Comparison:
    """Compare two models on the accounts that judge the challenger.

    Parameters
    ----------
    challenger : HeldOut
    champion : Bundle
    champion_held_out : HeldOut, optional
        None where it is not known what the champion learned from.
    seed : int
        Of the bootstrap.

    Returns
    -------
    Comparison
    """
    rows = np.flatnonzero(challenger.judged)
    fold, seen = _recall(challenger.accounts[rows], champion_held_out)
    fair = (fold >= 0) | ~seen
    rows, fold, seen = rows[fair], fold[fair], seen[fair]
    cards = champion_held_out.scorecards if champion_held_out else ()
    champion_says = np.empty(len(rows))
    for number, card in ((-1, champion.scorecard), *enumerate(cards)):
        champion_says[fold == number] = _probability(card, challenger.X[rows[fold == number]])
    says = {"challenger": challenger.probability[rows], "champion": champion_says}
    y, weights = challenger.y[rows], challenger.weights[rows]
    figures = {(side, name): of for side, p in says.items() for name, of in probability_figures(y, p).items()}
    estimates = estimate(figures, weights, seed)
    names = list(dict.fromkeys(name for _, name in figures))
    return Comparison(
        challenger=challenger.version,
        champion=champion.version,
        known=champion_held_out is not None or champion.manifest.starter,
        n_client=int(y.sum()),
        n_customer=int((~y).sum()),
        n_out_of_fold=int(seen.sum()),
        n_by_scorecard=int((~seen).sum()),
        n_left_out=int((~fair).sum()),
        n_switched=int(((says["challenger"] > _EVEN) != (says["champion"] > _EVEN)).sum()),
        figures={
            "challenger": {name: estimates["challenger", name] for name in names},
            "champion": {name: estimates["champion", name] for name in names},
        },
        difference=_difference(y, says["challenger"], says["champion"], weights, seed),
        slices=_slice_differences(challenger, rows, champion_says, seed),
    )


def _recall(accounts: npt.NDArray[np.object_], champion: HeldOut | None) -> tuple[Rows, Bools]:
    """Return which of the champion's folds learned without each account, -1 where none did, and which it knows."""
    if champion is None:
        return np.full(len(accounts), -1, dtype=np.intp), np.zeros(len(accounts), dtype=bool)
    places = pd.Index(champion.accounts).get_indexer(pd.Index(accounts))
    seen = places >= 0
    return np.where(seen, champion.fold[places], -1).astype(np.intp), seen


def _probability(card: Scorecard, X: Floats) -> Floats:
    return np.exp(-np.logaddexp(0.0, -card.score(X)))


def _difference(y: Bools, challenger: Floats, champion: Floats, weights: Floats, seed: int) -> Estimate:
    """Estimate the difference of two log losses; both sides of each resample are of the same accounts."""
    if not len(y):
        return UNDEFINED
    one, other = (probability_figures(y, p)["log_loss"] for p in (challenger, champion))
    draws = [_minus(one, other, weights * counts) for counts in resample(len(y), seed)]
    low, high = np.quantile(draws, _INTERVAL).tolist()
    return Estimate(value=_minus(one, other, weights), low=low, high=high)


def _minus(one: Figure, other: Figure, weights: Floats) -> float:
    first, second = one(weights), other(weights)
    if first is None or second is None:
        raise RuntimeError("A log loss is defined for any account: report this.")
    return first - second


def _slice_differences(
    challenger: HeldOut, rows: Rows, champion_says: Floats, seed: int
) -> tuple[SliceDifference, ...]:
    found = []
    for name, values in challenger.slices.items():
        parts, place, counts = np.unique(values[rows].astype(str), return_inverse=True, return_counts=True)
        if set(parts) <= {UNKNOWN}:
            continue
        for part in np.flatnonzero(counts >= LEAST_IN_SLICE):
            of = place == part
            inside = rows[of]
            difference = _difference(
                challenger.y[inside],
                challenger.probability[inside],
                champion_says[of],
                challenger.weights[inside],
                seed,
            )
            found.append(SliceDifference(name, str(parts[part]), len(inside), difference))
    return tuple(sorted(found, key=lambda part: (-(part.difference.value or 0.0), part.slice, part.value)))
