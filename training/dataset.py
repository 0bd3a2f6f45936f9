"""From a labelled export to what a model learns from: signals as of each label's own time."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.events import BadInput
from features.log import EventLog
from features.progress import Progress, follow, silent
from features.reader import Export
from features.signals import SIGNAL_NAMES
from features.table import signals_matrix
from models.manifest import LabelCounts
from training.labels import Resolved, resolve_labels

__all__ = ["Dataset", "build_dataset", "describe_counts", "join_datasets", "load_dataset"]

_EVENTS = SIGNAL_NAMES.index("events")


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Labelled accounts of one batch, and which labels of the resolved ones are theirs."""

    X: npt.NDArray[np.float64]
    account_ids: npt.NDArray[np.object_]
    labels: npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled accounts with their signals.

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
    """

    X: npt.NDArray[np.float64]
    y: npt.NDArray[np.bool_]
    account_ids: npt.NDArray[np.object_]
    as_of: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]
    labels: LabelCounts
    records: frozenset[str]

    def __len__(self) -> int:
        return len(self.y)

    @property
    def n_client(self) -> int:
        """Accounts labelled client."""
        return int(self.y.sum())

    @property
    def n_customer(self) -> int:
        """Accounts labelled customer."""
        return len(self.y) - self.n_client

    @cached_property
    def digest(self) -> str:
        """SHA-256 of signals, labels, accounts and times."""
        content = hashlib.sha256()
        for column in (self.X + 0.0, self.y, self.as_of, self.groups):  # adding 0 makes -0 the same as 0
            content.update(np.ascontiguousarray(column).tobytes())
        content.update("\0".join(self.account_ids).encode())
        return content.hexdigest()


def load_dataset(export: Export, as_of: int | None = None, progress: Progress = silent) -> Dataset:
    """Read the labelled accounts of an export.

    Parameters
    ----------
    export : Export
    as_of : int, optional
        Microseconds since 1970 UTC; the export's default otherwise. A label with a time of its own is learned from as
        of then, one without as of this moment; labels given later are left out and counted.
    progress : callable, optional

    Returns
    -------
    Dataset
        Accounts in ascending order of their ids.

    Raises
    ------
    BadInput
        A row of the export does not fit, or no label says client or customer.
    """
    labels = export.labels()
    moment = export.default_as_of() if as_of is None else as_of
    if labels is None:
        raise BadInput(f"{export.path} holds no labels: put a labels.csv or labels.parquet beside its events.")
    logs = follow(export.batches(), "Reading events", export.n_events(), progress)
    dataset = build_dataset(logs, labels, moment, export.records)
    if not len(dataset):
        raise BadInput(
            f"{export.path}: no label says client or customer of an account with events. "
            f"Left out: {describe_counts(dataset.labels.left_out)}."
        )
    return dataset


def build_dataset(logs: Iterable[EventLog], labels: pd.DataFrame, as_of: int, records: frozenset[str]) -> Dataset:
    """Measure the labelled accounts of logs.

    Parameters
    ----------
    logs : iterable of EventLog
        Each account in one of them.
    labels : DataFrame
        With the columns of an export's labels.
    as_of : int
        See `load_dataset`.
    records : frozenset of str
        The kinds that the source records.

    Returns
    -------
    Dataset
        Accounts in the order of the logs; none where no label is of use.
    """
    resolved = resolve_labels(labels, as_of)
    return _assemble([_measure(log, resolved) for log in logs], resolved, records)


def join_datasets(datasets: Sequence[Dataset]) -> Dataset:
    """Put datasets of several sources together, each source a group of its own."""
    return Dataset(
        X=np.concatenate([one.X for one in datasets]),
        y=np.concatenate([one.y for one in datasets]),
        account_ids=np.concatenate([one.account_ids for one in datasets]),
        as_of=np.concatenate([one.as_of for one in datasets]),
        groups=np.repeat(np.arange(len(datasets)), [len(one) for one in datasets]),
        labels=_join_counts([one.labels for one in datasets]),
        records=frozenset().union(*(one.records for one in datasets)),
    )


def describe_counts(counts: dict[str, int]) -> str:
    """Write counts by reason as part of a sentence."""
    return ", ".join(f"{count:,} {reason}" for reason, count in counts.items()) or "none"


def _measure(log: EventLog, resolved: Resolved) -> _Rows:
    places = resolved.account_ids.get_indexer(pd.Index(log.account_ids))
    known = places >= 0
    # Before 1970 nothing counts: accounts without a label cost no pass over their events.
    moments = np.where(known, resolved.as_of[places] if len(resolved.as_of) else 0, 0)
    X = signals_matrix(log.at(moments))[known]
    return _Rows(X, log.account_ids[known], places[known])


def _assemble(parts: Sequence[_Rows], resolved: Resolved, records: frozenset[str]) -> Dataset:
    X = np.concatenate([np.empty((0, len(SIGNAL_NAMES))), *(part.X for part in parts)])
    ids = np.concatenate([np.empty(0, dtype=object), *(part.account_ids for part in parts)])
    places = np.concatenate([np.empty(0, dtype=np.intp), *(part.labels for part in parts)])
    left_out = dict(resolved.left_out)
    absent = len(resolved.account_ids) - len(places)
    if absent:
        left_out["of an account that is not in the export"] = absent
    active = X[:, _EVENTS] > 0
    if not active.all():
        left_out["given before the account's first event"] = int((~active).sum())
    X, ids, places = X[active], ids[active], places[active]
    y = resolved.client[places]
    return Dataset(
        X=X,
        y=y,
        account_ids=ids,
        as_of=resolved.as_of[places],
        groups=np.arange(len(y)),
        labels=_count(y, resolved.sources[places], left_out, resolved.contradicted),
        records=records,
    )


def _count(
    y: npt.NDArray[np.bool_], sources: npt.NDArray[np.object_], left_out: dict[str, int], contradicted: int
) -> LabelCounts:
    by_source = {
        str(source): {"client": int(y[sources == source].sum()), "customer": int((~y[sources == source]).sum())}
        for source in np.unique(sources.astype(str))
    }
    return LabelCounts.model_validate({"by_source": by_source, "left_out": left_out, "contradicted": contradicted})


def _join_counts(counts: Sequence[LabelCounts]) -> LabelCounts:
    left_out: Counter[str] = Counter()
    by_source: dict[str, Counter[str]] = {}
    for one in counts:
        left_out.update(one.left_out)
        for source, classes in one.by_source.items():
            by_source.setdefault(source, Counter()).update(classes)
    contradicted = sum(one.contradicted for one in counts)
    return LabelCounts.model_validate({"by_source": by_source, "left_out": left_out, "contradicted": contradicted})
