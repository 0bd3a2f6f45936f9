"""Keeping the decisions of a whole export: the same records that single requests leave, in chunks.

What is recorded depends on the export, the moment, the versions and what reviewers said alone, ids too, so a run that
broke off is run again from the beginning and doubles nothing.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final
from uuid import UUID

import numpy as np
import numpy.typing as npt

from features.batch import Rows
from features.excerpt import excerpts
from features.log import FloatColumn
from features.progress import Progress, silent
from features.reader import Export
from features.reading import EVERYTHING, Reading
from features.table import signals_matrix
from models.classify import Verdicts, standing_verdicts
from models.decision import Decision, Relationship
from models.decisions import Decisions
from models.policy import Model, decide
from models.rules import RuleBook
from reviews.desk import Desk
from reviews.evidence import write_evidence
from reviews.lasting import lasts
from reviews.record import CATALOGUE, Entry, Record
from reviews.sample import AUDIT, SECRET_BYTES, inclusion_of
from reviews.telling import put_first
from reviews.verdict import Standing

if TYPE_CHECKING:
    from reviews.database import Database

__all__ = ["CHUNK", "Batch", "identity_of", "record_export"]

CHUNK: Final = 1000
"""Records that are written in one transaction, so that a running service gets its turns in between."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What decides an export, and when.

    Attributes
    ----------
    as_of : int
        What is known before this moment counts; microseconds since 1970 UTC.
    decided_at : int
        Now, or `as_of` where that is earlier: an old export must not overrule what was decided since.
    rules : RuleBook
    model : Model or None
    audit_share : float
        Of the automatic answers, so many are drawn into the audit sample.
    opened_at : int or None
        Now: when the cases that are opened begin to wait. None: `decided_at`.
    """

    as_of: int
    decided_at: int
    rules: RuleBook
    model: Model | None
    audit_share: float
    opened_at: int | None = None


def record_export(
    export: Export,
    batch: Batch,
    database: Database,
    progress: Progress = silent,
    *,
    only: Collection[str] | None = None,
    reading: Reading = EVERYTHING,
) -> Iterator[tuple[npt.NDArray[np.object_], Decisions]]:
    """Decide every account of an export and keep what was decided, with what a reviewer has to see.

    Parameters
    ----------
    export : Export
    batch : Batch
    database : Database
    progress : callable, optional
    only : collection of str, optional
        Keep what is decided of these accounts alone, of each with what a reviewer has to see.
    reading : Reading, optional
        How the export is read.

    Yields
    ------
    account_ids : ndarray of str, shape (n,)
    decisions : Decisions
        As :func:`models.classify.classify` yields them, once they are on disk. Of an account on which the desk ever
        gave a verdict, the desk alone says whether one stands; of the others the export's labels of reviewers do.

    Raises
    ------
    BadInput
        A row of the export does not fit.
    DatabaseDown
        What was yielded is kept.
    """
    ledger = database.ledger
    if batch.rules.text is not None:
        ledger.keep_rules(batch.rules.digest, batch.rules.text)
    labels, standing = export.labels(), _all_standing(database)
    writer = _Writer(
        batch,
        ledger.secret(AUDIT, lambda: os.urandom(SECRET_BYTES)),
        standing,
        standing_verdicts(labels, batch.as_of),
        sorted(export.records),
    )
    told = {*standing, *(() if labels is None else labels["account_id"])}
    done, total = 0, export.n_events()
    for rows in export.rows(reading):
        log = rows.log()
        X = signals_matrix(log.at(batch.as_of))
        decisions, reopened = writer.decide(log.account_ids, X)
        seen = reopened if only is None else reopened.union(only)
        records = writer.records(log.account_ids, X, decisions, seen, rows)
        if only is not None:
            records = [record for record in records if record.account_id in only]
        for start in range(0, len(records), CHUNK):
            ledger.write([Entry(tuple(records[start : start + CHUNK]))], opened_at=batch.opened_at)
            share = min(start + CHUNK, len(records)) / len(records)
            progress("Recording events", done + round(share * log.n_events), total)
        if only is None:
            put_first(database, X, records, told)
        done += log.n_events
        yield log.account_ids, decisions


def identity_of(
    account_id: str, as_of: int, rules: RuleBook, model: Model | None, said: Relationship | None = None
) -> UUID:
    """Return the id of a batch's prediction: a UUID of version 7 whose chance is what decides the answer.

    Where a reviewer decides it, so does what they `said`: once that is taken back, the machine's answer is another one.
    """
    decided = f"{account_id}\0{as_of}\0{rules.digest}\0{model.version if model else ''}\0{CATALOGUE}\0{said or ''}"
    tail = int.from_bytes(blake2b(decided.encode(), digest_size=16).digest(), "big")
    high, low = tail >> 64 & 0xFFF, tail & (1 << 62) - 1
    return UUID(int=(as_of // 1000) << 80 | 7 << 76 | high << 64 | 2 << 62 | low)


def _all_standing(database: Database) -> dict[str, Standing]:
    """Return the latest of each account on which the desk ever gave a verdict."""
    desk, found = Desk(database), dict[str, Standing]()
    page = desk.standing_verdicts(0)
    while page:
        found.update({each.account_id: each for each in page})
        page = desk.standing_verdicts(page[-1].seq)
    return found


@dataclass(frozen=True, slots=True)
class _Writer:
    """All that turns decisions into records."""

    batch: Batch
    secret: bytes
    standing: Mapping[str, Standing]
    labelled: Verdicts
    kinds: Sequence[str]

    def decide(self, account_ids: npt.NDArray[np.object_], X: FloatColumn) -> tuple[Decisions, frozenset[str]]:
        """Decide, and say on which accounts a verdict stands no longer."""
        said: list[str | None] = []
        reopened = set()
        for account, row in zip(account_ids, X, strict=True):
            verdict = self.standing.get(account)
            if verdict is None:
                said.append(self.labelled.get(account))
            elif verdict.relationship is not None and lasts(verdict, row, self.batch.decided_at) != "stands":
                reopened.add(account)
                said.append(None)
            else:
                said.append(None if verdict.relationship == "unclear" else verdict.relationship)
        return decide(X, self.batch.rules, self.batch.model, said), frozenset(reopened)

    def records(
        self,
        account_ids: npt.NDArray[np.object_],
        X: FloatColumn,
        decisions: Decisions,
        asked: Collection[str],
        rows: Rows,
    ) -> list[Record]:
        """Return what is kept of each account: with evidence where somebody has to look, and of those asked for."""
        answers = decisions.decisions(reasons=0)
        drawn = [self._drawn(account, answer) for account, answer in zip(account_ids, answers, strict=True)]
        seen = {
            account
            for account, answer, chance in zip(account_ids, answers, drawn, strict=True)
            if answer.route == "review" or chance is not None or account in asked
        }
        shown = excerpts(rows.events, rows.accounts, seen, self.batch.as_of)
        said = {account: write_evidence(*shown[account], self.kinds) for account in seen}
        return [
            self._record(account, row, answer, chance, said.get(account))
            for account, row, answer, chance in zip(account_ids, X, answers, drawn, strict=True)
        ]

    def _drawn(self, account_id: str, answer: Decision) -> float | None:
        if answer.route == "review" or answer.decided_by == "reviewer":
            return None
        return inclusion_of(self.secret, account_id, self.batch.decided_at, self.batch.audit_share)

    def _record(
        self, account_id: str, row: FloatColumn, answer: Decision, inclusion: float | None, evidence: bytes | None
    ) -> Record:
        batch = self.batch
        said = answer.relationship if answer.decided_by == "reviewer" else None
        return Record(
            id=identity_of(account_id, batch.as_of, batch.rules, batch.model, said),
            account_id=account_id,
            decided_at=batch.decided_at,
            as_of=batch.as_of,
            catalogue=CATALOGUE,
            signals=row.astype("<f8", copy=False).tobytes(),
            relationship=answer.relationship,
            confidence=answer.confidence,
            probability_client=answer.probability_client,
            hybrid=answer.hybrid,
            engagement_model=answer.engagement_model,
            strategic_services=answer.strategic_services,
            decided_by=answer.decided_by,
            route=answer.route,
            review_reasons=answer.review_reasons,
            model=answer.versions.model,
            rules=answer.versions.rules,
            inclusion=inclusion,
            evidence=evidence,
        )
