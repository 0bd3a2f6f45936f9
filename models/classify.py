"""From an export to decisions, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from features.progress import Progress, follow, silent
from features.reader import Export
from features.table import signals_matrix
from models.decisions import Decisions
from models.policy import Model, decide
from models.rules import RuleBook

__all__ = ["REASONS", "Verdicts", "classify", "decision_table", "standing_verdicts"]

REASONS = 3
"""How many of the strongest reasons a row of the table of decisions bears."""

_TRUTHS = ("hybrid", "strategic_services")
_NUMBERS = ("confidence", "probability_client")

Verdicts = dict[str, str]
"""What a reviewer said an account is, by `account_id`."""


def classify(
    export: Export,
    as_of: int,
    rules: RuleBook,
    model: Model | None = None,
    *,
    progress: Progress = silent,
) -> Iterator[tuple[npt.NDArray[np.object_], Decisions]]:
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
    verdicts = standing_verdicts(export.labels(), as_of)
    for log in follow(export.batches(), "Deciding events", export.n_events(), progress):
        signals = signals_matrix(log.at(as_of))
        said = [verdicts.get(account) for account in log.account_ids] if verdicts else None
        yield log.account_ids, decide(signals, rules, model, said)


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


def decision_table(account_ids: npt.NDArray[np.object_], decisions: Decisions) -> pa.Table:
    """Return decisions as a table whose columns have the same types whatever they hold."""
    frame = decisions.frame(account_ids, REASONS)
    types = {**dict.fromkeys(_TRUTHS, pa.bool_()), **dict.fromkeys(_NUMBERS, pa.float64())}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in frame.columns])
    return pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
