"""From an export to decisions, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.basis import bases
from features.batch import Rows
from features.fingerprint import fingerprint_digest
from features.log import EventLog
from features.progress import Progress, follow, silent
from features.reader import Export
from features.reading import EVERYTHING, Reading
from features.stream import Done, stream
from features.table import signals_matrix
from features.threads import WORKERS
from models.decision import Relationship
from models.decisions import Decisions
from models.last_run import BASIS, LastRun, Moved, basis_texts, beside, together
from models.policy import Model, decide
from models.rules import RuleBook
from models.table import decision_table

__all__ = ["Answer", "Decider", "Verdicts", "classify", "classify_tables", "standing_verdicts"]

Verdicts = dict[str, Relationship]
"""What a reviewer said an account is, by `account_id`."""

Answer = tuple[npt.NDArray[np.object_], Decisions]
"""Accounts, shape (n,), and what was decided of them."""


def classify(
    export: Export,
    as_of: int,
    rules: RuleBook,
    model: Model | None = None,
    *,
    progress: Progress = silent,
) -> Iterator[Answer]:
    """Decide every account of an export.

    Parameters
    ----------
    export : Export
    as_of : int
        Microseconds since 1970 UTC.
    rules : RuleBook
    model : Model, optional
        Without one the rules decide.
    progress : callable, optional

    Yields
    ------
    account_ids : ndarray of str, shape (n,)
    decisions : Decisions
        Of these accounts. A label whose source is a reviewer is a verdict.

    Raises
    ------
    BadInput
        A row of the export does not fit.
    """
    decider = Decider(as_of, rules, model, standing_verdicts(export.labels(), as_of))
    for log in follow(export.batches(), "Deciding events", export.n_events(), progress):
        yield decider.answer(log)


def classify_tables(
    export: Export,
    as_of: int,
    rules: RuleBook,
    model: Model | None = None,
    reading: Reading = EVERYTHING,
    workers: int = WORKERS,
    *,
    last: LastRun | None = None,
) -> Iterator[Done]:
    """Decide every account of an export as `classify` does, in threads, as tables of decisions.

    Parameters
    ----------
    export, as_of, rules, model
        See :func:`classify`.
    reading : Reading, optional
    workers : int, default=WORKERS
        Threads.
    last : LastRun, optional
        What an earlier run decided. An account of which everything is as it was then is not decided anew; the tables
        are those of a run without it, with one column more, by which a later run can go.

    Yields
    ------
    Done
        See :data:`models.table.SCHEMA` and :data:`models.last_run.SINCE_SCHEMA`.
    """
    decider = Decider(as_of, rules, model, standing_verdicts(export.labels(), as_of))
    batches = export.rows(reading)
    if last is None:
        return stream(batches, decider.table, workers)
    common = "\n".join([fingerprint_digest(), str(decider.versions), *sorted(export.records)])
    return stream(beside(batches, last), lambda moved: decider.changed(moved, common, last), workers)


@dataclass(frozen=True, slots=True)
class Decider:
    """All that turns rows of accounts into decisions.

    Attributes
    ----------
    as_of : int
        Microseconds since 1970 UTC.
    rules : RuleBook
    model : Model or None
    verdicts : Verdicts
        What reviewers said, which stands.
    """

    as_of: int
    rules: RuleBook
    model: Model | None
    verdicts: Verdicts

    @property
    def versions(self) -> tuple[str | None, str]:
        """Which model and which rules."""
        return None if self.model is None else self.model.version, self.rules.digest

    def answer(self, log: EventLog) -> Answer:
        """Decide the accounts of a log."""
        signals = signals_matrix(log.at(self.as_of))
        said = self._said(log.account_ids) if self.verdicts else None
        return log.account_ids, decide(signals, self.rules, self.model, said)

    def table(self, rows: Rows) -> pa.Table:
        """Decide the accounts of a batch, as a table."""
        return decision_table(*self.answer(rows.log()))

    def changed(self, moved: Moved, common: str, last: LastRun) -> pa.Table:
        """Decide the accounts of a batch of which something has changed, and put those beside the others."""
        now = bases(moved.rows, moved.ids, self.as_of, common, self._said(moved.ids.to_pylist()))
        stood = moved.stood(now)
        last.note_stood(stood.num_rows)
        fresh = self.table(moved.without(stood))
        place = pc.index_in(fresh.column("account_id"), moved.ids)
        basis = pa.array(basis_texts(now), pa.string()).take(place.combine_chunks())
        return together(stood, fresh.append_column(BASIS, basis))

    def _said(self, account_ids: Iterable[str]) -> list[Relationship | None]:
        return [self.verdicts.get(account) for account in account_ids]


def standing_verdicts(labels: pd.DataFrame | None, as_of: int) -> Verdicts:
    """Return reviewers' verdicts known at `as_of`, of several on one account the latest.

    One that bears this very moment counts: what was known before it, the reviewer saw.
    """
    if labels is None or "source" not in labels:
        return {}
    said = labels[labels["source"] == "reviewer"]
    if "labelled_at" in said:
        when = said["labelled_at"]
        said = said[when.isna() | (when <= pd.Timestamp(as_of, unit="us", tz="UTC"))]
        said = said.sort_values("labelled_at", kind="stable", na_position="first")
    return dict(zip(said["account_id"], said["relationship"], strict=True))
