"""Figures of parts of the accounts: a model that is good on all can be poor on some."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.signals import SIGNAL_NAMES
from models.manifest import Estimate
from training.judging.metrics import estimate, probability_figures
from training.labelled.dataset import Dataset

__all__ = ["LEAST_IN_SLICE", "OTHER", "SLICES", "UNKNOWN", "SliceFigures", "slice_figures", "slices_of"]

SLICES: Final = ("industry", "party", "size", "age")
"""What accounts are parted by: the line of business, what they are, their spend, and how long they are known."""

LEAST_IN_SLICE: Final = 50
"""Accounts that a part needs for figures of its own; smaller ones are taken together."""

UNKNOWN: Final = "unknown"
OTHER: Final = "other, each small"

_QUARTERS: Final = (
    "lowest quarter of spend",
    "second quarter of spend",
    "third quarter of spend",
    "highest quarter of spend",
)
_AGES: Final = {
    90.0: "known under 90 days",
    365.0: "known 90 days to 1 year",
    3 * 365.0: "known 1 to 3 years",
    np.inf: "known 3 years and longer",
}
_DRAWS: Final = 200
"""Resamples: there are many parts, and their intervals are wide."""

_NAMES: Final = ("auroc", "log_loss", "ece")

_Floats = npt.NDArray[np.float64]
_Texts = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class SliceFigures:
    """How good a model is on a part of the accounts.

    Attributes
    ----------
    slice, value : str
        What the accounts are parted by, and which part this is.
    n, n_client : int
        Accounts that were judged by, and how many of them are clients.
    figures, rules : dict of str to Estimate
        `auroc`, `log_loss` and `ece` of model and rules.
    """

    slice: str
    value: str
    n: int
    n_client: int
    figures: dict[str, Estimate]
    rules: dict[str, Estimate]


def slices_of(dataset: Dataset) -> dict[str, _Texts]:
    """Return for each of `SLICES` the part that each account is in, shape (n,).

    Spend is cut at the quarters of these accounts, since its scale is each company's own.
    """
    return {
        "industry": _texts(dataset.facts["industry"]),
        "party": _texts(dataset.facts["party"]),
        "size": _by_spend(dataset.X[:, SIGNAL_NAMES.index("spend")]),
        "age": _by_age(dataset.X[:, SIGNAL_NAMES.index("tenure_days")]),
    }


def slice_figures(
    slices: dict[str, _Texts], y: npt.NDArray[np.bool_], model: _Floats, rules: _Floats, weights: _Floats, seed: int
) -> list[SliceFigures]:
    """Measure model and rules on each part.

    Parameters
    ----------
    slices : dict of str to ndarray of str, shape (n,)
    y : ndarray of bool, shape (n,)
    model, rules : ndarray of float64, shape (n,)
        P(client).
    weights : ndarray of float64, shape (n,)
        Accounts with 0 are not counted.
    seed : int

    Returns
    -------
    list of SliceFigures
        In the order of `SLICES`, the larger parts first; a slice of which nothing is known is left out.
    """
    found = []
    for name, values in slices.items():
        for value, members in _parts(values, weights > 0):
            counted, client = weights[members], y[members]
            sides = {"model": model[members], "rules": rules[members]}
            figures = {
                (side, figure): of
                for side, said in sides.items()
                for figure, of in probability_figures(client, said).items()
                if figure in _NAMES
            }
            got = estimate(figures, counted, seed, _DRAWS)
            by_side = {side: {figure: got[side, figure] for figure in _NAMES} for side in sides}
            found.append(SliceFigures(name, value, len(client), int(client.sum()), by_side["model"], by_side["rules"]))
    return found


def _parts(values: _Texts, judged: npt.NDArray[np.bool_]) -> list[tuple[str, npt.NDArray[np.intp]]]:
    """Return the parts with their rows, the larger first, those that are too small last and together."""
    rows = np.flatnonzero(judged)
    members = {str(value): rows[values[rows] == value] for value in sorted(set(values[rows]))}
    if set(members) <= {UNKNOWN}:
        return []
    large = {value: found for value, found in members.items() if len(found) >= LEAST_IN_SLICE}
    small = [found for value, found in members.items() if value not in large]
    ordered = sorted(large.items(), key=lambda part: (-len(part[1]), part[0]))
    return [*ordered, *([(OTHER, np.sort(np.concatenate(small)))] if small else [])]


def _texts(column: pd.Series[str]) -> _Texts:
    return column.astype(object).where(column.notna(), UNKNOWN).to_numpy(dtype=np.object_)


def _by_spend(spend: _Floats) -> _Texts:
    known = ~np.isnan(spend)
    values = np.full(len(spend), UNKNOWN, dtype=object)
    if known.any():
        cuts = np.quantile(spend[known], (0.25, 0.5, 0.75))
        values[known] = np.array(_QUARTERS, dtype=object)[np.searchsorted(cuts, spend[known], side="left")]
    return values


def _by_age(days: _Floats) -> _Texts:
    known = ~np.isnan(days)
    values = np.full(len(days), UNKNOWN, dtype=object)
    names = np.array(list(_AGES.values()), dtype=object)
    values[known] = names[np.searchsorted(np.array(list(_AGES)), days[known], side="right")]
    return values
