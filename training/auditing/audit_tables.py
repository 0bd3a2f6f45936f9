"""The two lists of an audit as tables, in the order in which they are to be worked through."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from training.auditing.audit import LabelAudit, Suspect
from training.auditing.leak_limits import ADVICE
from training.auditing.leaks import Leak, LeakAudit
from training.labelled.labels import Contradiction, Given

__all__ = ["table_labels", "table_leaks"]

_TIME: Final = pa.timestamp("us", "UTC")

_DIGITS: Final = 6

_LABELS: Final = pa.schema(
    [
        ("rank", pa.int64()),
        ("account_id", pa.string()),
        ("label", pa.string()),
        ("source", pa.string()),
        ("labeller", pa.string()),
        ("labelled_at", _TIME),
        ("self_confidence", pa.float64()),
        ("suggested", pa.string()),
        ("confident", pa.bool_()),
        ("rules", pa.string()),
        ("contradicted_by", pa.string()),
        ("reasons", pa.string()),
    ]
)

_LEAKS: Final = pa.schema(
    [
        ("rank", pa.int64()),
        ("signal", pa.string()),
        ("kind", pa.string()),
        ("removed", pa.string()),
        ("seen_in_training", pa.bool_()),
        ("auroc_alone", pa.float64()),
        ("auroc_with", pa.float64()),
        ("auroc_without", pa.float64()),
        ("log_loss_with", pa.float64()),
        ("log_loss_without", pa.float64()),
        ("harm", pa.float64()),
        ("evidence", pa.string()),
        ("advice", pa.string()),
    ]
)


def table_labels(audit: LabelAudit) -> pa.Table:
    """Return a row a doubted label, the least believed first.

    After them come the accounts whose labels contradict each other and which are not doubted, or could not be judged:
    theirs have a `contradicted_by`, and no rank.
    """
    rows = [_label_row(rank, one) for rank, one in enumerate(audit.suspects, 1)]
    listed = {one.account_id for one in audit.suspects}
    rows += [_divided_row(one) for one in audit.contradictions if one.account_id not in listed]
    return pa.Table.from_pylist(rows, schema=_LABELS)


def table_leaks(audit: LeakAudit) -> pa.Table:
    """Return a row a finding, in the order of the audit."""
    return pa.Table.from_pylist([_leak_row(rank, one) for rank, one in enumerate(audit.leaks, 1)], schema=_LEAKS)


def _label_row(rank: int, one: Suspect) -> dict[str, Any]:
    return {
        "rank": rank,
        "account_id": one.account_id,
        **_given(one.given),
        "self_confidence": round(one.confidence, _DIGITS),
        "suggested": one.suggested,
        "confident": one.confident,
        "rules": one.rules,
        "contradicted_by": _others(one.contradicted_by),
        "reasons": " ".join(reason.text for reason in one.reasons),
    }


def _divided_row(one: Contradiction) -> dict[str, Any]:
    return {"account_id": one.account_id, **_given(one.kept), "contradicted_by": _others(one.others)}


def _given(given: Given) -> dict[str, Any]:
    return {
        "label": given.relationship,
        "source": given.source,
        "labeller": given.labeller,
        "labelled_at": given.labelled_at,
    }


def _others(others: tuple[Given, ...]) -> str | None:
    """Write `customer by crm (Ann)`, a label after the other."""
    said = (f"{one.relationship} by {one.source}{f' ({one.labeller})' if one.labeller else ''}" for one in others)
    return "; ".join(said) or None


def _leak_row(rank: int, leak: Leak) -> dict[str, Any]:
    return {
        "rank": rank,
        "signal": leak.name,
        "kind": leak.found.kind,
        "removed": " ".join(leak.found.signals),
        "seen_in_training": leak.found.in_training,
        "auroc_alone": None if leak.found.alone is None else round(leak.found.alone, _DIGITS),
        "auroc_with": round(leak.present.auroc, _DIGITS),
        "auroc_without": round(leak.absent.auroc, _DIGITS),
        "log_loss_with": round(leak.present.log_loss, _DIGITS),
        "log_loss_without": round(leak.absent.log_loss, _DIGITS),
        "harm": round(leak.harm, _DIGITS),
        "evidence": leak.found.evidence,
        "advice": ADVICE[leak.found.kind],
    }
