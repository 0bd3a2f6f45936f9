"""What the desk holds, table by table, beside what `reviews.tables` lists."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
    literal_column,
    text,
)

from reviews.tables import metadata

__all__ = ["OPEN", "STANDS", "UNSETTLED", "WITHDRAWN", "answers", "audits", "cases", "readings", "verdicts"]

# Answers and verdicts are numbered from the journal, in the order in which they become visible; none is given twice.


def _some(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Return an index of some of the rows."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


_PAIRED: Final = "other IS NOT NULL"

cases: Final = Table(
    "cases",
    metadata,
    Column("id", Uuid, primary_key=True, comment="Of the prediction that opened it."),
    Column("account_id", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("prediction_id", Uuid, nullable=False, comment="What is shown: the latest that asks for a review."),
    Column("decided_at", BigInteger, nullable=False, comment="When that was decided."),
    Column("opened_at", BigInteger, nullable=False),
    Column("value", Double, nullable=False, comment="Of looking, when it was opened or updated."),
    Column("due", BigInteger, nullable=False, comment="The first due is the next; see reviews.value."),
    Column("state", Text, nullable=False),
    Column("wanted", SmallInteger, nullable=False, comment="How many reviewers have to answer."),
    Column("holder", Text, comment="Who has claimed it last, until:"),
    Column("held_until", BigInteger),
    Column("closed_at", BigInteger),
    Index("ix_cases_account_id", "account_id"),
    Index("ix_cases_state_opened_at_id", "state", "opened_at", "id"),
    # For counting alone, which then reads no row.
    Index("ix_cases_state_why_opened_at", "state", "why", "opened_at"),
    Index("ix_cases_state_wanted", "state", "wanted"),
    Index("ix_cases_closed_at", "closed_at"),
    _some("ix_cases_unsettled", "account_id", where="state <> 'closed'", unique=True),
    # Holds what a queue is filtered by, so that no row is read in vain.
    _some("ix_cases_queue", "due", "id", "opened_at", "why", "wanted", where="state = 'open'"),
    _some("ix_cases_held", "holder", where="state = 'open' AND holder IS NOT NULL"),
    comment="Accounts that somebody has to look at, or had to.",
)

answers: Final = Table(
    "answers",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Uuid, nullable=False, index=True),
    Column("account_id", Text, nullable=False, index=True),
    Column("reviewer", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("stage", Text, nullable=False),
    Column("relationship", Text),
    Column("hybrid", Boolean),
    Column("engagement_model", Text),
    Column("strategic_services", Boolean),
    Column("sureness", Text),
    Column("note", Text),
    Column("checklist", Text, comment="JSON: ticks by question."),
    Column("prediction_id", Uuid, nullable=False, comment="What was shown."),
    Column("model", Text),
    Column("rules", String(12), nullable=False),
    Column("machine", Text, nullable=False, comment="What the prediction said that was shown."),
    Column("model_says", Text),
    Column("rules_say", Text),
    Column("reasons", Text, nullable=False, comment="Names of what spoke the loudest, one a line."),
    Column("other", Text, comment="Who gave a blind answer before, where this one is blind too."),
    Column("other_said", Text, comment="And what that was, for how far the two agree."),
    Column("was", Text, comment="What this reviewer said before the reveal, where they say something else after it."),
    Index(None, "reviewer", "id"),
    # For counting alone, each reviewer's week by itself.
    Index(None, "stage", "reviewer", "at"),
    _some("ix_answers_pairs", "at", "other", "reviewer", "other_said", "relationship", "case_id", where=_PAIRED),
    _some("ix_answers_withdrawn", "at", "case_id", where="stage = 'withdrawn'"),
    _some("ix_answers_turned", "at", where="was IS NOT NULL"),
    comment="Everything that reviewers ever said, also what they took back.",
)

readings: Final = Table(
    "readings",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("reviewer", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("answer_id", BigInteger, comment="What they say now; none where they skipped the case."),
    comment="What each reviewer last did with a case.",
)

verdicts: Final = Table(
    "verdicts",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("account_id", Text, nullable=False, index=True),
    Column("case_id", Uuid, nullable=False, index=True),
    Column("answer_id", BigInteger, nullable=False),
    Column("relationship", Text, nullable=False),
    Column("hybrid", Boolean, nullable=False),
    Column("engagement_model", Text),
    Column("strategic_services", Boolean),
    Column("reviewer", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("prediction_id", Uuid, nullable=False),
    Column("as_of", BigInteger, nullable=False, comment="What was known before it, the reviewer saw."),
    Column("catalogue", String(12), nullable=False),
    Column("signals", LargeBinary, nullable=False, comment="What the reviewer saw."),
    Column("inclusion", Double),
    Column("machine", Text, nullable=False, comment="As in the answer."),
    Column("model_says", Text),
    Column("rules_say", Text),
    Column("reason", Text, comment="The first of the answer's reasons."),
    Column("change_seq", BigInteger, nullable=False, unique=True),
    Column("ended_at", BigInteger),
    Column("ended_why", Text),
    _some("ix_verdicts_standing", "account_id", where="ended_at IS NULL", unique=True),
    _some("ix_verdicts_until", "until", where="ended_at IS NULL"),
    # Holds all that is counted, in the order in which it is grouped, so that counting reads no row and sorts none.
    Index("ix_verdicts_read", "relationship", "machine", "model_says", "rules_say", "reason", "ended_why", "at"),
    comment="What reviewers settled on; at most one an account stands, the others say why they no longer do.",
)

audits: Final = Table(
    "audits",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("month", String(7), primary_key=True, comment="Such as 2026-07."),
    Column("prediction_id", Uuid, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
    Column("inclusion", Double, nullable=False),
    Column("relationship", Text, nullable=False, comment="What was decided automatically."),
    Column("decided_by", Text, nullable=False),
    Column("model", Text),
    Column("case_id", Uuid, nullable=False, index=True),
    Column("said", Text, comment="What reviewers settled on since."),
    Column("pending", Boolean, nullable=False, comment="Somebody has answered, and it is not settled."),
    Column("changed_at", BigInteger, nullable=False, comment="When it was drawn, or its case was answered last."),
    Index("ix_audits_changed_at_month", "changed_at", "month"),
    # Holds all that is counted, so that counting reads no row.
    Index("ix_audits_read", "month", "inclusion", "relationship", "said", "pending"),
    comment="The audit sample: an account is drawn once a month, at its first automatic answer.",
)

# Written out, not as parameters: only then both databases see that an index of part of the rows serves.
OPEN: Final = cases.c.state == literal_column("'open'")
UNSETTLED: Final = cases.c.state != literal_column("'closed'")
WITHDRAWN: Final = answers.c.stage == literal_column("'withdrawn'")
STANDS: Final = verdicts.c.ended_at.is_(None)
