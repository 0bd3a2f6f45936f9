"""Which accounts a model learns from and which it is judged on: never the same."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from features.events import BadInput
from training.labelled.dataset import Dataset

__all__ = ["LEAST_PER_CLASS", "N_FOLDS", "Split", "Splits", "split"]

N_FOLDS: Final = 5
"""Models that are judged; drawn at random, each learns from the other four fifths of the accounts."""

LEAST_PER_CLASS: Final = 20
"""Labelled accounts of each class below which nothing is learned."""

_FIRST: Final = 0.5  # of the accounts, in order of time, that the first model learns from

Split = Literal["account", "time"]
"""How accounts are kept from the model that is judged on them: drawn at random, or labelled later."""

Splits = list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]
"""Rows to learn from and rows to judge on, a pair a model; ascending, and each row is judged on at most once."""


def split(dataset: Dataset, seed: int, how: Split = "account") -> Splits:
    """Split accounts.

    Parameters
    ----------
    dataset : Dataset
    seed : int
        Of the draw; a split by time draws nothing.
    how : {"account", "time"}
        By account, each is judged on once, and accounts of one group stay together. By time, the first model learns
        from the earlier half of the labels and is judged on the next tenth, the second learns from both, and so on:
        nobody learns from the future. Labels given at one moment are not parted.

    Returns
    -------
    list of (train rows, test rows)

    Raises
    ------
    BadInput
        The labels carry too few different times to be split by, or the earlier half lacks a class.
    """
    return _by_time(dataset) if how == "time" else _by_account(dataset, seed)


def _by_account(dataset: Dataset, seed: int) -> Splits:
    grouped = len(np.unique(dataset.groups)) < len(dataset)
    folds = StratifiedGroupKFold if grouped else StratifiedKFold
    chosen = folds(N_FOLDS, shuffle=True, random_state=seed)
    return list(chosen.split(dataset.X, dataset.y, dataset.groups if grouped else None))


def _by_time(dataset: Dataset) -> Splits:
    timed = int(dataset.timed.sum())
    if timed < len(dataset):
        raise BadInput(
            f"A split by time needs labels with a time: {timed:,} of {len(dataset):,} have one in `labelled_at`. "
            "Add the others, or split by account."
        )
    times = np.sort(dataset.as_of)
    cuts = times[(np.linspace(_FIRST, 1.0, N_FOLDS + 1)[:-1] * len(times)).astype(np.intp)]
    if len(np.unique(cuts)) < N_FOLDS or cuts[0] == times[0]:
        raise BadInput(
            f"A split by time needs labels given at different times: {len(np.unique(times)):,} times are too few or "
            "too uneven. Split by account."
        )
    ends = np.append(cuts[1:], times[-1] + 1)
    splits = [
        (np.flatnonzero(dataset.as_of < start), np.flatnonzero((dataset.as_of >= start) & (dataset.as_of < end)))
        for start, end in zip(cuts, ends, strict=True)
    ]
    earliest = dataset.y[splits[0][0]]
    least = min(int(earliest.sum()), int((~earliest).sum()))
    if least < LEAST_PER_CLASS:
        raise BadInput(
            f"A split by time learns from the earlier half of the labels first, and that holds {least:,} of one class; "
            f"it needs {LEAST_PER_CLASS} of each. Split by account."
        )
    return splits
