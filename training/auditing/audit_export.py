"""Both audits of an export: its labels, and what may leak them."""

from __future__ import annotations

from dataclasses import dataclass

from features.events import BadInput
from features.progress import Progress, silent
from features.reader import Export
from models.rules import RuleBook
from training.auditing.audit import LabelAudit, audit_labels
from training.auditing.leaks import LeakAudit, find_leaks, measure_later
from training.auditing.owners import read_owners
from training.labelled.dataset import Dataset, load_dataset
from training.labelled.labels import resolve_labels
from training.labelled.minimum import refuse_too_few

__all__ = ["Audit", "audit_export"]


@dataclass(frozen=True, slots=True, eq=False)
class Audit:
    """What is doubtful about an export.

    Attributes
    ----------
    dataset : Dataset
        What training would learn from.
    labels : LabelAudit
    leaks : LeakAudit
    """

    dataset: Dataset
    labels: LabelAudit
    leaks: LeakAudit


def audit_export(export: Export, as_of: int, rules: RuleBook, seed: int, progress: Progress = silent) -> Audit:
    """Audit an export.

    Parameters
    ----------
    export : Export
    as_of : int
        Microseconds since 1970 UTC; see :func:`training.labelled.dataset.load_dataset`. What is later than the
        labels is measured then.
    rules : RuleBook
        What they say of a doubted label stands beside it.
    seed : int
        The same export and seed give the same audit.
    progress : callable, optional

    Returns
    -------
    Audit

    Raises
    ------
    BadInput
        A row of the export does not fit, or there are too few labels of a class.
    """
    dataset = load_dataset(export, as_of, progress)
    refuse_too_few(dataset)
    given = export.labels()
    if given is None:
        raise BadInput(f"{export.path}: its labels are gone since they were read; put them back and run again.")
    labels = audit_labels(dataset, resolve_labels(given, as_of), rules, seed, progress)
    later = measure_later(export, dataset, as_of, progress)
    owners = read_owners(export.account_table(), dataset.account_ids)
    return Audit(dataset, labels, find_leaks(dataset, later, owners, seed, progress))
