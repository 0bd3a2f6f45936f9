"""Decisions as a table: a row an account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.decision import DECIDERS, RELATIONSHIPS
from models.decisions import Decisions, Floats

__all__ = ["REASONS", "SCHEMA", "decision_table", "schema_of"]

REASONS: Final = 3
"""How many of the strongest reasons a row bears."""


def schema_of(reasons: int) -> pa.Schema:
    """Return the columns of a table of decisions that bears so many reasons: `reason_1`, `reason_2` and so on."""
    text, number, truth = pa.string(), pa.float64(), pa.bool_()
    return pa.schema(
        [
            ("account_id", text),
            ("relationship", text),
            ("confidence", number),
            ("probability_client", number),
            ("hybrid", truth),
            ("engagement_model", text),
            ("strategic_services", truth),
            ("decided_by", text),
            ("route", text),
            ("review_reasons", text),
            *((f"reason_{k + 1}", text) for k in range(reasons)),
            ("model_version", text),
            ("rules_version", text),
        ]
    )


SCHEMA: Final = schema_of(REASONS)
"""The columns of a table of decisions, whatever they hold."""


def decision_table(
    account_ids: Sequence[str] | npt.NDArray[np.object_], decisions: Decisions, reasons: int = REASONS
) -> pa.Table:
    """Return decisions as a table.

    Parameters
    ----------
    account_ids : sequence of str, length n
    decisions : Decisions
        Of these accounts.
    reasons : int
        How many reasons a row bears; null where there are fewer.

    Returns
    -------
    pyarrow.Table
        Of `schema_of(reasons)`; reasons are sentences that end with their log-odds, review reasons are joined by "; ".
    """
    n = len(decisions)
    columns = [
        pa.array(account_ids, pa.string()),
        _named(RELATIONSHIPS, decisions.relationships),
        pa.array(decisions.confidence),
        pa.array(decisions.probability_client),
        pa.array(decisions.hybrid),
        _named(decisions.engagement_names, decisions.engagement_models),
        pa.array(decisions.strategic_services),
        _named(DECIDERS, decisions.deciders),
        _named(("review", "auto"), decisions.auto.astype(np.intp)),
        pa.array(decisions.review_texts, pa.string()),
        *(pa.array(column, pa.string()) for column in _sentences(decisions, reasons).T),
        pa.array([decisions.versions.model] * n, pa.string()),
        pa.array([decisions.versions.rules] * n, pa.string()),
    ]
    return pa.Table.from_arrays(columns, schema=schema_of(reasons))


def _named(names: Sequence[str | None], codes: npt.NDArray[np.intp]) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(codes))


def _sentences(decisions: Decisions, most: int) -> npt.NDArray[np.object_]:
    """Write each account's strongest reasons, None where there are fewer, shape (n, most)."""
    written = np.full((len(decisions), most), None, dtype=object)
    filled = np.zeros(len(decisions), dtype=np.intp)
    for row, statement in decisions.statements():
        written[row, :1] = str(statement)
        filled[row] = 1
    for rows, explanation in decisions.explanations():
        contributions = explanation.contributions[rows]
        for columns in _strongest_first(contributions, most):
            there = (contributions[np.arange(len(rows)), columns] != 0) & (filled[rows] < most)
            told = rows[there]
            written[told, filled[told]] = explanation.sentences(told, columns[there])
            filled[told] += 1
    return written


def _strongest_first(contributions: Floats, most: int) -> list[npt.NDArray[np.intp]]:
    """Return each row's position of the strongest contribution, of the second, …; the earlier of equals first."""
    strength = np.abs(contributions)
    found = []
    for _ in range(min(most, strength.shape[1])):
        # A few passes for a maximum cost less than sorting.
        found.append(strength.argmax(axis=1))
        strength[np.arange(len(strength)), found[-1]] = -1.0
    return found
