"""Deciding an export and keeping what was decided, where reviewers find it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from features.progress import Progress
from features.reader import Export
from features.reading import EVERYTHING, Reading
from models.classify import Answer, classify
from models.policy import Model
from models.rules import RuleBook
from models.shelf import choose
from rapport.opened import HOUR, micros_now, opened
from rapport.show import bar, say
from reviews.batch import Batch, identity_of, record_export
from reviews.desk import Desk
from reviews.schema import prepare

if TYPE_CHECKING:
    from training.auditing.audit import Suspect

__all__ = ["decide_export", "open_label_cases", "say_waiting"]


def decide_export(
    export: Export,
    as_of: int,
    rules: RuleBook,
    model: Model | None,
    record: str | None,
    audit_share: float,
    progress: Progress,
    reading: Reading = EVERYTHING,
) -> Iterator[Answer]:
    """Decide every account of an export and, where a database is named, keep what was decided.

    Yields
    ------
    tuple
        As :func:`models.classify.classify` does, what is kept once it is on disk.

    Raises
    ------
    BadInput
        A row of the export does not fit, or the database cannot be used; what was yielded is kept.
    """
    if record is None:
        yield from classify(export, as_of, rules, model, progress=progress)
        return
    with opened(record, HOUR, named_by="--record") as database:
        prepare(database)
        # An old export must not overrule what was decided since.
        now = micros_now()
        batch = Batch(as_of, min(as_of, now), rules, model, audit_share, opened_at=now)
        yield from record_export(export, batch, database, progress, reading=reading)


def open_label_cases(
    record: str, export: Export, as_of: int, rules: RuleBook, store: Path, suspects: Sequence[Suspect]
) -> None:
    """Open a case for each account whose label in the CRM is confidently contradicted, and say how many there are.

    Raises
    ------
    BadInput
        The database cannot be used.
    """
    accounts = {each.account_id for each in suspects if each.confident and each.given.source == "crm"}
    choice = choose(None, store)
    with opened(record, HOUR, named_by="--record") as database, bar() as progress:
        prepare(database)
        # Nothing is drawn into the audit sample: of these accounts alone it would say that most answers are wrong.
        now = micros_now()
        batch = Batch(as_of, min(as_of, now), rules, choice.model, 0.0, opened_at=now)
        deque(record_export(export, batch, database, progress, only=accounts), maxlen=0)
        asked = [identity_of(account, as_of, rules, choice.model) for account in sorted(accounts)]
        shown = Desk(database).open_again(asked, "label", now)
    told = f"; on the other {len(accounts) - shown:,} a verdict stands" if shown < len(accounts) else ""
    say(f"{len(accounts):,} labels are confidently contradicted: {shown:,} wait at the desk{told}.")


def say_waiting(url: str) -> None:
    """Print where decisions were kept and how many cases wait there."""
    with opened(url, HOUR, named_by="--record") as database:
        waiting = Desk(database).overview(0, 1, micros_now()).waiting
        say(f"Kept in {escape(str(database.place))}: {waiting.open:,} cases wait at the desk.")
