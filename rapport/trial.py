"""Whom an edited rules file would flip."""

from __future__ import annotations

from dataclasses import dataclass, field

from features.progress import Progress, silent
from features.reader import Export
from models.classify import classify
from models.decision import Decision
from models.rules import RuleBook

__all__ = ["Trial", "flips"]

Row = tuple[str, str, float, str, float, str]


@dataclass(slots=True)
class Trial:
    """Two rule books compared.

    Attributes
    ----------
    n_accounts : int
    rows : list of tuple
        Of each account that flips: its id, relationship and log-odds before and after, and the rules whose votes
        differ.
    """

    n_accounts: int = 0
    rows: list[Row] = field(default_factory=list)


def flips(export: Export, as_of: int, before: RuleBook, after: RuleBook, progress: Progress = silent) -> Trial:
    """Decide every account by two rule books and return those whose relationship differs."""
    trial = Trial()
    pairs = zip(classify(export, as_of, before, progress=progress), classify(export, as_of, after), strict=True)
    for (ids, old), (_, new) in pairs:
        trial.n_accounts += len(ids)
        for i in (old.relationships != new.relationships).nonzero()[0].tolist():
            was, now = old.decision(i, None), new.decision(i, None)
            difference = _difference(was, now)
            trial.rows.append(
                (ids[i], was.relationship, float(old.log_odds[i]), now.relationship, float(new.log_odds[i]), difference)
            )
    return trial


def _difference(was: Decision, now: Decision) -> str:
    old = {reason.name: reason.log_odds for reason in was.reasons}
    new = {reason.name: reason.log_odds for reason in now.reasons}
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return ", ".join(f"{name} {old.get(name, 0.0):+.1f} → {new.get(name, 0.0):+.1f}" for name in names)
