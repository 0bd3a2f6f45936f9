"""The accounts that are learned from, each measured at the moment it is learned from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.log import EventLog
from features.signals import SIGNAL_NAMES
from features.table import signals_matrix
from models.rules import RuleBook
from training.labelled.labels import Resolved

__all__ = ["UNLABELLED", "Cohort", "measure_cohort", "teach"]

UNLABELLED = -1

_EVENTS = SIGNAL_NAMES.index("events")


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """Accounts with their signals.

    Attributes
    ----------
    X : ndarray of float64, shape (n, n_signals)
    account_ids : ndarray of str, shape (n,)
    label : ndarray of int, shape (n,)
        Which of the resolved labels is the account's; `UNLABELLED` where none is.
    """

    X: npt.NDArray[np.float64]
    account_ids: npt.NDArray[np.object_]
    label: npt.NDArray[np.intp]

    def take(self, rows: npt.NDArray[np.bool_]) -> Cohort:
        """Return some of the accounts."""
        return Cohort(self.X[rows], self.account_ids[rows], self.label[rows])


def measure_cohort(
    logs: Iterable[EventLog], resolved: Resolved, moment: int, *, unlabelled: bool
) -> tuple[Cohort, dict[str, int]]:
    """Measure the accounts of logs.

    Parameters
    ----------
    logs : iterable of EventLog
        Each account in one of them.
    resolved : Resolved
        An account with a label is measured at the label's time.
    moment : int
        When the others are; microseconds since 1970 UTC.
    unlabelled : bool
        Take those others too.

    Returns
    -------
    cohort : Cohort
        Accounts with an event, in the order of the logs.
    left_out : dict of str to int
        Labels left out, by reason.
    """
    parts = [_measure(log, resolved, moment, unlabelled=unlabelled) for log in logs]
    everyone = Cohort(
        X=np.concatenate([np.empty((0, len(SIGNAL_NAMES))), *(part.X for part in parts)]),
        account_ids=np.concatenate([np.empty(0, dtype=object), *(part.account_ids for part in parts)]),
        label=np.concatenate([np.empty(0, dtype=np.intp), *(part.label for part in parts)]),
    )
    active, labelled = everyone.X[:, _EVENTS] > 0, everyone.label != UNLABELLED
    found = {
        "of an account that is not in the export": len(resolved.account_ids) - int(labelled.sum()),
        "given before the account's first event": int((labelled & ~active).sum()),
    }
    left_out = {**resolved.left_out, **{reason: count for reason, count in found.items() if count}}
    return everyone.take(active), left_out


def teach(cohort: Cohort, rules: RuleBook) -> tuple[Cohort, npt.NDArray[np.float64]]:
    """Return the accounts of which the rules have something to teach, and their P(client) of each.

    Prospects are none of them: a prospect is a state and not a class.
    """
    scores = rules.score(cohort.X)
    buyers = ~scores.prospect | (cohort.label != UNLABELLED)
    return cohort.take(buyers), np.exp(-np.logaddexp(0.0, -scores.log_odds[buyers]))


def _measure(log: EventLog, resolved: Resolved, moment: int, *, unlabelled: bool) -> Cohort:
    label = resolved.account_ids.get_indexer(pd.Index(log.account_ids))
    wanted = (label != UNLABELLED) | unlabelled
    # Before 1970 nothing counts: accounts that nobody asks for cost no pass over their events.
    moments = np.append(resolved.as_of, moment if unlabelled else 0)[label]
    X = signals_matrix(log.at(moments))
    return Cohort(X, log.account_ids, label).take(wanted)
