"""Signals that may know the label, each with the figures of a model with and without it.

A leak is a signal that is there because of the label, and not before it: it makes every figure look better than the
answers will be. Cheap looks at one signal at a time name the suspects (:mod:`training.auditing.suspicion`); each is
then set to unknown everywhere, and the same small model is cross-fitted again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.progress import Progress, follow, silent
from features.reader import Export
from features.signals import SIGNAL_NAMES
from training.auditing.auditor import judge_unseen
from training.auditing.owners import Owners
from training.auditing.suspicion import LABEL_TIME, Evidence, Suspicion, suspect
from training.judging.folds import split
from training.judging.metrics import probability_figures
from training.labelled.dataset import Dataset, build_dataset

__all__ = ["Fit", "Leak", "LeakAudit", "find_leaks", "measure_later"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """Cross-fitted figures of the auditing model.

    Attributes
    ----------
    auroc : float
        In [0, 1].
    log_loss : float
        In nats an account.
    """

    auroc: float
    log_loss: float


@dataclass(frozen=True, slots=True)
class Leak:
    """A suspicion, and what the signal is worth.

    Attributes
    ----------
    found : Suspicion
    present, absent : Fit
        With it, and with its signals unknown everywhere. Of signals that came after the label, as they stand at the
        end of the export, which is what training on labels without times would see. Without the time of the label:
        all signals as they stand then.
    """

    found: Suspicion
    present: Fit
    absent: Fit

    @property
    def name(self) -> str:
        """The signal, or the kind of the signals where all of one kind are taken out together."""
        return self.found.signals[0] if self.found.alone is not None else f"all {self.found.kind} signals"

    @property
    def harm(self) -> float:
        """By how much the log loss rises without it: the part of the figures that may be a mirage."""
        return self.absent.log_loss - self.present.log_loss


@dataclass(frozen=True, slots=True)
class LeakAudit:
    """What may leak.

    Attributes
    ----------
    leaks : tuple of Leak
        Those that training sees first, each part by harm.
    everything : Fit
        The auditing model with all signals as training sees them.
    n_untimed : int
        Labels without a time: what came after them cannot be told from what came before.
    """

    leaks: tuple[Leak, ...]
    everything: Fit
    n_untimed: int


def find_leaks(dataset: Dataset, later: Floats, owners: Owners, seed: int, progress: Progress = silent) -> LeakAudit:
    """Find signals that may know the label.

    Parameters
    ----------
    dataset : Dataset
    later : ndarray of float64, shape (n, n_signals)
        The same accounts' signals at the end of the export; see `measure_later`.
    owners : Owners
    seed : int
        Of the folds.
    progress : callable, optional

    Returns
    -------
    LeakAudit
    """
    evidence = Evidence(dataset, later, owners, split(dataset, seed), seed)
    found = suspect(evidence, progress)
    trial = _Trial(evidence, {})
    everything = trial.fit(())
    leaks = []
    for done, one in enumerate(found):
        progress("Judging without each suspect", done, len(found))
        present = trial.fit((), in_training=one.in_training)
        leaks.append(Leak(one, present, trial.fit(one.signals, in_training=one.in_training)))
    progress("Judging without each suspect", len(found), len(found))
    leaks.sort(key=lambda leak: (not leak.found.in_training, -leak.harm))
    return LeakAudit(tuple(leaks), everything, int((~dataset.timed).sum()))


def measure_later(export: Export, dataset: Dataset, as_of: int, progress: Progress = silent) -> Floats:
    """Measure the accounts of a dataset at one later moment.

    Parameters
    ----------
    export : Export
        Where it came from.
    dataset : Dataset
    as_of : int
        Microseconds since 1970 UTC; not before any of its times.
    progress : callable, optional

    Returns
    -------
    ndarray of float64, shape (n, n_signals)
        In the order of the dataset.
    """
    if not dataset.timed.any():
        return dataset.X
    untimed = pd.DataFrame(
        {"account_id": dataset.account_ids, "relationship": np.where(dataset.y, "client", "customer")}
    )
    logs = follow(export.batches(), "Reading events as of the end", export.n_events(), progress)
    found = build_dataset(logs, untimed, as_of, export.records)
    places = pd.Index(found.account_ids).get_indexer(pd.Index(dataset.account_ids))
    # A correction can move an account's only event beyond the end: nothing is known of it then.
    return np.where(places[:, None] >= 0, found.X[places], np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """The one procedure that gives all figures, each once: findings of several kinds may be about the same signals."""

    evidence: Evidence
    known: dict[tuple[frozenset[str], bool], Fit]

    def fit(self, absent: tuple[str, ...], *, in_training: bool = True) -> Fit:
        """Cross-fit without some signals, as training sees them or as they stand at the end of the export."""
        case = frozenset(absent), in_training
        if case not in self.known:
            self.known[case] = self._judge(self._view(absent, in_training=in_training))
        return self.known[case]

    def _view(self, absent: tuple[str, ...], *, in_training: bool) -> Floats:
        if absent == (LABEL_TIME,):
            return self.evidence.later
        X = (self.evidence.dataset.X if in_training else self.evidence.later).copy()
        X[:, [SIGNAL_NAMES.index(name) for name in absent]] = np.nan
        return X

    def _judge(self, X: Floats) -> Fit:
        data = self.evidence.dataset
        figures = probability_figures(data.y, judge_unseen(X, data.y, self.evidence.splits, self.evidence.seed))
        auroc, log_loss = (figures[name](data.weights) for name in ("auroc", "log_loss"))
        if auroc is None or log_loss is None:
            raise ValueError("The accounts that can be judged by are of one class: see training.train.refuse_too_few.")
        return Fit(auroc, log_loss)
