"""How many labels it takes at least, and what to do where there are fewer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from features.events import BadInput
from training.judging.folds import LEAST_PER_CLASS
from training.labelled.dataset import Dataset
from training.labelled.provenance import describe_counts

__all__ = ["refuse_too_few"]


def refuse_too_few(dataset: Dataset) -> None:
    """Raise BadInput where a class has fewer accounts than anything can be learned from, or judged by."""
    if dataset.teacher is not None:
        _refuse_one_sided(dataset.teacher)
        return
    whole = _of_each(dataset.y)
    if min(whole) < LEAST_PER_CLASS:
        raise BadInput(
            f"There are labels of {_said(whole)}; training needs {LEAST_PER_CLASS} of each at least. "
            f"Left out: {describe_counts(dataset.labels.left_out)}. Label more accounts, learn from the rules "
            "(--distil), or let the rules or the starter answer meanwhile."
        )
    judged = _of_each(dataset.y[dataset.judged])
    if min(judged) < LEAST_PER_CLASS:
        raise BadInput(
            f"Of the labels only {_said(judged)} can be judged by, and it takes {LEAST_PER_CLASS} of each: the others "
            "were picked by hand, since they are a reviewer's and state no `inclusion`. Add labels of the CRM, or an "
            "audit sample with the chance in `inclusion` with which it was drawn."
        )


def _refuse_one_sided(teacher: npt.NDArray[np.float64]) -> None:
    clients = float(teacher.sum())
    if min(clients, len(teacher) - clients) < LEAST_PER_CLASS:
        raise BadInput(
            f"The rules expect {clients:.0f} clients among {len(teacher):,} accounts; learning from them needs "
            f"{LEAST_PER_CLASS} of each side at least. Import more accounts, or let the rules answer."
        )


def _of_each(y: npt.NDArray[np.bool_]) -> tuple[int, int]:
    return int(y.sum()), int((~y).sum())


def _said(counts: tuple[int, int]) -> str:
    return f"{counts[0]:,} clients and {counts[1]:,} customers"
