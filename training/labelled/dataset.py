"""From an export to what a model learns from: signals as of each label's own time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.events import BadInput
from features.log import EventLog
from features.progress import Progress, follow, silent
from features.reader import Export
from features.reading import EVERYTHING, Reading
from models.manifest import LabelCounts
from models.rules import RuleBook
from training.labelled.cohort import UNLABELLED, measure_cohort, teach
from training.labelled.labels import Contradiction, resolve_labels
from training.labelled.provenance import count_labels, describe_counts

__all__ = ["Dataset", "build_dataset", "load_dataset"]

FACTS = ("industry", "party")
"""What is known of an account besides its signals, for the figures of parts of the accounts."""

_HALF = 0.5
_NO_LABELS = pd.DataFrame({"account_id": pd.Series(dtype=str), "relationship": pd.Series(dtype=str)})

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Accounts with their signals and labels.

    Attributes
    ----------
    X : ndarray of float64, shape (n, n_signals)
        In the order of the catalogue; nan is unknown.
    y : ndarray of bool, shape (n,)
        True for a client, False for a customer.
    account_ids : ndarray of str, shape (n,)
    as_of : ndarray of int64, shape (n,)
        The time of each row's signals, microseconds since 1970 UTC.
    groups : ndarray of int64, shape (n,)
        Rows of one group stay together when a model is judged on accounts it never saw.
    labels : LabelCounts
    records : frozenset of str
        The kinds that the source records.
    inclusion : ndarray of float64, shape (n,)
        The chance with which the account came to be labelled, in (0, 1]. nan where it was picked by hand, or has no
        label: it is learned from, and nothing is judged by it.
    timed : ndarray of bool, shape (n,)
        Whether `as_of` is the time of the label.
    facts : DataFrame of n rows
        The columns `FACTS`; None where unknown.
    contradictions : tuple of Contradiction
        Accounts whose labels say different things.
    teacher : ndarray of float64, shape (n,), or None
        P(client) by the rules, where a model is to learn from those. `y` is then a person's label, or the likelier
        class where there is none; it serves to judge.
    """

    X: _Floats
    y: npt.NDArray[np.bool_]
    account_ids: npt.NDArray[np.object_]
    as_of: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]
    labels: LabelCounts
    records: frozenset[str]
    inclusion: _Floats
    timed: npt.NDArray[np.bool_]
    facts: pd.DataFrame = field(repr=False)
    contradictions: tuple[Contradiction, ...] = field(default=(), repr=False)
    teacher: _Floats | None = None

    def __len__(self) -> int:
        return len(self.y)

    @property
    def n_client(self) -> int:
        """Accounts labelled client."""
        return int(self.y[self._labelled].sum())

    @property
    def n_customer(self) -> int:
        """Accounts labelled customer."""
        return int((~self.y[self._labelled]).sum())

    @property
    def _labelled(self) -> npt.NDArray[np.bool_]:
        return np.ones(len(self), dtype=bool) if self.teacher is None else self.judged

    @property
    def distilled(self) -> bool:
        """Whether the rules are the teacher, and not people."""
        return self.teacher is not None

    @property
    def judged(self) -> npt.NDArray[np.bool_]:
        """The accounts by which a model is judged, shape (n,)."""
        return ~np.isnan(self.inclusion)

    @property
    def weights(self) -> _Floats:
        """How many accounts each stands for when a model is judged, shape (n,); 0 where it is not judged by."""
        return np.where(self.judged, 1.0 / np.where(self.judged, self.inclusion, 1.0), 0.0)

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> Dataset:
        """Return some of the accounts; counts by source and contradictions stay those of all."""
        columns = ("X", "y", "account_ids", "as_of", "groups", "inclusion", "timed")
        return replace(
            self,
            **{name: getattr(self, name)[rows] for name in columns},
            facts=self.facts[rows] if rows.dtype == np.bool_ else self.facts.take(rows),
            teacher=None if self.teacher is None else self.teacher[rows],
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of signals, labels, accounts, times and weights."""
        content = hashlib.sha256()
        taught = np.empty(0) if self.teacher is None else self.teacher
        for column in (self.X + 0.0, self.y, self.as_of, self.groups, self.weights, taught):  # + 0: -0 is the same as 0
            content.update(np.ascontiguousarray(column).tobytes())
        content.update("\0".join(self.account_ids).encode())
        return content.hexdigest()


def load_dataset(
    export: Export,
    as_of: int | None = None,
    progress: Progress = silent,
    *,
    distil: RuleBook | None = None,
    labels: pd.DataFrame | None = None,
    reading: Reading = EVERYTHING,
) -> Dataset:
    """Read the labelled accounts of an export, or all of them for a model that is to learn from the rules.

    Parameters
    ----------
    export : Export
    as_of : int, optional
        Microseconds since 1970 UTC; the export's default otherwise. A label with a time of its own is learned from as
        of then, one without as of this moment; labels given later are left out and counted.
    progress : callable, optional
    distil : RuleBook, optional
        The rules to learn from. Labels of people, where there are any, then only judge.
    labels : DataFrame, optional
        In place of the export's own, with the same columns.
    reading : Reading, optional
        How the export is read.

    Returns
    -------
    Dataset
        Accounts in ascending order of their ids.

    Raises
    ------
    BadInput
        A row of the export does not fit, or no label of a person says client or customer and `distil` is not given.
    """
    labels = export.labels() if labels is None else labels
    moment = export.default_as_of() if as_of is None else as_of
    if labels is None and distil is None:
        raise BadInput(
            f"{export.path} holds no labels: put a labels.csv or labels.parquet beside its events, "
            "or learn from the rules (--distil)."
        )
    logs = follow(export.batches(reading), "Reading events", export.n_events(), progress)
    dataset = build_dataset(logs, labels, moment, export.records, accounts=export.account_table(), distil=distil)
    if not len(dataset):
        raise BadInput(
            f"{export.path}: no label of a person says client or customer of an account with events. "
            f"Left out: {describe_counts(dataset.labels.left_out)}. Label accounts, or learn from the rules (--distil)."
        )
    return dataset


def build_dataset(
    logs: Iterable[EventLog],
    labels: pd.DataFrame | None,
    as_of: int,
    records: frozenset[str],
    *,
    accounts: pd.DataFrame | None = None,
    distil: RuleBook | None = None,
) -> Dataset:
    """Measure the accounts of logs that have a label, or with `distil` all that bought.

    Parameters
    ----------
    logs : iterable of EventLog
        Each account in one of them.
    labels : DataFrame or None
        With the columns of an export's labels.
    as_of : int
        See `load_dataset`.
    records : frozenset of str
        The kinds that the source records.
    accounts : DataFrame, optional
        With the columns of an export's accounts.
    distil : RuleBook, optional
        See `load_dataset`.

    Returns
    -------
    Dataset
        Accounts in the order of the logs; none where no label is of use.
    """
    resolved = resolve_labels(_NO_LABELS if labels is None else labels, as_of)
    cohort, left_out = measure_cohort(logs, resolved, as_of, unlabelled=distil is not None)
    teacher = None
    if distil is not None:
        cohort, teacher = teach(cohort, distil)
    label = cohort.label
    known = label != UNLABELLED
    client = np.append(resolved.client, False)[label]
    return Dataset(
        X=cohort.X,
        y=client if teacher is None else np.where(known, client, teacher > _HALF),
        account_ids=cohort.account_ids,
        as_of=np.append(resolved.as_of, as_of)[label],
        groups=np.arange(len(label)),
        labels=count_labels(resolved, label[known], left_out),
        records=records,
        inclusion=np.append(resolved.inclusion, np.nan)[label],
        timed=np.append(resolved.timed, False)[label],
        facts=_facts(cohort.account_ids, accounts),
        contradictions=resolved.contradictions,
        teacher=teacher,
    )


def _facts(account_ids: npt.NDArray[np.object_], accounts: pd.DataFrame | None) -> pd.DataFrame:
    if accounts is None:
        return pd.DataFrame(None, index=range(len(account_ids)), columns=list(FACTS), dtype=object)
    facts = accounts.set_index("account_id").reindex(index=pd.Index(account_ids), columns=list(FACTS)).astype(object)
    return facts.where(facts.notna(), None).reset_index(drop=True)
